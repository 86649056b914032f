/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The requests that a source works on, from one table of methods: how each is
 * started in the engine, what it sends meanwhile, and what it answers.
 */
#ifndef CLIENT_FETCH_ASK_H
#define CLIENT_FETCH_ASK_H

#include "client/fetch/engine.h"
#include "client/protocol/peer.h"

struct asks {
	struct peer *peer;
	struct engine *engine; /* NULL until the source is known */
	const struct adapter *adapter;
	const struct config_source *source;
	struct ask *first;
	struct buf line; /* what is being written */
};

void asks_init(struct asks *asks);
/* Forgets the requests under way; the engine must be gone. */
void asks_fini(struct asks *asks);
/* Starts or refuses one; it is answered now or later. */
void asks_start(struct asks *asks, int64_t id, struct str method, const struct json *params);
/* Ends the request ID, if there is one, with its answer. */
void asks_cancel(struct asks *asks, int64_t id);
/* The methods that ADAPTER has and SOURCE allows, as a list. */
void asks_put_methods(
	struct json_writer *w, const struct config_source *source, const struct adapter *adapter);
/* The verbs of `act` that ADAPTER knows and SOURCE allows, as a list. */
void asks_put_verbs(struct json_writer *w, const struct config_source *source, const struct adapter *adapter);
/* Says MESSAGE about the source NAME (NULL: not known) on standard error, cleaned. */
void asks_say(const char *name, const char *message);

#endif
