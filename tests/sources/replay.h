/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs an adapter on bytes: the real engine over a transport that answers from a
 * table, and a sink that keeps what came out. Included by each test that needs
 * it, so it is all static.
 */
#ifndef TESTS_SOURCES_REPLAY_H
#define TESTS_SOURCES_REPLAY_H

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/fetch/engine.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef REPLAY_BARE /* for a fuzz target, which has no cmocka */
#define fail_msg(...)	  abort()
#define assert_true(cond) BUG_ON(!(cond))
#else
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h> /* needs those two */
#endif

/* One row of the table; the first row that fits and is not used up answers. */
struct answer {
	const char *path; /* a glob over "METHOD PATH" */
	int status;	  /* 0: 200 */
	const char *file; /* a fixture, or */
	const char *body; /* these bytes */
	size_t body_n;	  /* 0: BODY is a text */
	int64_t retry_after_ms;
	const char *failure; /* the transfer fails with this instead */
	int times;	     /* answers so often; 0: always */
	bool is_html;
	int64_t start; /* of a part (206): where it begins */
};

struct replay {
	struct transport transport;
	struct loop *loop;
	struct answer answers[64];
	size_t n;
	int64_t date_ms;
	struct buf asked; /* "METHOD PATH [token] @offset body" of each request, a line each */
	struct replay_transfer *transfers;
	/* What came out. */
	struct buf records, text, notes; /* `text`: of a log, or an artifact's bytes */
	struct buf points;		 /* "METRIC STEP TIME_MS VALUE" or "PATH SIZE", a line each */
	char *cursor;
	int64_t log_offset;
	bool is_log_complete, is_done;
	struct buf acted; /* of an action: "no tried run=R: message", then its effect as JSON, a line each */
	struct err err;
	size_t backlog, most_backlog;
	bool is_counting; /* text counts as not taken until the test says otherwise */
};

struct replay_transfer {
	struct transfer base;
	struct replay_transfer *next;
	struct replay *replay;
	const struct transfer_ops *ops;
	void *ctx;
	struct loop_timer *timer;
	struct answer *answer;
};

static inline void replay_drop(struct replay_transfer *t)
{
	struct replay_transfer **at = &t->replay->transfers;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (t->timer)
		loop_cancel(t->timer);
	x_free(t);
}

static inline void replay_body(struct replay_transfer *t, int status)
{
	struct buf bytes;
	struct err err = {0};

	buf_init(&bytes, 0);
	if (t->answer->file) {
		if (!file_read(t->answer->file, 16 << 20, &bytes, &err))
			fail_msg("%s", err.msg);
	} else if (t->answer->body) {
		buf_add(&bytes, (struct str){t->answer->body,
					t->answer->body_n ? t->answer->body_n : strlen(t->answer->body)});
	}
	/* In two stretches, so that nothing relies on whole ones. */
	t->ops->body(t->ctx, status, str_slice(buf_str(&bytes), 0, bytes.n / 2));
	t->ops->body(t->ctx, status, str_slice(buf_str(&bytes), bytes.n / 2, bytes.n));
	buf_fini(&bytes);
}

static inline void replay_answer(void *ctx)
{
	struct replay_transfer *t = ctx;
	const struct answer nothing = {.status = 404, .body = "{\"detail\":\"not in the table\"}"};
	struct answer *answer = t->answer;
	struct transfer_end end = {.date_ms = t->replay->date_ms};
	const struct transfer_ops *ops = t->ops;
	void *its = t->ctx;
	struct err err = {0};

	t->timer = NULL;
	if (!answer)
		answer = t->answer = (struct answer *)(uintptr_t)&nothing;
	if (answer->failure) {
		err_set(&err, ERR_UNAVAILABLE, "%s", answer->failure);
		end.is_unsent = true;
	} else {
		end.status = answer->status ? answer->status : 200;
		end.retry_after_ms = answer->retry_after_ms;
		end.is_html = answer->is_html;
		t->base.start = answer->start;
		replay_body(t, end.status);
	}
	replay_drop(t);
	ops->done(its, &end, err.code ? &err : NULL);
}

static inline struct answer *replay_find(struct replay *replay, struct str line)
{
	for (size_t i = 0; i < replay->n; i++) {
		struct answer *answer = &replay->answers[i];

		if (answer->times < 0 || !str_glob(str_of(answer->path), line))
			continue;
		if (answer->times > 0 && --answer->times == 0)
			answer->times = -1;
		return answer;
	}
	return NULL;
}

