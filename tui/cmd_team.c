/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/catalogue/audit.h"
#include "client/catalogue/ref.h"
#include "tui/cmd.h"
#include "tui/input.h"
#include "tui/team.h"

enum { MOST_MEANT = MARKS_MOST };

/* What is on its way to the store's thread, or waits for a word of the person. */
struct team_job {
	struct app *app;
	struct arena *arena;
	const struct config *config;
	enum { JOB_STEP, JOB_UNDO, JOB_QUESTION } kind;
	enum team_verb verb;
	const char *refs[MOST_MEANT];
	size_t n;
	int64_t seen;
	const char *text;
	/* what came of it */
	struct team_done done[MOST_MEANT];
	size_t n_done;
	struct err failure; /* of the last that could not be done */
	const char *question;
};

struct team_desk {
	struct team_job *waiting; /* for a line or a choice */
	struct ticket *ticket;
};

static void free_job(void *ctx)
{
	struct team_job *job = ctx;
	if (job)
		arena_free(job->arena);
}

bool team_is_busy(const struct team_desk *desk)
{
	return desk && desk->ticket;
}

void team_desk_free(struct team_desk *desk)
{
	if (!desk)
		return;
	ticket_cancel(desk->ticket);
	free_job(desk->waiting);
	x_free(desk);
}

static struct team_desk *desk_of(struct app *app)
{
	if (!app->team)
		app->team = x_new(struct team_desk);
	return app->team;
}

/* --- on the store's thread ---------------------------------------------------------- */

static bool problem_of(struct store *store, struct team_job *job, size_t i, int64_t *out, struct err *err)
{
	struct ref ref;
	return ref_parse(job->arena, str_of(job->refs[i]), &ref, err) &&
	       team_problem_of(store, &ref, out, err);
}

static bool until_of(struct store *store, struct team_job *job, struct team_step *step, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(step->problem)};
	if (!store_query(
		    store, "SELECT due_ms FROM team.problem WHERE id = $1", params, 1, job->arena, &row, err))
		return false;
	int64_t due_ms = row.n_rows ? result_ms(&row, 0, 0) : TIME_NONE;
	step->text = NULL;
	return team_until(job->text, clock_now_ms(), due_ms, &step->until_ms, err);
}

/* As team_step has it. */
static const char *assignee_of(const char *text)
{
	if (!strcmp(text, "me"))
		return NULL;
	return strcmp(text, "nobody") ? text : "";
}

static bool do_one(struct store *store, struct team_job *job, size_t i, const char *who, struct err *err)
{
	struct team_done *done = &job->done[job->n_done];
	struct team_step step = {.verb = job->verb,
		.seen = job->seen,
		.text = job->verb == TEAM_ASSIGN ? assignee_of(job->text) : job->text,
		.command = job->n_done ? job->done[0].command : 0};
	bool ok = problem_of(store, job, i, &step.problem, err) &&
		  (job->verb != TEAM_SNOOZE || until_of(store, job, &step, err)) &&
		  team_do(store, job->config, who, &step, job->arena, done, err);
	job->n_done += ok;
	return ok;
}

static bool run_steps(struct store *store, struct team_job *job, const char *who)
{
	struct err err;
	for (size_t i = 0; i < job->n; i++)
		if (!do_one(store, job, i, who, &err))
			job->failure = err;
	return true;
}

static bool run_job(struct store *store, void *ctx, struct err *err)
{
	struct team_job *job = ctx;
	int64_t problem;
	const char *who = audit_who(store, job->config, job->arena);
	if (job->kind == JOB_QUESTION)
		return problem_of(store, job, 0, &problem, err) &&
		       team_question(store, problem, job->arena, &job->question, err);
	if (job->kind == JOB_UNDO)
		return team_undo(
			store, job->config, who, false, job->arena, job->done, MOST_MEANT, &job->n_done, err);
	return run_steps(store, job, who);
}

/* --- what came of it ------------------------------------------------------------------- */

static void add_key(struct app *app, struct buf *out, const char *command)
{
	const struct app_command *found = keymap_named(app->keymap, command);
	key_add_name(out, found ? keymap_key(app->keymap, found) : 0);
}

