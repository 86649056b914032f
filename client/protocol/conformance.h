/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conformance test of the source protocol: starts a source as the portal would
 * and tries all of contracts.md section 6 that its hello names. It changes nothing
 * in the tool: `act` is tried as a dry run only. It blocks for as long as the source
 * takes: for commands, never for the portal.
 */
#ifndef CLIENT_PROTOCOL_CONFORMANCE_H
#define CLIENT_PROTOCOL_CONFORMANCE_H

#include "client/config/config.h"

enum conformance_verdict { CONFORMANCE_OK, CONFORMANCE_NOT_OK, CONFORMANCE_SKIPPED };

struct conformance_check {
	enum conformance_verdict verdict;
	const char *name;
	const char *why;     /* what is wrong, or why it was left out; NULL where it is ok */
	const char *section; /* of the guide write-a-plug-in: says how it should be */
};

struct conformance_ops {
	void (*check)(void *ctx, const struct conformance_check *check);
	/* A line of the source's standard error, uncleaned. */
	void (*said)(void *ctx, struct str line);
};

/* Calls CHECK for each. No answer in SILENCE_MS ends it. Returns the number of checks that failed. */
int conformance_run(const struct config *config, const struct config_source *source, int silence_ms,
	const struct conformance_ops *ops, void *ctx);

#endif
