/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key table in a person's hands: keys of their own, marks, columns, the copy menu, history, the mouse. */
#include "tests/tui/bench.h"
#include "tui/mouse.h"
#include "tui/remember.h"

static struct keymap *keymap(struct bench *p, const char *text, struct err *err)
{
	return keymap_new_with(p->config, "keys.yaml", str_of(text), err);
}

static void assert_wrong(struct bench *p, const char *text, const char *why)
{
	struct err err = {0};
	assert_null(keymap(p, text, &err));
	if (!strstr(err.msg, why))
		fail_msg("%s", err.msg);
}

/* --- keys.yaml --------------------------------------------------------------------------- */

static void test_every_command_has_keys_that_work_for_it(void **state)
{
	struct bench *p = *state;
	size_t n;
	const struct app_command *commands = app_commands(&n);
	for (size_t i = 0; i < n; i++) {
		struct str rest = str_of(commands[i].keys), name;
		while (str_next(&rest, ' ', &name))
			for (int context = 1; context < IN_ANY; context <<= 1)
				if (commands[i].contexts & context)
					assert_string_equal(
						keymap_find(p->app->keymap, key_of_name(name), context)->name,
						commands[i].name);
	}
}

static void test_a_key_of_ones_own_replaces_the_default(void **state)
{
	struct bench *p = *state;
	struct err err = {0};
	struct keymap *map = keymap(p, "log: [v, ^K]\nmark: none\n", &err);
	assert_non_null(map);
	assert_string_equal(keymap_find(map, 'v', IN_HOME)->name, "log");
	assert_null(keymap_find(map, 'l', IN_HOME));
	assert_null(keymap_find(map, ' ', IN_LIST));
	assert_null(keymap_conflicts(map));
	keymap_free(map);
}

static void test_a_key_taken_from_another_command_is_told(void **state)
{
	struct bench *p = *state;
	struct err err = {0};
	struct keymap *map = keymap(p, "log: s\n", &err);
	assert_string_equal(keymap_conflicts(map), "'s' is 'log' now, no longer 'sort'");
	keymap_free(map);
	map = keymap(p, "log: s\nsort: l\n", &err); /* an exchange takes nothing away */
	assert_null(keymap_conflicts(map));
	keymap_free(map);
}

static void test_a_mistake_names_file_and_line(void **state)
{
	struct bench *p = *state;
	assert_wrong(
		p, "log: x\nsrot: s\n", "keys.yaml:2: no command is called 'srot'; did you mean 'sort'?");
	assert_wrong(p, "log: Strg-X\n", "keys.yaml:1: 'Strg-X' is no key, for 'log'");
	assert_wrong(p, "log: {a: b}\n", "keys.yaml:1: 'log' takes a key or a list of keys");
	assert_wrong(p, "- log\n", "keys.yaml:1: a map");
	assert_wrong(p, "log: [x\n", "keys.yaml:");
}

static void write_keys(struct bench *p, const char *text)
{
	struct err err = {0};
	char *dir = x_printf("%s/porthole", p->dir), *path = x_printf("%s/keys.yaml", dir);
	assert_true(file_make_dir(dir, &err) && file_write(path, str_of(text), &err));
	x_free(path);
	x_free(dir);
}

/* Until the change was seen: the look is on another thread. */
enum { MOST_WAITS = 600 }; /* of 100 ms at most */

static void wait_for_message(struct bench *p, const char *text)
{
	for (int i = 0; !p->app->message || !strstr(p->app->message, text); i++) {
		if (i == MOST_WAITS)
			fail_msg("never said: %s; but: %s", text,
				p->app->message ? p->app->message : "nothing");
		remember_tick(p->app);
		loop_step(p->loop, 100);
	}
}

static void test_keys_are_read_again_when_their_file_changes(void **state)
{
	struct bench *p = *state;
	remember_start(p->app);
	settle(p);
	write_keys(p, "log: v\n");
	wait_for_message(p, "keys.yaml was read again");
	type(p, "v");
	assert_non_null(app_top(p->app)->pager);
	write_keys(p, "log: v\nnosuch: x\n");
	wait_for_message(p, "keys.yaml:2: no command is called 'nosuch'");
	type(p, "qv"); /* the keys are as they were */
	assert_non_null(app_top(p->app)->pager);
	write_keys(p, "");
	wait_for_message(p, "keys.yaml was read again");
	type(p, "ql");
	assert_non_null(app_top(p->app)->pager);
}

/* --- marks -------------------------------------------------------------------------------- */

