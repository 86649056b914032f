/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links between the tools: a run whose tags or params name a run of another source (the Airflow task that an
 * MLflow run was made by). Whichever of the two arrives first: what a run names is noted with it, and
 * resolved at the end of a round, or of the later one that brings the other. A link is made only where
 * exactly one run of another source answers to the name.
 */
#ifndef CLIENT_SYNC_LINKS_H
#define CLIENT_SYNC_LINKS_H

#include "client/catalogue/store.h"
#include "client/protocol/record.h"

/* Notes what RUN names, inside of the transaction that stores it. IS_NEW: nothing is noted of it yet. ARENA
 * is for scratch. */
bool links_note(struct store *store, int64_t run_id, bool is_new, const struct record_run *run,
	struct arena *arena, struct err *err);
/* Makes the links that can be made now, in a transaction of its own. */
bool links_update(struct store *store, struct err *err);

#endif
