/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every engine of the store keeps to. What is said of one alone: test_store_sqlite.c,
 * test_store_postgres.c. */
#include "tests/catalogue/place.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>

/* --- opening ---------------------------------------------------------------------- */

static void a_catalogue_that_is_not_there_is_not_found(void **state)
{
	assert_no_open(*state, STORE_READ, ERR_NOT_FOUND);
}

static void sync_creates_what_a_reader_then_opens(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *store = open_as(p, STORE_READ);
	assert_null(store_notice(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	assert_int_equal(ask(p, store, COUNT_NOTES), 0);
	store_close(store);
}

static void opening_twice_changes_nothing(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	store_close(store);
	store = open_as(p, STORE_SYNC);
	assert_null(store_notice(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 1);
	store_close(store);
}

static void a_second_sync_is_turned_away(void **state)
{
	struct place *p = *state;
	struct store *first = open_as(p, STORE_SYNC);
	assert_no_open(p, STORE_SYNC, ERR_UNAVAILABLE);
	store_close(first);
	create(p);
}

static void a_newer_catalogue_is_refused(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	exec(p, store, "UPDATE meta SET value = '99' WHERE key = 'schema'");
	store_close(store);
	assert_no_open(p, STORE_READ, ERR_NEWER);
	assert_no_open(p, STORE_SYNC, ERR_NEWER);
}

static void a_newer_team_store_is_refused(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	exec(p, store, "UPDATE team.meta SET value = '99' WHERE key = 'schema'");
	store_close(store);
	assert_no_open(p, STORE_READ, ERR_NEWER);
	assert_no_open(p, STORE_SYNC, ERR_NEWER);
}

/* --- statements ------------------------------------------------------------------- */

static void values_come_back_as_they_went(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	const struct value params[] = {
		value_int(INT64_MIN),
		value_int(INT64_MAX),
		value_real(0.1),
		value_real(INFINITY),
		value_str(STR("a\0b")),
		value_text(""),
		value_text(NULL),
		value_ms(TIME_NONE),
	};
	struct result r;
	assert_true(store_query(store,
		"SELECT $1 AS least, $2 AS most, $3 AS tenth, $4 AS inf, $5 AS nul, $6 AS empty, $7 AS none, $8 AS never",
		params, ARRAY_LEN(params), p->arena, &r, &p->err));
	assert_int_equal(r.n_rows, 1);
	assert_true(result_int(&r, 0, 0, 0) == INT64_MIN);
	assert_true(result_int(&r, 0, 1, 0) == INT64_MAX);
	assert_true(result_at(&r, 0, 2)->r == 0.1);
	assert_true(isinf(result_at(&r, 0, 3)->r));
	/* PostgreSQL has no text with a NUL: what comes after it is still there */
	assert_true(str_eq(result_at(&r, 0, 4)->s, p->database ? STR("a\xef\xbf\xbd"
								     "b")
							       : STR("a\0b")));
	assert_string_equal(result_text(&r, 0, (size_t)result_column(&r, "empty")), "");
	assert_null(result_text(&r, 0, (size_t)result_column(&r, "none")));
	assert_true(result_ms(&r, 0, (size_t)result_column(&r, "never")) == TIME_NONE);
	assert_int_equal(result_column(&r, "nobody"), -1);
	store_close(store);
}

static void parameters_go_by_number_not_by_place(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	const struct value params[] = {value_text("one"), value_text("two")};
	struct result r;
	assert_true(store_query(store, "SELECT $2, $1, $2", params, 2, p->arena, &r, &p->err));
	assert_string_equal(result_text(&r, 0, 0), "two");
	assert_string_equal(result_text(&r, 0, 1), "one");
	assert_string_equal(result_text(&r, 0, 2), "two");
	store_close(store);
}

static void a_statement_keeps_nothing_of_its_last_run(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	for (int64_t i = 0; i < 200; i++) {
		struct value param = value_int(i);
		struct result r;
		assert_true(store_query(store, "SELECT $1", &param, 1, p->arena, &r, &p->err));
		assert_int_equal(result_int(&r, 0, 0, -1), i);
		/* more different texts than the cache holds */
		const char *sql = arena_printf(p->arena, "SELECT %d", (int)i);
		assert_int_equal(ask(p, store, sql), i);
	}
	store_close(store);
}

static void a_parameter_without_a_value_is_an_error(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	struct value one = value_int(1);
	struct result r;
	assert_false(store_query(store, "SELECT $1, $2", &one, 1, p->arena, &r, &p->err));
	assert_non_null(strstr(p->err.msg, "$2"));
	store_close(store);
}

static void broken_sql_is_an_error_and_the_store_lives_on(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_false(store_exec(store, "SELEC", NULL, 0, NULL, &p->err));
	assert_int_equal(p->err.code, ERR_FAILED);
	assert_false(store_exec(store, "", NULL, 0, NULL, &p->err));
	assert_false(store_exec(store, "DELETE FROM source; DELETE FROM run", NULL, 0, NULL, &p->err));
	assert_false(store_is_lost(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	store_close(store);
}

static void exec_counts_the_rows_it_touched(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	int64_t changed = -1;
	add_source(p, store, "a");
	add_source(p, store, "b");
	assert_true(store_exec(store, "UPDATE source SET failures = 1", NULL, 0, &changed, &p->err));
	assert_int_equal(changed, 2);
	assert_true(store_exec(
		store, "UPDATE source SET failures = 1 WHERE name = 'c'", NULL, 0, &changed, &p->err));
	assert_int_equal(changed, 0);
	store_close(store);
}

static void an_insert_gives_the_id_it_made(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	int64_t id = -1, again = -1;
	const char *insert = "INSERT INTO source (name, kind) VALUES ('a', 'mlflow') RETURNING id";
	assert_true(store_exec_id(store, insert, NULL, 0, &id, &p->err));
	assert_true(store_exec_id(store, "SELECT id FROM source WHERE name = 'a'", NULL, 0, &again, &p->err));
	assert_int_equal(again, id);
	assert_false(
		store_exec_id(store, "SELECT id FROM source WHERE name = 'b'", NULL, 0, &again, &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
	store_close(store);
}

static void an_answer_without_bounds_is_refused(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	char long_text[801];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = 0;
	const struct value param = value_text(long_text);
	struct result r;
	assert_false(store_query(store,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i, $1 || i FROM n",
		&param, 1, p->arena, &r, &p->err));
	assert_non_null(strstr(p->err.msg, "64 MB"));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	store_close(store);
}

/* --- transactions and others ------------------------------------------------------- */

static void others_see_a_commit_and_nothing_before_it(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	assert_true(store_begin(sync, &p->err));
	add_source(p, sync, "a");
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 0);
	assert_true(store_commit(sync, &p->err));
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 1);
	store_close(reader);
	store_close(sync);
}

static void a_rollback_leaves_both_stores_as_they_were(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_true(store_begin(store, &p->err));
	add_source(p, store, "a");
	add_note(p, store);
	store_rollback(store);
	store_rollback(store); /* nothing to do */
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	assert_int_equal(ask(p, store, COUNT_NOTES), 0);
	store_close(store);
}

static void a_reader_writes_the_team_store_and_never_the_catalogue(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *reader = open_as(p, STORE_READ), *other = open_as(p, STORE_READ);
	assert_true(store_begin(reader, &p->err));
	add_note(p, reader);
	assert_true(store_commit(reader, &p->err));
	assert_int_equal(ask(p, other, COUNT_NOTES), 1);
	assert_false(store_exec(reader, "DELETE FROM source", NULL, 0, NULL, &p->err));
	assert_int_equal(p->err.code, ERR_REFUSED);
	store_close(other);
	store_close(reader);
}

/* The version once it is not BEFORE; on PostgreSQL the word of it takes a moment to come. */
static int64_t new_version(struct store *store, int64_t before)
{
	int64_t version, deadline_ms = clock_mono_ms() + 5000;
	while ((version = store_version(store)) == before && clock_mono_ms() < deadline_ms)
		sched_yield();
	assert_true(version != before);
	return version;
}

static void the_version_differs_after_each_commit_and_only_then(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	int64_t v0 = store_version(reader);
	assert_true(store_version(reader) == v0);
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 0);
	assert_true(store_version(reader) == v0);

	add_source(p, sync, "a");
	int64_t v1 = new_version(reader, v0);
	add_note(p, sync);
	int64_t v2 = new_version(reader, v1);
	assert_true(v2 != v0);
	add_note(p, reader);
	int64_t v3 = new_version(reader, v2);
	assert_true(v3 != v1);
	assert_true(store_version(reader) == v3);
	store_close(reader);
	store_close(sync);
}

static void a_checkpoint_changes_nothing_that_is_seen(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	add_source(p, sync, "a");
	assert_true(store_checkpoint(sync, &p->err));
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 1);
	store_close(reader);
	store_close(sync);
}

static void audit_rows_are_only_added(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_note(p, store);
	assert_false(store_exec(store, "UPDATE team.audit SET who = 'eve'", NULL, 0, NULL, &p->err));
	assert_false(store_exec(store, "DELETE FROM team.audit", NULL, 0, NULL, &p->err));
	assert_int_equal(ask(p, store, "SELECT count(*) FROM team.audit WHERE who = 'mlee'"), 1);
	store_close(store);
}

static void a_source_goes_with_all_that_it_reported(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	exec(p, store, "INSERT INTO pipeline (source_id, pipeline) SELECT id, 'p' FROM source");
	exec(p, store,
		"INSERT INTO run (pipeline_id, source_id, run, state, at_ms) SELECT id, source_id, 'r', 'failed', 1 FROM pipeline");
	exec(p, store, "INSERT INTO metric (run_id, key, value) SELECT id, 'auc', 0.7 FROM run");
	exec(p, store,
		"INSERT INTO step_run (run_id, pipeline_id, step, state, at_ms) SELECT id, pipeline_id, 's', 'failed', 1 FROM run");
	exec(p, store, "DELETE FROM source");
	assert_int_equal(
		ask(p, store,
			"SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM metric) + (SELECT count(*) FROM step_run)"),
		0);
	store_close(store);
}

static void the_views_for_people_carry_the_keys_of_the_json_output(void **state)
{
	static const struct {
		const char *sql, *last;
		size_t n;
	} views[] = {
		{"SELECT * FROM sources", "error", 6},
		{"SELECT * FROM pipelines", "next_due_ms", 8},
		{"SELECT * FROM runs", "url", 13},
		{"SELECT * FROM steps", "ended_ms", 11},
		{"SELECT * FROM team.problems", "due_ms", 12},
		{"SELECT * FROM team.audit_log", "result", 6},
	};
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		struct result r = query(p, store, views[i].sql);
		assert_int_equal(r.n_columns, views[i].n);
		assert_int_equal(result_column(&r, views[i].last), views[i].n - 1);
	}
	store_close(store);
}

/* --- rows in bulk ------------------------------------------------------------------ */

static const char *const source_columns[] = {"id", "name", "kind", "since_ms"};

static bool load_sources(struct place *p, struct store *store, int64_t first, size_t n)
{
	struct value *values = arena_array(p->arena, struct value, 4 * n);
	for (size_t i = 0; i < n; i++) {
		values[4 * i] = value_int(first + (int64_t)i);
		values[4 * i + 1] =
			value_text(arena_printf(p->arena, "a\tb\\c\n%lld", (long long)first + (int)i));
		values[4 * i + 2] = value_text("");
		values[4 * i + 3] = value_ms(i ? (int64_t)i : TIME_NONE);
	}
	err_clear(&p->err);
	return store_load(store, "source", source_columns, 4, values, n, &p->err);
}

static void loaded_rows_are_there_as_they_were(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_true(load_sources(p, store, 10, 3000));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 3000);
	assert_string_equal(ask_text(p, store, "SELECT name FROM source WHERE id = 10"), "a\tb\\c\n10");
	assert_string_equal(ask_text(p, store, "SELECT kind FROM source WHERE id = 10"), "");
	assert_null(ask_text(p, store, "SELECT since_ms FROM source WHERE id = 10"));
	assert_int_equal(ask(p, store, "SELECT since_ms FROM source WHERE id = 12"), 2);
	store_close(store);
}

static void a_table_counts_on_behind_what_was_loaded(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_true(load_sources(p, store, 1000, 5));
	add_source(p, store, "next");
	assert_int_equal(ask(p, store, "SELECT id FROM source WHERE name = 'next'"), 1005);
	assert_true(load_sources(p, store, 10, 5)); /* and never counts back */
	add_source(p, store, "after");
	assert_int_equal(ask(p, store, "SELECT id FROM source WHERE name = 'after'"), 1006);
	store_close(store);
}

static void of_rows_that_cannot_be_loaded_none_is(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_true(load_sources(p, store, 5, 1));
	assert_false(load_sources(p, store, 3, 3));
	assert_non_null(strstr(p->err.msg, "source"));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 1);
	store_close(store);
}

