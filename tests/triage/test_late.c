/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What should have run and did not: by promise and by schedule, over clock changes, and while nothing can
 * run. */
#include "client/triage/late.h"

#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/triage/cron.h"
#include "client/triage/problems.h"
#include "tests/catalogue/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)

static int64_t at(const char *time)
{
	int64_t ms;
	if (!when_parse(str_of(time), &ms))
		fail_msg("%s", time);
	return ms;
}

static void exec(struct lab *p, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	sql_run(p->store, arena_vprintf(p->arena, fmt, ap));
	va_end(ap);
}

static struct late *lates_at(struct lab *p, const char *now, size_t *n)
{
	struct late *lates;
	struct err err = {0};
	exec(p, "UPDATE source SET synced_ms = %lld", (long long)at(now));
	if (!late_find(p->store, p->config, at(now), p->arena, &lates, n, &err))
		fail_msg("%s", err.msg);
	return lates;
}

static void assert_late(struct lab *p, const char *now, const char *due)
{
	size_t n;
	struct late *lates = lates_at(p, now, &n);
	if (n != (due ? 1 : 0))
		fail_msg("%s: %zu are late", now, n);
	if (due)
		assert_int_equal(lates[0].due_ms, at(due));
}

/* A run of pipeline ID that started at TIME. */
static void put_run(struct lab *p, int id, const char *state, const char *time)
{
	exec(p, "INSERT INTO run (pipeline_id, source_id, run, state, at_ms) VALUES (%d, 1, '%s', '%s', %lld)",
		id, time, state, (long long)at(time));
	exec(p, "UPDATE pipeline SET last_run_ms = %lld, last_state = '%s' WHERE id = %d",
		(long long)at(time), state, id);
}

static void update(struct lab *p, const char *now)
{
	struct err err = {0};
	struct problem_counts counts;
	exec(p, "UPDATE source SET synced_ms = %lld WHERE state = 'ok'", (long long)at(now));
	if (!problems_update(p->store, p->config, at(now), &counts, &err))
		fail_msg("%s", err.msg);
}

static int setup(void **state)
{
	static const char *const rows[] = {
		"INSERT INTO source (id, name, kind, state) VALUES (1, 'lab', 'airflow', 'ok')",
		"INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'recsys')",
	};
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	*state = lab_new("projects: [{name: a, pipelines: [\"lab/*\"], due: {\"lab/recsys\": \"06:00\"}}]\n",
		rows, ARRAY_LEN(rows));
	return 0;
}

/* --- by promise --------------------------------------------------------------------------- */

static void a_result_is_late_from_its_due_time_until_it_is_there(void **state)
{
	put_run(*state, 1, "success", "2026-11-20T02:00:00+01:00");
	assert_late(*state, "2026-11-20T12:00:00+01:00", NULL);
	assert_late(*state, "2026-11-21T05:59:00+01:00", NULL);
	assert_late(*state, "2026-11-21T06:00:00+01:00", "2026-11-21T06:00:00+01:00");
	put_run(*state, 1, "success", "2026-11-21T06:30:00+01:00");
	assert_late(*state, "2026-11-21T06:45:00+01:00", NULL);
}

static void what_runs_still_is_late_and_what_failed_is_a_problem_already(void **state)
{
	size_t n;
	put_run(*state, 1, "running", "2026-11-21T05:50:00+01:00");
	struct late *lates = lates_at(*state, "2026-11-21T06:10:00+01:00", &n);
	assert_int_equal(n, 1);
	assert_string_equal(lates[0].title, "due 06:00, running since 2026-11-21 05:50:00 CET");
	put_run(*state, 1, "failed", "2026-11-21T05:55:00+01:00");
	assert_late(*state, "2026-11-21T06:10:00+01:00", NULL);
}

