/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forgetting a source: what the catalogue knows from it goes, with its cached logs. What people wrote about
 * it (the team store) stays. */
#ifndef CLIENT_SYNC_FORGET_H
#define CLIENT_SYNC_FORGET_H

#include "client/catalogue/store.h"

struct forget_counts {
	int64_t pipelines, runs, steps, models, links;
};

/* What would go. ERR_NOT_FOUND where the catalogue does not know the source. */
bool forget_count(struct store *store, const char *source, int64_t *source_id, struct forget_counts *out,
	struct err *err);
/* Lets it go, in batches; where it breaks off, doing it again goes on. The caller holds sync_lock. */
bool forget_source(
	struct store *store, const char *source, int64_t source_id, const char *log_dir, struct err *err);

#endif
