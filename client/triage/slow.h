/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs under way that a person should see before anything is due. Only of pipelines that have steps (what a
 * tracker calls running may be forgotten), not paused, of the last days:
 *
 *     stuck   it is queued, or steps of it are and none of them runs, for longer than SLOW_GRACE_MS and twice
 *             as long as that step ever waited in its last 30 attempts. What waits for a retry or for another
 *             run of the pipeline is not.
 *     slow    it runs for longer than any of its last green runs (30 at most, 5 at least) did, by half and by
 *             SLOW_GRACE_MS.
 */
#ifndef CLIENT_TRIAGE_SLOW_H
#define CLIENT_TRIAGE_SLOW_H

#include "client/triage/late.h"

enum { SLOW_GRACE_MS = 15 * 60 * 1000, SLOW_DAYS = 14, SLOW_MOST = 500 };

/* Adds to the *N rows of LATES, which has room for SLOW_MOST more, one for each pipeline at most; where one
 * is in it, that gets the title and the place. */
bool slow_find(struct store *store, int64_t now_ms, struct arena *arena, struct late *lates, size_t *n,
	struct err *err);

#endif
