/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store on a thread of its own, so that nobody on the loop waits for a query.
 * The thread opens its store (STORE_READ) when the first job comes, and again
 * when it could not be opened then or was lost since: a catalogue that sync has
 * not made yet gives each job ERR_NOT_FOUND until it is there.
 *
 * Jobs run one after the other, in order. All functions here are for the loop's
 * thread. `ticket_cancel` cuts the query of the job that it cancels and no other;
 * after it returned, `done` is not called.
 */
#ifndef CLIENT_CATALOGUE_STORE_THREAD_H
#define CLIENT_CATALOGUE_STORE_THREAD_H

#include "client/base/work.h"
#include "client/catalogue/store.h"

struct store_thread;

/* Nothing is opened yet. ADDRESS is copied. */
struct store_thread *store_thread_new(struct loop *loop, const char *address)
	__attribute__((warn_unused_result));
/* STORE, which was opened to read and is the catalogue itself, is the thread's from here on: before the first
 * job, which then need not open it. */
void store_thread_give(struct store_thread *thread, struct store *store);
/* From now on the mirror at PATH (mirror.h; copied) stands in while the catalogue cannot be had. The thread
 * does not look by itself whether that is back: connecting may take seconds. */
void store_thread_set_mirror(struct store_thread *thread, const char *path);
/* The catalogue was seen to be away just now: the first job does not wait for it where there is a mirror. */
void store_thread_start_away(struct store_thread *thread);
/* Whether the last job read the mirror. */
bool store_thread_is_on_mirror(const struct store_thread *thread);
/* The catalogue was seen to be back: the next job tries it again. */
void store_thread_return(struct store_thread *thread);
/* Cancels all, waits for the thread, closes the store. NULL is nothing. */
void store_thread_free(struct store_thread *thread);

/* Takes RESULT, which holds its own arena: free it with result_free. Where the
 * query failed RESULT is NULL and ERR says why; else ERR is NULL. */
typedef void (*store_thread_done)(void *ctx, const struct result *result, const struct err *err);

/* Runs one query. SQL and PARAMS are copied. */
struct ticket *store_thread_query(struct store_thread *thread, const char *sql, const struct value *params,
	size_t n_params, store_thread_done done, void *ctx);

/* Frees a result that came from a store thread, with its arena. NULL is nothing. */
void result_free(const struct result *result);

/* A small function on the store, for what takes several statements. What it
 * finds it puts into the job. */
struct store_job {
	/* On the store's thread. */
	bool (*run)(struct store *store, void *job, struct err *err);
	/* On the loop's thread, once, unless cancelled; takes JOB. ERR is NULL where run went well. */
	void (*done)(void *ctx, void *job, const struct err *err);
	/* Frees a job that `done` did not take; may run on either thread. */
	void (*drop)(void *job);
};

/* WHAT is static; JOB is the thread's until `done` or `drop`. */
struct ticket *store_thread_run(
	struct store_thread *thread, const struct store_job *what, void *job, void *ctx);

#endif
