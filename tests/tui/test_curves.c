/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plot frame: curves of runs, read from a plug-in while a person waits. */
#include "tests/tui/bench.h"

static char checkout[4096];

static void open_with(struct bench *p, const char *mode)
{
	close_app(p);
	config_free(p->config);
	char *sources = x_printf("sources:\n  - name: lab\n    kind: plugin\n"
				 "    command: [python3, %s/tests/fixtures/plugins/whole.py, \"%s\"]\n",
		checkout, mode);
	p->config = config_with(p->dir, sources);
	x_free(sources);
	open_app(p, 110, 30);
	settle(p);
}

/* Until all that comes has come: points are shown from time to time. */
static void wait_for(struct bench *p, const char *title)
{
	for (int tries = 0; tries < 200; tries++) {
		settle(p);
		const struct view_data *data = app_top(p->app)->body.data;
		if (data && strstr(data->summary, title))
			return;
		loop_step(p->loop, 100);
	}
	assert_shows(p, title);
}

static void test_m_shows_the_loss_first_and_tab_the_others(void **state)
{
	struct bench *p = *state;
	open_with(p, "plain");
	type(p, "m");
	wait_for(p, "metric 2 of 2");
	assert_shows(p, "loss · metric 2 of 2");
	app_key(p->app, K_TAB);
	assert_shows(p, "auc · metric 1 of 2");
	app_key(p->app, K_BACKTAB);
	assert_shows(p, "loss · metric 2 of 2");
	type(p, "\r"); /* the menu of metrics, at the one that is shown */
	assert_shows(p, "─ metrics ─");
	type(p, "k\r");
	assert_shows(p, "auc · metric 1 of 2");
}

static void test_the_keys_of_a_plot(void **state)
{
	struct bench *p = *state;
	open_with(p, "plain");
	type(p, "m");
	wait_for(p, "metric 2 of 2");
	char *before = screen(p);
	static const char keys[] = "XY~v";
	for (const char *key = keys; *key; key++) {
		app_key(p->app, (unsigned char)*key);
		char *after = screen(p);
		assert_string_not_equal(before, after);
		x_free(before);
		before = after;
	}
	x_free(before);
}

static void test_marked_runs_share_a_plot(void **state)
{
	struct bench *p = *state;
	open_with(p, "plain");
	type(p, ":runs\r");
	settle(p);
	type(p, "  m");
	wait_for(p, "metric");
	while (app_top(p->app)->body.data->blocks[0].plot.n_series < 2)
		loop_step(p->loop, 100);
	assert_shows(p, "r1");
	assert_shows(p, "r2");
	type(p, "-"); /* and the last view is the list, then the plot again */
	settle(p);
	assert_string_equal(app_top(p->app)->view->name, "runs");
	type(p, "-");
	wait_for(p, "metric");
	assert_int_equal(app_top(p->app)->body.data->blocks[0].kind, BLOCK_PLOT);
}

static void test_points_are_written_to_a_new_file(void **state)
{
	struct bench *p = *state;
	open_with(p, "plain");
	type(p, "m");
	wait_for(p, "metric 2 of 2");
	assert_int_equal(chdir(p->dir), 0);
	type(p, "W");
	while (!p->app->message)
		loop_step(p->loop, 100);
	assert_shows(p, "written: ");
	assert_int_equal(chdir(checkout), 0);
}

static void test_what_has_no_curves_says_why(void **state)
{
	struct bench *p = *state;
	open_with(p, "bare");
	type(p, "m");
	settle(p);
	while (!app_top(p->app)->err.code)
		loop_step(p->loop, 100);
	assert_shows(p, "series");
	assert_shows(p, "q goes back");
	type(p, "XYv~W\t\r"); /* none of these has anything to work on */
	assert_shows(p, "no metric has come yet");
}

static void test_a_damaged_curve_says_so(void **state)
{
	struct bench *p = *state;
	open_with(p, "series-error");
	type(p, "m");
	while (!app_top(p->app)->err.code)
		loop_step(p->loop, 100);
	assert_shows(p, "the curve is damaged");
}

static void test_it_can_be_left_while_it_reads(void **state)
{
	struct bench *p = *state;
	open_with(p, "plain");
	type(p, "mqm");
	close_app(p);
}

static void test_only_runs_have_curves(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":sources\r");
	settle(p);
	type(p, "m");
	assert_shows(p, "runs have curves");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_m_shows_the_loss_first_and_tab_the_others),
		BENCH_TEST(test_the_keys_of_a_plot),
		BENCH_TEST(test_marked_runs_share_a_plot),
		BENCH_TEST(test_points_are_written_to_a_new_file),
		BENCH_TEST(test_what_has_no_curves_says_why),
		BENCH_TEST(test_a_damaged_curve_says_so),
		BENCH_TEST(test_it_can_be_left_while_it_reads),
		BENCH_TEST(test_only_runs_have_curves),
	};
	setlocale(LC_ALL, "C.UTF-8");
	clock_fix(INT64_C(1795262400000));
	if (!getcwd(checkout, sizeof checkout))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
