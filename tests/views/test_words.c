/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words in the list of runs: the index of names finds exactly what comparing every row does, in the same
 * order, page by page, alone and together with other conditions; and its plan sorts nothing. */
#include "client/base/clock.h"
#include "client/catalogue/run_text.h"
#include "tests/catalogue/scratch.h"
#include "views/list.h"
#include "views/lists.h"
#include "views/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW INT64_C(1795262400000) /* 2026-11-21 12:00 UTC */

struct place {
	char *dir;
	struct store *store;
};

enum { RUNS = 30000 };

static const char *const generate[] = {
	"INSERT INTO source (id, name, kind) VALUES (1, 'lab', 'local'), (2, 'dags', 'airflow')",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)"
	" INSERT INTO pipeline (id, source_id, pipeline) SELECT i, 1 + i % 2,"
	" CASE WHEN i % 5 <> 0 THEN 'recsys_' ELSE 'Churn_' END || i FROM n",
	/* many share a time; the ids are in no order of time */
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
	" INSERT INTO run (id, pipeline_id, source_id, run, name, state, at_ms, started_ms, gone)"
	" SELECT i, 1 + i % 20, 1 + (1 + i % 20) % 2, 'r' || hex(i * 7919), CASE WHEN i % 9 <> 0 THEN"
	" CASE WHEN i < 3000 THEN 'heron' WHEN i % 2 <> 0 THEN 'Nightly' ELSE 'adhoc' END || '-' ||"
	" CASE i % 7 WHEN 0 THEN 'otter' WHEN 1 THEN 'lynx%' ELSE 'crane_x' END || '-' || i END,"
	" CASE WHEN i % 50 = 0 THEN 'failed' WHEN i % 9999 = 0 THEN 'lost' ELSE 'success' END,"
	" 1795262400000 - (i * 7919 % 30000) / 3 * 60000, 1795262400000 - (i * 7919 % 30000) / 3 * 60000, CASE WHEN i % 100 = 99 THEN 1 ELSE 0 END FROM n",
};

static void run(struct store *store, const char *sql)
{
	struct err err = {0};
	if (!store_exec(store, sql, NULL, 0, NULL, &err))
		fail_msg("%s: %s", sql, err.msg);
}

static void fill(struct store *store)
{
	for (size_t i = 0; i < ARRAY_LEN(generate); i++)
		run(store, generate[i]);
}

static int setup(void **state)
{
	struct place *p = x_new(struct place);
	struct err err = {0};
	clock_fix(NOW);
	setenv("TZ", "UTC", 1);
	p->dir = scratch_new();
	char *address = x_printf("%s/portal.db", p->dir);
	p->store = store_open(address, STORE_SYNC, &err);
	x_free(address);
	BUG_ON(!p->store);
	fill(p->store);
	if (!run_text_update(p->store, RUNS, &err))
		fail_msg("%s", err.msg);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	store_close(p->store);
	scratch_free(p->dir);
	x_free(p);
	return 0;
}

/* The ids of the first three pages, or of all rows where LIMIT is 0. */
static size_t walk(struct store *store, const char *filter, const char *sort, int64_t limit, int64_t **ids)
{
	struct view_args args = {.filter = filter, .sort = sort, .limit = limit, .now_ms = NOW};
	struct arena *arena = arena_new();
	struct value after[2];
	struct err err = {0};
	struct table table;
	size_t n = 0;
	*ids = x_calloc(RUNS, sizeof **ids);
	for (int page = 0; page < 3; page++) {
		if (!list_load(store, &list_runs, &args, NULL, arena, &table, &err))
			fail_msg("%s: %s", filter, err.msg);
		size_t column = (size_t)result_column(&table.result, "id");
		for (size_t row = 0; row < table.result.n_rows; row++)
			(*ids)[n++] = result_int(&table.result, row, column, 0);
		if (!limit || !table.has_more)
			break;
		memcpy(after, table.after, sizeof after);
		args.after = after;
	}
	arena_free(arena);
	return n;
}

static const char *const filters[] = {"nightly", "NIGHTLY", "otter", "heron", "nosuchword", "churn",
	"churn_5", "ni", "q", "e", "7", "zz", "lynx%", "crane_x", "_", "nightly otter", "heron -otter",
	"-nightly", "nightly -otter state:failed", "heron state:lost", "nightly state:lost",
	"heron since:24h", "nightly since:24h", "nightly until:2026-11-15", "otter pipeline:recsys_7",
	"churn state:failed,lost", "state:failed,lost", "state:lost,failed,lost", "\"heron-otter-2\"", "rE",
	"nightly deleted:yes", "nightly source:dags", "otter-299"};
