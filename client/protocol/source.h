/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The portal's end: a source as a process that speaks the protocol. Opening
 * spawns it (porthole-source for the built-in kinds, the configured command for
 * a plug-in), says hello, and queues what is asked until it answered.
 */
#ifndef CLIENT_PROTOCOL_SOURCE_H
#define CLIENT_PROTOCOL_SOURCE_H

#include "client/base/loop.h"
#include "client/config/config.h"
#include "client/protocol/record.h"

struct source;

enum { SOURCE_SYNC_SILENCE_MS = 60000, SOURCE_LIVE_SILENCE_MS = 15000 };

/* SILENCE_MS without a byte while something is asked ends the source, and what is asked, with
 * ERR_UNAVAILABLE; a followed log may be silent for as long as its step is. Failing to start
 * is told through the answers to what is asked, never from within a call. A source that
 * ended stays ended: close it and open another. */
struct source *source_open(
	struct loop *loop, const struct config *config, const struct config_source *source, int silence_ms);
/* Closes the pipe (that cancels all), then ends the process, in at most some 200 ms. No
 * callback runs afterwards. May be called from within a callback of this source. */
void source_close(struct source *source);

struct source_pull_ops {
	/* One record; texts die on return. Records that miss a required member come as ERR with RECORD NULL.
	 */
	void (*record)(void *ctx, const struct record *record, const struct err *err);
	/* The pull is over; ERR is NULL where it went well. */
	void (*done)(void *ctx, const struct err *err);
};
/* CURSOR is NULL the first time. SINCE_MS may be TIME_NONE. Records bear no number of their
 * request, so that pulls of one source follow each other. */
int64_t source_pull(struct source *source, const char *cursor, int64_t since_ms,
	const struct source_pull_ops *ops, void *ctx);

/* One attempt of one step, as the protocol names it. */
struct source_step {
	const char *pipeline, *run, *step, *index; /* index NULL: not mapped */
	int64_t attempt;
};
struct source_log_ops {
	void (*text)(void *ctx, struct str text);
	/* OFFSET is where a later call goes on; COMPLETE: the attempt is over and the log will not grow. */
	void (*done)(void *ctx, int64_t offset, bool complete, const struct err *err);
};
int64_t source_log(struct source *source, const struct source_step *step, int64_t offset, bool follow,
	const struct source_log_ops *ops, void *ctx);

/* Ends one request; its `done` will not be called. */
void source_cancel(struct source *source, int64_t id);

#endif