static void a_load_is_part_of_the_transaction_that_it_is_in(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_true(store_begin(store, &p->err));
	add_source(p, store, "before");
	assert_true(load_sources(p, store, 100, 5));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 6);
	store_rollback(store);
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	store_close(store);
}

static void a_reader_loads_nothing_into_the_catalogue(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *reader = open_as(p, STORE_READ);
	assert_false(load_sources(p, reader, 1, 1));
	assert_int_equal(p->err.code, ERR_REFUSED);
	store_close(reader);
}

/* What is queued fails with the commit, at the latest, and takes all with it. */
static void a_statement_that_fails_in_a_transaction_is_told_by_its_end(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	const struct value name = value_text("a");
	const char *insert = "INSERT INTO source (name, kind) VALUES ($1, 'mlflow')";
	assert_true(store_begin(store, &p->err));
	bool ok = store_exec(store, insert, &name, 1, NULL, &p->err) &&
		  store_exec(store, insert, &name, 1, NULL, &p->err) && store_commit(store, &p->err);
	assert_false(ok);
	assert_int_equal(p->err.code, ERR_FAILED);
	assert_non_null(strstr(p->err.msg, "name")); /* the constraint that it broke */
	store_rollback(store);
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	add_source(p, store, "a");
	store_close(store);
}

