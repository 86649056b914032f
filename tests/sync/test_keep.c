/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes with time, what stays for ever, what is forgotten on demand. */
#include "client/base/file.h"
#include "client/catalogue/log_cache.h"
#include "client/sync/forget.h"
#include "client/sync/keep.h"
#include "tests/catalogue/sql.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1795262400000) /* 2026-11-21 12:00 UTC */
#define DAY INT64_C(86400000)

struct place {
	char *dir, *logs;
	struct arena *arena;
	struct store *store;
	struct config config;
};

/* A run so many days old, with one step. */
static void add_run(struct place *p, int64_t id, int pipeline, int days, const char *state)
{
	int64_t at_ms = NOW - days * DAY;
	sql_run(p->store,
		arena_printf(p->arena,
			"INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms)"
			" VALUES (%lld, %d, (SELECT source_id FROM pipeline WHERE id = %d), 'r%lld', '%s', %lld)",
			(long long)id, pipeline, pipeline, (long long)id, state, (long long)at_ms));
	sql_run(p->store, arena_printf(p->arena,
				  "INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms)"
				  " VALUES (%lld, %d, 's', 1, '%s', %lld)",
				  (long long)id, pipeline, state, (long long)at_ms));
	sql_run(p->store,
		arena_printf(p->arena, "INSERT INTO param (run_id, key, value) VALUES (%lld, 'k', 'v')",
			(long long)id));
	sql_run(p->store,
		arena_printf(p->arena,
			"UPDATE pipeline SET last_run_id = %lld WHERE id = %d AND NOT EXISTS (SELECT 1 FROM run"
			" WHERE pipeline_id = %d AND at_ms > %lld)",
			(long long)id, pipeline, pipeline, (long long)at_ms));
}

/* A problem in that state, which points to run ID of pipeline p1. */
static void add_problem(struct place *p, int64_t id, const char *state)
{
	sql_run(p->store, arena_printf(p->arena,
				  "INSERT INTO team.problem (id, kind, key, title, state, first_ms, last_ms)"
				  " VALUES (%lld, 'failed', 'k%lld', 't', '%s', 1, 1)",
				  (long long)id, (long long)id, state));
	sql_run(p->store,
		arena_printf(p->arena,
			"INSERT INTO team.occurrence (problem_id, source, pipeline, run, step, attempt, at_ms)"
			" VALUES (%lld, 'lab', 'p1', 'r%lld', 's', 1, 1)",
			(long long)id, (long long)id));
}

static int setup(void **state)
{
	struct place *p = x_new(struct place);
	struct err err = {0};
	p->dir = scratch_new();
	p->logs = x_printf("%s/logs", p->dir);
	p->arena = arena_new();
	p->store = store_open(arena_printf(p->arena, "%s/portal.db", p->dir), STORE_SYNC, &err);
	if (!p->store)
		fail_msg("%s", err.msg);
	p->config.keep.cache_bytes = CONFIG_CACHE_BYTES;
	sql_run(p->store,
		"INSERT INTO source (id, name, kind) VALUES (1, 'lab', 'local'), (2, 'other', 'local')");
	sql_run(p->store,
		"INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'p1'), (2, 1, 'p2'), (3, 2, 'p1')");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	store_close(p->store);
	arena_free(p->arena);
	scratch_free(p->dir);
	x_free(p->logs);
	x_free(p);
	return 0;
}

static struct kept keep_at(struct place *p, int64_t now_ms)
{
	struct kept kept;
	struct err err = {0};
	if (!keep_round(p->store, &p->config, p->logs, now_ms, &kept, &err))
		fail_msg("%s", err.msg);
	return kept;
}

