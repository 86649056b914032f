/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run says in pairs: its params, metrics and tags, each a table of its own. Most runs are written
 * once; one that is known already is compared with what is stored, so that a pull that brings nothing new
 * writes nothing.
 */
#ifndef CLIENT_SYNC_PAIRS_H
#define CLIENT_SYNC_PAIRS_H

#include "client/catalogue/store.h"
#include "client/protocol/record.h"

enum pairs_of { PAIRS_PARAM, PAIRS_METRIC, PAIRS_TAG };

/* Stores the N PAIRS of a run, and takes away those that it has and that are not among them. IS_NEW: it has
 * none yet. Without PAIRS (NULL) the run said nothing of them: they stay. *CHANGED
 * becomes true where something was written. ARENA is for scratch. */
bool pairs_put(struct store *store, enum pairs_of of, int64_t run_id, bool is_new,
	const struct record_pair *pairs, size_t n, bool *changed, struct arena *arena, struct err *err);

#endif
