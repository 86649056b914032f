/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends the notices whose time has come (client/triage/notify.h), side by side: webhooks through a process of
 * porthole-source, which knows their addresses, commands as children of ours.
 */
#ifndef CLIENT_SYNC_NOTICES_H
#define CLIENT_SYNC_NOTICES_H

#include "client/base/loop.h"
#include "client/catalogue/store.h"
#include "client/config/config.h"

enum {
	NOTICES_MOST = 50,	    /* of one call */
	NOTICES_TIMEOUT_MS = 10000, /* of each: a slow one holds up nothing for longer */
};

struct notices_result {
	int64_t n_sent, n_waiting, n_lost; /* waiting: tried again; lost: failed for good, or unknown */
	char error[400];		   /* of the last that was not sent, with its target; "": none */
};

/* Runs LOOP until all are sent or failed, or somebody stops it: then what is under way counts as unknown. */
bool notices_send(struct loop *loop, struct store *store, const struct config *config,
	struct notices_result *result, struct err *err);

#endif
