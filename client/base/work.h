/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Work on another thread, behind tickets. A worker is one thread with a queue.
 * `run` is called on the worker; `done` on the loop's thread. After
 * ticket_cancel returns, `done` will not be called: a view cancels its tickets
 * in close and may then free what they point to. What `run` made and nobody
 * received is handed to `drop`.
 */
#ifndef CLIENT_BASE_WORK_H
#define CLIENT_BASE_WORK_H

#include "client/base/loop.h"

struct worker;
struct ticket;

struct work {
	/* On the worker's thread. Returns the result, which `done` takes. STATE is the worker's own. */
	void *(*run)(void *state, void *job);
	/* On the loop's thread, once, unless cancelled; takes RESULT. */
	void (*done)(void *ctx, void *result);
	/* Frees a result nobody took; may run on either thread. */
	void (*drop)(void *result);
	/* Frees the job; called once, after run or when cancelled before it; may run on either thread. NULL:
	 * nothing. */
	void (*free_job)(void *job);
};

/* STATE is passed to every `run`. INTERRUPT (may be NULL) is called from the
 * loop's thread when the running job is cancelled; it must be thread-safe. */
struct worker *worker_new(struct loop *loop, void *state, void (*interrupt)(void *state));
/* Waits at most WAIT_MS until every job that was submitted has run; calls no `done`. */
void worker_drain(struct worker *worker, int wait_ms);
/* Cancels all, ends the thread, waits for it. Every ticket ends with it: none may be cancelled afterwards. */
void worker_free(struct worker *worker);

/* Queues JOB; WORK is static. CTX is passed to `done`. The ticket lives until
 * `done` was called or it was cancelled. */
struct ticket *worker_submit(struct worker *worker, const struct work *work, void *job, void *ctx);
/* NULL is nothing. */
void ticket_cancel(struct ticket *ticket);

#endif