/* "problem 3 snoozed until 2026-11-22 08:00:00 CET · U takes it back" */
static void say_done(struct app *app, const struct team_job *job)
{
	struct buf text;
	const struct team_done *first = &job->done[0];
	buf_init(&text, 0);
	if (job->n_done == 1)
		buf_addf(&text, "problem %lld: ", (long long)first->problem);
	else
		buf_addf(&text, "%zu problems: ", job->n_done);
	if (job->kind == JOB_UNDO)
		buf_addf(&text, "taken back, %s again", first->state);
	else if (job->verb == TEAM_ASK)
		buf_addf(&text, "the question goes to '%s' with the next sync", first->target);
	else
		buf_addf(&text, "%s", job->verb == TEAM_NOTE ? "noted" : team_verb_word(job->verb));
	if (job->verb == TEAM_CAUSE && job->kind == JOB_STEP)
		buf_addf(&text, " %s", job->text);
	if (job->verb == TEAM_ASSIGN && job->kind == JOB_STEP)
		buf_addf(&text, " to %s", first->assignee ? first->assignee : "nobody");
	if (first->snoozed_until_ms != TIME_NONE) {
		buf_addz(&text, " until ");
		when_add_local(&text, first->snoozed_until_ms);
	}
	if (job->kind == JOB_STEP && job->verb != TEAM_ASK) {
		buf_addz(&text, " · ");
		add_key(app, &text, "undo");
		buf_addz(&text, " takes it back");
	}
	app_say(app, ROLE_SUCCESS, "%s", text.p);
	buf_fini(&text);
}

/* JOB goes on with what the person types or chooses. */
static void wait_for_person(struct app *app, struct team_job *job)
{
	struct team_desk *desk = desk_of(app);
	free_job(desk->waiting); /* that was cancelled */
	desk->waiting = job;
}

static void take_question(struct app *app, const char *text);

static void job_done(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	struct team_job *job = result;
	app->team->ticket = NULL;
	const struct err *failure = err ? err : job->failure.code ? &job->failure : NULL;
	if (failure) {
		app_say(app, failure->code == ERR_REFUSED ? ROLE_LATE : ROLE_ERROR, "%s%s",
			job->n_done ? "some were done; " : "", failure->msg);
	} else if (job->kind == JOB_QUESTION && app->mode == MODE_KEYS) {
		wait_for_person(app, job);
		app_ask_line(app, "ask: ", job->question, take_question);
		return;
	} else if (job->kind != JOB_QUESTION) { /* else the person went on to something else */
		say_done(app, job);
		marks_clear(&app_top(app)->marks);
	}
	frame_reload(app_top(app));
	free_job(job);
}

static void start(struct app *app, struct team_job *job)
{
	static const struct store_job what = {.run = run_job, .done = job_done, .drop = free_job};
	struct team_desk *desk = desk_of(app);
	desk->ticket = store_thread_run(app->store, &what, job, app);
}

/* --- which problems ---------------------------------------------------------------------- */

static void add_ref(struct team_job *job, const char *ref)
{
	if (job->n < MOST_MEANT)
		job->refs[job->n++] = arena_dupz(job->arena, ref);
}

static void add_meant(struct app *app, struct team_job *job)
{
	const struct frame *frame = app_top(app);
	struct ref ref;
	struct buf text;
	for (size_t i = 0; i < frame->marks.n; i++)
		add_ref(job, frame->marks.refs[i]);
	if (job->n || !cmd_ref(app, job->arena, &ref))
		return;
	buf_init(&text, 0);
	ref_add(&text, &ref);
	add_ref(job, text.p);
	buf_fini(&text);
}

/* The problems that REST starts with; returns what follows them. */
static const char *add_named(struct team_job *job, const char *rest)
{
	struct str left = str_trim(str_of(rest)), word, behind;
	for (behind = left; str_next(&left, ' ', &word); behind = left)
		if (str_starts(word, STR("problem:")))
			add_ref(job, arena_dup(job->arena, word));
		else if (word.n)
			break;
	return arena_dup(job->arena, str_trim(behind));
}

/* NULL where it cannot be done now: that was said. */
static struct team_job *new_job(struct app *app, enum team_verb verb, const char *rest)
{
	if (app->config->read_only) {
		app_say(app, ROLE_LATE, "read-only: nothing is written");
		return NULL;
	}
	if (team_is_busy(app->team)) {
		app_say(app, ROLE_DIM, "what you did before is still being written");
		return NULL;
	}
	struct arena *arena = arena_new();
	struct team_job *job = arena_new_of(arena, struct team_job);
	const struct view_data *data = app_top(app)->body.data;
	job->app = app;
	job->arena = arena;
	job->config = app->config;
	job->verb = verb;
	job->seen = data && app_top(app)->view ? data->seen_event : TEAM_UNSEEN;
	job->text = add_named(job, rest);
	if (!job->n)
		add_meant(app, job);
	return job;
}

static struct team_job *new_job_about(struct app *app, enum team_verb verb, const char *rest)
{
	struct team_job *job = new_job(app, verb, rest);
	if (!job || job->n)
		return job;
	app_say(app, ROLE_DIM, "no problem is meant: go to one, mark several with Space, or name problem:ID");
	free_job(job);
	return NULL;
}

/* --- a line, a choice ---------------------------------------------------------------------- */

/* The job that a line or a choice was asked for. */
static struct team_job *take_waiting(struct app *app)
{
	struct team_job *job = app->team->waiting;
	app->team->waiting = NULL;
	return job;
}

