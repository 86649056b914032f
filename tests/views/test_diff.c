/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing: what differs is found under its kind, what is unusual is measured, what nobody reports is named.
 */
#include "client/base/clock.h"
#include "tests/catalogue/lab.h"
#include "views/diff.h"
#include "views/json.h"
#include "views/list.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NUMBERS(n) "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " #n ") "

static const char *const rows[] = {
	"INSERT INTO source (id, name, kind, state) VALUES (1, 'lab', 'airflow', 'ok')",
	"INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'recsys'), (2, 1, 'upstream')",
	/* 40 green runs, then a red one */
	NUMBERS(40) "INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms, duration_ms, version)"
		    " SELECT i, 1, 1, 'r' || i, 'success', i * 1000, 60000 + i % 3 * 1000, '7' FROM n",
	"INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms, duration_ms, version)"
	" VALUES (41, 1, 1, 'red', 'failed', 50000, 600000, '8'), (42, 2, 1, 'u1', 'success', 1, 1, NULL),"
	" (43, 2, 1, 'u2', 'failed', 1, 1, NULL)",
	NUMBERS(40) "INSERT INTO metric SELECT i, 'auc', 0.7 + i % 5 / 100.0, NULL FROM n",
	NUMBERS(40) "INSERT INTO metric SELECT i, 'same', 1, NULL FROM n",
	"INSERT INTO metric VALUES (41, 'auc', 0.5, NULL), (41, 'same', 1, NULL), (41, 'loss', NULL, 'NaN')",
	NUMBERS(40) "INSERT INTO param SELECT i, 'scale', '1' FROM n",
	"INSERT INTO param VALUES (41, 'scale', '10'), (41, 'region', 'eu'), (40, 'gone', 'x'), (41, 'nothing', NULL),"
	" (40, 'nothing', '')",
	NUMBERS(40) "INSERT INTO input SELECT i, 'events', '41', 1000 + i FROM n",
	"INSERT INTO input VALUES (41, 'events', '42', 3000)",
	NUMBERS(40) "INSERT INTO team.data_check (source, pipeline, run, step, name, state, observed, at_ms)"
		    " SELECT 'lab', 'recsys', 'r' || i, 'check', 'null_rate', 'pass', 0.004, i FROM n",
	"INSERT INTO team.data_check (source, pipeline, run, step, name, state, observed, at_ms)"
	" VALUES ('lab', 'recsys', 'red', 'check', 'null_rate', 'fail', 0.31, 1)",
	"INSERT INTO run_link VALUES (40, 42, '', 'tag'), (41, 43, '', 'tag')",
	NUMBERS(40) "INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms, duration_ms)"
		    " SELECT i, 1, 'extract', 1, 'success', i * 1000, 1000 + i FROM n",
	"INSERT INTO step_run (run_id, pipeline_id, step, idx, attempt, state, tool_state, operator, at_ms, duration_ms,"
	" is_newest) VALUES (41, 1, 'extract', '', 1, 'failed', NULL, 'bash', 50000, 1000, 0),"
	" (41, 1, 'extract', '', 2, 'failed', NULL, 'python', 50001, 1010, 1)",
	"INSERT INTO team.evidence (source, pipeline, run, step, idx, attempt, cause, found_ms)"
	" VALUES ('lab', 'recsys', 'red', 'extract', '', 1, 'KeyError: a', 1),"
	" ('lab', 'recsys', 'red', 'extract', '', 2, 'KeyError: b', 1)",
};

static int setup(void **state)
{
	*state = lab_new("", rows, ARRAY_LEN(rows));
	return 0;
}

static const struct ref red = {.kind = REF_RUN, .source = "lab", .pipeline = "recsys", .run = "red"};

static struct ref run_of(const char *run)
{
	struct ref ref = red;
	ref.run = run;
	return ref;
}

static struct diff compare(struct lab *p, const struct ref *refs, size_t n)
{
	struct diff diff;
	struct err err = {0};
	if (!diff_load(p->store, refs, n, p->arena, &diff, &err))
		fail_msg("%s", err.msg);
	return diff;
}

