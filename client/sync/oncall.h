/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the projects' `oncall_command` who is on call, and keeps the answers in the catalogue for who reads it
 * (triage/wait.h). */
#ifndef CLIENT_SYNC_ONCALL_H
#define CLIENT_SYNC_ONCALL_H

#include "client/catalogue/store.h"
#include "client/config/config.h"

enum {
	ONCALL_EVERY_MS = 5 * 60 * 1000, /* an answer is good for so long */
	ONCALL_PATIENCE_MS = 3000,	 /* for one command */
	ONCALL_MOST_MS = 10 * 1000,	 /* for all of a round: the rest is asked in the next one */
	ONCALL_MOST_BYTES = 4096,
};

/* A command that fails, is too slow or says nothing changes nothing: the answer before it holds for a day. */
bool oncall_update(struct store *store, const struct config *config, int64_t now_ms, struct err *err);

#endif