static inline struct transfer *replay_start(struct transport *transport, const struct transfer_request *ask,
	const struct transfer_ops *ops, void *ctx)
{
	struct replay *replay = (struct replay *)transport;
	struct replay_transfer *t = x_new(struct replay_transfer);
	const struct request *r = ask->request;
	char *line = x_printf("%s %s", r->method ? r->method : "GET", r->path);

	*t = (struct replay_transfer){
		.base = {.transport = transport}, .replay = replay, .ops = ops, .ctx = ctx};
	t->answer = replay_find(replay, str_of(line));
	buf_addf(&replay->asked, "%s", line);
	if (ask->token && !(r->flags & REQUEST_NO_AUTH))
		buf_addf(&replay->asked, " [%s]", ask->token);
	if (r->kind == REQUEST_HTTP && r->offset)
		buf_addf(&replay->asked, " @%lld", (long long)r->offset);
	buf_addf(&replay->asked, " %.*s\n", (int)r->body.n, r->body.p);
	x_free(line);
	t->next = replay->transfers;
	replay->transfers = t;
	t->timer = loop_after(replay->loop, 0, replay_answer, t);
	return &t->base;
}

static inline void replay_pause(struct transfer *transfer, bool is_paused)
{
	(void)transfer;
	(void)is_paused;
}

static inline void replay_cancel(struct transfer *transfer)
{
	replay_drop((struct replay_transfer *)transfer);
}

static inline void replay_free(struct transport *transport)
{
	struct replay *replay = (struct replay *)transport;

	while (replay->transfers)
		replay_drop(replay->transfers);
}

static const struct transport_ops replay_ops = {
	.start = replay_start,
	.pause = replay_pause,
	.cancel = replay_cancel,
	.free = replay_free,
};

/* --- the sink ----------------------------------------------------------------------- */

static inline void sink_record(void *ctx, const struct record *record)
{
	struct replay *replay = ctx;

	record_write(&replay->records, record);
}

static inline void sink_text(void *ctx, struct str text)
{
	struct replay *replay = ctx;

	buf_add(&replay->text, text);
	if (replay->is_counting)
		replay->backlog += text.n;
	if (replay->backlog > replay->most_backlog)
		replay->most_backlog = replay->backlog;
}

static inline void sink_point(void *ctx, const struct source_point *point)
{
	struct replay *replay = ctx;

	buf_addf(&replay->points, "%s %lld %lld %g\n", point->metric, (long long)point->step,
		(long long)point->time_ms, point->value);
}

static inline void sink_entry(void *ctx, const struct source_entry *entry)
{
	struct replay *replay = ctx;

	buf_addf(&replay->points, "%s%s %lld\n", entry->path, entry->is_dir ? "/" : "",
		(long long)entry->size);
}

static inline void sink_note(void *ctx, const char *message)
{
	struct replay *replay = ctx;

	buf_addf(&replay->notes, "%s\n", message);
}

static inline void sink_done(void *ctx, const struct pull_end *end, const struct err *err)
{
	struct replay *replay = ctx;

	x_free(replay->cursor);
	replay->cursor = end->cursor ? x_strdup(end->cursor) : NULL;
	replay->log_offset = end->offset;
	replay->is_log_complete = end->is_complete;
	buf_addf(&replay->acted, "%s%s run=%s: %s\n[%.*s]\n",
		end->did == DID_YES  ? "yes"
		: end->did == DID_NO ? "no"
				     : "unknown",
		end->was_tried ? " tried" : "", end->run ? end->run : "-", end->message ? end->message : "",
		STR_FMT(end->effect));
	if (err)
		replay->err = *err;
	replay->is_done = true;
}

static inline size_t sink_backlog(void *ctx)
{
	const struct replay *replay = ctx;

	return replay->backlog;
}

static const struct engine_sink replay_sink = {
	.record = sink_record,
	.text = sink_text,
	.point = sink_point,
	.entry = sink_entry,
	.bytes = sink_text,
	.note = sink_note,
	.done = sink_done,
	.backlog = sink_backlog,
};

static const struct engine_limits replay_limits = {
	.retry = {.tries = 4, .first_ms = 1, .most_ms = 2, .retry_after_most_ms = 2},
	.live_ms = 15000,
	.pull_ms = 120000,
	.backlog = 4 << 20,
};

/* --- for tests --------------------------------------------------------------------------- */

static inline void replay_init(struct replay *replay)
{
	*replay = (struct replay){.transport = {&replay_ops, "127.0.0.1:8080"}, .date_ms = TIME_NONE};
	replay->loop = loop_new();
	buf_init(&replay->asked, 0);
	buf_init(&replay->records, 0);
	buf_init(&replay->text, 0);
	buf_init(&replay->points, 0);
	buf_init(&replay->notes, 0);
	buf_init(&replay->acted, 0);
}

