/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves as pictures: from points, as a source sends them, to cells. */
#include "client/base/file.h"
#include "client/base/mem.h"
#include "tui/widgets/curve.h"
#include "tui/widgets/plot.h"
#include "views/plot.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct format unicode = {.now_ms = 1795220400000},
			   ascii = {.now_ms = 1795220400000, .is_ascii = true};

/* --- a plot to look at ----------------------------------------------------------- */

struct fake {
	struct plot_points *points;
	struct view_data *data;
	struct widget *widget;
};

static struct fake fake_new(void)
{
	return (struct fake){plot_points_new(), NULL, plot_widget.new()};
}

static void add(struct fake *fake, size_t run, int64_t step, double value)
{
	struct source_point point = {"loss", step, 1795220400000 + step * 1000, value};
	plot_points_add(fake->points, run, &point);
}

static void show(struct fake *fake, const char *metric)
{
	struct view_data *before = fake->data;
	fake->data = plot_view(fake->points, metric);
	plot_widget.set(fake->widget, &fake->data->blocks[0]);
	view_data_free(before);
}

static void fake_free(struct fake *fake)
{
	plot_widget.free(fake->widget);
	view_data_free(fake->data);
	plot_points_free(fake->points);
}

/* Three runs: one goes down, one up, one ends in NaN. */
static struct fake three_runs(void)
{
	struct fake fake = fake_new();
	for (int run = 0; run < 3; run++)
		plot_points_add_run(fake.points, (const char *[]){"5f2c", "77ab", "a90e"}[run], "run x/y/z");
	for (int step = 0; step <= 1000; step += 50) {
		add(&fake, 0, step, exp(-step / 250.0));
		add(&fake, 1, step, 0.2 + 0.5 * exp(-step / 800.0));
		if (step <= 700)
			add(&fake, 2, step, step < 700 ? 0.4 + step / 1500.0 : (double)NAN);
	}
	show(&fake, "loss");
	return fake;
}

static void draw(struct fake *fake, int width, int height, const struct format *format, bool with_styles,
	struct buf *out)
{
	struct grid grid;
	grid_init(&grid, width, height);
	grid.is_ascii = format->is_ascii;
	plot_widget.draw(fake->widget, &grid, (struct rect){0, 0, width, height}, format, true);
	grid_print(&grid, with_styles, out);
	grid_fini(&grid);
}

static void assert_screen(struct fake *fake, int width, int height, const struct format *format,
	bool with_styles, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	draw(fake, width, height, format, with_styles, &out);
	assert_string_equal(out.p, expected);
	buf_fini(&out);
}

static void assert_has(struct fake *fake, int width, int height, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	draw(fake, width, height, &unicode, false, &out);
	if (!strstr(out.p, expected))
		fail_msg("'%s' is not in\n%s", expected, out.p);
	buf_fini(&out);
}

/* --- pictures ---------------------------------------------------------------------- */

static void curves_of_several_runs_are_told_apart(void **state)
{
	(void)state;
	struct fake fake = three_runs();
	assert_screen(&fake, 60, 14, &unicode, true,
		" loss   X step   Y linear\n"
		"      1 ⠑⢄\n"
		"          ⠑⢄⡀                    ⡀⡀⡀⠄⠄⠄⠄⠄⠂\n"
		"        ⠉⠁⠒⠂⠬⠦⢄⡀⣀⡀⣀⡀   ⡀⡀⠄⠄⠄⠂⠂⠁⠁⠁\n"
		"            ⡀⡀⡀⠌⠖⠦⣂⡂⠉⠁⠑⠂⠒⠂⠒⠂⠤⠄⠤⠄⢄⡀⣀⡀⣀⡀\n"
		"        ⠂⠂⠁⠁       ⠈⠑⠒⠤⣀⡀             ⠉⠁⠉⠁⠉⠁⠉⠁⠒⠂⠒⠂⠒⠂⠒⠂⠤⠄⠤⠄⠤⠄\n"
		"                        ⠈⠑⠒⠢⠤⠤⣀⣀⡀\n"
		" 0.0183                         ⠈⠉⠉⠉⠉⠉⠒⠒⠒⠒⠒⠤⠤⠤⠤⠤⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀⣀⣀\n"
		"        0 ───────────────────── 500 ────────────────── 1 000\n"
		"    RUN                      LAST    LOWEST @STEP\n"
		" ━━ 5f2c                   0.0183   0.0183 @1 000\n"
		" ╍╍ 77ab                    0.343    0.343 @1 000\n"
		" ┅┅ a90e                    0.833          0.4 @0\n"
		"    diverged at 700\n"
		" dddddddddddddddddddddddd\n"
		"      d 11\n"
		"          111                    333333333\n"
		"        222211112222   3333333333\n"
		"            33311111222222222222222222\n"
		"        3333       111111             2222222222222222222222\n"
		"                        111111111\n"
		" dddddd                         1111111111111111111111111111\n"
		"        dduuuuuuuuuuuuuuuuuuuuuddddduuuuuuuuuuuuuuuuuudddddd\n"
		"    ddd                      dddd    dddddddddddd\n"
		" 11\n"
		" 22\n"
		" 33\n"
		"    fffffffffffffff\n");
	fake_free(&fake);
}