static const struct value *cell(
	const struct diff *diff, const char *kind, const char *key, const char *column)
{
	for (size_t row = 0; row < diff->table.result.n_rows; row++) {
		const char *k = table_text(&diff->table, row, "key");
		if (!strcmp(table_text(&diff->table, row, "kind"), kind) && !strcmp(k ? k : "", key))
			return result_at(
				&diff->table.result, row, (size_t)result_column(&diff->table.result, column));
	}
	return NULL;
}

static void assert_change(
	const struct diff *diff, const char *kind, const char *key, const char *was, const char *now)
{
	const struct value *before = cell(diff, kind, key, "was"), *after = cell(diff, kind, key, "now");
	if (!before)
		fail_msg("%s %s does not differ", kind, key);
	assert_string_equal(before->s.p, was);
	assert_string_equal(after->s.p, now);
}

static void a_red_run_is_compared_with_the_last_green_one(void **state)
{
	const struct diff diff = compare(*state, &red, 1);
	assert_string_equal(diff.title, "recsys ▸ r40 → red");
	assert_change(&diff, "code", "version", "7", "8");
	assert_change(&diff, "param", "scale", "1", "10");
	assert_change(&diff, "param", "region", "–", "eu");
	assert_change(&diff, "param", "gone", "x", "–");
	assert_change(&diff, "param", "nothing", "", "–");
	assert_change(&diff, "input", "events", "41", "42");
	assert_change(&diff, "input", "events rows", "1 040", "3 000");
	assert_change(&diff, "upstream", "lab/upstream", "success", "failed");
	assert_change(&diff, "check", "check/null_rate", "0.004", "0.31");
	assert_change(&diff, "check", "check/null_rate state", "pass", "fail");
	assert_change(&diff, "step", "extract", "success", "failed");
	assert_change(&diff, "metric", "auc", "0.7", "0.5");
	assert_change(&diff, "metric", "loss", "–", "NaN");
	assert_change(&diff, "duration", "", "1m 01s", "10m 00s");
	assert_null(cell(&diff, "metric", "same", "was"));
	assert_string_equal(diff.unreported, "not reported by lab: environment");
	assert_non_null(strstr(diff.summary, "4 of 4 params"));
	assert_non_null(strstr(diff.summary, "2 of 3 metrics"));
}

static void what_is_unusual_is_measured_by_the_runs_before(void **state)
{
	const struct diff diff = compare(*state, &red, 1);
	/* auc was 0.70 to 0.74, and 0.01 from the middle as often as not: 0.22 below it */
	assert_true(fabs(cell(&diff, "metric", "auc", "unusual")->r - 0.22 / (1.4826 * 0.01)) < 1e-6);
	/* always 0.004: in parts of 2 % of that */
	assert_true(fabs(cell(&diff, "check", "check/null_rate", "unusual")->r - 0.306 / 0.00008) < 1e-6);
	assert_string_equal(cell(&diff, "duration", "", "judged")->s.p, "unusual: 364 sd off");
	assert_string_equal(cell(&diff, "duration", "extract", "judged")->s.p, "usual");
	assert_int_equal(cell(&diff, "metric", "loss", "unusual")->type, VALUE_NULL);
	struct ref usual[] = {run_of("r39"), run_of("r40")};
	const struct diff same = compare(*state, usual, 2);
	assert_true(cell(&same, "metric", "auc", "unusual")->r < CHANGED_UNUSUAL);
	/* of few runs before nothing is known */
	struct ref early[] = {run_of("r4"), run_of("r5")};
	const struct diff few = compare(*state, early, 2);
	assert_int_equal(cell(&few, "metric", "auc", "unusual")->type, VALUE_NULL);
}