/* Whether these are the ids of the rows of TABLE's COLUMN. */
static void assert_ids(struct place *p, const char *sql, const char *expected)
{
	struct err err = {0};
	struct result rows;
	struct buf ids;
	buf_init(&ids, 0);
	if (!store_query(p->store, sql, NULL, 0, p->arena, &rows, &err))
		fail_msg("%s: %s", sql, err.msg);
	for (size_t i = 0; i < rows.n_rows; i++)
		buf_addf(&ids, "%s%lld", i ? " " : "", (long long)result_int(&rows, i, 0, -1));
	assert_string_equal(buf_str(&ids).p, expected);
	buf_fini(&ids);
}

/* --- keep ------------------------------------------------------------------------------ */

static void old_runs_go_but_for_the_newest_the_running_and_what_a_problem_needs(void **state)
{
	struct place *p = *state;
	add_run(p, 1, 1, 90, "success");
	add_run(p, 2, 1, 80, "failed");
	add_run(p, 3, 1, 70, "failed");
	add_run(p, 4, 1, 65, "running");
	add_run(p, 5, 1, 50, "success");
	add_run(p, 6, 2, 95, "success");
	add_run(p, 7, 2, 94, "success");
	add_problem(p, 2, "open");
	add_problem(p, 3, "resolved");
	p->config.keep.runs_ms = 60 * DAY;
	struct kept kept = keep_at(p, NOW);
	assert_int_equal(kept.runs, 3);
	assert_ids(p, "SELECT id FROM run ORDER BY id", "2 4 5 7");
	assert_ids(p, "SELECT run_id FROM param ORDER BY run_id", "2 4 5 7");
	assert_ids(p, "SELECT run_id FROM step_run ORDER BY run_id", "2 4 5 7");
}

static void the_same_run_of_another_source_is_another_run(void **state)
{
	struct place *p = *state;
	add_run(p, 2, 3, 80, "failed");
	add_run(p, 3, 3, 1, "failed");
	add_problem(p, 2, "open"); /* lab/p1/r2, and this is other/p1/r2 */
	p->config.keep.runs_ms = 60 * DAY;
	keep_at(p, NOW);
	assert_ids(p, "SELECT id FROM run ORDER BY id", "3");
}

static void steps_go_before_their_runs(void **state)
{
	struct place *p = *state;
	add_run(p, 1, 1, 40, "success");
	add_run(p, 2, 1, 35, "failed");
	add_run(p, 3, 1, 10, "success");
	add_run(p, 4, 2, 50, "success");
	add_problem(p, 2, "snoozed");
	p->config.keep.runs_ms = 60 * DAY;
	p->config.keep.step_runs_ms = 30 * DAY;
	struct kept kept = keep_at(p, NOW);
	assert_int_equal(kept.runs, 0);
	assert_int_equal(kept.steps, 1);
	assert_ids(p, "SELECT id FROM run ORDER BY id", "1 2 3 4");
	assert_ids(p, "SELECT run_id FROM step_run ORDER BY run_id", "2 3 4");
}

static void many_go_in_batches(void **state)
{
	struct place *p = *state;
	sql_run(p->store, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
			  " INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms)"
			  " SELECT i, 1, 1, 'r' || i, 'success', i / 10 FROM n");
	sql_run(p->store, "UPDATE pipeline SET last_run_id = 3000 WHERE id = 1");
	p->config.keep.runs_ms = 60 * DAY;
	assert_int_equal(keep_at(p, NOW).runs, 2999);
	assert_ids(p, "SELECT id FROM run", "3000");
}

static void without_a_limit_all_stays(void **state)
{
	struct place *p = *state;
	add_run(p, 1, 1, 9000, "success");
	add_run(p, 2, 1, 1, "success");
	keep_at(p, NOW);
	assert_ids(p, "SELECT id FROM run ORDER BY id", "1 2");
}