static void in_ascii_each_run_has_its_mark(void **state)
{
	(void)state;
	struct fake fake = three_runs();
	assert_screen(&fake, 60, 14, &ascii, false,
		" loss   X step   Y linear\n"
		"      1 **\n"
		"          **                       ooooooo\n"
		"        ++++***++     ooooooooooooo\n"
		"          ooooo*****++++++++++++++++++++\n"
		"        oo          *****               ++++++++++++++++++++\n"
		"                         *************\n"
		" 0.0183                               **********************\n"
		"        0 --------------------- 500 ------------------ 1 000\n"
		"    RUN                      LAST    LOWEST @STEP\n"
		" ** 5f2c                   0.0183   0.0183 @1 000\n"
		" ++ 77ab                    0.343    0.343 @1 000\n"
		" oo a90e                    0.833          0.4 @0\n"
		"    diverged at 700\n");
	fake_free(&fake);
}

static void a_wide_screen_has_the_legend_beside(void **state)
{
	(void)state;
	struct fake fake = three_runs();
	assert_screen(&fake, 110, 10, &unicode, false,
		" loss   X step   Y linear\n"
		"      1 ⠱⡀                                             RUN                      LAST    LOWEST @STEP\n"
		"         ⠘⢄                   ⡀⡀⠄⠄⠂⠂                ━━ 5f2c                   0.0183   0.0183 @1 000\n"
		"        ⠒⠄⠤⡑⣄           ⡀⠄⠂⠂⠁⠁                      ╍╍ 77ab                    0.343    0.343 @1 000\n"
		"             ⠑⢍⡁⡒⡂⠤⠄⠦⠆⣁⡁                            ┅┅ a90e                    0.833          0.4 @0\n"
		"        ⡀⠄⠄⠂⠂⠁⠁⠉⠑⢄⡀     ⠉⠁⠉⠁⠒⠂⠒⠂⠤⠄⠤⠄⣀⡀⣀⡀⣀⡀⡀            diverged at 700\n"
		"                  ⠈⠒⠤⣀                    ⠈⠁⠉⠁⠉⠁⠑⠂\n"
		"                      ⠉⠑⠒⠢⠤⠤⣀⣀\n"
		" 0.0183                       ⠉⠉⠒⠒⠒⠒⠤⠤⠤⠤⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀\n"
		"        0 ──────────────── 500 ───────────── 1 000\n");
	fake_free(&fake);
}

static void the_cursor_reads_values_on_smoothed_curves_and_a_log_axis(void **state)
{
	(void)state;
	struct fake fake = three_runs();
	assert_true(plot_widget.move(fake.widget, MOVE_LEFT, 12));
	assert_true(plot_widget.move(fake.widget, MOVE_PAGE_UP, 12));
	plot_toggle_log(fake.widget);
	plot_next_smoothing(fake.widget);
	assert_screen(&fake, 80, 14, &unicode, false,
		" loss   X step   Y log   ~ 0.6 (exponential, debiased)   cursor 900\n"
		"      1 ⣉⡉⣒⡒⣒⡢⣤⡤⣤⣀⣀⣀⡀                  ⡀⡀⡀⡀⡀⡀⡀⠄⠄⠄⠄⠄⠄⠄⠄⠄                 │\n"
		"        ⡀⡀⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠌⠋⠋⠋⠛⠓⠛⠧⠭⣁⣉⡁⠉⠁⠉⠃⠓⠃⠓⠂⠒⠂⠒⠂⠒⠂⠤⠄⠤⠄⠤⠄⠤⠄⠤⠄⠤⠄⠤⠄⣀⡀⣀⡀⣀⡀⣀⡀⣀⡀⣀⡀⣀⡀⣀⡀⣀⡀\n"
		"                               ⠈⠉⠉⠉⠒⠒⠢⠤⢄⣀⣀                              │     ⠉⠁\n"
		"                                          ⠉⠉⠉⠒⠒⠤⠤⢄⣀⣀                    │\n"
		"                                                    ⠉⠉⠒⠒⠢⠤⠤⣀⣀           │\n"
		"                                                             ⠉⠉⠑⠒⠒⠤⠤⣀⣀⣀ │\n"
		" 0.0274                                                                ⠉⠉⠑⠒⠢⠤⠤⣀⣀\n"
		"        0 ─────────────────────────────── 500 ──────────────────────────── 1 000\n"
		"    RUN                      LAST    LOWEST @STEP   CURSOR\n"
		" ━━ 5f2c                   0.0183   0.0183 @1 000   0.0273\n"
		" ╍╍ 77ab                    0.343    0.343 @1 000    0.362\n"
		" ┅┅ a90e                    0.833          0.4 @0        –  diverged at 700\n"
		"\n");
	struct buf out;
	buf_init(&out, 0);
	plot_widget.copy(fake.widget, &out);
	assert_string_equal(out.p, "5f2c loss at 900 0.0273\n77ab loss at 900 0.362\na90e loss at 900 -");
	buf_fini(&out);
	fake_free(&fake);
}