static void a_text_is_the_more_unusual_the_longer_it_stood(void **state)
{
	const struct diff diff = compare(*state, &red, 1);
	assert_true(cell(&diff, "param", "scale", "unusual")->r == CHANGED_HISTORY);
	assert_string_equal(cell(&diff, "param", "scale", "judged")->s.p, "the same for 30 runs");
	assert_true(cell(&diff, "param", "region", "unusual")->r == CHANGED_HISTORY); /* no run had it */
	assert_string_equal(cell(&diff, "code", "version", "judged")->s.p, "the same for 30 runs");
	struct lab *p = *state;
	sql_run(p->store, "UPDATE input SET version = CAST(run_id AS TEXT)");
	const struct diff often = compare(p, &red, 1);
	assert_true(cell(&often, "input", "events", "unusual")->r == 1);
	assert_string_equal(cell(&often, "input", "events", "judged")->s.p, "changes often");
}

static void the_rows_are_those_of_the_contract(void **state)
{
	const struct diff diff = compare(*state, &red, 1);
	struct buf out;
	buf_init(&out, 0);
	json_add_rows(&out, &diff.table);
	assert_non_null(strstr(
		out.p, "{\"kind\":\"check\",\"key\":\"check/null_rate\",\"before\":0.004,\"after\":0.31,"));
	assert_non_null(strstr(out.p,
		"\"kind\":\"param\",\"key\":\"region\",\"before\":null,\"after\":\"eu\",\"unusual\":30.0"));
	buf_fini(&out);
}

static void several_runs_stand_beside_each_other(void **state)
{
	const struct ref refs[] = {run_of("r39"), run_of("r40"), red};
	const struct diff diff = compare(*state, refs, 3);
	assert_int_equal(diff.beside.n_columns, 5);
	bool is_found = false;
	for (size_t row = 0; row < diff.beside.result.n_rows; row++)
		if (!strcmp(table_text(&diff.beside, row, "key"), "scale")) {
			is_found = true;
			assert_string_equal(table_text(&diff.beside, row, "r39"), "1");
			assert_string_equal(table_text(&diff.beside, row, "r40"), "1");
			assert_string_equal(table_text(&diff.beside, row, "red"), "10");
		}
	assert_true(is_found);
	assert_string_equal(cell(&diff, "code", "version", "ref")->s.p, "lab/recsys/red");
}

static void two_attempts_of_a_step_stand_side_by_side(void **state)
{
	struct ref step = red;
	step.kind = REF_STEP;
	step.step = "extract";
	const struct diff diff = compare(*state, &step, 1);
	assert_string_equal(diff.title, "recsys ▸ extract ▸ red try 1 → red try 2");
	assert_change(&diff, "step", "cause", "KeyError: a", "KeyError: b");
	assert_change(&diff, "environment", "operator", "bash", "python");
	assert_change(&diff, "duration", "", "1.0s", "1.0s");
	assert_null(cell(&diff, "step", "state", "was"));
}

static void what_cannot_be_compared_is_said(void **state)
{
	static const struct ref pipeline = {.kind = REF_PIPELINE, .source = "lab", .pipeline = "recsys"};
	struct lab *p = *state;
	const struct ref first = run_of("r1"), nowhere = run_of("nowhere");
	const struct {
		const struct ref *ref;
		enum err_code code;
		const char *says;
	} cases[] = {{&first, ERR_NOT_FOUND, "no green run before 'r1'"},
		{&nowhere, ERR_NOT_FOUND, "no run 'nowhere'"},
		{&pipeline, ERR_USAGE, "only runs are compared"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct diff diff;
		struct err err = {0};
		assert_false(diff_load(p->store, cases[i].ref, 1, p->arena, &diff, &err));
		assert_int_equal(err.code, cases[i].code);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("%s", err.msg);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lab_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_red_run_is_compared_with_the_last_green_one),
		TEST(what_is_unusual_is_measured_by_the_runs_before),
		TEST(a_text_is_the_more_unusual_the_longer_it_stood),
		TEST(the_rows_are_those_of_the_contract),
		TEST(several_runs_stand_beside_each_other),
		TEST(two_attempts_of_a_step_stand_side_by_side),
		TEST(what_cannot_be_compared_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