static void a_due_time_is_that_of_the_zone_on_both_sides_of_a_clock_change(void **state)
{
	put_run(*state, 1, "success", "2026-03-28T02:00:00+01:00");
	assert_late(*state, "2026-03-29T06:01:00+02:00", "2026-03-29T06:00:00+02:00");
	assert_late(*state, "2026-03-29T05:59:00+02:00", NULL);
	put_run(*state, 1, "success", "2026-10-24T02:00:00+02:00");
	assert_late(*state, "2026-10-25T05:59:00+01:00", NULL);
	assert_late(*state, "2026-10-25T06:00:00+01:00", "2026-10-25T06:00:00+01:00");
}

static void a_weekly_schedule_asks_for_no_result_on_the_other_days(void **state)
{
	exec(*state, "UPDATE pipeline SET schedule = '0 2 * * 1'");
	put_run(*state, 1, "success", "2026-11-16T02:00:00+01:00"); /* a Monday */
	assert_late(*state, "2026-11-21T08:00:00+01:00", NULL);
	assert_late(*state, "2026-11-23T08:00:00+01:00", "2026-11-23T06:00:00+01:00");
}

static void what_is_paused_or_gone_is_never_late(void **state)
{
	put_run(*state, 1, "success", "2026-11-01T02:00:00+01:00");
	exec(*state, "UPDATE pipeline SET paused = 1");
	assert_late(*state, "2026-11-21T08:00:00+01:00", NULL);
	exec(*state, "UPDATE pipeline SET paused = 0, gone = 1");
	assert_late(*state, "2026-11-21T08:00:00+01:00", NULL);
}

/* --- by schedule -------------------------------------------------------------------------- */

static void a_next_run_that_does_not_come_is_late_after_a_grace_time(void **state)
{
	struct lab *p = *state;
	exec(p, "UPDATE pipeline SET pipeline = 'hourly', next_due_ms = %lld",
		(long long)at("2026-11-21T03:00:00Z"));
	put_run(p, 1, "success", "2026-11-21T02:00:00Z");
	assert_late(p, "2026-11-21T03:14:00Z", NULL);
	assert_late(p, "2026-11-21T03:15:00Z", "2026-11-21T03:00:00Z");
	put_run(p, 1, "running", "2026-11-21T03:16:00Z");
	assert_late(p, "2026-11-21T03:20:00Z", NULL);
}

static void nothing_is_late_that_was_not_asked_for_since(void **state)
{
	struct lab *p = *state;
	struct late *lates;
	struct err err = {0};
	size_t n;
	exec(p, "UPDATE pipeline SET pipeline = 'hourly', next_due_ms = %lld",
		(long long)at("2026-11-21T03:00:00Z"));
	exec(p, "UPDATE source SET synced_ms = %lld", (long long)at("2026-11-21T03:05:00Z"));
	assert_true(late_find(p->store, p->config, at("2026-11-21T09:00:00Z"), p->arena, &lates, &n, &err));
	assert_int_equal(n, 0);
}

static void a_cron_expression_counts_where_the_tool_tells_no_next_time(void **state)
{
	struct lab *p = *state;
	exec(p, "UPDATE pipeline SET pipeline = 'nightly', schedule = '0 2 * * *'");
	put_run(p, 1, "success", "2026-11-20T02:00:03Z");
	assert_late(p, "2026-11-21T01:30:00Z", NULL); /* 02:00 in Paris, but its zone may be UTC */
	assert_late(p, "2026-11-21T02:14:00Z", NULL);
	assert_late(p, "2026-11-21T02:15:00Z", "2026-11-21T02:00:00Z");
}

static void a_pipeline_that_first_ran_after_its_due_time_was_not_there(void **state)
{
	put_run(*state, 1, "running", "2026-11-21T09:00:00+01:00");
	assert_late(*state, "2026-11-21T09:10:00+01:00", NULL);
	assert_late(*state, "2026-11-22T06:00:00+01:00", "2026-11-22T06:00:00+01:00");
}

/* --- by what is under way ----------------------------------------------------------------- */

