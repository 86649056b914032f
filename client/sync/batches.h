/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that go in batches, so that neither readers nor other writers wait for long. */
#ifndef CLIENT_SYNC_BATCHES_H
#define CLIENT_SYNC_BATCHES_H

#include "client/catalogue/store.h"

/* Starts as {.n = BATCH_FIRST}. */
struct batch {
	int64_t n; /* rows that the next one takes */
	int64_t checkpoint_ms;
};
enum { BATCH_FIRST = 16 };

/* One statement in a transaction of its own, with what follows for the index of texts. Learns from the time
 * that it took, and moves the log into the file now and then. *CHANGED gets the rows that it touched. */
bool batch_run(struct batch *batch, struct store *store, const char *sql, const struct value *params,
	size_t n_params, int64_t *changed, struct err *err);

/* Repeats the statement SQL, with the size of the batch as its first parameter and PARAM as its second, until
 * it touches nothing. */
bool batch_run_all(struct store *store, const char *sql, const struct value *param, struct err *err);

#endif
