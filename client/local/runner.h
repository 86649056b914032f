/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a pipeline on this machine, contracts.md section 8: its steps as children, as many at once as asked
 * for, each as soon as those that it waits for have passed. For examples and small jobs: it knows neither
 * other machines nor a schedule.
 *
 * A run has a folder: events.jsonl, the records of the source protocol, written as things happen, each line
 * by one write; logs/PIPELINE/RUN/STEP.ATTEMPT.log; files/, the place where its steps keep what they hand on.
 * The `local` source reads them. What is written is true at every moment: a runner that is killed leaves a
 * run without a heartbeat, which the source calls lost.
 */
#ifndef CLIENT_LOCAL_RUNNER_H
#define CLIENT_LOCAL_RUNNER_H

#include "client/local/definition.h"
#include "client/protocol/state.h"

enum {
	RUNNER_HEARTBEAT_MS = 10 * 1000,
	RUNNER_GRACE_MS = 5000, /* between asking a step to end and killing it */
};

/* What became of a step's attempt, or of the whole run (`step` NULL). Texts die on return. */
struct runner_event {
	const char *step;
	int64_t attempt; /* 0: never started */
	enum state state;
	int64_t took_ms;  /* of what ended */
	const char *note; /* why it failed; NULL */
	const char *log;  /* its file; NULL where it never started */
};

struct runner_options {
	const char
		*source; /* name of the `local` source that reads FOLDER: the first part of the run's ref */
	const char *folder; /* gets the run's folder; made where it is missing */
	const char *user;
	int64_t jobs; /* steps at once; 0: as many as there are processors */
	void (*told)(void *ctx, const struct runner_event *event); /* NULL: nobody listens */
	void *ctx;
};

struct runner_outcome {
	const char *run, *ref, *folder; /* in the arena */
	enum state state;		/* success, failed, cancelled */
	int signo;			/* that cancelled it; 0: none */
};

/* Runs DEFINITION to its end; SIGINT, SIGTERM and SIGHUP cancel it, a second one kills. False only where the
 * run could not be written; then it was ended. */
bool runner_run(struct arena *arena, const struct local_definition *definition,
	const struct runner_options *options, struct runner_outcome *outcome, struct err *err);

#endif
