/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers are those of the reference (tests/fixtures/stats: other programs computed them). */
#include "client/base/file.h"
#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/stats/changepoint.h"
#include "client/stats/failures.h"
#include "client/stats/robust.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Runs CASE over all cases of a topic. */
static void each(const char *topic, void (*test)(const struct json *in, const struct json *out))
{
	struct buf text;
	struct err err = {0};
	char *path = x_printf("tests/fixtures/stats/%s.json", topic);
	buf_init(&text, 0);
	if (!file_read(path, 1 << 20, &text, &err))
		fail_msg("%s", err.msg);
	struct json_doc *doc = json_parse(buf_str(&text), &err);
	const struct json *cases = json_get(json_root(doc), "cases");
	assert_true(json_len(cases) > 0);
	for (size_t i = 0; i < json_len(cases); i++)
		test(json_get(json_at(cases, i), "in"), json_get(json_at(cases, i), "out"));
	json_free(doc);
	buf_fini(&text);
	x_free(path);
}

static double number(const struct json *value)
{
	double x = NAN; /* of null: not a finite number */
	(void)json_num(value, &x);
	return x;
}

static void assert_near(const char *what, double got, double want)
{
	if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 1e-12 + 1e-9 * fabs(want)))
		fail_msg("%s: %.17g, not %.17g", what, got, want);
}

#define ASSERT_NUMBER(out, key, got) assert_near(key, (double)(got), number(json_get(out, key)))

static bool is_true(const struct json *object, const char *key)
{
	bool is_so = false;
	assert_true(json_bool(json_get(object, key), &is_so));
	return is_so;
}

static double *numbers(const struct json *list)
{
	double *v = x_calloc(json_len(list) + 1, sizeof(double));
	for (size_t i = 0; i < json_len(list); i++)
		v[i] = number(json_at(list, i));
	return v;
}

static void check_failures(const struct json *in, const struct json *out)
{
	const struct json *list = json_get(in, "runs");
	size_t n = json_len(list);
	struct stats_run *runs = x_calloc(n + 1, sizeof *runs);
	for (size_t i = 0; i < n; i++) {
		const struct json *run = json_at(list, i);
		runs[i] = (struct stats_run){number(json_at(run, 0)), number(json_at(run, 1)),
			number(json_at(run, 2)) > 0, number(json_at(run, 3)) > 0};
	}
	struct stats_failures f = stats_failures(runs, n, number(json_get(in, "now")));
	ASSERT_NUMBER(out, "runs", f.runs);
	ASSERT_NUMBER(out, "failed", f.failed);
	ASSERT_NUMBER(out, "failure_rate", f.failure_rate);
	assert_near("wilson", f.wilson_low, number(json_at(json_get(out, "wilson"), 0)));
	assert_near("wilson", f.wilson_high, number(json_at(json_get(out, "wilson"), 1)));
	ASSERT_NUMBER(out, "incidents", f.incidents);
	assert_int_equal(f.has_open_incident, is_true(out, "open_incident"));
	ASSERT_NUMBER(out, "mttr", f.mttr);
	ASSERT_NUMBER(out, "ttr_median", f.ttr_median);
	ASSERT_NUMBER(out, "ttr_median_km", f.ttr_median_km);
	ASSERT_NUMBER(out, "mtbf", f.mtbf);
	ASSERT_NUMBER(out, "longest_streak", f.longest_streak);
	ASSERT_NUMBER(out, "flip_rate", f.flip_rate);
	ASSERT_NUMBER(out, "retried_failures", f.retried_failures);
	ASSERT_NUMBER(out, "healed_by_retry", f.healed_by_retry);
	ASSERT_NUMBER(out, "flakiness", f.flakiness);
	x_free(runs);
}

static void failures_are_those_of_the_reference(void **state)
{
	(void)state;
	each("failures", check_failures);
}

static void check_levels(const struct json *in, const struct json *out)
{
	const struct json *list = json_get(in, "v"), *cuts = json_get(out, "changepoints");
	size_t n = json_len(list), *at = x_calloc(n, sizeof *at);
	double *v = numbers(list), *means = x_calloc(n + 1, sizeof *means);
	struct stats_levels levels = stats_levels(v, n, at, means);
	assert_int_equal(levels.status, STATS_OK);
	ASSERT_NUMBER(out, "sigma", levels.sigma);
	ASSERT_NUMBER(out, "penalty", levels.penalty);
	ASSERT_NUMBER(out, "objective", levels.objective);
	assert_int_equal(levels.n_cuts, json_len(cuts));
	for (size_t i = 0; i < levels.n_cuts; i++)
		assert_near("changepoint", (double)at[i], number(json_at(cuts, i)));
	for (size_t i = 0; i <= levels.n_cuts; i++)
		assert_near("mean", means[i], number(json_at(json_get(out, "means"), i)));
	x_free(at);
	x_free(v);
	x_free(means);
}

static void levels_are_those_of_the_reference(void **state)
{
	(void)state;
	each("changepoint", check_levels);
}

static void check_rate_change(const struct json *in, const struct json *out)
{
	const struct json *list = json_get(in, "failed");
	size_t n = json_len(list);
	bool *failed = x_calloc(n, sizeof *failed);
	for (size_t i = 0; i < n; i++)
		failed[i] = number(json_at(list, i)) > 0;
	struct stats_rate_change change = stats_rate_change(failed, n);
	assert_int_equal(change.status, STATS_OK);
	ASSERT_NUMBER(out, "index", change.index);
	ASSERT_NUMBER(out, "llr2", change.llr2);
	ASSERT_NUMBER(out, "threshold", change.threshold);
	ASSERT_NUMBER(out, "rate_before", change.before);
	ASSERT_NUMBER(out, "rate_after", change.after);
	assert_int_equal(change.is_changed, is_true(out, "changed"));
	x_free(failed);
}

static void changes_of_a_rate_are_those_of_the_reference(void **state)
{
	(void)state;
	each("rate_change", check_rate_change);
}

static void of_nothing_nothing_is_said(void **state)
{
	(void)state;
	size_t cut;
	double mean, v[6] = {1, 1, 1, 1, 1, 1};
	bool failed[4] = {0};
	struct stats_failures none = stats_failures(NULL, 0, 0);
	assert_true(isnan(none.failure_rate) && isnan(none.mttr) && isnan(none.flip_rate));
	assert_true(isnan(stats_robust_z(v, 0, 1)));
	assert_int_equal(stats_levels(v, 5, &cut, &mean).status, STATS_TOO_FEW);
	assert_int_equal(stats_levels(v, 6, &cut, &mean).status, STATS_ZERO_NOISE);
	assert_int_equal(stats_rate_change(failed, 4).status, STATS_TOO_FEW);
}

static void a_value_is_judged_by_ranks(void **state)
{
	(void)state;
	double few[] = {1, 2, 3, 4, 100}, still[] = {50, 50, 50};
	assert_near("z", stats_robust_z(few, 5, 10), (10 - 3) / 1.4826);
	assert_near("z", stats_robust_z(still, 3, 51), 1); /* 2 % of the level are one width */
	double even[] = {4, 1, 3, 2};
	assert_near("median", stats_median(even, 4), 2.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_those_of_the_reference),
		cmocka_unit_test(levels_are_those_of_the_reference),
		cmocka_unit_test(changes_of_a_rate_are_those_of_the_reference),
		cmocka_unit_test(of_nothing_nothing_is_said),
		cmocka_unit_test(a_value_is_judged_by_ranks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
