/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/conformance.h"

#include "client/base/mem.h"
#include "client/protocol/peer.h"
#include "client/protocol/trial.h"

#include <stdarg.h>
#include <stdio.h>

enum { END_MS = 5000 };

/* --- verdicts ------------------------------------------------------------------- */

static void tell(struct trial *t, enum conformance_verdict verdict, const char *name, const char *section,
	const char *why)
{
	const struct conformance_check check = {verdict, name, why, section};
	t->n_failed += verdict == CONFORMANCE_NOT_OK;
	t->ops->check(t->ctx, &check);
}

/* ERR is what was wrong, if anything was. */
void trial_judge(struct trial *t, const char *name, const char *section, const struct err *err)
{
	bool is_ok = err->code == ERR_NONE;
	tell(t, is_ok ? CONFORMANCE_OK : CONFORMANCE_NOT_OK, name, section, is_ok ? NULL : err->msg);
}

void trial_skip(struct trial *t, const char *name, const char *section, const char *why)
{
	tell(t, CONFORMANCE_SKIPPED, name, section, why);
}

void trial_fault(struct err *fault, const char *fmt, ...)
{
	char text[600];
	va_list ap;
	if (fault->code)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_set(fault, ERR_FAILED, "%s", text);
}

/* --- asking ------------------------------------------------------------------------ */

static void hear_record(struct trial *t, enum record_kind kind, const struct json *params);

static void on_notify(void *ctx, struct str method, const struct json *params)
{
	struct trial *t = ctx;
	enum record_kind kind = record_kind_of(method);
	int64_t id = -1;
	json_int(json_get(params, "id"), &id);
	if (kind != RECORD_KINDS && t->round)
		hear_record(t, kind, params);
	else if (kind != RECORD_KINDS)
		trial_fault(&t->stray, "a record '%s' outside of a pull", record_method(kind));
	else if (t->notice && str_is(method, t->notice) && id == t->id)
		t->hear(t, params);
	else if (json_type(json_get(params, "id")) == JSON_ABSENT)
		trial_fault(&t->stray, "'%.*s' is no record of the protocol",
			(int)(method.n < 80 ? method.n : 80), method.p);
	else
		trial_fault(&t->stray, "a notification '%.*s' with the id %lld, which no such request has",
			(int)(method.n < 80 ? method.n : 80), method.p, (long long)id);
}

static void on_said(void *ctx, struct str line)
{
	struct trial *t = ctx;
	t->ops->said(t->ctx, line);
}

static void hang_up(struct trial *t)
{
	probe_close(t->probe);
	t->probe = NULL;
}

void trial_ask(struct trial *t, const char *method, const char *params, const char *notice,
	void (*hear)(struct trial *t, const struct json *params))
{
	t->fault = (struct err){0};
	t->notice = notice;
	t->hear = hear;
	buf_reset(&t->text);
	t->id = probe_ask(t->probe, method, str_of(params));
}

/* Waits for the answer to what was begun. Where none comes the conversation is over, and the fault says so.
 */
bool trial_wait(struct trial *t, struct probe_answer *answer)
{
	struct err err = {0};
	bool ok = probe_wait(t->probe, t->id, answer, &err);
	t->notice = NULL;
	if (!ok) {
		t->fault = err;
		hang_up(t);
	}
	return ok;
}

bool trial_call(struct trial *t, const char *method, const char *params, const char *notice,
	void (*hear)(struct trial *t, const struct json *params), struct probe_answer *answer)
{
	trial_ask(t, method, params, notice, hear);
	return trial_wait(t, answer);
}

/* An answer that should be a result. */
bool trial_wants_result(struct trial *t, const struct probe_answer *answer)
{
	if (answer->code)
		trial_fault(&t->fault, "error %lld: %.*s", (long long)answer->code,
			(int)(answer->message.n < 300 ? answer->message.n : 300), answer->message.p);
	return !answer->code;
}

/* An answer that should be the error CODE. */
void trial_wants_error(struct trial *t, const struct probe_answer *answer, int64_t code)
{
	if (!answer->code)
		trial_fault(&t->fault, "it answers with a result, not with the error %lld", (long long)code);
	else if (answer->code != code)
		trial_fault(&t->fault, "it answers with the error %lld, not %lld", (long long)answer->code,
			(long long)code);
}

bool trial_has_method(const struct trial *t, const char *name)
{
	const struct json *methods = json_get(json_get(json_root(t->hello), "result"), "methods");
	for (size_t i = 0; i < json_len(methods); i++)
		if (str_is(json_str(json_at(methods, i)), name))
			return true;
	return false;
}

/* --- hello --------------------------------------------------------------------------- */

#define HELLO "hello"

