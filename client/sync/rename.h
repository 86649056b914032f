/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pipeline that its tool calls otherwise now. It is known again by the tool's own id, and all that was kept
 * under its name, also by people, goes with it. */
#ifndef CLIENT_SYNC_RENAME_H
#define CLIENT_SYNC_RENAME_H

#include "client/catalogue/store.h"

/* Where the pipeline with TOOL_ID of the source has another name than NAME, it gets this one, in the
 * transaction that is open. What had the name before steps aside; rows that nobody gave an id are taken for
 * its own, since records may come in any order. IS_RENAMED says whether anything was done. */
bool rename_follow(struct store *store, int64_t source_id, const char *tool_id, const char *name,
	struct arena *arena, bool *is_renamed, struct err *err);

#endif