static void values_can_be_read_as_a_table(void **state)
{
	(void)state;
	struct fake fake = three_runs();
	plot_toggle_values(fake.widget);
	for (int i = 0; i < 15; i++)
		assert_true(plot_widget.move(fake.widget, MOVE_DOWN, 7));
	assert_screen(&fake, 80, 7, &unicode, false,
		" loss   X step   Y linear   cursor 750\n"
		"                     step            5f2c            77ab            a90e\n"
		"                      550           0.111           0.451           0.767\n"
		"                      600          0.0907           0.436             0.8\n"
		"                      650          0.0743           0.422           0.833\n"
		"                      700          0.0608           0.408             NaN\n"
		"                      750          0.0498           0.396               –\n");
	plot_widget.move(fake.widget, MOVE_END, 7);
	assert_has(&fake, 80, 7, "1 000          0.0183           0.343               –\n");
	assert_false(plot_widget.move(fake.widget, MOVE_DOWN, 7));
	plot_next_x(fake.widget);
	assert_has(&fake, 80, 7, "time since its start");
	assert_has(&fake, 80, 7, "1m 40s            0.67");
	fake_free(&fake);
}

static void every_move_of_the_cursor_reaches_another_point(void **state)
{
	(void)state;
	struct fake fake = three_runs();
	struct buf out;
	buf_init(&out, 0);
	draw(&fake, 80, 12, &unicode, false, &out); /* now it knows its columns */
	int moves = 0;
	while (plot_widget.move(fake.widget, MOVE_RIGHT, 12))
		moves++;
	assert_int_equal(moves, 21);
	while (plot_widget.move(fake.widget, MOVE_LEFT, 12))
		moves++;
	assert_int_equal(moves, 41);
	assert_true(plot_widget.move(fake.widget, MOVE_END, 12));
	assert_has(&fake, 80, 12, "cursor 1 000");
	assert_true(plot_widget.move(fake.widget, MOVE_HOME, 12));
	assert_has(&fake, 80, 12, "cursor 0\n");
	buf_fini(&out);
	fake_free(&fake);
}

static void a_hole_in_the_points_is_not_bridged(void **state)
{
	(void)state;
	struct fake fake = fake_new();
	plot_points_add_run(fake.points, "holes", "run x/y/z");
	for (int step = 0; step <= 400; step++)
		if ((step < 100 || step > 200) && step != 300)
			add(&fake, 0, step, step % 100);
	add(&fake, 0, 300, NAN);
	show(&fake, "loss");
	assert_screen(&fake, 50, 9, &unicode, false,
		" loss   X step   Y linear\n"
		" 99         ⢀⣠⠖⠋                   ⢀⡤⠞⠁        ⣠⠔⢻\n"
		"         ⢀⣠⠖⠋                   ⢀⡤⠞⠉        ⣠⠔⠋  ⢸\n"
		"      ⢀⣠⠖⠋                   ⢀⡤⠞⠉        ⣠⠔⠋     ⢸\n"
		"  0 ⣠⠖⠋                    ⡤⠞⠉        ⣠⠔⠋        ⢸\n"
		"    0 ────────────────── 200 ───────────────── 400\n"
		"    RUN                      LAST    LOWEST @STEP\n"
		" ━━ holes                       0            0 @0\n"
		"    NaN at 300\n");
	fake_free(&fake);
}

