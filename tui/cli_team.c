/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people do about problems: ack, assign, snooze, note, resolve, reopen, ignore, cause, ask,
 * undo. */
#include "client/base/mem.h"
#include "client/catalogue/audit.h"
#include "client/catalogue/find.h"
#include "client/sync/notices.h"
#include "client/triage/team.h"
#include "tui/cli.h"

#include <stdio.h>
#include <unistd.h>

enum { MOST_PROBLEMS = 200 };

struct team_command {
	struct cli *cli;
	struct store *store;
	const char *who;
	enum team_verb verb;
	int64_t problems[MOST_PROBLEMS];
	size_t n;
	const char *text; /* behind them; NULL: none */
	struct team_done done[MOST_PROBLEMS];
	size_t n_done;
	int64_t command;
	struct err failure; /* of the last problem that failed */
};

/* --- what was typed ---------------------------------------------------------------- */

/* An argument that names an object; what follows the last one is text. */
static bool is_object(const char *arg, bool is_first)
{
	int64_t id;
	bool is_ref = str_starts(str_of(arg), STR("problem:")) || strncmp(arg, "http", 4) == 0;
	return is_ref ||
	       (is_first && (strchr(arg, '/') != NULL || str_to_int(str_of(arg), 1, INT64_MAX, &id)));
}

static bool add_problem(struct team_command *t, const char *arg, struct err *err)
{
	struct ref ref;
	int64_t id;
	bool ok = str_to_int(str_of(arg), 1, INT64_MAX, &id) ||
		  (cli_ref(t->cli, t->store, arg, &ref, err) && team_problem_of(t->store, &ref, &id, err));
	for (size_t i = 0; ok && i < t->n; i++)
		if (t->problems[i] == id)
			return true; /* named twice */
	if (ok)
		t->problems[t->n++] = id;
	return ok;
}

/* A text that is long, or nobody's business in a list of processes, comes on standard input. */
static bool read_text(struct team_command *t, struct err *err)
{
	struct buf text;
	buf_init(&text, TEAM_MOST_TEXT);
	ssize_t n;
	for (char *room; (room = buf_reserve(&text, 4096)) && (n = read(STDIN_FILENO, room, 4096)) > 0;)
		text.n += (size_t)n;
	t->text = arena_dup(t->cli->arena, str_trim(buf_str(&text)));
	bool ok = !text.is_over ||
		  err_set(err, ERR_USAGE, "more than %d bytes of text are too many", TEAM_MOST_TEXT);
	buf_fini(&text);
	return ok;
}

static bool needs_text(enum team_verb verb)
{
	return verb == TEAM_NOTE || verb == TEAM_ASK;
}

static bool take_arguments(struct team_command *t, struct err *err)
{
	struct cli *cli = t->cli;
	int i = 1;
	for (; i < cli->n_args && is_object(cli->args[i], i == 1) && t->n < MOST_PROBLEMS; i++)
		if (!add_problem(t, cli->args[i], err))
			return err_wrap(err, "%s", cli->args[i]);
	if (!t->n)
		return err_set(
			err, ERR_USAGE, "%s what? 'porthole %s problem:ID …'", cli->args[0], cli->args[0]);
	if (i < cli->n_args)
		t->text = cli_words(cli, i);
	if (t->verb == TEAM_ASSIGN && cli->to)
		t->text = cli->to;
	if (t->verb == TEAM_SNOOZE && cli->until)
		t->text = cli->until;
	bool is_on_input = t->text ? !strcmp(t->text, "-") : needs_text(t->verb);
	return !is_on_input || read_text(t, err);
}

/* --- what was done ------------------------------------------------------------------ */

static const struct column columns[] = {
	{.key = "ref", .type = COLUMN_NAME, .width = 14},
	{.key = "verb", .type = COLUMN_TEXT, .width = 8},
	{.key = "state", .type = COLUMN_STATE, .width = 14},
	{.key = "assignee", .title = "WHO", .type = COLUMN_NAME, .width = 12},
	{.key = "until_ms", .title = "UNTIL", .type = COLUMN_TIME, .width = 8},
	{.key = "told", .type = COLUMN_NAME, .width = 12},
	{.key = "title", .type = COLUMN_CAUSE, .flags = COLUMN_GROWS, .width = 40},
};

static void put_done(struct team_command *t, const char *verb)
{
	struct arena *arena = t->cli->arena;
	struct table table = {.columns = columns, .n_columns = ARRAY_LEN(columns), .ref_column = -1};
	table.result = (struct result){.arena = arena,
		.n_columns = ARRAY_LEN(columns),
		.n_rows = t->n_done,
		.cells = arena_array(arena, struct value, t->n_done * ARRAY_LEN(columns) + 1)};
	for (size_t i = 0; i < t->n_done; i++) {
		const struct team_done *done = &t->done[i];
		const struct value row[] = {
			value_text(arena_printf(arena, "problem:%lld", (long long)done->problem)),
			value_text(verb), value_text(done->state), value_text(done->assignee),
			value_ms(done->snoozed_until_ms), value_text(done->target), value_text(done->title)};
		_Static_assert(ARRAY_LEN(row) == ARRAY_LEN(columns), "a value a column");
		memcpy(&table.result.cells[i * ARRAY_LEN(columns)], row, sizeof row);
	}
	if (t->n_done)
		cli_put_table(t->cli, &table);
	if (t->n_done && t->cli->is_dry_run)
		cli_say("a dry run: nothing was changed");
}

