/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Actions on tools: `rerun`, `clear`, `trigger`, `cancel`, `pause`, `unpause`, `set-state`, `tag`. */
#include "client/base/clean.h"
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "client/live/act.h"
#include "tui/cli.h"
#include "views/json.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

enum { MOST_OBJECTS = 1000, MOST_CONF = 1 << 20 };

struct acting {
	struct cli *cli;
	const char *verb;
	struct loop *loop;
	struct act *act;
	bool is_planned;
	int status; /* the worst so far */
};

/* --- what is asked for --------------------------------------------------------------- */

static bool read_stdin(struct buf *out, struct err *err)
{
	char chunk[65536];
	ssize_t n;
	while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_add(out, (struct str){chunk, (size_t)n});
	return n == 0 || err_set(err, ERR_USAGE, "standard input: %s", strerror(errno));
}

/* "K=V", where V is a number, true, false, null, a list or an object as JSON writes them, else a text. With
 * ONLY_TEXT it is always a text. */
static bool put_pair(struct json_writer *w, const char *pair, bool only_text, struct err *err)
{
	const char *equals = strchr(pair, '=');
	if (!equals || equals == pair)
		return err_set(err, ERR_USAGE, "--set: '%s' is not KEY=VALUE", pair);
	struct buf array;
	buf_init(&array, MOST_CONF);
	buf_addf(&array, "[%s]", equals + 1);
	struct json_doc *doc = only_text ? NULL : json_parse(buf_str(&array), NULL);
	bool is_json = doc && json_len(json_root(doc)) == 1 && !json_repairs(doc);
	json_key_str(w, (struct str){pair, (size_t)(equals - pair)});
	if (is_json)
		json_put_raw(w, str_slice(buf_str(&array), 1, array.n - 1));
	else
		json_put_str(w, str_of(equals + 1));
	json_free(doc);
	buf_fini(&array);
	return true;
}

static bool put_pairs(struct cli *cli, struct json_writer *w, bool only_text, struct err *err)
{
	for (size_t i = 0; i < cli->set.n; i++)
		if (!put_pair(w, cli->set.texts[i], only_text, err))
			return false;
	return true;
}

/* Whether --set gives KEY: then the file's value does not count. */
static bool is_set(const struct cli *cli, struct str key)
{
	for (size_t i = 0; i < cli->set.n; i++) {
		const char *pair = cli->set.texts[i];
		if (!strncmp(pair, key.p, key.n) && pair[key.n] == '=')
			return true;
	}
	return false;
}

static void put_member(struct json_writer *w, const struct json_iter *it)
{
	struct buf value;
	buf_init(&value, 0);
	json_add(&value, it->value);
	json_key_str(w, it->key);
	json_put_raw(w, buf_str(&value));
	buf_fini(&value);
}

static bool put_conf_file(struct cli *cli, struct json_writer *w, struct err *err)
{
	struct buf text;
	buf_init(&text, MOST_CONF);
	bool is_stdin = !strcmp(cli->conf, "-");
	bool ok = is_stdin ? read_stdin(&text, err) : file_read(cli->conf, MOST_CONF, &text, err);
	struct json_doc *doc = ok ? json_parse(buf_str(&text), err) : NULL;
	buf_fini(&text);
	ok = doc && (json_type(json_root(doc)) == JSON_OBJECT || err_set(err, ERR_USAGE, "no object"));
	struct json_iter it = {0};
	while (ok && json_each(json_root(doc), &it))
		if (!is_set(cli, it.key))
			put_member(w, &it);
	json_free(doc);
	if (!ok)
		err->code = ERR_USAGE;
	return ok || err_wrap(err, "--conf %s", cli->conf);
}

static bool put_conf(struct cli *cli, struct json_writer *w, struct err *err)
{
	json_key(w, "conf");
	json_open(w, '{');
	bool ok = (!cli->conf || put_conf_file(cli, w, err)) && put_pairs(cli, w, false, err);
	json_close(w, '}');
	return ok;
}

static bool put_tags(struct cli *cli, struct json_writer *w, struct err *err)
{
	json_key(w, "tags");
	json_open(w, '{');
	bool ok = put_pairs(cli, w, true, err);
	json_close(w, '}');
	return ok;
}

static void put_true(struct json_writer *w, const char *key, bool is_given)
{
	if (is_given)
		json_member_bool(w, key, true);
}

static void put_said(struct json_writer *w, const char *key, const char *text)
{
	if (text)
		json_member_text(w, key, text);
}

