/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log of one attempt while a person waits: from the disk cache where it is
 * complete, else fetched from the source from where the cache ends, growing the
 * file as it comes. A finished attempt's log is fetched once.
 */
#ifndef CLIENT_LIVE_LOG_H
#define CLIENT_LIVE_LOG_H

#include "client/base/loop.h"
#include "client/catalogue/log_cache.h"
#include "client/config/config.h"

struct live_log;

struct live_log_ops {
	/* The file has grown (or was there from the start). */
	void (*grown)(void *ctx);
	/* Nothing more comes; once. COMPLETE: the attempt is over. ERR: what is in the file stays good. */
	void (*done)(void *ctx, bool complete, const struct err *err);
};

/* REF names a step and its attempt (not 0). The callbacks come from the loop, never from within. */
struct live_log *live_log_open(struct loop *loop, const struct config *config, const struct ref *ref,
	bool follow, const struct live_log_ops *ops, void *ctx);
/* Ends the fetch, keeps what came. No callback afterwards. */
void live_log_close(struct live_log *log);
/* The file that holds it; it may not exist before the first `grown`. */
const char *live_log_path(const struct live_log *log);

#endif
