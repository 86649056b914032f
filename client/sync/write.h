/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records into rows. One writer serves all sources of a sync: it opens a
 * transaction with the first record and commits by count and time, so that
 * readers are never held up; a cursor is stored in the transaction of the last
 * records that it vouches for. Upserts are idempotent, in any order.
 */
#ifndef CLIENT_SYNC_WRITE_H
#define CLIENT_SYNC_WRITE_H

#include "client/catalogue/store.h"
#include "client/protocol/record.h"

struct writer;

/* What was stored, for the person who watches. */
struct written {
	int64_t pipelines, runs, steps, models, checks, alerts, gone;
};

struct writer *writer_new(struct store *store);
/* Rolls back what was not committed. */
void writer_free(struct writer *writer);

/* Stores RECORD of SOURCE_ID; TOTALS (may be NULL) counts it. Of a run that names its params, metrics or
 * tags, those that it does not name any more go. */
bool writer_put(struct writer *writer, int64_t source_id, const struct record *record, struct written *totals,
	struct err *err);
/* Commits what is pending. */
bool writer_commit(struct writer *writer, struct err *err);
/* The same, where it has been pending for long: called now and then, for sources that say nothing more. */
bool writer_tick(struct writer *writer, struct err *err);

/* A complete pull of SOURCE_ID begins: from now on what is put is marked as seen. */
bool writer_begin_full(struct writer *writer, int64_t source_id, struct err *err);
/* It ended well: what of the source was not seen is gone in the tool: runs that started since SINCE_MS; with
 * TIME_NONE (the pull gave everything) all of them, and pipelines that have none left. */
bool writer_end_full(
	struct writer *writer, int64_t source_id, int64_t since_ms, struct written *totals, struct err *err);

#endif