static const struct {
	const char *sort;
	int64_t limit;
} ways[] = {{NULL, 7}, {"at_ms", 7}, {"-at_ms", 50}, {NULL, 0}, {"duration_ms", 7}};

static void the_index_finds_what_comparing_every_row_finds(void **state)
{
	struct place *p = *state;
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		for (size_t k = 0; k < 2; k++) { /* each filter as lists open, and in one of the other ways */
			size_t w = k ? 1 + i % (ARRAY_LEN(ways) - 1) : 0;
			int64_t *plain, *indexed;
			run(p->store, "UPDATE meta SET value = '0' WHERE key = 'text_until'");
			assert_false(run_text_is_ready(p->store));
			size_t n = walk(p->store, filters[i], ways[w].sort, ways[w].limit, &plain);
			run(p->store, "UPDATE meta SET value = '30000' WHERE key = 'text_until'");
			assert_true(run_text_is_ready(p->store));
			size_t m = walk(p->store, filters[i], ways[w].sort, ways[w].limit, &indexed);
			if (n != m || memcmp(plain, indexed, n * sizeof *plain))
				fail_msg("'%s' --sort %s --limit %lld: %zu rows, with the index %zu",
					filters[i], ways[w].sort ? ways[w].sort : "(its own)",
					(long long)ways[w].limit, n, m);
			x_free(plain);
			x_free(indexed);
		}
}

/* PostgreSQL looks among the newest runs, then in its index of trigrams, then at every row. */
static struct store *fill_postgres(char **address)
{
	struct err err = {0};
	char *database = scratch_database(scratch_drop);
	*address = scratch_address_of(database);
	struct store *store = store_open(*address, STORE_SYNC, &err);
	x_free(database);
	if (!store)
		fail_msg("%s", err.msg);
	run(store, "CREATE FUNCTION hex(n INTEGER) RETURNS TEXT LANGUAGE sql AS"
		   " $$ SELECT upper(encode(convert_to(CAST(n AS TEXT), 'UTF8'), 'hex')) $$");
	fill(store);
	if (!store_checkpoint(store, &err))
		fail_msg("%s", err.msg);
	return store;
}

static void postgres_finds_what_sqlite_finds(void **state)
{
	struct place *p = *state;
	char *address;
	if (!getenv("PORTHOLE_TEST_PG") || getenv("TESTS_QUICK"))
		skip();
	struct store *postgres = fill_postgres(&address);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		for (size_t k = 0; k < 2; k++) {
			size_t w = k ? 1 + i % (ARRAY_LEN(ways) - 1) : 0;
			int64_t *want, *got;
			size_t n = walk(p->store, filters[i], ways[w].sort, ways[w].limit, &want);
			size_t m = walk(postgres, filters[i], ways[w].sort, ways[w].limit, &got);
			if (n != m || memcmp(want, got, n * sizeof *want))
				fail_msg("'%s' --sort %s --limit %lld: %zu rows, on PostgreSQL %zu",
					filters[i], ways[w].sort ? ways[w].sort : "(its own)",
					(long long)ways[w].limit, n, m);
			x_free(want);
			x_free(got);
		}
	store_close(postgres);
	x_free(address);
}

static void assert_attempt(struct store *store, const char *text, enum words_attempt attempt, bool has_edge,
	bool has_ids, bool is_bounded)
{
	struct arena *arena = arena_new();
	struct filter filter;
	struct words words;
	struct err err = {0};
	const struct view_args args = {.filter = text, .limit = 50, .now_ms = NOW};
	assert_true(filter_parse(arena, str_of(text), &filter, &err));
	if (!words_find(store, &list_runs, &args, &filter, false, attempt, arena, &words, &err))
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(words.edge_ms != TIME_NONE, has_edge);
	assert_int_equal(words.ids != NULL, has_ids);
	assert_int_equal(words.is_bounded, is_bounded);
	arena_free(arena);
}