static void test_marks_stay_with_their_rows(void **state)
{
	struct bench *p = *state;
	type(p, ":runs\r");
	settle(p);
	type(p, " ");
	assert_shows(p, "◆");
	assert_shows(p, "1 marked");
	exec(p, "INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms) VALUES"
		" (9, 1, 1, 'r9', 'failed', 1795260000000)");
	frame_reload(app_top(p->app));
	settle(p);
	assert_true(marks_has(&app_top(p->app)->marks, "lab/churn/r1"));
	assert_shows(p, "◆✗ failed  churn");
	type(p, " ");
	assert_shows(p, "2 marked");
}

static void test_marked_runs_are_compared(void **state)
{
	struct bench *p = *state;
	type(p, ":runs\r");
	settle(p);
	type(p, "  d");
	settle(p);
	assert_string_equal(app_top(p->app)->view->name, "compare");
	assert_int_equal(app_top(p->app)->n_others, 1);
	type(p, "-");
	settle(p);
	type(p, "-");
	settle(p);
	assert_int_equal(app_top(p->app)->n_others, 1);
}

static void test_one_run_is_compared_with_the_last_green_one(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, "d");
	settle(p);
	assert_string_equal(app_top(p->app)->view->name, "compare");
	assert_shows(p, "no green run before 'r1'");
}

/* --- columns -------------------------------------------------------------------------------- */

static void test_columns_are_chosen_and_kept(void **state)
{
	struct bench *p = *state;
	remember_start(p->app);
	type(p, ":runs\r");
	settle(p);
	assert_hides(p, "URL");
	type(p, "CG"); /* the last one: the address */
	while (strcmp(p->app->menu.items[p->app->menu.selected].title, "url") != 0)
		type(p, "k");
	type(p, " \r");
	assert_shows(p, "http://tool/r1");
	close_app(p);
	open_app(p, 110, 30);
	remember_start(p->app);
	type(p, ":runs\r");
	settle(p);
	assert_shows(p, "http://tool/r1");
	type(p, "Cr");
	settle(p);
	assert_hides(p, "http://tool/r1");
}

static void test_columns_change_their_order(void **state)
{
	struct bench *p = *state;
	type(p, ":runs\r");
	settle(p);
	assert_shows(p, " STATE     PIPELINE  RUN");
	type(p, "CJ\r");
	assert_shows(p, " PIPELINE  STATE     RUN");
	type(p, "\r"); /* Enter still opens the run of the row */
	assert_title(p, "churn ▸ r1");
}

static void test_one_column_stays(void **state)
{
	struct bench *p = *state;
	type(p, ":runs\r");
	settle(p);
	type(p, "C");
	for (size_t i = 0; i < p->app->menu.n; i++) {
		if (p->app->menu.items[p->app->menu.selected].is_on)
			type(p, " ");
		type(p, "j");
	}
	size_t n_on = 0;
	for (size_t i = 0; i < p->app->menu.n; i++)
		n_on += p->app->menu.items[i].is_on;
	assert_int_equal(n_on, 1);
}

/* --- copying ------------------------------------------------------------------------------- */

static void test_the_copy_menu_has_what_there_is(void **state)
{
	struct bench *p = *state;
	type(p, ":runs state:failed\r");
	settle(p);
	type(p, "y");
	assert_shows(p, "porthole runs state:failed");
	type(p, "y");
	assert_shows(p, "\n lab/churn/r1\n");
	type(p, "yc");
	assert_shows(p, "\n porthole runs state:failed\n");
	type(p, "yo");
	settle(p);
	assert_shows(p, "\n http://tool/r1\n");
	type(p, "yq");
	assert_int_equal(p->app->mode, MODE_KEYS);
}

static void test_a_command_is_quoted_for_a_shell(void **state)
{
	struct bench *p = *state;
	type(p, ":runs pipeline:ch* o'hara\r");
	settle(p);
	type(p, "yc");
	assert_shows(p, "porthole runs 'pipeline:ch* o'\\''hara'");
}

/* --- going ---------------------------------------------------------------------------------- */

static void test_history_and_everything_and_their_filters(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, "h"); /* of a problem: of the step where it occurred */
	settle(p);
	assert_string_equal(app_top(p->app)->filter, "source=lab pipeline=churn step=check");
	assert_shows(p, "check");
	type(p, "q:lab/recsys\r");
	settle(p);
	type(p, "x");
	assert_title(p, "recsys ▸ r2 ▸ everything");
	type(p, "x"); /* and then as a list */
	settle(p);
	assert_string_equal(app_top(p->app)->view->name, "runs");
	assert_string_equal(app_top(p->app)->filter, "source=lab pipeline=recsys");
	assert_shows(p, "r2");
	type(p, "Rx");
	settle(p);
}