static void judge_hello(struct trial *t, const struct json *result)
{
	int64_t protocol = 0;
	if (json_type(json_get(result, "protocol")) != JSON_INT ||
		!json_int(json_get(result, "protocol"), &protocol) || protocol != 1)
		trial_fault(&t->fault, "'protocol' must be the number 1");
	if (!json_get_str(result, "name").n)
		trial_fault(&t->fault, "no 'name'");
	if (json_type(json_get(result, "methods")) != JSON_ARRAY)
		trial_fault(&t->fault, "no list 'methods'");
	else if (!trial_has_method(t, "pull"))
		trial_fault(&t->fault, "'methods' does not name 'pull'");
	if (trial_has_method(t, "act") && !json_len(json_get(result, "verbs")))
		trial_fault(&t->fault, "'methods' names 'act', but 'verbs' names none");
}

static bool say_hello(struct trial *t)
{
	struct buf params;
	struct json_writer w = {.out = &params};
	struct probe_answer answer;
	buf_init(&params, 0);
	json_open(&w, '{');
	json_key(&w, "protocol");
	json_put_int(&w, 1);
	json_key(&w, "source");
	json_put_str(&w, str_of(t->source->name));
	json_key(&w, "config");
	json_put_raw(&w, t->source->json.n ? t->source->json : STR("{}"));
	json_close(&w, '}');
	bool ok = trial_call(t, "hello", params.p, NULL, NULL, &answer);
	buf_fini(&params);
	if (!ok)
		return false;
	json_free(t->hello);
	t->hello = answer.doc;
	if (trial_wants_result(t, &answer))
		judge_hello(t, answer.result);
	return !t->fault.code;
}

static bool start(struct trial *t)
{
	static const struct probe_ops ops = {.notify = on_notify, .said = on_said};
	t->fault = (struct err){0};
	t->probe = probe_open(t->config, t->source, t->silence_ms, &ops, t, &t->fault);
	return t->probe && say_hello(t);
}

/* --- pull ------------------------------------------------------------------------------ */

#define PULL "pull"

static bool is_over(const char *state)
{
	static const char *const words[] = {"success", "failed", "skipped", "cancelled"};
	for (size_t i = 0; state && i < ARRAY_LEN(words); i++)
		if (!strcmp(state, words[i]))
			return true;
	return false;
}

static void add_pick(struct trial *t, struct picks *picks, const struct pick *pick, bool is_first)
{
	size_t at = is_first ? 0 : picks->n;
	if (at == MOST_PICKS)
		return;
	if (is_first && picks->n) {
		size_t n = picks->n < MOST_PICKS ? picks->n : MOST_PICKS - 1;
		memmove(&picks->picks[1], &picks->picks[0], n * sizeof *pick);
	}
	picks->picks[at] =
		(struct pick){arena_dupz(t->arena, pick->pipeline), arena_dupz(t->arena, pick->run),
			arena_dupz(t->arena, pick->step), arena_dupz(t->arena, pick->index), pick->attempt};
	picks->n += picks->n < MOST_PICKS;
}

/* Keeps what the live methods may be tried on: running and failed steps, runs with metrics rather. */
static void pick_record(struct trial *t, const struct record *record)
{
	const struct record_step_run *s = &record->step_run;
	const struct record_run *r = &record->run;
	if (record->kind == RECORD_STEP_RUN && s->attempt > 0) {
		bool is_running = !strcmp(s->state, "running");
		const struct pick pick = {s->pipeline, s->run, s->step, s->index, s->attempt};
		if (t->steps.n < MOST_PICKS || is_running)
			add_pick(t, &t->steps, &pick, is_running || !strcmp(s->state, "failed"));
	} else if (record->kind == RECORD_RUN && (t->runs.n < MOST_PICKS || r->n_metrics)) {
		const struct pick pick = {.pipeline = r->pipeline, .run = r->run};
		add_pick(t, &t->runs, &pick, r->n_metrics > 0);
	}
}

static bool is_final(const struct record *record)
{
	return (record->kind == RECORD_RUN && is_over(record->run.state)) ||
	       (record->kind == RECORD_STEP_RUN && is_over(record->step_run.state));
}

static void note_object(
	struct trial *t, enum record_kind kind, const struct json *params, const struct record *record)
{
	struct buf name, text;
	buf_init(&name, 0);
	buf_init(&text, 0);
	judge_name(&name, kind, params);
	json_add(&text, params);
	if (!seen_put(t->seen, buf_str(&name), buf_str(&text), t->round, is_final(record)))
		trial_fault(&t->fault, "'%.200s' was over, and is now told otherwise", name.p);
	buf_fini(&name);
	buf_fini(&text);
}

static void hear_record(struct trial *t, enum record_kind kind, const struct json *params)
{
	struct arena *arena = arena_new();
	struct record record;
	struct err err = {0};
	if (!judge_record(arena, kind, params, &record, &err)) {
		trial_fault(&t->fault, "%s", err.msg);
	} else if (kind != RECORD_CURSOR) {
		note_object(t, kind, params, &record);
		if (t->round == 1)
			pick_record(t, &record);
	}
	arena_free(arena);
}