static void a_long_batch_lets_people_write_meanwhile(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	assert_true(store_begin_batch(sync, &p->err));
	add_source(p, sync, "a");
	add_note(p, reader);
	add_note(p, sync);
	assert_true(store_commit(sync, &p->err));
	assert_int_equal(ask(p, reader, COUNT_NOTES), 2);
	store_close(reader);
	store_close(sync);
}

static void who_begins_to_read_sees_one_moment(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	assert_true(store_begin_read(reader, &p->err));
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 0);
	add_source(p, sync, "a");
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 0);
	store_rollback(reader);
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 1);
	store_close(reader);
	store_close(sync);
}

/* --- cutting a query --------------------------------------------------------------- */

#define ENDLESS                                                                                              \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0"

struct cutter {
	struct store *store;
	atomic_bool is_done;
};

static void *cut_until_done(void *arg)
{
	struct cutter *cutter = arg;
	while (!cutter->is_done) {
		store_interrupt(cutter->store);
		sched_yield();
	}
	return NULL;
}

static void assert_cut(struct place *p, struct store *store, const char *sql)
{
	struct cutter cutter = {.store = store};
	struct result r;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, cut_until_done, &cutter), 0);
	assert_false(store_query(store, sql, NULL, 0, p->arena, &r, &p->err));
	cutter.is_done = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(p->err.code, ERR_CANCELLED);
}

