/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A person's own command (`commands:` of portal.yaml) on one object: which fit, what
 * exactly would be run, and running it, with a row in the audit before and after.
 * Its words come from local files only and no shell sees them; what an object is
 * called fills a placeholder and is never more than a part of one word.
 */
#ifndef CLIENT_LIVE_OWN_H
#define CLIENT_LIVE_OWN_H

#include "client/base/loop.h"
#include "client/catalogue/ref.h"
#include "client/catalogue/store_thread.h"
#include "client/config/config.h"

bool own_fits(const struct config_command *command, const struct ref *ref);

struct own;

struct own_ops {
	/* ARGV (NULL-ended) is what would be run; it waits for own_confirm. ERR instead: it cannot be. */
	void (*planned)(void *ctx, const char *const *argv, const struct err *err);
	/* It ended with STATUS; LAST is the last line that it wrote, "" for none. ERR: it did not run. */
	void (*done)(void *ctx, int status, const char *last, const struct err *err);
};

/* Fills in COMMAND for REF. The callbacks come from the loop, never from within, and may free it. */
struct own *own_new(struct loop *loop, const struct config *config, struct store_thread *store,
	const struct config_command *command, const struct ref *ref, const struct own_ops *ops, void *ctx);
/* Runs what was planned. */
void own_confirm(struct own *own);
/* Ends it, and the program. NULL is nothing. */
void own_free(struct own *own);

#endif