static void test_a_project_that_nobody_named_is_told(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, "p");
	assert_shows(p, "no project of the configuration has lab/churn");
}

static void test_sorting_goes_through_what_is_shown(void **state)
{
	struct bench *p = *state;
	type(p, ":runs\r");
	settle(p);
	type(p, "s");
	assert_shows(p, "sorted by state, the least first");
	settle(p);
	type(p, "t"); /* something else is said, and the order stays */
	settle(p);
	assert_string_equal(app_top(p->app)->sort, "state");
}

/* --- slow answers --------------------------------------------------------------------------- */

static void test_rows_dim_where_the_answer_takes_long(void **state)
{
	struct bench *p = *state;
	type(p, ":runs\r");
	settle(p);
	struct frame *frame = app_top(p->app);
	frame_ask(frame);
	assert_false(frame->is_dim);
	ticket_cancel(frame->body.ticket); /* the answer never comes */
	frame->body.ticket = NULL;
	while (!frame->is_dim)
		loop_step(p->loop, 1000);
	app_draw(p->app);
	assert_int_equal(grid_at(&p->app->grid, 2, 3)->style.role, ROLE_DIM);
	frame_ask(frame);
	settle(p);
	assert_false(frame->is_dim);
}

/* --- the mouse ------------------------------------------------------------------------------ */

static void test_a_click_selects_and_a_second_one_opens(void **state)
{
	struct bench *p = *state;
	type(p, ":runs\r");
	settle(p);
	app_draw(p->app);
	mouse_serve(p->app, (struct mouse){MOUSE_PRESS, 5, 4});
	assert_string_equal(frame_ref(app_top(p->app)), "lab/recsys/r2");
	mouse_serve(p->app, (struct mouse){MOUSE_PRESS, 5, 4});
	assert_title(p, "recsys ▸ r2");
}

static void test_a_click_on_a_heading_sorts(void **state)
{
	struct bench *p = *state;
	type(p, ":runs\r");
	settle(p);
	app_draw(p->app);
	mouse_serve(p->app, (struct mouse){MOUSE_PRESS, 12, 2});
	assert_string_equal(app_top(p->app)->sort, "pipeline");
	settle(p);
	mouse_serve(p->app, (struct mouse){MOUSE_PRESS, 12, 2});
	assert_string_equal(app_top(p->app)->sort, "-pipeline");
}

static void test_clicks_beside_everything_are_nothing(void **state)
{
	static const int places[][2] = {{0, 0}, {-1, -1}, {109, 29}, {500, 500}, {5, 20}};
	struct bench *p = *state;
	type(p, ":runs\r");
	settle(p);
	app_draw(p->app);
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		for (int twice = 0; twice < 2; twice++)
			mouse_serve(p->app, (struct mouse){MOUSE_PRESS, places[i][0], places[i][1]});
	mouse_serve(p->app, (struct mouse){MOUSE_WHEEL_DOWN, 0, 0});
	mouse_serve(p->app, (struct mouse){MOUSE_WHEEL_UP, 0, 0});
	assert_int_equal(p->app->n_frames, 2);
	assert_null(app_top(p->app)->sort);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_every_command_has_keys_that_work_for_it),
		BENCH_TEST(test_a_key_of_ones_own_replaces_the_default),
		BENCH_TEST(test_a_key_taken_from_another_command_is_told),
		BENCH_TEST(test_a_mistake_names_file_and_line),
		BENCH_TEST(test_keys_are_read_again_when_their_file_changes),
		BENCH_TEST(test_marks_stay_with_their_rows),
		BENCH_TEST(test_marked_runs_are_compared),
		BENCH_TEST(test_one_run_is_compared_with_the_last_green_one),
		BENCH_TEST(test_columns_are_chosen_and_kept),
		BENCH_TEST(test_columns_change_their_order),
		BENCH_TEST(test_one_column_stays),
		BENCH_TEST(test_the_copy_menu_has_what_there_is),
		BENCH_TEST(test_a_command_is_quoted_for_a_shell),
		BENCH_TEST(test_history_and_everything_and_their_filters),
		BENCH_TEST(test_a_project_that_nobody_named_is_told),
		BENCH_TEST(test_sorting_goes_through_what_is_shown),
		BENCH_TEST(test_rows_dim_where_the_answer_takes_long),
		BENCH_TEST(test_a_click_selects_and_a_second_one_opens),
		BENCH_TEST(test_a_click_on_a_heading_sorts),
		BENCH_TEST(test_clicks_beside_everything_are_nothing),
	};
	setlocale(LC_ALL, "C.UTF-8");
	clock_fix(INT64_C(1795262400000));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