static void values_at_zero_have_no_place_on_a_log_axis(void **state)
{
	(void)state;
	struct fake fake = fake_new();
	plot_points_add_run(fake.points, "run", "run x/y/z");
	for (int step = 0; step < 5; step++)
		add(&fake, 0, step, step - 1);
	show(&fake, "loss");
	plot_toggle_log(fake.widget);
	assert_has(&fake, 80, 10, "Y log   2 at 0 or below are off a log axis");
	struct fake none = fake_new();
	plot_points_add_run(none.points, "run", "run x/y/z");
	add(&none, 0, 1, -1);
	show(&none, "loss");
	plot_toggle_log(none.widget);
	assert_has(&none, 80, 10, "no value has a place on this axis; Y changes it");
	fake_free(&fake);
	fake_free(&none);
}

static void nothing_is_said_as_such(void **state)
{
	(void)state;
	struct fake fake = fake_new();
	plot_points_add_run(fake.points, "run", "run x/y/z");
	show(&fake, "loss");
	assert_has(&fake, 80, 10, "no curve: the source has no values of this metric");
	assert_false(plot_widget.move(fake.widget, MOVE_RIGHT, 10));
	fake_free(&fake);
}

static void labels_are_told_apart_by_more_digits(void **state)
{
	(void)state;
	struct fake fake = fake_new();
	plot_points_add_run(fake.points, "\033[2Jrun", "run x/y/z");
	add(&fake, 0, 1, 0.99911);
	add(&fake, 0, 2, 0.99945);
	show(&fake, "loss");
	assert_has(&fake, 60, 12, "0.9994");
	assert_has(&fake, 60, 12, "^[[2Jrun");
	fake_free(&fake);
}

/* --- numbers ----------------------------------------------------------------------- */

static void smoothing_is_exponential_and_debiased(void **state)
{
	(void)state;
	struct plot_point points[] = {
		{0, TIME_NONE, 1}, {1, TIME_NONE, 3}, {2, TIME_NONE, NAN}, {3, TIME_NONE, 3}};
	struct plot_series series = {.name = "x", .points = points, .n = ARRAY_LEN(points)};
	struct curve curve;
	curve_init(&curve, &series, CURVE_STEP, 0.5);
	assert_true(fabs(curve.points[0].y - 1) < 1e-9); /* not 0.5 */
	assert_true(fabs(curve.points[1].y - (0.25 * 1 + 0.5 * 3) / 0.75) < 1e-9);
	assert_true(isnan(curve.points[2].y));
	assert_true(fabs(curve.points[3].y - (0.125 * 1 + 0.25 * 3 + 0.5 * 3) / 0.875) < 1e-9);
	assert_int_equal(curve.first_bad, 2);
	assert_false(curve.has_diverged);
	curve_fini(&curve);
}

/* One value of 30,000 stands out: it is seen, whatever the width. */
static void thinning_keeps_the_extremes(void **state)
{
	(void)state;
	struct fake fake = fake_new();
	plot_points_add_run(fake.points, "run", "run x/y/z");
	for (int step = 0; step < 30000; step++)
		add(&fake, 0, step, step == 20011 ? 100 : 1 + 0.1 * (step % 7));
	show(&fake, "loss");
	for (int width = 30; width < 100; width += 7) {
		struct buf out;
		buf_init(&out, 0);
		draw(&fake, width, 12, &ascii, false, &out);
		struct str rest = buf_str(&out), line;
		str_next(&rest, '\n', &line);
		str_next(&rest, '\n', &line);
		assert_non_null(memchr(line.p, '*', line.n));
		buf_fini(&out);
	}
	fake_free(&fake);
}

static void any_size_and_any_number_is_drawn(void **state)
{
	(void)state;
	static const double odd[] = {0, -0.0, 1e308, -1e308, 5e-324, NAN, INFINITY, -INFINITY};
	struct fake fake = fake_new();
	for (size_t run = 0; run < 12; run++) {
		plot_points_add_run(fake.points, "run", "run x/y/z");
		for (size_t i = 0; i < ARRAY_LEN(odd); i++)
			add(&fake, run, i % 2 ? INT64_MAX / 2000 : -(int64_t)i,
				odd[(i + run) % ARRAY_LEN(odd)]);
	}
	show(&fake, "loss");
	for (int round = 0; round < 24; round++) {
		static const int sizes[][2] = {{1, 1}, {2, 3}, {7, 2}, {40, 5}, {104, 3}, {200, 50}};
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			struct buf out;
			buf_init(&out, 0);
			draw(&fake, sizes[i][0], sizes[i][1], &unicode, true, &out);
			buf_fini(&out);
		}
		plot_widget.move(fake.widget, (enum move)(round % 10), 10);
		plot_next_x(fake.widget);
		if (round % 3 == 0)
			plot_toggle_log(fake.widget);
		if (round % 5 == 0)
			plot_toggle_values(fake.widget);
		plot_next_smoothing(fake.widget);
	}
	assert_has(&fake, 200, 50, "4 more not drawn");
	fake_free(&fake);
}