/* Step `train` of the newest run, which is the case's own; queued at TIME, as its tool says. */
static void put_train(struct lab *p, const char *tool_state, const char *state, const char *time)
{
	exec(p,
		"INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, tool_state, at_ms, queued_ms) SELECT"
		" max(id), 1, 'train', 1, '%s', '%s', %lld, %lld FROM run",
		state, tool_state, (long long)at(time), (long long)at(time));
	exec(p, "INSERT INTO step (pipeline_id, step, position) VALUES (1, 'train', 1) ON CONFLICT DO NOTHING");
}

static void assert_says(struct lab *p, const char *now, const char *title)
{
	size_t n;
	struct late *lates = lates_at(p, now, &n);
	if (n != (title ? 1 : 0))
		fail_msg("%s: %zu are late", now, n);
	if (title)
		assert_string_equal(lates[0].title, title);
}

static void a_step_that_nothing_takes_is_stuck(void **state)
{
	size_t n;
	put_run(*state, 1, "running", "2026-11-21T01:00:00+01:00");
	put_train(*state, "queued", "queued", "2026-11-21T01:10:00+01:00");
	assert_says(*state, "2026-11-21T01:24:00+01:00", NULL);
	assert_says(*state, "2026-11-21T01:25:00+01:00",
		"train is queued since 2026-11-21 01:10:00 CET, and nothing takes it");
	struct late *lates = lates_at(*state, "2026-11-21T01:25:00+01:00", &n);
	assert_string_equal(lates[0].run, "2026-11-21T01:00:00+01:00");
	assert_string_equal(lates[0].step, "train");
	assert_true(lates[0].due_ms == TIME_NONE && lates[0].at_ms == at("2026-11-21T01:10:00+01:00"));
}

static void a_step_that_always_waits_so_long_is_not_stuck(void **state)
{
	put_run(*state, 1, "success", "2026-11-20T01:00:00+01:00");
	put_train(*state, "success", "success", "2026-11-20T01:00:00+01:00");
	exec(*state, "UPDATE step_run SET started_ms = queued_ms + 3600000");
	put_run(*state, 1, "running", "2026-11-21T01:00:00+01:00");
	put_train(*state, "queued", "queued", "2026-11-21T01:00:00+01:00");
	assert_says(*state, "2026-11-21T02:59:00+01:00", NULL);
	assert_says(*state, "2026-11-21T03:00:00+01:00",
		"train is queued since 2026-11-21 01:00:00 CET, and nothing takes it");
}

static void what_waits_for_its_retry_or_for_another_step_is_not_stuck(void **state)
{
	put_run(*state, 1, "running", "2026-11-21T01:00:00+01:00");
	put_train(*state, "up_for_retry", "queued", "2026-11-21T01:00:00+01:00");
	assert_says(*state, "2026-11-21T05:00:00+01:00", NULL);
	exec(*state, "UPDATE step_run SET state = 'running', tool_state = 'running'");
	exec(*state,
		"INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms) SELECT max(id), 1, 'publish', 1,"
		" 'queued', 1 FROM run");
	assert_says(*state, "2026-11-21T05:00:00+01:00", NULL);
}

static void a_run_that_is_queued_is_stuck_but_not_behind_another(void **state)
{
	put_run(*state, 1, "running", "2026-11-21T01:00:00+01:00");
	put_train(*state, "running", "running", "2026-11-21T01:00:00+01:00");
	put_run(*state, 1, "queued", "2026-11-21T01:05:00+01:00");
	assert_says(*state, "2026-11-21T05:00:00+01:00", NULL);
	exec(*state, "UPDATE run SET state = 'success' WHERE state = 'running'");
	assert_says(*state, "2026-11-21T05:00:00+01:00",
		"queued since 2026-11-21 01:05:00 CET, and nothing takes it");
}

/* N green runs of ten minutes each, then one that goes on since 01:00. */
static void put_slow(struct lab *p, int n)
{
	for (int i = 0; i < n; i++)
		put_run(p, 1, "success", arena_printf(p->arena, "2026-11-20T%02d:00:00+01:00", i));
	exec(p, "UPDATE run SET duration_ms = 600000");
	put_run(p, 1, "running", "2026-11-21T01:00:00+01:00");
	put_train(p, "running", "running", "2026-11-21T01:00:00+01:00");
}

