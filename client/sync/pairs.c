/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/pairs.h"

#include "client/base/mem.h"

#include <math.h>
#include <stdlib.h>

enum { ROW_VALUES = 3, MOST_ROWS = 8 };

/* Rows of one statement: starting one costs as much as a row. */
#define ROW(a, b)	"($1, $" #a ", $" #b ")"
#define ROWS_1		ROW(2, 3)
#define ROWS_2		ROWS_1 ", " ROW(4, 5)
#define ROWS_4		ROWS_2 ", " ROW(6, 7) ", " ROW(8, 9)
#define ROWS_8		ROWS_4 ", " ROW(10, 11) ", " ROW(12, 13) ", " ROW(14, 15) ", " ROW(16, 17)
#define METRIC(a, b, c) "($1, $" #a ", $" #b ", $" #c ")"
#define METRICS_1	METRIC(2, 3, 4)
#define METRICS_2	METRICS_1 ", " METRIC(5, 6, 7)
#define METRICS_4	METRICS_2 ", " METRIC(8, 9, 10) ", " METRIC(11, 12, 13)
#define METRICS_8                                                                                            \
	METRICS_4 ", " METRIC(14, 15, 16) ", " METRIC(17, 18, 19) ", " METRIC(20, 21, 22) ", " METRIC(       \
		23, 24, 25)

#define PUT_TEXT(table, rows)                                                                                \
	"INSERT INTO " table " (run_id, key, value) VALUES " rows                                            \
	" ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value"
#define PUT_NUMBER(rows)                                                                                     \
	"INSERT INTO metric (run_id, key, value, special) VALUES " rows                                      \
	" ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value, special = excluded.special"
#define PUT_TEXTS(table)                                                                                     \
	{                                                                                                    \
		PUT_TEXT(table, ROWS_1), PUT_TEXT(table, ROWS_2), PUT_TEXT(table, ROWS_4),                   \
			PUT_TEXT(table, ROWS_8)                                                              \
	}

static const struct {
	const char *put[4]; /* 1, 2, 4, 8 rows */
	const char *read;   /* key, value, special */
	const char *drop;
	bool is_number;
} tables[] = {
	[PAIRS_PARAM] = {.put = PUT_TEXTS("param"),
		.read = "SELECT key, value, NULL FROM param WHERE run_id = $1",
		.drop = "DELETE FROM param WHERE run_id = $1 AND key = $2"},
	[PAIRS_METRIC] = {.put = {PUT_NUMBER(METRICS_1), PUT_NUMBER(METRICS_2), PUT_NUMBER(METRICS_4),
				  PUT_NUMBER(METRICS_8)},
		.read = "SELECT key, value, special FROM metric WHERE run_id = $1",
		.drop = "DELETE FROM metric WHERE run_id = $1 AND key = $2",
		.is_number = true},
	[PAIRS_TAG] = {.put = PUT_TEXTS("tag"),
		.read = "SELECT key, value, NULL FROM tag WHERE run_id = $1",
		.drop = "DELETE FROM tag WHERE run_id = $1 AND key = $2"},
};

static const char *special_of(double n)
{
	return isnan(n) ? "NaN" : isinf(n) ? (n > 0 ? "Infinity" : "-Infinity") : NULL;
}

/* Adds the values of PAIR behind the run's id; returns how many. */
static size_t add_values(enum pairs_of of, const struct record_pair *pair, struct value *out)
{
	out[0] = value_text(pair->key);
	if (!tables[of].is_number) {
		out[1] = value_text(pair->text);
		return 2;
	}
	const char *special = special_of(pair->number);
	out[1] = special ? value_text(NULL) : value_real(pair->number);
	out[2] = value_text(special);
	return 3;
}

/* Eight at a time, then what is left by fours, twos and ones. */
static bool put_all(struct store *store, enum pairs_of of, int64_t run_id,
	const struct record_pair *const *pairs, size_t n, struct err *err)
{
	struct value params[1 + MOST_ROWS * ROW_VALUES] = {value_int(run_id)};
	for (size_t done = 0; done < n;) {
		size_t left = n - done, power = left >= 8 ? 3 : left >= 4 ? 2 : left >= 2, n_params = 1;
		for (size_t end = done + ((size_t)1 << power); done < end; done++)
			n_params += add_values(of, pairs[done], params + n_params);
		if (!store_exec(store, tables[of].put[power], params, n_params, NULL, err))
			return false;
	}
	return true;
}

/* --- what is stored already ---------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	return strcmp(
		(*(const struct record_pair *const *)a)->key, (*(const struct record_pair *const *)b)->key);
}

static int key_to_pair(const void *key, const void *pair)
{
	return strcmp(key, (*(const struct record_pair *const *)pair)->key);
}

static bool is_same_text(const struct value *stored, const char *text)
{
	if (stored->type != VALUE_TEXT || !text)
		return stored->type == VALUE_NULL && !text;
	return str_is(stored->s, text);
}

static bool is_same(enum pairs_of of, const struct result *rows, size_t row, const struct record_pair *pair)
{
	const struct value *value = result_at(rows, row, 1), *special = result_at(rows, row, 2);
	if (!tables[of].is_number)
		return is_same_text(value, pair->text);
	const char *now = special_of(pair->number);
	if (now || special->type == VALUE_TEXT)
		return is_same_text(special, now);
	return value->type == VALUE_REAL && value->r == pair->number;
}

static bool drop(struct store *store, enum pairs_of of, int64_t run_id, const char *key, struct err *err)
{
	const struct value params[] = {value_int(run_id), value_text(key)};
	return store_exec(store, tables[of].drop, params, ARRAY_LEN(params), NULL, err);
}

/* Leaves in SORTED, of N, those that are to be written; what is stored and not among them goes. */
static bool leave_changed(struct store *store, enum pairs_of of, int64_t run_id, const struct result *rows,
	const struct record_pair **sorted, size_t *n, struct arena *arena, struct err *err)
{
	bool *is_stored = arena_array(arena, bool, *n);
	for (size_t row = 0; row < rows->n_rows; row++) {
		const char *key = result_text(rows, row, 0);
		const struct record_pair **pair = bsearch(key, sorted, *n, sizeof *sorted, key_to_pair);
		if (pair)
			is_stored[pair - sorted] = is_same(of, rows, row, *pair);
		else if (!drop(store, of, run_id, key, err))
			return false;
	}
	size_t n_left = 0;
	for (size_t i = 0; i < *n; i++)
		if (!is_stored[i])
			sorted[n_left++] = sorted[i];
	*n = n_left;
	return true;
}

bool pairs_put(struct store *store, enum pairs_of of, int64_t run_id, bool is_new,
	const struct record_pair *pairs, size_t n, bool *changed, struct arena *arena, struct err *err)
{
	if (!pairs || (is_new && !n))
		return true;
	const struct record_pair **left = arena_array(arena, const struct record_pair *, n);
	for (size_t i = 0; i < n; i++)
		left[i] = &pairs[i];
	if (is_new) {
		*changed = true;
		return put_all(store, of, run_id, left, n, err);
	}
	const struct value params[] = {value_int(run_id)};
	struct result rows;
	qsort(left, n, sizeof *left, by_key);
	size_t n_named = n;
	if (!store_query(store, tables[of].read, params, 1, arena, &rows, err) ||
		!leave_changed(store, of, run_id, &rows, left, &n, arena, err))
		return false;
	*changed |= n || rows.n_rows != n_named;
	return put_all(store, of, run_id, left, n, err);
}
