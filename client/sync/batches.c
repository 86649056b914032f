/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/batches.h"

#include "client/base/clock.h"
#include "client/catalogue/run_text.h"

#include <stdio.h>

enum {
	MOST = 4096,
	SHORT_MS = 20,	      /* below: the next may be larger */
	LONG_MS = 50,	      /* above: it must be smaller */
	CHECKPOINT_MS = 1000, /* it flushes the disk: not after each batch */
};

/* What went is taken out of the index of texts at once: else one later commit had all of it to do. And ids
 * behind the greatest that is left are given again: links are then looked for among those, too. */
static bool follow_up(struct store *store, struct err *err)
{
	int64_t newest;
	char text[32];
	if (!store_exec_id(store, "SELECT coalesce(max(id), 0) FROM run", NULL, 0, &newest, err))
		return false;
	snprintf(text, sizeof text, "%lld", (long long)newest);
	const struct value params[] = {value_text(text), value_int(newest)};
	return run_text_update(store, newest, err) &&
	       store_exec(store,
		       "UPDATE meta SET value = $1 WHERE key = 'links_until'"
		       " AND CASE WHEN key = 'links_until' THEN CAST(value AS BIGINT) ELSE 0 END > $2",
		       params, 2, NULL, err);
}

static bool run_inside(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *changed, struct err *err)
{
	if (!store_begin(store, err))
		return false;
	if (store_exec(store, sql, params, n_params, changed, err) && follow_up(store, err))
		return store_commit(store, err);
	store_rollback(store);
	return false;
}

bool batch_run(struct batch *batch, struct store *store, const char *sql, const struct value *params,
	size_t n_params, int64_t *changed, struct err *err)
{
	int64_t began_ms = clock_mono_ms();
	if (!run_inside(store, sql, params, n_params, changed, err))
		return false;
	int64_t now_ms = clock_mono_ms();
	if (now_ms - began_ms < SHORT_MS && batch->n < MOST)
		batch->n *= 2;
	else if (now_ms - began_ms > LONG_MS && batch->n > 1)
		batch->n /= 2;
	if (batch->checkpoint_ms && now_ms - batch->checkpoint_ms < CHECKPOINT_MS)
		return true;
	batch->checkpoint_ms = now_ms;
	return store_checkpoint(store, err);
}

bool batch_run_all(struct store *store, const char *sql, const struct value *param, struct err *err)
{
	struct batch batch = {.n = BATCH_FIRST};
	int64_t changed;
	do {
		const struct value params[] = {value_int(batch.n), *param};
		if (!batch_run(&batch, store, sql, params, 2, &changed, err))
			return false;
	} while (changed);
	return store_checkpoint(store, err);
}