/* --- doing ----------------------------------------------------------------------------- */

static bool due_of(struct team_command *t, int64_t problem, int64_t *due_ms, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(problem)};
	*due_ms = TIME_NONE;
	if (!store_query(t->store, "SELECT due_ms FROM team.problem WHERE id = $1", params, 1, t->cli->arena,
		    &row, err))
		return false;
	if (row.n_rows)
		*due_ms = result_ms(&row, 0, 0);
	return true;
}

static bool make_step(struct team_command *t, int64_t problem, struct team_step *step, struct err *err)
{
	int64_t due_ms;
	*step = (struct team_step){.verb = t->verb,
		.problem = problem,
		.seen = TEAM_UNSEEN,
		.text = t->text,
		.command = t->command,
		.is_dry_run = t->cli->is_dry_run};
	if (t->verb == TEAM_ASSIGN && t->text && (!strcmp(t->text, "nobody") || !strcmp(t->text, "me")))
		step->text = *t->text == 'n' ? "" : NULL;
	if (t->verb != TEAM_SNOOZE)
		return true;
	step->text = NULL;
	return due_of(t, problem, &due_ms, err) &&
	       team_until(t->text ? t->text : "1h", t->cli->now_ms, due_ms, &step->until_ms, err);
}

/* One that cannot be done stops none of the others. */
static void do_one(struct team_command *t, int64_t problem)
{
	struct team_step step;
	struct err err;
	struct team_done *done = &t->done[t->n_done];
	if (make_step(t, problem, &step, &err) &&
		team_do(t->store, t->cli->config, t->who, &step, t->cli->arena, done, &err)) {
		if (!t->cli->is_dry_run)
			t->command = done->command;
		t->n_done++;
		return;
	}
	if (t->failure.code)
		cli_say("%s", t->failure.msg);
	t->failure = err;
}

/* A question does not wait for the next sync; where it cannot be sent now, that does it. */
static void send_now(struct team_command *t)
{
	struct err err;
	struct notices_result result;
	if (t->verb != TEAM_ASK || !t->n_done || t->cli->is_dry_run)
		return;
	struct loop *loop = loop_new();
	if (!notices_send(loop, t->store, t->cli->config, &result, &err))
		cli_say("%s", err.msg);
	else if (result.n_waiting || result.n_lost)
		cli_say("%s", result.error);
	loop_free(loop);
}

static bool run_verb(struct team_command *t, struct err *err)
{
	t->who = audit_who(t->store, t->cli->config, t->cli->arena);
	if (!take_arguments(t, err))
		return false;
	if (t->cli->yes > 0 && t->cli->yes != (int64_t)t->n)
		return cli_confirm(t->cli, (int64_t)t->n, t->cli->args[0], err);
	for (size_t i = 0; i < t->n; i++)
		do_one(t, t->problems[i]);
	put_done(t, team_verb_name(t->verb));
	send_now(t);
	if (!t->failure.code)
		return true;
	*err = t->failure;
	return false;
}

static bool find_verb(const char *name, enum team_verb *out)
{
	for (int i = 0; i < TEAM_VERBS; i++)
		if (!strcmp(name, team_verb_name((enum team_verb)i))) {
			*out = (enum team_verb)i;
			return true;
		}
	return false;
}

bool cli_team(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	struct team_command *t = arena_new_of(cli->arena, struct team_command);
	t->cli = cli;
	if (!cli_may_write(cli, err))
		return false;
	BUG_ON(!find_verb(cli->args[0], &t->verb));
	t->store = cli_store(cli, err);
	bool ok = t->store && run_verb(t, err);
	store_close(t->store);
	return ok;
}

bool cli_undo(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	struct team_command *t = arena_new_of(cli->arena, struct team_command);
	t->cli = cli;
	if (cli->n_args > 1)
		return err_set(
			err, ERR_USAGE, "undo takes back what you did last, and no more: no arguments");
	if (!cli_may_write(cli, err))
		return false;
	t->store = cli_store(cli, err);
	bool ok = t->store && team_undo(t->store, cli->config, audit_who(t->store, cli->config, cli->arena),
				      cli->is_dry_run, cli->arena, t->done, MOST_PROBLEMS, &t->n_done, err);
	if (ok)
		put_done(t, "undo");
	store_close(t->store);
	return ok;
}
