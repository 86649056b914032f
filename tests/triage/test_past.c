/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a rerun helped, what did, what was alike, and how often the step fails. */
#include "client/triage/past.h"

#include "client/base/clock.h"
#include "tests/catalogue/lab.h"

#include <math.h>

#define HOUR INT64_C(3600000)
#define NOW  (1000 * HOUR)

static const char *const rows[] = {
	"INSERT INTO source (id, name, kind, state) VALUES (1, 'lab', 'airflow', 'ok')",
	"INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'recsys'), (2, 1, 'other')",
};

static int setup(void **state)
{
	*state = lab_new("", rows, ARRAY_LEN(rows));
	return 0;
}

#define SQL(p, ...) sql_run((p)->store, arena_printf((p)->arena, __VA_ARGS__))

static void put_run(struct lab *p, int run, const char *state)
{
	SQL(p, "INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms) VALUES (%d, 1, 1, 'r%d', '%s', %lld)",
		run, run, state, (long long)(run * HOUR));
}

/* Tries of step `check` in run RUN, one after the other: "ffs" failed, failed, passed. */
static void put_tries(struct lab *p, int run, const char *tries)
{
	size_t n = strlen(tries);
	put_run(p, run, tries[n - 1] == 's' ? "success" : "failed");
	for (size_t i = 0; i < n; i++)
		SQL(p,
			"INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms, ended_ms, duration_ms,"
			" is_newest) VALUES (%d, 1, 'check', %zu, '%s', %lld, %lld, 60000, %d)",
			run, i + 1, tries[i] == 's' ? "success" : "failed",
			(long long)(run * HOUR + (int64_t)i * 60000),
			(long long)(run * HOUR + (int64_t)i * 60000 + 30000), i + 1 == n);
}

static void put_evidence(struct lab *p, int run, int attempt, const char *fingerprint)
{
	SQL(p,
		"INSERT INTO team.evidence (source, pipeline, run, step, attempt, fingerprint, cause, found_ms)"
		" VALUES ('lab', 'recsys', 'r%d', 'check', %d, '%s', 'x', 1)",
		run, attempt, fingerprint);
}

static void put_problem(struct lab *p, int id, const char *fingerprint, const char *title)
{
	SQL(p,
		"INSERT INTO team.problem (id, kind, key, title, fingerprint, first_ms, last_ms)"
		" VALUES (%d, 'failed', 'failed:%s', '%s', '%s', %d, %d)",
		id, fingerprint, title, fingerprint, id, id);
}

static void put_event(
	struct lab *p, int problem, int64_t at_ms, const char *who, const char *verb, const char *text)
{
	SQL(p,
		"INSERT INTO team.problem_event (problem_id, at_ms, who, verb, text)"
		" VALUES (%d, %lld, '%s', '%s', '%s')",
		problem, (long long)at_ms, who, verb, text);
}

static void put_action(struct lab *p, int64_t at_ms, const char *verb, const char *ref, const char *args)
{
	SQL(p,
		"INSERT INTO team.audit (at_ms, who, verb, object_ref, args, result) VALUES (%lld, 'ana', '%s', '%s',"
		" '%s', NULL), (%lld, 'ana', '%s', '%s', '%s', 'done')",
		(long long)at_ms - 1, verb, ref, args, (long long)at_ms, verb, ref, args);
}

static struct past load(struct lab *p, const char *fingerprint)
{
	struct past past;
	struct err err = {0};
	const struct ref place = {
		.kind = REF_STEP, .source = "lab", .pipeline = "recsys", .run = "r9", .step = "check"};
	const struct past_of of = {1, fingerprint, "KeyError: column player_region is missing", &place};
	if (!past_load(p->store, &of, NOW, p->arena, &past, &err))
		fail_msg("%s", err.msg);
	return past;
}

static void reruns_after_the_same_cause_are_counted(void **state)
{
	struct lab *p = *state;
	put_problem(p, 1, "1-a", "x");
	put_tries(p, 1, "fs");
	put_evidence(p, 1, 1, "1-a");
	put_tries(p, 2, "ff"); /* nobody read the first log: it failed as the second did */
	put_evidence(p, 2, 2, "1-a");
	put_tries(p, 3, "ff"); /* the first failed for another reason, the second was never tried again */
	put_evidence(p, 3, 1, "1-b");
	put_evidence(p, 3, 2, "1-a");
	put_tries(p, 4, "fs"); /* another cause */
	put_evidence(p, 4, 1, "1-b");
	const struct past past = load(p, "1-a");
	assert_int_equal(past.rerun_tried, 2);
	assert_int_equal(past.rerun_passed, 1);
}

static void without_a_cause_all_tries_of_the_step_count(void **state)
{
	struct lab *p = *state;
	put_problem(p, 1, "1-a", "x");
	put_tries(p, 1, "fs");
	put_tries(p, 2, "ffs");
	const struct past past = load(p, NULL);
	assert_int_equal(past.rerun_tried, 3);
	assert_int_equal(past.rerun_passed, 2);
}