static void a_run_is_slow_when_it_takes_much_longer_than_any_green_one(void **state)
{
	put_slow(*state, 5);
	assert_says(*state, "2026-11-21T01:24:00+01:00", NULL);
	assert_says(*state, "2026-11-21T01:25:00+01:00",
		"running since 2026-11-21 01:00:00 CET; its last 5 green runs took 10m 00s at most");
}

static void four_green_runs_say_nothing_of_how_long_it_takes(void **state)
{
	put_slow(*state, 4);
	assert_says(*state, "2026-11-21T05:00:00+01:00", NULL);
}

static void what_has_no_steps_or_is_paused_or_was_not_asked_for_is_not_slow(void **state)
{
	struct lab *p = *state;
	size_t n;
	struct late *lates;
	struct err err = {0};
	put_slow(p, 5);
	exec(p, "UPDATE source SET synced_ms = %lld", (long long)at("2026-11-21T01:24:00+01:00"));
	assert_true(
		late_find(p->store, p->config, at("2026-11-21T05:00:00+01:00"), p->arena, &lates, &n, &err));
	assert_int_equal(n, 0);
	exec(p, "UPDATE pipeline SET paused = 1");
	assert_says(p, "2026-11-21T05:00:00+01:00", NULL);
	exec(p, "UPDATE pipeline SET paused = 0");
	exec(p, "DELETE FROM step");
	assert_says(p, "2026-11-21T05:00:00+01:00", NULL);
}

static void what_is_due_and_stuck_is_late_once_and_says_both(void **state)
{
	size_t n;
	put_run(*state, 1, "success", "2026-11-20T01:00:00+01:00");
	put_run(*state, 1, "running", "2026-11-21T01:00:00+01:00");
	put_train(*state, "queued", "queued", "2026-11-21T01:10:00+01:00");
	struct late *lates = lates_at(*state, "2026-11-21T06:10:00+01:00", &n);
	assert_int_equal(n, 1);
	assert_string_equal(lates[0].title,
		"due 2026-11-21 06:00:00 CET; train is queued since 2026-11-21 01:10:00"
		" CET, and nothing takes it");
	assert_string_equal(lates[0].step, "train");
	assert_int_equal(lates[0].due_ms, at("2026-11-21T06:00:00+01:00"));
}

/* --- as problems -------------------------------------------------------------------------- */

static void a_late_problem_opens_says_why_and_resolves_when_the_run_comes(void **state)
{
	struct lab *p = *state;
	exec(p, "UPDATE pipeline SET schedule = '0 2 * * *'");
	put_run(p, 1, "success", "2026-11-20T02:00:00+01:00");
	update(p, "2026-11-21T06:05:00+01:00");
	assert_string_equal(
		sql_text(p->store, p->arena, "SELECT kind || ' ' || state || ' ' || count FROM team.problem"),
		"late open 1");
	assert_string_equal(sql_text(p->store, p->arena, "SELECT title FROM team.problem"),
		"due 06:00, no green run since 2026-11-20 02:00:00 CET");
	assert_string_equal(
		sql_text(p->store, p->arena, "SELECT source || '/' || pipeline FROM team.problem_pipeline"),
		"lab/recsys");
	put_run(p, 1, "success", "2026-11-21T06:30:00+01:00");
	update(p, "2026-11-21T06:35:00+01:00");
	assert_string_equal(sql_text(p->store, p->arena, "SELECT state FROM team.problem"), "resolved");
	update(p, "2026-11-22T06:05:00+01:00");
	assert_string_equal(sql_text(p->store, p->arena, "SELECT state || ' ' || known FROM team.problem"),
		"open returned");
}