/* The arguments of the verb, as the source gets them. */
static bool make_args(struct cli *cli, struct buf *out, struct err *err)
{
	struct json_writer w = {.out = out};
	const char *verb = cli->args[0];
	bool ok = true;
	json_open(&w, '{');
	if (cli->is_all)
		json_member_bool(&w, "only_failed", false);
	put_true(&w, "downstream", cli->is_downstream);
	put_true(&w, "upstream", cli->is_upstream);
	put_said(&w, "state", cli->state);
	put_said(&w, "note", cli->note);
	if (!strcmp(verb, "trigger"))
		ok = put_conf(cli, &w, err);
	else if (cli->set.n)
		ok = put_tags(cli, &w, err);
	json_close(&w, '}');
	return ok;
}

static bool check_usage(struct cli *cli, struct err *err)
{
	const char *verb = cli->args[0];
	if (cli->n_args < 2)
		return err_set(err, ERR_USAGE, "%s what? 'porthole %s --help'", verb, verb);
	if (cli->n_args - 1 > MOST_OBJECTS)
		return err_set(err, ERR_USAGE, "%s: at most %d objects at once", verb, MOST_OBJECTS);
	if (!strcmp(verb, "set-state") && !cli->state)
		return err_set(err, ERR_USAGE, "set-state: which? '--state success', failed or skipped");
	if (!strcmp(verb, "tag") && !cli->set.n && !cli->note)
		return err_set(err, ERR_USAGE, "tag: with what? '--set KEY=VALUE' or '--note TEXT'");
	return true;
}

/* The places of a problem, each once. */
static bool add_occurrences(struct cli *cli, struct store *store, const struct ref *problem, struct ref *refs,
	size_t *n, struct err *err)
{
	struct result rows;
	int64_t id = 0;
	str_to_int(str_of(problem->name), 1, INT64_MAX, &id);
	const struct value params[] = {value_int(id), value_int(MOST_OBJECTS - (int64_t)*n)};
	if (!store_query(store,
		    "SELECT source, pipeline, run, step, idx FROM team.occurrence"
		    " WHERE problem_id = $1 AND step <> '' GROUP BY source, pipeline, run, step, idx"
		    " ORDER BY max(at_ms), source, pipeline, run, step, idx LIMIT $2",
		    params, ARRAY_LEN(params), cli->arena, &rows, err))
		return false;
	if (!rows.n_rows)
		return err_set(err, ERR_NOT_FOUND, "problem:%s has no step to act on", problem->name);
	for (size_t i = 0; i < rows.n_rows; i++) {
		const char *index = result_text(&rows, i, 4);
		refs[(*n)++] = (struct ref){.kind = REF_STEP,
			.source = result_text(&rows, i, 0),
			.pipeline = result_text(&rows, i, 1),
			.run = result_text(&rows, i, 2),
			.step = result_text(&rows, i, 3),
			.index = index && *index ? index : NULL};
	}
	return true;
}

/* The objects, as the tools name them. */
static bool read_refs(struct cli *cli, struct ref *refs, size_t *n, struct err *err)
{
	struct store *store = cli_store(cli, err);
	bool ok = store != NULL;
	for (int i = 1; ok && i < cli->n_args; i++) {
		struct ref ref;
		ok = cli_ref(cli, store, cli->args[i], &ref, err);
		if (ok && ref.kind == REF_PROBLEM)
			ok = add_occurrences(cli, store, &ref, refs, n, err);
		else if (ok && !act_on(&ref))
			ok = err_set(err, ERR_USAGE,
				"'%s' is neither a pipeline, a run, a step nor a problem", cli->args[i]);
		else if (ok && find_named(store, cli->arena, &ref, err))
			refs[(*n)++] = ref;
		else
			ok = false;
		if (ok && *n >= MOST_OBJECTS && i + 1 < cli->n_args)
			ok = err_set(err, ERR_USAGE, "at most %d objects at once", MOST_OBJECTS);
	}
	store_close(store);
	return ok;
}

/* --- what came of it ------------------------------------------------------------------------ */

/* The status that says more of two. */
static int worse(int a, int b)
{
	static const int rank[] = {[0] = 0, [1] = 1, [2] = 2, [3] = 4, [4] = 3};
	return rank[b] > rank[a] ? b : a;
}

static int status_of(const struct act_object *object)
{
	const struct err err = {.code = object->code};
	switch (object->end) {
	case ACT_OPEN:
	case ACT_DONE:
	case ACT_ALREADY:
	case ACT_SKIPPED: /* what stopped it says why */
		return 0;
	case ACT_NOTHING:
		return 1;
	case ACT_REFUSED:
	case ACT_CHANGED:
		return 4;
	case ACT_NOT_DONE:
		return err.code ? err_exit_status(&err) : 3;
	case ACT_UNKNOWN:
		return 3;
	}
	return 3;
}

