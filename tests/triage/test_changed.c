/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed since it went well: of a step since that passed, what is unusual first, without what only
 * follows from the failure. */
#include "client/triage/changed.h"

#include "tests/catalogue/lab.h"

#include <math.h>

#define NUMBERS(n) "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " #n ") "

static const char *const rows[] = {
	"INSERT INTO source (id, name, kind, state) VALUES (1, 'lab', 'airflow', 'ok')",
	"INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'recsys')",
	/* 40 green runs; 41 is red though its step `check` passed; 42 fails in `check` */
	NUMBERS(40) "INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms, duration_ms, version)"
		    " SELECT i, 1, 1, 'r' || i, 'success', i * 1000, 60000, '7' FROM n",
	"INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms, duration_ms, version)"
	" VALUES (41, 1, 1, 'r41', 'failed', 41000, 60000, '8'), (42, 1, 1, 'r42', 'failed', 42000, 9000, '8')",
	NUMBERS(42) "INSERT INTO input SELECT i, 'events', CAST(i AS TEXT), 1000 + i % 7 FROM n",
	"UPDATE input SET rows = 3000 WHERE run_id = 42",
	NUMBERS(41) "INSERT INTO param SELECT i, 'region', 'eu' FROM n",
	NUMBERS(41) "INSERT INTO metric SELECT i, 'auc', 0.7, NULL FROM n",
	NUMBERS(42) "INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms, duration_ms)"
		    " SELECT i, 1, 'extract', 1, 'success', i * 1000, 1000 + i % 5 FROM n",
	NUMBERS(41) "INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms, duration_ms)"
		    " SELECT i, 1, 'check', 1, 'success', i * 1000, 1000 FROM n",
	NUMBERS(40) "INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms, duration_ms)"
		    " SELECT i, 1, 'train', 1, 'success', i * 1000, 1000 FROM n",
	"UPDATE step_run SET duration_ms = 9000 WHERE run_id = 42 AND step = 'extract'",
	"INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms, duration_ms)"
	" VALUES (41, 1, 'train', 1, 'failed', 41000, 500), (42, 1, 'check', 1, 'failed', 42000, 90000),"
	" (42, 1, 'train', 0, 'skipped', 42000, NULL)",
};

static int setup(void **state)
{
	*state = lab_new("", rows, ARRAY_LEN(rows));
	return 0;
}

static struct changed since_green(struct lab *p, const char *run, const char *step)
{
	struct changed changed;
	struct err err = {0};
	const struct ref ref = {.kind = step ? REF_STEP : REF_RUN,
		.source = "lab",
		.pipeline = "recsys",
		.run = run,
		.step = step};
	if (!changed_since_green(p->store, &ref, p->arena, &changed, &err))
		fail_msg("%s", err.msg);
	return changed;
}

static const struct change *change_of(const struct changed *changed, const char *kind, const char *key)
{
	for (size_t i = 0; i < changed->n; i++)
		if (!strcmp(changed->changes[i].kind, kind) && !strcmp(changed->changes[i].key, key))
			return &changed->changes[i];
	return NULL;
}

static void a_step_is_compared_with_the_run_in_which_it_passed(void **state)
{
	const struct changed of_step = since_green(*state, "r42", "check");
	assert_string_equal(of_step.refs[0].run, "r41"); /* red, but not there */
	assert_null(change_of(&of_step, "code", "version"));
	const struct changed of_run = since_green(*state, "r42", NULL);
	assert_string_equal(of_run.refs[0].run, "r40");
	assert_non_null(change_of(&of_run, "code", "version"));
}

static void what_follows_from_the_failure_is_no_reason(void **state)
{
	const struct changed changed = since_green(*state, "r42", "check");
	assert_null(change_of(&changed, "step", "check"));
	assert_null(change_of(&changed, "step", "train"));
	assert_null(change_of(&changed, "metric", "auc"));     /* it broke off before that */
	assert_null(change_of(&changed, "duration", ""));      /* the whole is short because it failed */
	assert_null(change_of(&changed, "duration", "check")); /* nor does how long it took to fail */
	assert_non_null(change_of(&changed, "duration", "extract"));
	assert_non_null(change_of(&changed, "param", "region")); /* what is not given any more may well be */
}

static void what_is_most_unusual_comes_first(void **state)
{
	const struct changed changed = since_green(*state, "r42", "check");
	assert_true(changed.n >= 4);
	for (size_t i = 1; i < changed.n; i++)
		assert_true(changed.changes[i - 1].weight >= changed.changes[i].weight);
	/* which events came differs each time; how many they are does not */
	assert_true(change_of(&changed, "input", "events rows")->weight > CHANGED_UNUSUAL);
	const struct change *version = change_of(&changed, "input", "events");
	assert_true(version->weight < 0);
	assert_true(fabs(version->unusual[1].r - 1) < 1e-9);
	assert_true(changed.changes[changed.n - 1].weight < 0);
}

static void what_nobody_reports_is_named(void **state)
{
	const struct changed changed = since_green(*state, "r42", "check");
	assert_string_equal(changed.unreported, "environment, upstream, checks");
}

static void what_never_passed_has_no_run_to_compare_with(void **state)
{
	struct lab *p = *state;
	struct changed changed;
	struct err err = {0};
	const struct ref ref = {
		.kind = REF_STEP, .source = "lab", .pipeline = "recsys", .run = "r1", .step = "check"};
	assert_false(changed_since_green(p->store, &ref, p->arena, &changed, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "check never passed before 'r1'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lab_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_step_is_compared_with_the_run_in_which_it_passed),
		TEST(what_follows_from_the_failure_is_no_reason),
		TEST(what_is_most_unusual_comes_first),
		TEST(what_nobody_reports_is_named),
		TEST(what_never_passed_has_no_run_to_compare_with),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