static void postgres_reads_every_row_for_no_word_that_has_three_letters(void **state)
{
	(void)state;
	char *address;
	if (!getenv("PORTHOLE_TEST_PG") || getenv("TESTS_QUICK"))
		skip();
	struct store *store = fill_postgres(&address);
	assert_attempt(store, "nightly", WORDS_NEAR, true, false, true);
	assert_attempt(
		store, "nosuchword", WORDS_BY_INDEX, false, true, false);  /* none: that is the answer */
	assert_attempt(store, "heron", WORDS_BY_INDEX, false, true, true); /* the nearest do for a page */
	assert_attempt(store, "heron -otter", WORDS_BY_INDEX, false, true, false);
	assert_attempt(store, "nightly -otter", WORDS_BY_INDEX, false, true, true);
	assert_attempt(
		store, "nightly state:lost", WORDS_BY_INDEX, false, false, false); /* few have that state */
	assert_attempt(store, "nightly since:1h", WORDS_NEAR, true, false, false);
	assert_attempt(store, "zz", WORDS_BY_INDEX, false, false, false); /* no trigram */
	assert_attempt(store, "state:lost", WORDS_NEAR, false, false, false);
	store_close(store);
	x_free(address);
}

/* What the index is asked for is bounded where a second condition might leave nothing. */
static void words_with_little_in_common_do_not_walk_all_matches(void **state)
{
	struct place *p = *state;
	struct arena *arena = arena_new();
	struct filter filter;
	struct words words;
	struct err err = {0};
	struct view_args args = {.filter = "nightly state:lost", .limit = 50, .now_ms = NOW};
	assert_true(filter_parse(arena, str_of(args.filter), &filter, &err));
	assert_true(words_find(p->store, &list_runs, &args, &filter, false, WORDS_NEAR, arena, &words, &err));
	assert_non_null(words.match);
	assert_true(words.is_bounded);
	args.filter = "heron state:lost"; /* so few that all may be tried */
	assert_true(filter_parse(arena, str_of(args.filter), &filter, &err));
	assert_true(words_find(p->store, &list_runs, &args, &filter, false, WORDS_NEAR, arena, &words, &err));
	assert_false(words.is_bounded);
	args.filter = "nightly"; /* the first matches are the answer */
	assert_true(filter_parse(arena, str_of(args.filter), &filter, &err));
	assert_true(words_find(p->store, &list_runs, &args, &filter, false, WORDS_NEAR, arena, &words, &err));
	assert_false(words.is_bounded);
	arena_free(arena);
}

static void assert_plan(struct place *p, const char *sql, const char *index)
{
	const struct value params[] = {
		value_text("\"ott\""), value_int(0), value_int(INT64_MAX), value_int(50)};
	struct err err = {0};
	struct buf plan;
	buf_init(&plan, 0);
	if (!store_explain(p->store, sql, params, ARRAY_LEN(params), &plan, &err))
		fail_msg("%s", err.msg);
	if (!str_has(buf_str(&plan), str_of(index)) || str_has(buf_str(&plan), STR("TEMP B-TREE")))
		fail_msg("%s\n%s", sql, plan.p);
	buf_fini(&plan);
}

static void a_page_of_words_is_served_without_a_sort(void **state)
{
	struct arena *arena = arena_new();
	assert_plan(*state,
		arena_printf(arena,
			"SELECT r.id %s AND t.run_text MATCH $1 AND t.rowid > $2 AND t.rowid < $3 ORDER BY t.rowid DESC LIMIT $4",
			list_runs.words_from),
		"run_newest (at_ms=?)");
	arena_free(arena);
}

/* Several states: each has its index, and they are merged as they come. */
static void a_page_of_two_states_is_served_without_a_sort(void **state)
{
	struct place *p = *state;
	struct arena *arena = arena_new();
	struct list_query query;
	struct err err = {0};
	struct buf plan;
	const struct view_args args = {.filter = "state:failed,lost", .limit = 50, .now_ms = NOW};
	assert_true(list_query(&list_runs, &args, NULL, arena, &query, &err));
	buf_init(&plan, 0);
	assert_true(store_explain(p->store, query.sql, query.params, query.n_params, &plan, &err));
	if (!str_has(buf_str(&plan), STR("MERGE")) || str_has(buf_str(&plan), STR("TEMP B-TREE")))
		fail_msg("%s\n%s", query.sql, plan.p);
	buf_fini(&plan);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_index_finds_what_comparing_every_row_finds),
		cmocka_unit_test(postgres_finds_what_sqlite_finds),
		cmocka_unit_test(postgres_reads_every_row_for_no_word_that_has_three_letters),
		cmocka_unit_test(words_with_little_in_common_do_not_walk_all_matches),
		cmocka_unit_test(a_page_of_words_is_served_without_a_sort),
		cmocka_unit_test(a_page_of_two_states_is_served_without_a_sort),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