/* "yes", "no" or "unknown": what is the case in the tool. */
static const char *done_word(const struct act_object *object)
{
	bool is_so = object->end == ACT_DONE || object->end == ACT_ALREADY;
	return is_so ? "yes" : object->end == ACT_UNKNOWN ? "unknown" : "no";
}

static void put_nullable(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_put_str(w, text ? str_of(text) : (struct str){0});
}

static void put_json(struct acting *a, const struct act_object *object)
{
	struct buf *out = &a->cli->out;
	struct json_writer w = {.out = out};
	json_open(&w, '{');
	put_nullable(&w, "ref", object->text);
	put_nullable(&w, "verb", a->verb);
	put_nullable(&w, "done", done_word(object));
	put_nullable(&w, "result", object->end == ACT_OPEN ? NULL : act_end_word(object->end));
	put_nullable(&w, "message", object->message ? object->message : object->remark);
	put_nullable(&w, "run_ref", object->run_ref);
	json_key(&w, "effect");
	json_open(&w, '[');
	for (size_t i = 0; i < object->n_effect; i++)
		json_put_str(&w, str_of(object->effect[i]));
	json_close(&w, ']');
	json_close(&w, '}');
	buf_addc(out, '\n');
}

static void put_cells(struct acting *a, const struct act_object *object)
{
	struct buf *out = &a->cli->out;
	const char *cells[] = {object->text, a->verb, done_word(object),
		object->end == ACT_OPEN ? "" : act_end_word(object->end),
		object->message ? object->message : "", object->run_ref ? object->run_ref : ""};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		if (i)
			buf_addc(out, '\t');
		clean_add(out, str_of(cells[i]), CLEAN_NAME);
	}
	buf_addc(out, '\n');
}

static void add_line(struct buf *out, const char *indent, const char *text)
{
	buf_addz(out, indent);
	clean_add(out, str_of(text), CLEAN_NAME);
	buf_addc(out, '\n');
}

/* What would be done to OBJECT, and what speaks against it. */
static void add_plan(struct acting *a, struct buf *out, const struct act_object *object)
{
	struct arena *arena = a->cli->arena;
	const char *project = object->project ? arena_printf(arena, " (%s%s)", object->project,
							object->is_production ? ", production" : "")
					      : "";
	add_line(out, "", arena_printf(arena, "%s %s%s", a->verb, object->text, project));
	for (size_t i = 0; i < object->n_effect; i++)
		add_line(out, "  ", object->effect[i]);
	if (object->remark)
		add_line(out, "  but: ", object->remark);
	if (object->freeze)
		add_line(out, "  but: frozen: ", object->freeze);
}

/* "rerun REF: done: 3 steps cleared". */
static const char *summary_of(struct acting *a, const struct act_object *object)
{
	const char *message = object->message ? object->message : "";
	return arena_printf(a->cli->arena, "%s %s: %s%s%s%s%s", a->verb, object->text,
		act_end_word(object->end), *message ? ": " : "", message, object->run_ref ? ": " : "",
		object->run_ref ? object->run_ref : "");
}

/* OBJECT is over: one line on one of the two outputs, or a row besides. */
static void put_end(struct acting *a, const struct act_object *object)
{
	struct cli *cli = a->cli;
	int status = status_of(object);
	a->status = worse(a->status, status);
	if (cli->is_json)
		put_json(a, object);
	else if (cli->is_tsv)
		put_cells(a, object);
	else if (!status)
		add_line(&cli->out, "", summary_of(a, object));
	cli_flush(cli);
	if (status)
		cli_say("%s", summary_of(a, object));
}

/* --- in the loop -------------------------------------------------------------------------------- */

static void on_planned(void *ctx)
{
	struct acting *a = ctx;
	a->is_planned = true;
	loop_stop(a->loop);
}

static void on_progress(void *ctx, const struct act_object *object, const char *what)
{
	struct acting *a = ctx;
	if (!a->cli->is_terminal || a->cli->is_json || a->cli->is_tsv)
		return;
	buf_addz(&a->cli->out, "  ");
	add_line(&a->cli->out, "", arena_printf(a->cli->arena, "%s: %s", object->text, what));
	cli_flush(a->cli);
}

static void on_ended(void *ctx, const struct act_object *object)
{
	put_end(ctx, object);
}

static void on_done(void *ctx)
{
	struct acting *a = ctx;
	loop_stop(a->loop);
}