static void judge_pulled(struct trial *t, const struct probe_answer *answer)
{
	const struct json *cursor = json_get(answer->result, "cursor");
	if (!trial_wants_result(t, answer))
		return;
	if (json_type(cursor) != JSON_TEXT && json_type(cursor) != JSON_NULL)
		trial_fault(&t->fault, "the result needs a 'cursor': a text, or null where there is none");
	x_free(t->cursor);
	t->cursor = json_type(cursor) == JSON_TEXT ? x_printf("%.*s", STR_FMT(json_str(cursor))) : NULL;
}

static void pull(struct trial *t, int round, const char *cursor)
{
	struct buf params;
	struct json_writer w = {.out = &params};
	struct probe_answer answer;
	buf_init(&params, 0);
	json_open(&w, '{');
	json_key(&w, "cursor");
	json_put_str(&w, cursor ? str_of(cursor) : (struct str){0});
	json_key(&w, "since_ms");
	json_put_null(&w);
	json_close(&w, '}');
	t->round = round;
	if (trial_call(t, "pull", params.p, NULL, NULL, &answer)) {
		judge_pulled(t, &answer);
		json_free(answer.doc);
	}
	t->round = 0;
	buf_fini(&params);
}

static void try_pulls(struct trial *t)
{
	pull(t, 1, NULL);
	trial_judge(t, "a first pull gives good records and its end", PULL, &t->fault);
	if (!t->probe)
		return;
	pull(t, 2, NULL);
	const char *missing = seen_missing(t->seen);
	if (missing)
		trial_fault(&t->fault, "'%.200s' does not come again", missing);
	trial_judge(t, "the same pull again gives the same", PULL, &t->fault);
}

/* A source that reads one line after the other has answered before it hears of the cancel. */
static void try_cancel(struct trial *t)
{
	struct probe_answer answer;
	t->round = 3;
	trial_ask(t, "pull", "{\"cursor\":null,\"since_ms\":null}", NULL, NULL);
	probe_cancel(t->probe, t->id);
	if (trial_wait(t, &answer)) {
		if (answer.code)
			trial_wants_error(t, &answer, RPC_CANCELLED);
		json_free(answer.doc);
	}
	t->round = 0;
	trial_judge(t, "a pull that is cancelled answers with -32800, or was over", "cancel", &t->fault);
}

static void try_unknown_method(struct trial *t)
{
	struct probe_answer answer;
	if (trial_call(t, "no_such_method", "{}", NULL, NULL, &answer)) {
		trial_wants_error(t, &answer, RPC_NO_METHOD);
		json_free(answer.doc);
	}
	trial_judge(t, "an unknown method answers with -32601", "errors", &t->fault);
}

/* --- all of it -------------------------------------------------------------------------------- */

static void try_lines(struct trial *t)
{
	struct err err = t->stray;
	if (*probe_fault(t->probe)) {
		err_clear(&err);
		trial_fault(&err, "%s", probe_fault(t->probe));
	}
	trial_judge(t, "each line is JSON-RPC 2.0 in UTF-8, and belongs to a request", "messages", &err);
}

static void try_end(struct trial *t)
{
	struct err err = {0};
	int status = 0;
	if (!probe_end(t->probe, END_MS, &status))
		trial_fault(&err, "it still runs %d s after", END_MS / 1000);
	trial_judge(t, "it ends when its input does", "messages", &err);
	hang_up(t);
}

/* A cursor is kept for days: it must be good for another process. */
static void try_cursor(struct trial *t, const char *cursor)
{
	const char *name = "a pull from its cursor goes on, also in a new process";
	if (!cursor) {
		trial_skip(t, name, PULL, "it gave no cursor: each pull reads all");
		return;
	}
	if (start(t))
		pull(t, 3, cursor);
	trial_judge(t, name, PULL, &t->fault);
	hang_up(t);
}

static void try_all(struct trial *t)
{
	bool is_started = start(t);
	trial_judge(t, "it starts and says hello", HELLO, &t->fault);
	if (!is_started)
		return;
	try_unknown_method(t);
	if (t->probe)
		try_pulls(t);
	char *cursor = t->cursor ? x_strdup(t->cursor) : NULL;
	if (t->probe)
		try_cancel(t);
	trial_live(t);
	if (t->probe) {
		try_lines(t);
		try_end(t);
		try_cursor(t, cursor);
	}
	x_free(cursor);
}

int conformance_run(const struct config *config, const struct config_source *source, int silence_ms,
	const struct conformance_ops *ops, void *ctx)
{
	struct trial t = {
		.config = config, .source = source, .silence_ms = silence_ms, .ops = ops, .ctx = ctx};
	t.arena = arena_new();
	t.seen = seen_new();
	buf_init(&t.text, 2 * (size_t)MOST_TEXT);
	try_all(&t);
	hang_up(&t);
	json_free(t.hello);
	buf_fini(&t.text);
	seen_free(t.seen);
	arena_free(t.arena);
	x_free(t.cursor);
	x_free(t.metric);
	return t.n_failed;
}
