/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/source_ask.h"

#include "client/base/base64.h"
#include "client/base/mem.h"

#include <math.h>

/* --- parameters ------------------------------------------------------------- */

/* The start of what concerns a run. */
static struct json_writer open_run(struct ask *ask, const char *pipeline, const char *run)
{
	struct json_writer w = {.out = &ask->params};
	json_open(&w, '{');
	json_member_text(&w, "pipeline", pipeline);
	json_member_text(&w, "run", run);
	return w;
}

/* Where a log or an artifact goes on. */
static bool read_end(const struct json *result, int64_t *offset)
{
	bool complete = false;
	*offset = 0;
	json_int(json_get(result, "offset"), offset);
	json_bool(json_get(result, "complete"), &complete);
	return complete;
}

/* --- hello ------------------------------------------------------------------ */

static void end_greet(const struct ask *ask, const struct json *result, bool was_sent, const struct err *err)
{
	(void)result;
	(void)was_sent;
	ask->to.over(ask->ctx, err);
}

const struct ask_method ask_greet = {.name = "hello", .end = end_greet};

int64_t source_greet(struct source *source, source_over fn, void *ctx)
{
	struct ask *ask = source_add_ask(source, &ask_greet, ctx);
	ask->to.over = fn;
	return source_send_ask(source, ask);
}

/* --- pull ------------------------------------------------------------------- */

static void end_pull(const struct ask *ask, const struct json *result, bool was_sent, const struct err *err)
{
	(void)result;
	(void)was_sent;
	ask->to.pull->done(ask->ctx, err);
}

const struct ask_method ask_pull = {.name = "pull", .end = end_pull};

int64_t source_pull(struct source *source, const char *cursor, int64_t since_ms,
	const struct source_pull_ops *ops, void *ctx)
{
	struct ask *ask = source_add_ask(source, &ask_pull, ctx);
	struct json_writer w = {.out = &ask->params};
	ask->to.pull = ops;
	json_open(&w, '{');
	json_member_text(&w, "cursor", cursor);
	json_key(&w, "since_ms");
	json_put_ms(&w, since_ms);
	json_close(&w, '}');
	return source_send_ask(source, ask);
}

/* --- log -------------------------------------------------------------------- */

static void hear_log(const struct ask *ask, const struct json *params, struct err *breach)
{
	(void)breach;
	struct str text = json_get_str(params, "text");
	if (text.n)
		ask->to.log->text(ask->ctx, text);
}

static void end_log(const struct ask *ask, const struct json *result, bool was_sent, const struct err *err)
{
	(void)was_sent;
	int64_t offset;
	bool complete = read_end(result, &offset);
	ask->to.log->done(ask->ctx, offset, complete, err);
}

const struct ask_method ask_log = {.name = "log", .notice = "log", .hear = hear_log, .end = end_log};

int64_t source_log(struct source *source, const struct source_step *step, int64_t offset, bool follow,
	const struct source_log_ops *ops, void *ctx)
{
	struct ask *ask = source_add_ask(source, &ask_log, ctx);
	struct json_writer w = open_run(ask, step->pipeline, step->run);
	ask->to.log = ops;
	ask->is_follow = follow;
	json_member_text(&w, "step", step->step);
	json_member_text(&w, "index", step->index);
	json_member_int(&w, "attempt", step->attempt);
	json_member_int(&w, "offset", offset);
	json_member_bool(&w, "follow", follow);
	json_close(&w, '}');
	return source_send_ask(source, ask);
}

/* --- series ----------------------------------------------------------------- */

/* A point without a metric or a value says nothing; a null is how a NaN leaves some tools. */
static void hear_point(const struct ask *ask, const struct json *params, struct err *breach)
{
	(void)breach;
	struct source_point point = {.step = -1, .time_ms = TIME_NONE, .value = NAN};
	struct str metric = json_get_str(params, "metric");
	const struct json *value = json_get(params, "value");
	if (!metric.n || (!json_num(value, &point.value) && json_type(value) != JSON_NULL))
		return;
	json_int(json_get(params, "step"), &point.step);
	json_int(json_get(params, "time_ms"), &point.time_ms);
	char *name = x_printf("%.*s", STR_FMT(metric));
	point.metric = name;
	ask->to.series->point(ask->ctx, &point);
	x_free(name);
}

static void end_series(const struct ask *ask, const struct json *result, bool was_sent, const struct err *err)
{
	(void)result;
	(void)was_sent;
	ask->to.series->done(ask->ctx, err);
}

const struct ask_method ask_series = {
	.name = "series", .notice = "point", .hear = hear_point, .end = end_series};

int64_t source_series(struct source *source, const char *pipeline, const char *run,
	const char *const *metrics, size_t n_metrics, int64_t max_points, const struct source_series_ops *ops,
	void *ctx)
{
	struct ask *ask = source_add_ask(source, &ask_series, ctx);
	struct json_writer w = open_run(ask, pipeline, run);
	ask->to.series = ops;
	json_key(&w, "metrics");
	json_open(&w, '[');
	for (size_t i = 0; i < n_metrics; i++)
		json_put_str(&w, str_of(metrics[i]));
	json_close(&w, ']');
	json_member_int(&w, "max_points", max_points);
	json_close(&w, '}');
	return source_send_ask(source, ask);
}

/* --- artifacts -------------------------------------------------------------- */

