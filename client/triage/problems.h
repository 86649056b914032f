/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Problems: what needs a person, opened, grouped and closed from what the catalogue knows and the evidence
 * that was found.
 *
 *     failed     step runs that share a fingerprint and stand: no later run of the step passed. A failed or
 *                lost run without a failed step stands for itself, or is part of the problem of the step of
 *                another tool that it belongs to. A step that failed because one before it did is part of
 * that one's problem. What failed and passed when the tool itself tried again is flaky: a problem below
 * production that is over after a day. platform   a component that reports itself failed (a scheduler, an
 * import), a source that refuses us or fails twice in a row, our own sync when it is silent. It stands also
 * for the pipelines that are late because of it, and is due when the first of them is. late       a run or
 * its result that is not there when due, or that is stuck or slow before, see late.h. It is over when the run
 * comes, or goes on.
 */
#ifndef CLIENT_TRIAGE_PROBLEMS_H
#define CLIENT_TRIAGE_PROBLEMS_H

#include "client/catalogue/store.h"
#include "client/config/config.h"

enum {
	PROBLEM_DAYS = 14,			 /* failures older than this open nothing */
	PROBLEM_SYNC_SILENT_MS = 15 * 60 * 1000, /* our own sync counts as silent */
};

struct problem_counts {
	int64_t opened, returned, resolved, open;
};

/* Brings the problems up to date, in one transaction. */
bool problems_update(struct store *store, const struct config *config, int64_t now_ms,
	struct problem_counts *counts, struct err *err);

/* Opens the problem "sync is silent" where the catalogue's newest attempt is too old (a reader notices that;
 * sync itself closes it). Without a writable team store nothing happens. */
bool problems_check_sync(struct store *store, int64_t now_ms, struct err *err);

/* Failed attempts whose evidence was not looked for yet, newest first, at most LIMIT, also those that a retry
 * cured today: columns pipeline, run, step, idx, attempt. */
bool problems_unexplained(struct store *store, int64_t source_id, int64_t now_ms, int64_t limit,
	struct arena *arena, struct result *out, struct err *err);

#endif
