/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence: the logs of failed attempts of one source, read once, explained and stored. */
#ifndef CLIENT_SYNC_EVIDENCE_H
#define CLIENT_SYNC_EVIDENCE_H

#include "client/base/mask.h"
#include "client/catalogue/store.h"
#include "client/protocol/source.h"

enum {
	EVIDENCE_MOST_LOGS = 200,	 /* of one source in one round, newest failures first */
	EVIDENCE_MOST_BYTES = 256 << 20, /* of one log; the rest is not read */
};

struct evidence_job;

/*
 * Reads what problems_unexplained lists for SOURCE_ID, one log at a time, through SOURCE; DONE is called
 * once at the end with the number of logs read, and ERR where the store failed (a log that cannot be had is
 * evidence too: its error is stored, or it is tried again next time where the source was unavailable). What
 * is stored is masked by MASK.
 */
struct evidence_job *evidence_start(struct store *store, struct source *source, const char *source_name,
	int64_t source_id, struct mask *mask, const char *cache_dir,
	void (*done)(void *ctx, int64_t logs, const struct err *err), void *ctx);
/* How many logs were read, of how many. */
void evidence_progress(const struct evidence_job *job, int64_t *n, int64_t *total);
/* Stops it; DONE is not called. Also to be called from DONE, to free it. */
void evidence_free(struct evidence_job *job);

#endif