static void the_next_run_with_the_same_input_is_a_rerun(void **state)
{
	struct lab *p = *state;
	put_problem(p, 1, "1-a", "x");
	put_run(p, 1, "failed");
	put_run(p, 2, "failed");  /* the same input again */
	put_run(p, 3, "success"); /* another one */
	SQL(p, "INSERT INTO input VALUES (1, 'events', '41', 10), (2, 'events', '41', 10), (3, 'events', '42', 10)");
	SQL(p, "INSERT INTO team.occurrence (problem_id, source, pipeline, run, step, at_ms)"
	       " VALUES (1, 'lab', 'recsys', 'r1', 'a', 1), (1, 'lab', 'recsys', 'r1', 'b', 1),"
	       " (1, 'lab', 'recsys', 'r2', 'a', 2)");
	const struct past past = load(p, "1-a");
	assert_int_equal(past.input_tried, 1);
	assert_int_equal(past.input_passed, 0);
	assert_int_equal(past.rerun_tried, 1);
}

static void what_ended_it_before_is_told(void **state)
{
	struct lab *p = *state;
	put_problem(p, 1, "1-a", "x");
	put_event(p, 1, 10 * HOUR, "sync", "opened", "");
	put_action(p, 11 * HOUR, "rerun", "lab/recsys/r1", "{}");
	put_action(p, 12 * HOUR, "trigger", "lab/recsys", "{\"nonce\":\"1\",\"conf\":{\"memory\":\"12g\"}}");
	put_action(p, 12 * HOUR + 1, "rerun", "lab/recsys_eu/r1", "{}"); /* another pipeline */
	put_event(p, 1, 12 * HOUR + 2, "mlee", "note", "reloaded the partition");
	put_event(p, 1, 13 * HOUR, "sync", "resolved", "");
	put_event(p, 1, 20 * HOUR, "sync", "returned", "");
	put_action(p, 21 * HOUR, "trigger", "lab/recsys",
		"{\"nonce\":\"2\",\"conf\":{\"memory\":\"12g\"},\"note\":\"the usual\"}");
	put_event(p, 1, 22 * HOUR, "sync", "resolved", "");
	put_event(p, 1, 30 * HOUR, "sync", "returned", "");
	const struct past past = load(p, "1-a");
	assert_int_equal(past.n_episodes, 2);
	assert_int_equal(past.n_helped, 2); /* the rerun did not end it */
	assert_string_equal(past.helped[0].verb, "trigger");
	assert_string_equal(past_args(&past.helped[0], p->arena), "memory=12g");
	assert_string_equal(past.helped[0].who, "ana");
	assert_int_equal(past.helped[0].at_ms, 21 * HOUR);
	assert_int_equal(past.helped[0].took_ms, HOUR);
	assert_int_equal(past.helped[0].tried, 2);
	assert_int_equal(past.helped[0].passed, 2);
	assert_null(past.helped[1].verb);
	assert_string_equal(past.helped[1].text, "reloaded the partition");
	assert_string_equal(past.helped[1].who, "mlee");
}

static void problems_with_the_same_words_are_similar(void **state)
{
	struct lab *p = *state;
	put_problem(p, 1, "1-a", "KeyError: column player_region is missing");
	put_problem(p, 2, "1-b", "KeyError: column game_region is missing");
	put_problem(p, 3, "1-c", "ConnectionError: the store does not answer");
	put_problem(p, 4, "1-d", "KeyError 17: column clan_region is missing in part 3");
	const struct past past = load(p, "1-a");
	assert_int_equal(past.n_similar, 2);
	assert_int_equal(past.similar[0].problem, 4); /* the newest first */
	assert_int_equal(past.similar[1].problem, 2);
	assert_false(past.similar[0].is_same_cause);
}

static void how_often_the_step_fails_is_known(void **state)
{
	struct lab *p = *state;
	put_problem(p, 1, "1-a", "x");
	for (int run = 1; run <= 40; run++)
		put_tries(p, run, run <= 20 || run % 2 ? "s" : "fs");
	const struct past past = load(p, "1-a");
	assert_int_equal(past.failures.runs, 50);
	assert_int_equal(past.failures.failed, 10);
	assert_true(fabs(past.failures.failure_rate - 0.2) < 1e-9);
	assert_int_equal(past.failures.healed_by_retry, 10);
	assert_false(past.has_rate_change); /* by how runs ended at last */
}

static void since_when_it_fails_more_often_is_known(void **state)
{
	struct lab *p = *state;
	put_problem(p, 1, "1-a", "x");
	for (int run = 1; run <= 40; run++)
		put_tries(p, run, run <= 25 ? "s" : "f");
	const struct past past = load(p, "1-a");
	assert_true(past.has_rate_change);
	assert_string_equal(past.changed_run, "r26");
	assert_true(past.rate_before == 0 && past.rate_after == 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lab_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reruns_after_the_same_cause_are_counted),
		TEST(without_a_cause_all_tries_of_the_step_count),
		TEST(the_next_run_with_the_same_input_is_a_rerun),
		TEST(what_ended_it_before_is_told),
		TEST(problems_with_the_same_words_are_similar),
		TEST(how_often_the_step_fails_is_known),
		TEST(since_when_it_fails_more_often_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
