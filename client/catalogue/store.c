/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/store.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/trace.h"
#include "client/catalogue/store_module.h"
#include "client/catalogue/store_ops.h"

#include <unistd.h>

int result_column(const struct result *result, const char *name)
{
	for (size_t i = 0; i < result->n_columns; i++)
		if (strcmp(result->names[i], name) == 0)
			return (int)i;
	return -1;
}

const char *result_text(const struct result *result, size_t row, size_t column)
{
	const struct value *value = result_at(result, row, column);
	return value->type == VALUE_TEXT ? value->s.p : NULL;
}

int64_t result_int(const struct result *result, size_t row, size_t column, int64_t fallback)
{
	const struct value *value = result_at(result, row, column);
	return value->type == VALUE_INT ? value->i : fallback;
}

int64_t result_ms(const struct result *result, size_t row, size_t column)
{
	return result_int(result, row, column, TIME_NONE);
}

bool store_is_file(const char *address)
{
	struct str s = str_of(address);
	return !str_starts(s, STR("postgresql:")) && !str_starts(s, STR("postgres:"));
}

const char *store_shown(struct arena *arena, const char *address)
{
	if (store_is_file(address))
		return arena_dupz(arena, address);
	struct str s = str_of(address);
	s = str_slice(s, 0, str_find(s, STR("?"), 0));
	size_t start = str_find(s, STR("://"), 0), at = s.n;
	if (start == SIZE_MAX)
		return "postgresql:";
	for (start += 3; at > start && s.p[at - 1] != '@'; at--)
		; /* a password may hold an @: the last one ends it */
	struct str who = str_slice(s, start, at > start ? at - 1 : start);
	who = str_slice(who, 0, str_find(who, STR(":"), 0));
	return arena_printf(
		arena, "postgresql://%.*s%s%.*s", STR_FMT(who), who.n ? "@" : "", (int)(s.n - at), s.p + at);
}

static const struct store_ops *engine_of(const char *address, struct err *err)
{
	return store_is_file(address) ? &sqlite_ops : store_module_load(err);
}

struct store *store_open(const char *address, enum store_mode mode, struct err *err)
{
	return store_open_soon(address, mode, 0, err);
}

struct store *store_open_soon(const char *address, enum store_mode mode, int64_t patience_ms, struct err *err)
{
	const struct store_ops *ops = engine_of(address, err);
	struct store *store = NULL;
	if (ops)
		store = patience_ms && ops->open_soon ? ops->open_soon(address, mode, patience_ms, err)
						      : ops->open(address, mode, err);
	if (store) {
		store->scratch = arena_new();
		store->mirrored_ms = TIME_NONE;
		store->trace = trace_open();
	}
	return store;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	arena_free(store->scratch);
	x_free(store->notice);
	if (store->trace >= 0)
		close(store->trace);
	store->ops->close(store);
}

const char *store_notice(const struct store *store)
{
	return store->notice;
}

bool store_is_lost(const struct store *store)
{
	return store->is_lost;
}

int64_t store_mirrored_ms(const struct store *store)
{
	return store->mirrored_ms;
}

bool store_query(struct store *store, const char *sql, const struct value *params, size_t n_params,
	struct arena *arena, struct result *out, struct err *err)
{
	int64_t started_ms = clock_mono_ms();
	bool ok = store->ops->query(store, sql, params, n_params, arena, out, err);
	if (store->trace >= 0) /* parameters are left out: they may be anything */
		trace_line(store->trace, "query %lld ms %zu rows: %s",
			(long long)(clock_mono_ms() - started_ms), ok ? out->n_rows : 0, sql);
	return ok;
}

bool store_exec(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *changed, struct err *err)
{
	return store->ops->exec(store, sql, params, n_params, changed, err);
}

bool store_exec_id(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *id, struct err *err)
{
	struct result result;
	arena_reset(store->scratch);
	if (!store_query(store, sql, params, n_params, store->scratch, &result, err))
		return false;
	if (result.n_rows == 0 || result.n_columns == 0 || result.cells[0].type != VALUE_INT)
		return err_set(err, ERR_NOT_FOUND, "no such row");
	*id = result.cells[0].i;
	return true;
}

bool store_insert(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *id, struct err *err)
{
	if (store->ops->insert)
		return store->ops->insert(store, sql, params, n_params, id, err);
	struct arena *arena = arena_new();
	bool ok =
		store_exec_id(store, arena_printf(arena, "%s RETURNING id", sql), params, n_params, id, err);
	arena_free(arena);
	return ok;
}

bool store_waits_for_ids(const struct store *store)
{
	return store->ops->reserve_ids;
}

bool store_reserve_ids(struct store *store, const char *table, int64_t n, int64_t *first, struct err *err)
{
	return store->ops->reserve_ids(store, table, n, first, err);
}

bool store_load(struct store *store, const char *table, const char *const *columns, size_t n_columns,
	const struct value *values, size_t n_rows, struct err *err)
{
	return store->ops->load(store, table, columns, n_columns, values, n_rows, err);
}

/* What would be written to a mirror would be lost with it. */
static bool check_writable(const struct store *store, struct err *err)
{
	return store->mirrored_ms == TIME_NONE ||
	       err_set(err, ERR_REFUSED,
		       "the catalogue is away, and this is its mirror: nothing can be changed until it is back");
}

bool store_begin(struct store *store, struct err *err)
{
	return check_writable(store, err) && store->ops->begin(store, err);
}

bool store_begin_batch(struct store *store, struct err *err)
{
	if (!check_writable(store, err))
		return false;
	return store->ops->begin_batch ? store->ops->begin_batch(store, err) : store->ops->begin(store, err);
}

bool store_begin_read(struct store *store, struct err *err)
{
	return store->ops->begin_read(store, err);
}

bool store_commit(struct store *store, struct err *err)
{
	return store->ops->commit(store, err);
}

void store_rollback(struct store *store)
{
	store->ops->rollback(store);
}

int64_t store_version(struct store *store)
{
	return store->ops->version(store);
}

void store_interrupt(struct store *store)
{
	store->ops->interrupt(store);
}

void store_watch(struct store *store, const atomic_bool *stop)
{
	store->stop = stop;
}

bool store_explain(struct store *store, const char *sql, const struct value *params, size_t n_params,
	struct buf *out, struct err *err)
{
	return store->ops->explain(store, sql, params, n_params, out, err);
}

bool store_checkpoint(struct store *store, struct err *err)
{
	BUG_ON(store->mode != STORE_SYNC);
	return store->ops->checkpoint(store, err);
}

bool store_backup(struct store *store, const char *file, struct err *err)
{
	return store->ops->backup(store, file, err);
}
