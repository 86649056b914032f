/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a run while a person waits: one folder of them, or the bytes of one.
 * Nothing is kept. Closing ends the fetch.
 */
#ifndef CLIENT_LIVE_ARTIFACT_H
#define CLIENT_LIVE_ARTIFACT_H

#include "client/base/loop.h"
#include "client/catalogue/ref.h"
#include "client/config/config.h"
#include "client/protocol/source.h"

struct live_artifact;

struct live_artifact_ops {
	/* Of a folder: one entry of it. */
	void (*entry)(void *ctx, const struct source_entry *entry);
	/* Of a file: bytes, in their order, uncleaned. */
	void (*bytes)(void *ctx, struct str bytes);
	/* Nothing more comes; once. Of a file: a later call may go on at OFFSET, and COMPLETE says that
	 * nothing lies behind it. ERR_USAGE: the source has no artifacts. ERR_NOT_FOUND: nothing is there. */
	void (*done)(void *ctx, int64_t offset, bool complete, const struct err *err);
};

/* A folder of REF's run; PATH "" is the run's own. The callbacks come from the loop, never from within, and
 * may close it. */
struct live_artifact *live_artifact_list(struct loop *loop, const struct config *config,
	const struct ref *ref, const char *path, const struct live_artifact_ops *ops, void *ctx);
/* A file from OFFSET on; below 0: so many bytes before its end. */
struct live_artifact *live_artifact_read(struct loop *loop, const struct config *config,
	const struct ref *ref, const char *path, int64_t offset, const struct live_artifact_ops *ops,
	void *ctx);
/* Ends the fetch. No callback afterwards. NULL is nothing. */
void live_artifact_close(struct live_artifact *artifact);

#endif
