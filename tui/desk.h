/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The person's own small files (session, history, keys, saved views), on a thread
 * of their own: a home folder may lie on a network that is slow or away, and the loop waits
 * for nothing.
 */
#ifndef TUI_DESK_H
#define TUI_DESK_H

#include "client/base/err.h"
#include "client/base/str.h"
#include "client/base/work.h"

struct desk;

struct desk *desk_new(struct loop *loop);
/* Waits a moment for what is still to be done; nobody is told of it, for the loop is not served. */
void desk_drain(struct desk *desk);
/* Ends the thread, and with it every ticket. NULL is nothing. */
void desk_free(struct desk *desk);

/* A job on the desk's thread, as store_job is on the store's. */
struct desk_job {
	bool (*run)(void *job, struct err *err);
	/* On the loop's thread, once, unless cancelled; takes JOB. ERR is NULL where run went well. */
	void (*done)(void *ctx, void *job, const struct err *err);
	/* Frees a job that `done` did not take; may run on either thread. */
	void (*drop)(void *job);
};
struct ticket *desk_run(struct desk *desk, const struct desk_job *what, void *job, void *ctx);

typedef void (*desk_told)(void *ctx, const struct err *err);
/* Writes TEXT to PATH (both copied): 0600, whole or not at all, its folder is made. TOLD (may be NULL) hears
 * only of a failure. */
void desk_write(struct desk *desk, const char *path, struct str text, desk_told told, void *ctx);
/* Removes PATH; that it is not there is fine. */
void desk_remove(struct desk *desk, const char *path);

#endif
