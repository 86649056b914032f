/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding words in the names of runs. On SQLite `run_text` is an index of every three characters of a run's
 * pipeline, id and name. Its rows are numbered by time, so that reading it backwards gives the newest run
 * first: a page of a common word costs what a page of a rare one does, also where all of them are old.
 * PostgreSQL finds words by indexes of its own (pg_trgm); there nothing here is needed.
 *
 * Sync adds new runs with each commit; triggers note those that change or go, for its next commit. A match is
 * not yet an answer: the characters may stand apart, so that the word is to be compared once more.
 */
#ifndef CLIENT_CATALOGUE_RUN_TEXT_H
#define CLIENT_CATALOGUE_RUN_TEXT_H

#include "client/catalogue/store.h"

/* SQL of the number of a run's row, from its `at_ms` and `id`; runs of one millisecond are in the order of
 * their ids. Should 65,536 of them share it, two share a row, and both are found by the words of either. */
#define RUN_TEXT_KEY(at_ms, id) "((" at_ms " << 16) | (" id " & 65535))"
static inline int64_t run_text_key(int64_t at_ms, int64_t id)
{
	return (int64_t)((uint64_t)at_ms << 16 | ((uint64_t)id & 65535));
}
/* SQL of "this run R is (one of) row T's". */
#define RUN_TEXT_IS(r, t) r ".at_ms = " t ".rowid >> 16 AND " r ".id & 65535 = " t ".rowid & 65535"

/* Inside of sync's transaction: brings the index up to date. NEWEST_RUN is the greatest id of a run. */
bool run_text_update(struct store *store, int64_t newest_run, struct err *err);
/* Whether STORE has the index, with all runs in it. */
bool run_text_is_ready(struct store *store);

/* Whether STORE finds words by pg_trgm: in the columns `run` and `name` of a run in lower case, and in
 * `pipeline` of a pipeline; a word of three characters or more. */
bool run_text_has_trigrams(const struct store *store);

/* What finds WORD, for `run_text MATCH`: from ARENA; NULL where only reading every row does (the word is too
 * short to tell much, or not UTF-8). Several are joined as "(…) AND (…)". */
const char *run_text_match(struct store *store, struct str word, struct arena *arena);

#endif