static void a_slow_run_is_a_problem_of_its_pipeline_until_it_ends(void **state)
{
	struct lab *p = *state;
	put_slow(p, 5);
	update(p, "2026-11-21T01:25:00+01:00");
	assert_string_equal(
		sql_text(p->store, p->arena,
			"SELECT kind || ' ' || state || ' ' || count || ' ' || pipeline || ' ' || run FROM team.problem"),
		"late open 1 recsys 2026-11-21T01:00:00+01:00");
	assert_int_equal(
		sql_number(p->store, "SELECT due_ms FROM team.problem"), at("2026-11-21T06:00:00+01:00"));
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.occurrence"), 0);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem_pipeline"), 1);
	exec(p, "UPDATE run SET state = 'success', duration_ms = 1800000 WHERE state = 'running'");
	update(p, "2026-11-21T01:31:00+01:00");
	assert_string_equal(sql_text(p->store, p->arena, "SELECT state FROM team.problem"), "resolved");
}

static void under_a_dead_scheduler_nothing_is_stuck(void **state)
{
	struct lab *p = *state;
	put_run(p, 1, "running", "2026-11-21T01:00:00+01:00");
	put_train(p, "queued", "queued", "2026-11-21T01:10:00+01:00");
	exec(p,
		"INSERT INTO health (source_id, component, state, since_ms, message)"
		" VALUES (1, 'scheduler', 'failed', %lld, 'silent')",
		(long long)at("2026-11-21T01:05:00+01:00"));
	update(p, "2026-11-21T02:00:00+01:00");
	assert_string_equal(sql_text(p->store, p->arena, "SELECT kind || ' ' || step FROM team.problem"),
		"platform scheduler");
	assert_int_equal(
		sql_number(p->store, "SELECT due_ms FROM team.problem"), at("2026-11-21T06:00:00+01:00"));
	exec(p, "UPDATE health SET component = 'dag-processor'");
	update(p, "2026-11-21T02:01:00+01:00");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem WHERE kind = 'late'"), 1);
}

static void under_a_dead_scheduler_all_that_is_late_is_one_problem(void **state)
{
	struct lab *p = *state;
	for (int i = 2; i < 19; i++)
		exec(p, "INSERT INTO pipeline (id, source_id, pipeline, next_due_ms) VALUES (%d, 1, 'p%d', %lld)",
			i, i, (long long)at("2026-11-21T03:00:00Z"));
	put_run(p, 1, "success", "2026-11-21T03:00:00Z");
	exec(p,
		"INSERT INTO health (source_id, component, state, since_ms, message)"
		" VALUES (1, 'scheduler', 'failed', %lld, 'last heartbeat 02:51:58')",
		(long long)at("2026-11-21T02:51:58Z"));
	update(p, "2026-11-21T05:31:00Z");
	assert_string_equal(
		sql_text(p->store, p->arena, "SELECT CAST(count(*) AS TEXT) FROM team.problem"), "1");
	assert_string_equal(sql_text(p->store, p->arena, "SELECT title FROM team.problem"),
		"last heartbeat 02:51:58; 17 pipelines late");
	assert_string_equal(
		sql_text(p->store, p->arena, "SELECT CAST(count(*) AS TEXT) FROM team.problem_pipeline"),
		"17");
	exec(p, "UPDATE health SET state = 'ok'");
	update(p, "2026-11-21T05:32:00Z");
	assert_string_equal(
		sql_text(p->store, p->arena,
			"SELECT CAST(count(*) AS TEXT) FROM team.problem WHERE kind = 'late' AND state = 'open'"),
		"17");
}

static void one_answer_that_did_not_come_changes_nothing(void **state)
{
	struct lab *p = *state;
	put_run(p, 1, "success", "2026-11-20T02:00:00+01:00");
	update(p, "2026-11-21T06:05:00+01:00");
	exec(p, "UPDATE source SET state = 'stale', failures = 1");
	update(p, "2026-11-21T06:06:00+01:00");
	assert_string_equal(
		sql_text(p->store, p->arena, "SELECT kind || ' ' || state FROM team.problem"), "late open");
	exec(p, "UPDATE source SET failures = 2, error = 'no answer'");
	update(p, "2026-11-21T06:07:00+01:00");
	assert_string_equal(sql_text(p->store, p->arena,
				    "SELECT kind || ' ' || title FROM team.problem WHERE state = 'open'"),
		"platform no answer; 1 pipeline late");
}