static void an_interrupt_cuts_the_query_and_not_the_next_one(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_cut(p, store, ENDLESS);
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	store_close(store);
}

static void an_interrupt_ends_the_wait_for_a_lock(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	assert_true(store_begin(sync, &p->err));
	assert_cut(p, reader,
		"INSERT INTO team.problem_event (problem_id, at_ms, who, verb) VALUES (1, 1, 'a', 'b')");
	assert_true(store_commit(sync, &p->err));
	add_note(p, reader);
	store_close(reader);
	store_close(sync);
}

static void a_stop_that_came_before_the_query_ends_it_too(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	atomic_bool stop = true;
	struct result r;
	store_watch(store, &stop);
	assert_false(store_query(store, ENDLESS, NULL, 0, p->arena, &r, &p->err));
	assert_int_equal(p->err.code, ERR_CANCELLED);
	stop = false;
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_catalogue_that_is_not_there_is_not_found),
		cmocka_unit_test(sync_creates_what_a_reader_then_opens),
		cmocka_unit_test(opening_twice_changes_nothing),
		cmocka_unit_test(a_second_sync_is_turned_away),
		cmocka_unit_test(a_newer_catalogue_is_refused),
		cmocka_unit_test(a_newer_team_store_is_refused),
		cmocka_unit_test(values_come_back_as_they_went),
		cmocka_unit_test(parameters_go_by_number_not_by_place),
		cmocka_unit_test(a_statement_keeps_nothing_of_its_last_run),
		cmocka_unit_test(a_parameter_without_a_value_is_an_error),
		cmocka_unit_test(broken_sql_is_an_error_and_the_store_lives_on),
		cmocka_unit_test(exec_counts_the_rows_it_touched),
		cmocka_unit_test(an_insert_gives_the_id_it_made),
		cmocka_unit_test(an_answer_without_bounds_is_refused),
		cmocka_unit_test(others_see_a_commit_and_nothing_before_it),
		cmocka_unit_test(a_rollback_leaves_both_stores_as_they_were),
		cmocka_unit_test(a_reader_writes_the_team_store_and_never_the_catalogue),
		cmocka_unit_test(the_version_differs_after_each_commit_and_only_then),
		cmocka_unit_test(a_checkpoint_changes_nothing_that_is_seen),
		cmocka_unit_test(audit_rows_are_only_added),
		cmocka_unit_test(a_source_goes_with_all_that_it_reported),
		cmocka_unit_test(the_views_for_people_carry_the_keys_of_the_json_output),
		cmocka_unit_test(loaded_rows_are_there_as_they_were),
		cmocka_unit_test(a_table_counts_on_behind_what_was_loaded),
		cmocka_unit_test(of_rows_that_cannot_be_loaded_none_is),
		cmocka_unit_test(a_load_is_part_of_the_transaction_that_it_is_in),
		cmocka_unit_test(a_reader_loads_nothing_into_the_catalogue),
		cmocka_unit_test(a_statement_that_fails_in_a_transaction_is_told_by_its_end),
		cmocka_unit_test(a_long_batch_lets_people_write_meanwhile),
		cmocka_unit_test(who_begins_to_read_sees_one_moment),
		cmocka_unit_test(an_interrupt_cuts_the_query_and_not_the_next_one),
		cmocka_unit_test(an_interrupt_ends_the_wait_for_a_lock),
		cmocka_unit_test(a_stop_that_came_before_the_query_ends_it_too),
	};
	return place_run_on_both(tests, ARRAY_LEN(tests));
}