static void once_an_hour_is_enough(void **state)
{
	struct place *p = *state;
	p->config.keep.runs_ms = 60 * DAY;
	keep_at(p, NOW);
	add_run(p, 1, 1, 90, "success");
	add_run(p, 2, 1, 1, "success");
	assert_int_equal(keep_at(p, NOW + KEEP_EVERY_MS - 1).runs, 0);
	assert_int_equal(keep_at(p, NOW + KEEP_EVERY_MS).runs, 1);
	add_run(p, 3, 1, 90, "success");
	assert_int_equal(keep_at(p, NOW - DAY).runs, 1); /* the clock was set back */
}

static void what_would_go_again_is_not_asked_for(void **state)
{
	(void)state;
	struct config_keep keep = {.runs_ms = 60 * DAY, .step_runs_ms = 30 * DAY};
	struct record step = record_new(RECORD_STEP_RUN);
	assert_true(keep_since(&keep, TIME_NONE, NOW) == NOW - 60 * DAY);
	assert_true(keep_since(&keep, NOW - DAY, NOW) == NOW - DAY);
	assert_true(keep_since(&(struct config_keep){0}, TIME_NONE, NOW) == TIME_NONE);
	assert_false(keep_refuses(&keep, &step, NOW));
	step.step_run.ended_ms = NOW - 31 * DAY;
	assert_true(keep_refuses(&keep, &step, NOW));
	assert_false(keep_refuses(&(struct config_keep){0}, &step, NOW));
}

/* --- the log cache ------------------------------------------------------------------------ */

static struct ref log_ref(const char *source, const char *run)
{
	return (struct ref){
		.kind = REF_STEP, .source = source, .pipeline = "p", .run = run, .step = "s", .attempt = 1};
}

/* A complete log of 1000 bytes that was used so many hours ago. */
static void add_log(struct place *p, const char *source, const char *run, int hours)
{
	struct err err = {0};
	char bytes[1000];
	memset(bytes, 'x', sizeof bytes);
	struct ref ref = log_ref(source, run);
	struct log_cache_writer *writer = log_cache_begin(p->logs, &ref, 0, &err);
	if (!writer || !log_cache_append(writer, (struct str){bytes, sizeof bytes}, &err) ||
		!log_cache_end(writer, true, &err))
		fail_msg("%s", err.msg);
	struct log_cache_entry entry = log_cache_find(p->arena, p->logs, &ref);
	const time_t used = NOW / 1000 - hours * 3600;
	const struct timespec times[] = {{.tv_sec = used}, {.tv_sec = used}};
	assert_int_equal(utimensat(AT_FDCWD, entry.path, times, 0), 0);
}

static bool has_log(struct place *p, const char *source, const char *run)
{
	struct ref ref = log_ref(source, run);
	struct log_cache_entry entry = log_cache_find(p->arena, p->logs, &ref);
	return entry.size == 1000;
}

static void the_log_that_was_not_used_for_the_longest_time_goes_first(void **state)
{
	struct place *p = *state;
	add_log(p, "lab", "old", 30);
	add_log(p, "other", "older", 40);
	add_log(p, "lab", "young", 10);
	add_log(p, "lab", "oldest, but read now", 50);
	assert_true(has_log(p, "lab", "oldest, but read now"));
	assert_int_equal(log_cache_trim(p->logs, 4000), 0);
	assert_int_equal(log_cache_trim(p->logs, 2500), 2000);
	assert_false(has_log(p, "other", "older"));
	assert_false(has_log(p, "lab", "old"));
	assert_true(has_log(p, "lab", "young"));
	assert_true(has_log(p, "lab", "oldest, but read now"));
}

static void a_log_that_is_being_written_stays(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	struct ref ref = log_ref("lab", "now");
	struct log_cache_writer *writer = log_cache_begin(p->logs, &ref, 0, &err);
	assert_true(log_cache_append(writer, STR("begun"), &err));
	assert_int_equal(log_cache_trim(p->logs, 0), 0);
	assert_true(log_cache_append(writer, STR(" and ended"), &err));
	assert_true(log_cache_end(writer, true, &err));
	assert_int_equal(log_cache_find(p->arena, p->logs, &ref).size, 15);
}