/* What is under way comes to its end: an action that was sent cannot be called back. */
static void on_signal(void *ctx, int signo)
{
	struct acting *a = ctx;
	if (a->cli->signo)
		loop_stop(a->loop);
	a->cli->signo = signo;
	act_stop(a->act);
}

/* --- confirming ------------------------------------------------------------------------------------- */

/* A line that was typed after the question; a paste comes in brackets and is no answer. */
static bool ask_person(const char *expected)
{
	char line[512];
	fprintf(stderr, "type %s to go on: ", expected);
	fflush(stderr);
	tcflush(STDIN_FILENO, TCIFLUSH);
	fputs("\033[?2004h", stderr);
	fflush(stderr);
	bool is_read = fgets(line, sizeof line, stdin) != NULL;
	fputs("\033[?2004l", stderr);
	fflush(stderr);
	line[is_read ? strcspn(line, "\n") : 0] = 0;
	return is_read && !strcmp(line, expected);
}

static void show_plans(struct acting *a)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < act_n_objects(a->act); i++)
		if (act_object(a->act, i)->end == ACT_OPEN)
			add_plan(a, &text, act_object(a->act, i));
	fprintf(stderr, "%.*s", STR_FMT(buf_str(&text)));
	buf_fini(&text);
}

/* Whether the person, or --yes, wants it. */
static bool confirm(struct acting *a, struct err *err)
{
	struct cli *cli = a->cli;
	long long n = (long long)act_n_objects(a->act);
	const char *name = act_name(a->act);
	if (cli->yes == 0 || cli->yes == n)
		return true;
	if (cli->yes > 0)
		return err_set(err, ERR_REFUSED,
			"%s: not confirmed: --yes=%lld says another number than %lld", a->verb,
			(long long)cli->yes, n);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return err_set(err, ERR_REFUSED, "%s: not confirmed: --yes=%lld does it", a->verb, n);
	show_plans(a);
	return ask_person(name ? name : "yes") ||
	       err_set(err, ERR_REFUSED, "%s: not confirmed, nothing was done", a->verb);
}

static void put_planned_ends(struct acting *a)
{
	for (size_t i = 0; i < act_n_objects(a->act); i++)
		if (act_object(a->act, i)->end != ACT_OPEN)
			put_end(a, act_object(a->act, i));
}

static void put_dry_run(struct acting *a)
{
	struct cli *cli = a->cli;
	for (size_t i = 0; i < act_n_objects(a->act); i++) {
		const struct act_object *object = act_object(a->act, i);
		if (object->end != ACT_OPEN)
			put_end(a, object);
		else if (cli->is_json)
			put_json(a, object);
		else
			add_plan(a, &cli->out, object);
	}
}

/* Planned, confirmed, done; what was confirmed too late is planned and confirmed anew. */
static bool carry_out(struct acting *a, struct err *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	for (;;) {
		loop_run(a->loop);
		if (a->cli->is_dry_run) {
			put_dry_run(a);
			return true;
		}
		if (act_n_open(a->act) && !confirm(a, err))
			return false;
		if (act_confirm(a->act))
			break;
		cli_say("%s: that took over a minute: looking again", a->verb);
	}
	put_planned_ends(a);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		loop_signal(a->loop, signals[i], on_signal, a);
	loop_run(a->loop);
	return true;
}

static bool act_on_refs(struct cli *cli, const struct act_want *want, int *status, struct err *err)
{
	static const struct act_ops ops = {
		.planned = on_planned, .progress = on_progress, .ended = on_ended, .done = on_done};
	struct acting a = {.cli = cli, .verb = want->verb, .loop = loop_new()};
	struct store_thread *store = store_thread_new(a.loop, cli->config->catalogue);
	a.act = act_new(a.loop, cli->config, store, want, &ops, &a);
	bool ok = carry_out(&a, err);
	act_free(a.act);
	store_thread_free(store);
	loop_free(a.loop);
	*status = cli->signo ? 128 + cli->signo : worse(*status, a.status);
	return ok;
}

bool cli_act(struct cli *cli, int *status, struct err *err)
{
	struct act_want want = {.verb = cli->args[0], .is_dry_run = cli->is_dry_run};
	struct ref *refs = arena_array(cli->arena, struct ref, MOST_OBJECTS);
	struct buf args;
	if (!check_usage(cli, err) || !cli_may_write(cli, err) || !read_refs(cli, refs, &want.n_refs, err))
		return false;
	want.refs = refs;
	buf_init(&args, 0);
	bool ok = make_args(cli, &args, err);
	want.args = buf_str(&args);
	ok = ok && act_on_refs(cli, &want, status, err);
	buf_fini(&args);
	return ok;
}