static void take_text(struct app *app, const char *text)
{
	struct team_job *job = take_waiting(app);
	job->text = arena_dup(job->arena, str_trim(str_of(text)));
	if (*job->text) {
		start(app, job);
		return;
	}
	app_say(app, ROLE_DIM, "nothing was written");
	free_job(job);
}

static void take_question(struct app *app, const char *text)
{
	struct team_job *job = app->team->waiting;
	job->kind = JOB_STEP;
	take_text(app, text);
}

struct choice {
	const char *title, *text; /* NULL: a line is asked for */
	uint32_t key;
};

static const struct choice snooze_choices[] = {
	{"an hour", "1h", '1'},
	{"until morning", "morning", 'm'},
	{"until it is due", "due", 'd'},
	{"until tomorrow", "tomorrow", 't'},
	{"until a time …", NULL, 'u'},
};

static const struct choice cause_choices[] = {
	{"what the step does", "code", 'c'},
	{"what it was given", "data", 'd'},
	{"what it runs on", "infrastructure", 'i'},
	{"nothing: it passes when tried again", "flaky", 'f'},
	{"nobody knows", "unknown", 'u'},
};

static void take_choice(struct app *app, const struct choice *choice)
{
	if (!choice->text) {
		app_ask_line(app, "snooze until: ", "", take_text);
		return;
	}
	struct team_job *job = take_waiting(app);
	job->text = choice->text;
	start(app, job);
}

static void take_snooze(struct app *app, const struct menu *menu, size_t item)
{
	(void)menu;
	take_choice(app, &snooze_choices[item]);
}

static void take_cause(struct app *app, const struct menu *menu, size_t item)
{
	(void)menu;
	take_choice(app, &cause_choices[item]);
}

static void open_choices(struct app *app, struct menu menu, const struct choice *choices)
{
	menu.arena = arena_new();
	menu.items = arena_array(menu.arena, struct menu_item, menu.n);
	for (size_t i = 0; i < menu.n; i++)
		menu.items[i] = (struct menu_item){.title = choices[i].title,
			.hint = choices[i].text ? choices[i].text : "17:30, 3d, 2026-11-24",
			.key = choices[i].key};
	menu_open(app, &menu);
}

static void open_snooze_menu(struct app *app)
{
	static const struct menu_ops ops = {.take = take_snooze};
	const struct menu menu = {.ops = &ops,
		.title = "snooze: it comes back by itself, or when it grows",
		.footer = "Enter snooze   Esc back",
		.n = ARRAY_LEN(snooze_choices)};
	open_choices(app, menu, snooze_choices);
}

static void open_cause_menu(struct app *app)
{
	static const struct menu_ops ops = {.take = take_cause};
	const struct menu menu = {.ops = &ops,
		.title = "its cause is",
		.footer = "Enter it is so   Esc back",
		.n = ARRAY_LEN(cause_choices)};
	open_choices(app, menu, cause_choices);
}

/* --- commands ------------------------------------------------------------------------------- */

static void ask_for_text(struct app *app, struct team_job *job)
{
	wait_for_person(app, job);
	if (job->verb == TEAM_SNOOZE)
		open_snooze_menu(app);
	else if (job->verb == TEAM_CAUSE)
		open_cause_menu(app);
	else
		app_ask_line(app, job->verb == TEAM_ASSIGN ? "assign to: " : "comment: ", "", take_text);
}

static bool needs_word(enum team_verb verb)
{
	return verb == TEAM_NOTE || verb == TEAM_SNOOZE || verb == TEAM_ASSIGN || verb == TEAM_CAUSE;
}

void team_run(struct app *app, enum team_verb verb, const char *rest)
{
	struct team_job *job = new_job_about(app, verb, rest);
	if (!job)
		return;
	bool is_said = *job->text;
	if (verb == TEAM_ASK && !is_said) {
		job->kind = JOB_QUESTION;
		start(app, job);
	} else if (!is_said && needs_word(verb)) {
		ask_for_text(app, job);
	} else {
		start(app, job);
	}
}

void team_run_undo(struct app *app)
{
	struct team_job *job = new_job(app, TEAM_NOTE, "");
	if (!job)
		return;
	job->kind = JOB_UNDO;
	start(app, job);
}

void cmd_take(struct app *app)
{
	team_run(app, TEAM_ACK, "");
}

void cmd_note(struct app *app)
{
	team_run(app, TEAM_NOTE, "");
}

void cmd_snooze(struct app *app)
{
	team_run(app, TEAM_SNOOZE, "");
}

void cmd_ask(struct app *app)
{
	team_run(app, TEAM_ASK, "");
}

void cmd_resolve(struct app *app)
{
	team_run(app, TEAM_RESOLVE, "");
}

void cmd_undo(struct app *app)
{
	team_run_undo(app);
}