static void unpack_entry(const struct ask *ask, const struct json *from)
{
	struct source_entry entry = {.size = -1};
	struct str path = json_get_str(from, "path");
	if (!path.n)
		return;
	json_int(json_get(from, "size"), &entry.size);
	json_bool(json_get(from, "is_dir"), &entry.is_dir);
	char *text = x_printf("%.*s", STR_FMT(path));
	entry.path = text;
	ask->to.artifacts->entry(ask->ctx, &entry);
	x_free(text);
}

static void unpack_entries(const struct ask *ask, const struct json *result, const bool *is_gone)
{
	const struct json *entries = json_get(result, "entries");
	for (size_t i = 0; !*is_gone && i < json_len(entries); i++)
		unpack_entry(ask, json_at(entries, i));
}

static void end_artifacts(
	const struct ask *ask, const struct json *result, bool was_sent, const struct err *err)
{
	(void)result;
	(void)was_sent;
	ask->to.artifacts->done(ask->ctx, err);
}

const struct ask_method ask_artifacts = {.name = "artifacts", .unpack = unpack_entries, .end = end_artifacts};

int64_t source_artifacts(struct source *source, const char *pipeline, const char *run, const char *path,
	const struct source_artifacts_ops *ops, void *ctx)
{
	struct ask *ask = source_add_ask(source, &ask_artifacts, ctx);
	struct json_writer w = open_run(ask, pipeline, run);
	ask->to.artifacts = ops;
	json_member_text(&w, "path", path);
	json_close(&w, '}');
	return source_send_ask(source, ask);
}

/* --- artifact --------------------------------------------------------------- */

/* A chunk that cannot be read would leave a hole: the whole answer is then good for nothing. */
static void hear_chunk(const struct ask *ask, const struct json *params, struct err *breach)
{
	struct buf bytes;
	buf_init(&bytes, 0);
	if (!base64_read(&bytes, json_get_str(params, "base64")))
		err_set(breach, ERR_FAILED, "a chunk of the artifact is no base64");
	else if (bytes.n)
		ask->to.artifact->bytes(ask->ctx, buf_str(&bytes));
	buf_fini(&bytes);
}

static void end_artifact(
	const struct ask *ask, const struct json *result, bool was_sent, const struct err *err)
{
	(void)was_sent;
	int64_t offset;
	bool complete = read_end(result, &offset);
	ask->to.artifact->done(ask->ctx, offset, complete, err);
}

const struct ask_method ask_artifact = {
	.name = "artifact", .notice = "chunk", .hear = hear_chunk, .end = end_artifact};

int64_t source_artifact(struct source *source, const char *pipeline, const char *run, const char *path,
	int64_t offset, const struct source_artifact_ops *ops, void *ctx)
{
	struct ask *ask = source_add_ask(source, &ask_artifact, ctx);
	struct json_writer w = open_run(ask, pipeline, run);
	ask->to.artifact = ops;
	json_member_text(&w, "path", path);
	json_member_int(&w, "offset", offset);
	json_close(&w, '}');
	return source_send_ask(source, ask);
}

/* --- act -------------------------------------------------------------------- */

static enum source_did read_did(const struct json *done)
{
	struct str word = json_str(done);
	return str_is(word, "yes") ? DID_YES : str_is(word, "no") ? DID_NO : DID_UNKNOWN;
}

/* Whether ERR, which came for an answer, means that the tool was not touched. */
static bool is_refusal(const struct err *err)
{
	return err->code == ERR_REFUSED || err->code == ERR_NOT_FOUND || err->code == ERR_AUTH ||
	       err->code == ERR_USAGE;
}

static void fail_act(const struct ask *ask, bool was_sent, const struct err *err)
{
	struct source_acted acted = {.done = DID_NO};
	struct err told = *err;
	if (was_sent && !is_refusal(err)) {
		acted.done = DID_UNKNOWN;
		err_wrap(&told, "it is unknown what was done");
	}
	ask->to.acted(ask->ctx, &acted, &told);
}

static void end_act(const struct ask *ask, const struct json *result, bool was_sent, const struct err *err)
{
	if (err) {
		fail_act(ask, was_sent, err);
		return;
	}
	struct arena *arena = arena_new();
	struct str run = json_get_str(result, "run"), message = json_get_str(result, "message");
	const struct json *effect = json_get(result, "effect");
	const struct source_acted acted = {
		.done = read_did(json_get(result, "done")),
		.run = run.p ? arena_dup(arena, run) : NULL,
		.message = message.p ? arena_dup(arena, message) : NULL,
		.effect = json_type(effect) == JSON_ARRAY ? effect : NULL,
	};
	ask->to.acted(ask->ctx, &acted, NULL);
	arena_free(arena);
}

const struct ask_method ask_act = {.name = "act", .end = end_act};

int64_t source_act(struct source *source, const char *verb, const char *ref, struct str args, bool dry_run,
	source_acted_fn fn, void *ctx)
{
	struct ask *ask = source_add_ask(source, &ask_act, ctx);
	struct json_writer w = {.out = &ask->params};
	ask->to.acted = fn;
	json_open(&w, '{');
	json_member_text(&w, "verb", verb);
	json_member_text(&w, "ref", ref);
	json_key(&w, "args");
	json_put_raw(&w, args.n ? args : STR("{}"));
	json_member_bool(&w, "dry_run", dry_run);
	json_close(&w, '}');
	return source_send_ask(source, ask);
}
