/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long what is remembered stays (`keep:` of the configuration): old runs and
 * the steps of old runs go, in batches; the newest run of a pipeline and what an
 * open problem points to always stay. The log cache is kept under its size.
 */
#ifndef CLIENT_SYNC_KEEP_H
#define CLIENT_SYNC_KEEP_H

#include "client/catalogue/store.h"
#include "client/config/config.h"
#include "client/protocol/record.h"

enum { KEEP_EVERY_MS = 60 * 60 * 1000 };

struct kept {
	int64_t runs, steps; /* that went */
	int64_t log_bytes;
};

/* At the end of a round, at most once every KEEP_EVERY_MS: else nothing is done. */
bool keep_round(struct store *store, const struct config *config, const char *log_dir, int64_t now_ms,
	struct kept *out, struct err *err);

/* Since when runs are worth asking for: SINCE_MS, or when older ones would go again at once. */
int64_t keep_since(const struct config_keep *keep, int64_t since_ms, int64_t now_ms);
/* Whether RECORD, as a source told it, would go again at once. */
bool keep_refuses(const struct config_keep *keep, const struct record *record, int64_t now_ms);

#endif
