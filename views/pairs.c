/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/pairs.h"

#include "client/base/mem.h"
#include "views/compose.h"
#include "views/format.h"

/* Tags of the tool's own come behind those of people. */
static const struct pairs {
	const char *label, *sql;
	int most;
} kinds[] = {
	[PAIRS_METRICS] = {"metrics",
		"SELECT key, value, special FROM metric WHERE run_id = $1 ORDER BY key LIMIT $2", 30},
	[PAIRS_PARAMS] = {"params", "SELECT key, value FROM param WHERE run_id = $1 ORDER BY key LIMIT $2",
		30},
	[PAIRS_TAGS] = {"tags",
		"SELECT key, value FROM tag WHERE run_id = $1"
		" ORDER BY CASE WHEN key LIKE 'mlflow.%' THEN 1 ELSE 0 END, key LIMIT $2",
		8},
};

static const char *value_of(struct view_data *data, const struct result *rows, size_t row)
{
	const struct value *value = result_at(rows, row, 1);
	if (value->type == VALUE_NULL && rows->n_columns > 2)
		value = result_at(rows, row, 2);
	struct buf text;
	buf_init(&text, 0);
	format_cell(&text, &(struct format){0}, &(struct column){.type = COLUMN_TEXT}, value);
	return arena_take(data->arena, &text);
}

bool pairs_add_facts(struct view_data *data, struct store *store, struct block *facts, int64_t run_id,
	enum pairs_kind kind, struct err *err)
{
	const struct pairs *pairs = &kinds[kind];
	struct result rows;
	const struct value params[] = {value_int(run_id), value_int(pairs->most + 1)};
	if (!store_query(store, pairs->sql, params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows && i < (size_t)pairs->most; i++)
		compose_fact(data, facts, i ? "" : pairs->label, ROLE_TEXT, "%s = %s",
			result_text(&rows, i, 0), value_of(data, &rows, i));
	if (rows.n_rows > (size_t)pairs->most)
		compose_fact(data, facts, "", ROLE_DIM, "… more: porthole show --json");
	return true;
}