static void keep_trims_the_cache(void **state)
{
	struct place *p = *state;
	add_log(p, "lab", "one", 30);
	add_log(p, "lab", "two", 40);
	p->config.keep.cache_bytes = 1500;
	assert_int_equal(keep_at(p, NOW).log_bytes, 1000);
	assert_true(has_log(p, "lab", "one"));
}

/* --- forget -------------------------------------------------------------------------------- */

static void forgetting_takes_all_of_one_source_and_nothing_else(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	int64_t id;
	struct forget_counts counts = {0};
	for (int i = 1; i <= 100; i++)
		add_run(p, i, 1 + i % 2, i, "failed");
	add_run(p, 101, 3, 1, "success");
	add_problem(p, 7, "open");
	sql_run(p->store, "INSERT INTO step VALUES (1, 's', NULL, NULL, 0), (3, 's', NULL, NULL, 0)");
	sql_run(p->store,
		"INSERT INTO health (source_id, component, state) VALUES (1, 'c', 'ok'), (2, 'c', 'ok')");
	sql_run(p->store, "INSERT INTO model_version (id, source_id, model, version, at_ms)"
			  " VALUES (1, 1, 'm', '1', 1), (2, 2, 'm', '1', 1)");
	sql_run(p->store, "INSERT INTO model_alias VALUES (1, 'champion')");
	sql_run(p->store, "INSERT INTO run_link VALUES (1, 101, '', 'tag'), (101, 2, '', 'tag')");
	sql_run(p->store, "INSERT INTO input (run_id, name) VALUES (1, 'events')");
	add_log(p, "lab", "r1", 1);
	add_log(p, "other", "r1", 1);
	assert_true(forget_count(p->store, "lab", &id, &counts, &err));
	assert_int_equal(counts.runs, 100);
	assert_int_equal(counts.steps, 100);
	assert_int_equal(counts.pipelines, 2);
	assert_int_equal(counts.models, 1);
	if (!forget_source(p->store, "lab", id, p->logs, &err))
		fail_msg("%s", err.msg);
	assert_ids(p, "SELECT id FROM source", "2");
	assert_ids(p, "SELECT id FROM pipeline", "3");
	assert_ids(p, "SELECT id FROM run", "101");
	assert_ids(p, "SELECT run_id FROM step_run", "101");
	assert_ids(p, "SELECT run_id FROM param", "101");
	assert_ids(p, "SELECT pipeline_id FROM step", "3");
	assert_ids(p, "SELECT source_id FROM health", "2");
	assert_ids(p, "SELECT id FROM model_version", "2");
	assert_int_equal(sql_number(p->store,
				 "SELECT (SELECT count(*) FROM model_alias) + (SELECT count(*) FROM run_link)"
				 " + (SELECT count(*) FROM input)"),
		0);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem"), 1);
	assert_false(has_log(p, "lab", "r1"));
	assert_true(has_log(p, "other", "r1"));
}

static void a_source_that_nobody_knows_is_not_found(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	int64_t id;
	struct forget_counts counts;
	assert_false(forget_count(p->store, "nobody", &id, &counts, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(old_runs_go_but_for_the_newest_the_running_and_what_a_problem_needs),
		TEST(the_same_run_of_another_source_is_another_run),
		TEST(steps_go_before_their_runs),
		TEST(many_go_in_batches),
		TEST(without_a_limit_all_stays),
		TEST(once_an_hour_is_enough),
		cmocka_unit_test(what_would_go_again_is_not_asked_for),
		TEST(the_log_that_was_not_used_for_the_longest_time_goes_first),
		TEST(a_log_that_is_being_written_stays),
		TEST(keep_trims_the_cache),
		TEST(forgetting_takes_all_of_one_source_and_nothing_else),
		TEST(a_source_that_nobody_knows_is_not_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
