/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/move.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/catalogue/run_text.h"

struct move {
	struct store *from, *to;
	const struct move_ops *ops;
	int64_t rows;
};

bool move_check(struct store *store, struct err *err)
{
	int64_t n;
	if (!store_exec_id(store, "SELECT count(*) FROM meta WHERE key = 'moving'", NULL, 0, &n, err))
		return false;
	return !n ||
	       err_set(err, ERR_UNAVAILABLE,
		       "this catalogue is incomplete: 'porthole move' into it broke off. Remove it and move"
		       " again from the old one, which has all");
}

static bool check_empty(struct store *to, struct err *err)
{
	bool no_catalogue, no_team;
	if (!move_check(to, err) || !store_is_empty(to, false, &no_catalogue, err) ||
		!store_is_empty(to, true, &no_team, err))
		return false;
	return (no_catalogue && no_team) ||
	       err_set(err, ERR_REFUSED, "the new store is not empty: nothing was moved");
}

static bool mark(struct store *to, struct err *err)
{
	const struct value now = value_int(clock_now_ms());
	return store_exec(
		to, "INSERT INTO meta (key, value) VALUES ('moving', CAST($1 AS TEXT))", &now, 1, NULL, err);
}

/* --- tables ---------------------------------------------------------------------------- */

static bool copy_pages(
	struct move *move, const struct store_table *table, struct table_walk *walk, struct err *err)
{
	int64_t total, n = 0;
	struct result page;
	if (!store_table_count(move->from, table, &total, err))
		return false;
	for (;;) {
		if (!table_walk_next(walk, &page, err))
			return false;
		if (!page.n_rows)
			break;
		if (!store_load(move->to, table->name, table->columns, table->n_columns, page.cells,
			    page.n_rows, err) ||
			!store_checkpoint(move->to, err))
			return false;
		n += (int64_t)page.n_rows;
		if (move->ops->progress)
			move->ops->progress(move->ops->ctx, table, n, total);
	}
	move->rows += n;
	return true;
}

static bool copy_table(struct move *move, const struct store_table *table, struct err *err)
{
	struct table_walk walk;
	table_walk_init(&walk, move->from, table);
	bool ok = copy_pages(move, table, &walk, err);
	table_walk_fini(&walk);
	return ok || err_wrap(err, "table '%s'", table->name);
}

static bool check_table(struct move *move, const struct store_table *table, struct err *err)
{
	int64_t before, after;
	if (!store_table_count(move->from, table, &before, err) ||
		!store_table_count(move->to, table, &after, err))
		return false;
	return before == after ||
	       err_set(err, ERR_FAILED, "table '%s' holds %lld rows in the new store, not %lld", table->name,
		       (long long)after, (long long)before);
}

/* --- facts about a store ------------------------------------------------------------------ */

/* What a store knows of itself does not go along: its version, its mark, what is due when. What it says of
 * its rows does. */
static bool copy_facts(struct move *move, struct err *err)
{
	struct arena *arena = arena_new();
	struct result rows;
	bool ok = store_query(move->from,
		"SELECT key, value FROM meta WHERE key IN ('recorded', 'links_until')", NULL, 0, arena, &rows,
		err);
	for (size_t i = 0; ok && i < rows.n_rows; i++)
		ok = store_exec(move->to, "INSERT INTO meta (key, value) VALUES ($1, $2)",
			result_at(&rows, i, 0), 2, NULL, err);
	arena_free(arena);
	return ok;
}

static bool index_texts(struct store *to, struct err *err)
{
	int64_t newest;
	if (!store_exec_id(to, "SELECT coalesce(max(id), 0) FROM run", NULL, 0, &newest, err) ||
		!store_begin(to, err))
		return false;
	if (run_text_update(to, newest, err))
		return store_commit(to, err);
	store_rollback(to);
	return false;
}

static bool copy_all(struct move *move, struct err *err)
{
	size_t n;
	const struct store_table *tables = store_tables(&n);
	for (size_t i = 0; i < n; i++)
		if (!copy_table(move, &tables[i], err))
			return false;
	for (size_t i = 0; i < n; i++)
		if (!check_table(move, &tables[i], err))
			return false;
	return copy_facts(move, err) && index_texts(move->to, err);
}

bool move_all(
	struct store *from, struct store *to, const struct move_ops *ops, int64_t *rows, struct err *err)
{
	struct move move = {.from = from, .to = to, .ops = ops};
	if (!move_check(from, err) || !check_empty(to, err) || !mark(to, err) || !store_begin_read(from, err))
		return false;
	bool ok = copy_all(&move, err);
	store_rollback(from);
	*rows = move.rows;
	return ok && store_exec(to, "DELETE FROM meta WHERE key = 'moving'", NULL, 0, NULL, err) &&
	       store_checkpoint(to, err);
}
