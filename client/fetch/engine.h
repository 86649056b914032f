/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs one source's adapter: pulls and logs side by side, each a conversation of
 * requests. The engine owns concurrency, rate, repetition, signing in, deadlines
 * and back-pressure; the adapter only says what to ask and what answers mean.
 */
#ifndef CLIENT_FETCH_ENGINE_H
#define CLIENT_FETCH_ENGINE_H

#include "client/base/loop.h"
#include "client/fetch/retry.h"
#include "client/fetch/transport.h"

struct engine;

struct engine_limits {
	struct retry_limits retry;
	int64_t live_ms, pull_ms; /* for one request that a person waits for, of a pull */
	size_t backlog;		  /* bytes not taken by the reader: above it nothing is fetched */
};
extern const struct engine_limits engine_default;

/* What a conversation came to. */
struct pull_end {
	const char *cursor; /* the last one emitted, or NULL */
	int64_t offset;	    /* of a log or an artifact: where it goes on */
	bool is_complete;
	/* Of an action: what became of it, and whether a request that acts may have reached the tool. */
	enum source_did did;
	bool was_tried;
	const char *run, *message; /* NULL where not said */
	struct str effect;	   /* of a dry run: JSON texts, with commas */
};

/* Where a conversation's output goes. */
struct engine_sink {
	void (*record)(void *ctx, const struct record *record);
	void (*text)(void *ctx, struct str text);
	void (*point)(void *ctx, const struct source_point *point);
	void (*entry)(void *ctx, const struct source_entry *entry);
	void (*bytes)(void *ctx, struct str bytes);
	void (*note)(void *ctx, const char *message);
	/* It is over and freed on return; ERR is NULL where it went well. */
	void (*done)(void *ctx, const struct pull_end *end, const struct err *err);
	/* Bytes not yet taken by the reader. */
	size_t (*backlog)(void *ctx);
};

/* Takes over TRANSPORTS, one for each request kind (one may serve several); NULL where the source
 * has none. All else is borrowed. LIMITS NULL: engine_default. */
struct engine *engine_new(struct loop *loop, const struct adapter *adapter,
	const struct config_source *source, struct transport *const transports[REQUEST_KINDS],
	const struct engine_limits *limits);
/* Ends all conversations without a callback. */
void engine_free(struct engine *engine);

/* Start a conversation; failing is told through SINK's `done`, never before they return. */
struct pull *engine_pull(struct engine *engine, const char *cursor, int64_t since_ms,
	const struct engine_sink *sink, void *ctx);
struct pull *engine_log(
	struct engine *engine, const struct log_request *request, const struct engine_sink *sink, void *ctx);
struct pull *engine_series(struct engine *engine, const struct series_request *request,
	const struct engine_sink *sink, void *ctx);
struct pull *engine_artifacts(struct engine *engine, const struct artifacts_request *request,
	const struct engine_sink *sink, void *ctx);
struct pull *engine_artifact(struct engine *engine, const struct artifact_request *request,
	const struct engine_sink *sink, void *ctx);
struct pull *engine_act(
	struct engine *engine, const struct act_request *request, const struct engine_sink *sink, void *ctx);
/* Ends it at once; nothing is called. Not from within a callback of its sink. */
void engine_cancel(struct pull *pull);

#endif
