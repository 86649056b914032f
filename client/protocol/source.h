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

/* What the source said in its hello: whether it has METHOD ("series"), whether it knows the verb VERB of
 * `act`. False while it has not answered yet. */
bool source_has_method(const struct source *source, const char *method);
bool source_has_verb(const struct source *source, const char *verb);

/* The I-th verb that its hello lists; NULL behind the last. */
const char *source_verb(const struct source *source, size_t i);

/* The end of a request that gives nothing back but that it is over. A source without the method answers with
 * ERR_NOT_FOUND. */
typedef void (*source_over)(void *ctx, const struct err *err);

/* Tells when its hello has come, and the three above know. */
int64_t source_greet(struct source *source, source_over fn, void *ctx);

/* One point of a curve. STEP is -1, TIME_MS TIME_NONE where the source does not say; VALUE may be NAN. */
struct source_point {
	const char *metric;
	int64_t step, time_ms;
	double value;
};
struct source_series_ops {
	void (*point)(void *ctx, const struct source_point *point);
	source_over done;
};
/* Curves of a run: METRICS (n names; none: all), MAX_POINTS of each at most (0: the source's own measure). */
int64_t source_series(struct source *source, const char *pipeline, const char *run,
	const char *const *metrics, size_t n_metrics, int64_t max_points, const struct source_series_ops *ops,
	void *ctx);

/* One entry of a run's artifacts; SIZE is -1 where unknown. */
struct source_entry {
	const char *path;
	int64_t size;
	bool is_dir;
};
struct source_artifacts_ops {
	void (*entry)(void *ctx, const struct source_entry *entry);
	source_over done;
};
/* One folder of a run's artifacts; PATH "" is the run's own. */
int64_t source_artifacts(struct source *source, const char *pipeline, const char *run, const char *path,
	const struct source_artifacts_ops *ops, void *ctx);

struct source_artifact_ops {
	void (*bytes)(void *ctx, struct str bytes);
	/* OFFSET is where a later call goes on; COMPLETE: nothing lies behind it. */
	void (*done)(void *ctx, int64_t offset, bool complete, const struct err *err);
};
/* An artifact's bytes from OFFSET on; below 0: so many before its end. */
int64_t source_artifact(struct source *source, const char *pipeline, const char *run, const char *path,
	int64_t offset, const struct source_artifact_ops *ops, void *ctx);

/* What became of an action. Texts die on return. */
struct source_acted {
	/* Of a dry run: whether what is asked for is the case already. With `confirmed` among its arguments,
	 * the lines of an earlier dry run: whether that was done since. */
	enum source_did { DID_UNKNOWN, DID_YES, DID_NO } done;
	const char *run, *message; /* the run that it started; NULL where not said */
	const struct json *effect; /* with DRY_RUN: the list of what would be done, else NULL */
};
/* ACTED is always there: with ERR its `done` is DID_NO where the tool was surely not touched. */
typedef void (*source_acted_fn)(void *ctx, const struct source_acted *acted, const struct err *err);
/* Does VERB to REF (text, below the source: PIPELINE[/RUN[/STEP[:INDEX]]]). ARGS is the JSON
 * text of an object. Never sent twice: where the answer is lost, ERR says that it is unknown what was done.
 */
int64_t source_act(struct source *source, const char *verb, const char *ref, struct str args, bool dry_run,
	source_acted_fn fn, void *ctx);

/* Ends one request; its `done` will not be called. */
void source_cancel(struct source *source, int64_t id);

#endif