/* --- points and files ---------------------------------------------------------------- */

static void points_are_gathered_by_metric_and_put_in_order(void **state)
{
	(void)state;
	struct fake fake = fake_new();
	plot_points_add_run(fake.points, "run", "run x/y/z");
	plot_points_add(fake.points, 0, &(struct source_point){"loss", 3, TIME_NONE, 0.3});
	plot_points_add(fake.points, 0, &(struct source_point){"val_auc", 1, TIME_NONE, 0.7});
	plot_points_add(fake.points, 0, &(struct source_point){"loss", 1, TIME_NONE, 0.1});
	const char *const *metrics = plot_points_metrics(fake.points);
	assert_string_equal(metrics[0], "loss");
	assert_string_equal(metrics[1], "val_auc");
	assert_null(metrics[2]);
	show(&fake, "loss");
	const struct plot *plot = &fake.data->blocks[0].plot;
	assert_int_equal(plot->best, PLOT_BEST_LOWEST);
	assert_int_equal(plot->series[0].n, 2);
	assert_int_equal(plot->series[0].points[0].step, 1);
	assert_string_equal(fake.data->title, "run ▸ loss");
	show(&fake, "val_auc");
	assert_int_equal(fake.data->blocks[0].plot.best, PLOT_BEST_HIGHEST);
	assert_has(&fake, 80, 10, "HIGHEST @STEP");
	fake_free(&fake);
}

static void csv_is_written_to_a_new_file(void **state)
{
	(void)state;
	char dir[] = "/tmp/porthole-plot-XXXXXX";
	assert_non_null(mkdtemp(dir));
	struct plot_point points[] = {{1, 1795220400000, 0.1}, {2, TIME_NONE, NAN}};
	struct plot_series series = {.name = "x", .ref = "=cmd|\"x\"", .points = points, .n = 2};
	struct plot plot = {.metric = "../val loss", .series = &series, .n_series = 1};
	struct buf first, second, text;
	struct err err;
	buf_init(&first, 0);
	buf_init(&second, 0);
	buf_init(&text, 0);
	assert_true(plot_csv_write(&plot, dir, &first, &err));
	assert_true(plot_csv_write(&plot, dir, &second, &err));
	assert_true(str_ends(buf_str(&first), STR("/___val_loss.csv")));
	assert_true(str_ends(buf_str(&second), STR("/___val_loss-2.csv")));
	assert_true(file_read(first.p, 1000, &text, &err));
	assert_string_equal(text.p,
		"metric,run,step,time,value\r\n"
		"\"../val loss\",\"'=cmd|\"\"x\"\"\",1,2026-11-21T00:20:00Z,0.10000000000000001\r\n"
		"\"../val loss\",\"'=cmd|\"\"x\"\"\",2,,NaN\r\n");
	assert_false(plot_csv_write(&plot, "/nowhere/at/all", &text, &err));
	assert_string_equal(err.msg, "/nowhere/at/all/___val_loss.csv: No such file or directory");
	unlink(first.p);
	unlink(second.p);
	rmdir(dir);
	buf_fini(&first);
	buf_fini(&second);
	buf_fini(&text);
}

int main(void)
{
	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curves_of_several_runs_are_told_apart),
		cmocka_unit_test(in_ascii_each_run_has_its_mark),
		cmocka_unit_test(a_wide_screen_has_the_legend_beside),
		cmocka_unit_test(the_cursor_reads_values_on_smoothed_curves_and_a_log_axis),
		cmocka_unit_test(values_can_be_read_as_a_table),
		cmocka_unit_test(every_move_of_the_cursor_reaches_another_point),
		cmocka_unit_test(a_hole_in_the_points_is_not_bridged),
		cmocka_unit_test(values_at_zero_have_no_place_on_a_log_axis),
		cmocka_unit_test(nothing_is_said_as_such),
		cmocka_unit_test(labels_are_told_apart_by_more_digits),
		cmocka_unit_test(smoothing_is_exponential_and_debiased),
		cmocka_unit_test(thinning_keeps_the_extremes),
		cmocka_unit_test(any_size_and_any_number_is_drawn),
		cmocka_unit_test(points_are_gathered_by_metric_and_put_in_order),
		cmocka_unit_test(csv_is_written_to_a_new_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