/* --- cron --------------------------------------------------------------------------------- */

static void cron_expressions_are_read(void **state)
{
	static const struct {
		const char *cron, *last; /* at 2026-11-21T12:34Z, a Saturday; NULL: is none */
	} cases[] = {
		{"0 2 * * *", "2026-11-21T02:00:00Z"},
		{"*/15 * * * *", "2026-11-21T12:30:00Z"},
		{"34 12 * * *", "2026-11-21T12:34:00Z"},
		{"0 0 * * 1-5", "2026-11-20T00:00:00Z"},
		{"0 0 * * sun", "2026-11-15T00:00:00Z"},
		{"0 0 * * 7", "2026-11-15T00:00:00Z"},
		{"30 6 1 * *", "2026-11-01T06:30:00Z"},
		{"30 6 1 * 3", "2026-11-18T06:30:00Z"},
		{"0 9,17 * nov *", "2026-11-21T09:00:00Z"},
		{"@weekly", "2026-11-15T00:00:00Z"},
		{"@yearly", "2026-01-01T00:00:00Z"},
		{"None", NULL},
		{"", NULL},
		{"0 2 * *", NULL},
		{"0 2 * * * *", NULL},
		{"61 2 * * *", NULL},
		{"5-1 2 * * *", NULL},
		{"*/0 2 * * *", NULL},
		{"1,,2 * * * *", NULL},
		{"Never, external triggers only", NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cron cron;
		if (cron_parse(cases[i].cron, &cron) != (cases[i].last != NULL))
			fail_msg("'%s'", cases[i].cron);
		if (cases[i].last &&
			cron_last(&cron, at("2026-11-21T12:34:56Z"), 0, true) != at(cases[i].last))
			fail_msg("'%s' fires last at another time", cases[i].cron);
	}
	struct cron never;
	assert_true(cron_parse("0 0 30 2 *", &never));
	assert_true(cron_last(&never, at("2026-11-21T12:34:56Z"), 0, true) == TIME_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lab_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_result_is_late_from_its_due_time_until_it_is_there),
		TEST(what_runs_still_is_late_and_what_failed_is_a_problem_already),
		TEST(a_due_time_is_that_of_the_zone_on_both_sides_of_a_clock_change),
		TEST(a_weekly_schedule_asks_for_no_result_on_the_other_days),
		TEST(what_is_paused_or_gone_is_never_late),
		TEST(a_next_run_that_does_not_come_is_late_after_a_grace_time),
		TEST(nothing_is_late_that_was_not_asked_for_since),
		TEST(a_cron_expression_counts_where_the_tool_tells_no_next_time),
		TEST(a_pipeline_that_first_ran_after_its_due_time_was_not_there),
		TEST(a_step_that_nothing_takes_is_stuck),
		TEST(a_step_that_always_waits_so_long_is_not_stuck),
		TEST(what_waits_for_its_retry_or_for_another_step_is_not_stuck),
		TEST(a_run_that_is_queued_is_stuck_but_not_behind_another),
		TEST(a_run_is_slow_when_it_takes_much_longer_than_any_green_one),
		TEST(four_green_runs_say_nothing_of_how_long_it_takes),
		TEST(what_has_no_steps_or_is_paused_or_was_not_asked_for_is_not_slow),
		TEST(what_is_due_and_stuck_is_late_once_and_says_both),
		TEST(a_late_problem_opens_says_why_and_resolves_when_the_run_comes),
		TEST(a_slow_run_is_a_problem_of_its_pipeline_until_it_ends),
		TEST(under_a_dead_scheduler_nothing_is_stuck),
		TEST(under_a_dead_scheduler_all_that_is_late_is_one_problem),
		TEST(one_answer_that_did_not_come_changes_nothing),
		cmocka_unit_test(cron_expressions_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