static inline void replay_fini(struct replay *replay)
{
	loop_free(replay->loop);
	buf_fini(&replay->asked);
	buf_fini(&replay->records);
	buf_fini(&replay->text);
	buf_fini(&replay->points);
	buf_fini(&replay->notes);
	buf_fini(&replay->acted);
	x_free(replay->cursor);
}

static inline void replay_add(struct replay *replay, struct answer answer)
{
	assert_true(replay->n < ARRAY_LEN(replay->answers));
	replay->answers[replay->n++] = answer;
}

/* Forgets what came out and what was asked, keeps the table. */
static inline void replay_reset(struct replay *replay)
{
	buf_reset(&replay->asked);
	buf_reset(&replay->records);
	buf_reset(&replay->text);
	buf_reset(&replay->points);
	buf_reset(&replay->notes);
	buf_reset(&replay->acted);
	replay->err = (struct err){0};
	replay->is_done = false;
}

static inline struct engine *replay_engine(
	struct replay *replay, const struct adapter *adapter, const struct config_source *source)
{
	struct transport *const transports[REQUEST_KINDS] = {
		&replay->transport, &replay->transport, &replay->transport};

	return engine_new(replay->loop, adapter, source, transports, &replay_limits);
}

static inline bool replay_wait(struct replay *replay)
{
	while (!replay->is_done)
		loop_step(replay->loop, -1);
	return replay->err.code == ERR_NONE;
}

static inline bool replay_pull(struct replay *replay, const struct adapter *adapter,
	const struct config_source *source, const char *cursor, int64_t since_ms)
{
	struct engine *engine = replay_engine(replay, adapter, source);
	bool ok;

	engine_pull(engine, cursor, since_ms, &replay_sink, replay);
	ok = replay_wait(replay);
	engine_free(engine);
	return ok;
}

static inline bool replay_log(struct replay *replay, const struct adapter *adapter,
	const struct config_source *source, const struct log_request *request)
{
	struct engine *engine = replay_engine(replay, adapter, source);
	bool ok;

	engine_log(engine, request, &replay_sink, replay);
	ok = replay_wait(replay);
	engine_free(engine);
	return ok;
}

static inline bool replay_series(struct replay *replay, const struct adapter *adapter,
	const struct config_source *source, const struct series_request *request)
{
	struct engine *engine = replay_engine(replay, adapter, source);
	bool ok;

	engine_series(engine, request, &replay_sink, replay);
	ok = replay_wait(replay);
	engine_free(engine);
	return ok;
}

static inline bool replay_artifacts(struct replay *replay, const struct adapter *adapter,
	const struct config_source *source, const struct artifacts_request *request)
{
	struct engine *engine = replay_engine(replay, adapter, source);
	bool ok;

	engine_artifacts(engine, request, &replay_sink, replay);
	ok = replay_wait(replay);
	engine_free(engine);
	return ok;
}

static inline bool replay_artifact(struct replay *replay, const struct adapter *adapter,
	const struct config_source *source, const struct artifact_request *request)
{
	struct engine *engine = replay_engine(replay, adapter, source);
	bool ok;

	engine_artifact(engine, request, &replay_sink, replay);
	ok = replay_wait(replay);
	engine_free(engine);
	return ok;
}

/* ARGS: the JSON text of an object. */
static inline bool replay_act(struct replay *replay, const struct adapter *adapter,
	const struct config_source *source, struct act_request request, const char *args)
{
	struct engine *engine = replay_engine(replay, adapter, source);
	struct json_doc *doc = json_parse(str_of(args), NULL);
	bool ok;

	request.args = json_root(doc);
	engine_act(engine, &request, &replay_sink, replay);
	ok = replay_wait(replay);
	engine_free(engine);
	json_free(doc);
	return ok;
}

static inline size_t count_of(const struct buf *buf, const char *needle)
{
	size_t n = 0;

	for (size_t at = 0; (at = str_find(buf_str(buf), str_of(needle), at)) != SIZE_MAX; at++)
		n++;
	return n;
}

#define assert_has(buf, needle)                                                                              \
	do {                                                                                                 \
		if (!str_has(buf_str(buf), str_of(needle)))                                                  \
			fail_msg("no %s in:\n%.*s", (needle), STR_FMT(buf_str(buf)));                        \
	} while (0)
#define assert_lacks(buf, needle)                                                                            \
	do {                                                                                                 \
		if (str_has(buf_str(buf), str_of(needle)))                                                   \
			fail_msg("%s in:\n%.*s", (needle), STR_FMT(buf_str(buf)));                           \
	} while (0)

#endif
