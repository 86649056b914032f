/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A conformance test under way: what its files (conformance.c, conformance_live.c) share. */
#ifndef CLIENT_PROTOCOL_TRIAL_H
#define CLIENT_PROTOCOL_TRIAL_H

#include "client/protocol/conformance.h"
#include "client/protocol/judge.h"
#include "client/protocol/probe.h"

enum {
	MOST_PICKS = 8,	      /* steps and runs that the live methods are tried on */
	MOST_TEXT = 64 << 20, /* of a log or a file that is compared */
};

/* A step or a run of the first pull. */
struct pick {
	const char *pipeline, *run, *step, *index;
	int64_t attempt;
};

struct picks {
	struct pick picks[MOST_PICKS];
	size_t n;
};

/* One test of one source. */
struct trial {
	const struct config *config;
	const struct config_source *source;
	int silence_ms;
	const struct conformance_ops *ops;
	void *ctx;
	int n_failed;

	struct probe *probe; /* NULL once the conversation is over */
	struct json_doc *hello;
	struct err stray; /* a notification that belongs to nothing */

	/* What the request under way hears. */
	struct err fault; /* the first thing that was wrong */
	int64_t id;
	const char *notice;
	void (*hear)(struct trial *t, const struct json *params);
	int round; /* of a pull; 0: none is under way */

	/* What the pulls said. */
	struct arena *arena;
	struct seen *seen;
	struct picks steps, runs;
	char *cursor;

	/* What a live method said. */
	struct buf text;
	size_t n_points, most_points;
	char *metric;
	bool has_other;
};

/* Verdicts. ERR is what was wrong, if anything was; SECTION says where the guide tells how it should be. */
void trial_judge(struct trial *t, const char *name, const char *section, const struct err *err);
void trial_skip(struct trial *t, const char *name, const char *section, const char *why);
/* Notes the first thing that was wrong. */
void trial_fault(struct err *fault, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Asks; notifications NOTICE that bear its id go to HEAR. It starts without a fault. */
void trial_ask(struct trial *t, const char *method, const char *params, const char *notice,
	void (*hear)(struct trial *t, const struct json *params));
/* Waits for the answer to what was asked last. Where none comes the conversation is over (`probe` is NULL),
 * and the fault says so. */
bool trial_wait(struct trial *t, struct probe_answer *answer);
/* Both. */
bool trial_call(struct trial *t, const char *method, const char *params, const char *notice,
	void (*hear)(struct trial *t, const struct json *params), struct probe_answer *answer);
/* An answer that should be a result; an error is a fault. */
bool trial_wants_result(struct trial *t, const struct probe_answer *answer);
/* An answer that should be the error CODE. */
void trial_wants_error(struct trial *t, const struct probe_answer *answer, int64_t code);
/* Whether its hello named the method. */
bool trial_has_method(const struct trial *t, const char *name);

/* conformance_live.c: all that it names besides `pull`. */
void trial_live(struct trial *t);

#endif
