/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Go anywhere: what was typed before, what Tab makes of a line, command lines, saved views. */
#include "tests/tui/bench.h"
#include "tui/columns.h"
#include "tui/desk.h"
#include "tui/remember.h"

#include <sys/stat.h>

static const char *typed(struct bench *p)
{
	return p->app->prompt.text.n ? p->app->prompt.text.p : "";
}

static char *path_in(struct bench *p, const char *name)
{
	return x_printf("%s/porthole/%s", p->dir, name);
}

/* The app again, as the next start finds it. What was written is there by then. */
static void start_again(struct bench *p)
{
	close_app(p);
	open_app(p, 110, 30);
	remember_start(p->app);
	settle(p);
}

static void assert_file_has(struct bench *p, const char *name, const char *text)
{
	struct err err = {0};
	struct buf bytes;
	struct stat st;
	char *path = path_in(p, name);
	buf_init(&bytes, 0);
	if (!file_read(path, 1 << 20, &bytes, &err))
		fail_msg("%s", err.msg);
	if (!str_has(buf_str(&bytes), str_of(text)))
		fail_msg("%s has no '%s' but:\n%s", name, text, bytes.p);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buf_fini(&bytes);
	x_free(path);
}

static void write_file(struct bench *p, const char *name, const char *text)
{
	struct err err = {0};
	char *dir = x_printf("%s/porthole", p->dir), *path = path_in(p, name);
	assert_true(file_make_dir(dir, &err) && file_write(path, str_of(text), &err));
	x_free(path);
	x_free(dir);
}

/* --- history ---------------------------------------------------------------------------- */

static void test_up_brings_the_newest_line_back(void **state)
{
	struct bench *p = *state;
	type(p, ":runs state:failed\r:steps\r:");
	app_key(p->app, K_UP);
	assert_string_equal(typed(p), "steps");
	app_key(p->app, K_UP);
	assert_string_equal(typed(p), "runs state:failed");
	app_key(p->app, K_UP); /* there is none before */
	assert_string_equal(typed(p), "runs state:failed");
	app_key(p->app, K_DOWN);
	assert_string_equal(typed(p), "steps");
}

static void test_down_comes_back_to_what_was_being_typed(void **state)
{
	struct bench *p = *state;
	type(p, ":steps\r:ru");
	app_key(p->app, K_UP);
	assert_string_equal(typed(p), "steps");
	app_key(p->app, K_DOWN);
	assert_string_equal(typed(p), "ru");
}

static void test_the_history_outlives_the_portal(void **state)
{
	struct bench *p = *state;
	start_again(p);
	type(p, ":runs state:failed\r");
	start_again(p);
	assert_file_has(p, "history", "runs state:failed\n");
	type(p, ":");
	app_key(p->app, K_UP);
	assert_string_equal(typed(p), "runs state:failed");
}

static void test_a_line_typed_again_is_there_once(void **state)
{
	struct bench *p = *state;
	type(p, ":steps\r:runs\r:steps\r");
	assert_int_equal(p->app->history.n, 2);
	assert_string_equal(p->app->history.lines[1], "steps");
}

static void test_the_history_is_bounded(void **state)
{
	struct bench *p = *state;
	for (int i = 0; i < HISTORY_MOST + 50; i++) {
		char *line = x_printf("line %d", i);
		history_add(&p->app->history, str_of(line));
		x_free(line);
	}
	assert_int_equal(p->app->history.n, HISTORY_MOST);
	assert_string_equal(p->app->history.lines[0], "line 50");
}

static void test_a_damaged_history_brings_no_control_bytes(void **state)
{
	struct bench *p = *state;
	history_read(&p->app->history, STR("runs\n\033[2Jsteps\n\xff\xfe\n\n"));
	assert_int_equal(p->app->history.n, 1);
}

/* --- Tab ---------------------------------------------------------------------------------- */

static void complete(struct bench *p, const char *line, const char *expected)
{
	settle(p);
	type(p, ":");
	type(p, line);
	app_key(p->app, K_TAB);
	settle(p);
	assert_string_equal(typed(p), expected);
	app_key(p->app, K_ESC);
	app_key(p->app, K_ESC);
}

static void test_tab_completes_views_verbs_keys_and_names(void **state)
{
	struct bench *p = *state;
	complete(p, "pipel", "pipelines ");
	complete(p, "conn", "connect ");
	complete(p, "runs sta", "runs sta"); /* state, started_ms */
	complete(p, "runs state:fai", "runs state:failed ");
	complete(p, "runs pipeline:chu", "runs pipeline:churn ");
}

static void test_a_second_tab_walks_the_candidates(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":runs sta");
	app_key(p->app, K_TAB);
	settle(p);
	assert_true(p->app->palette.n >= 2);
	assert_int_equal(p->app->palette.selected, -1);
	app_key(p->app, K_TAB);
	assert_int_equal(p->app->palette.selected, 0);
	const char *word = p->app->palette.items[0].word;
	char *line = x_printf("runs %s", word);
	type(p, "\r"); /* goes into the line, not away */
	assert_int_equal(p->app->mode, MODE_PALETTE);
	assert_true(str_starts(str_of(typed(p)), str_of(line)));
	x_free(line);
}

static void test_tab_works_without_a_catalogue(void **state)
{
	struct bench *p = *state;
	close_app(p);
	char *path = x_printf("%s/porthole.db", p->dir);
	unlink(path);
	x_free(path);
	open_app(p, 110, 30);
	complete(p, "pipel", "pipelines ");
}

/* --- command lines ---------------------------------------------------------------------- */

static void test_words_of_the_command_line_open_their_view(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":show lab/churn/r1\r");
	assert_title(p, "churn ▸ r1");
	type(p, ":triage churn\r");
	settle(p);
	assert_string_equal(app_top(p->app)->filter, "churn");
	type(p, ":search nan\r");
	assert_title(p, "search ▸ nan");
	assert_shows(p, "ValueError: nan");
	type(p, ":logs lab/churn/r1/check\r");
	assert_non_null(app_top(p->app)->pager);
}

static void test_what_is_for_a_shell_says_so(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":doctor\r");
	settle(p);
	settle(p);
	assert_shows(p, "'porthole doctor' is for a shell");
}

static void test_a_verb_without_its_word_says_what_it_wants(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":show\r");
	assert_shows(p, "show what?");
	type(p, ":logs ../..\r");
	settle(p);
	assert_int_equal(p->app->mode, MODE_KEYS);
}

/* --- saved views -------------------------------------------------------------------------- */

static void test_a_saved_view_comes_back_with_all_of_it(void **state)
{
	struct bench *p = *state;
	start_again(p);
	type(p, ":runs state:failed\r");
	settle(p);
	columns_choose(p->app->columns, app_top(p->app)->view, "runs", "run state");
	frame_set_sort(app_top(p->app), "run");
	settle(p);
	type(p, ":save red\r");
	assert_shows(p, "saved: ':red' opens it again");
	start_again(p);
	assert_file_has(p, "views.yaml",
		"red:\n  view: runs\n  filter: state:failed\n  sort: run\n  columns: [run, state]\n");
	type(p, ":red\r");
	settle(p);
	assert_string_equal(app_top(p->app)->filter, "state:failed");
	assert_string_equal(app_top(p->app)->sort, "run");
	assert_shows(p, " RUN▲  STATE");
}

static void test_a_saved_view_stands_in_the_palette(void **state)
{
	struct bench *p = *state;
	start_again(p);
	type(p, ":runs state:failed\r:save red\r:ru");
	assert_shows(p, "saved view \"red\"");
}

static void test_saving_leaves_what_a_person_wrote(void **state)
{
	static const char text[] =
		"# mine\n\nblue:   {view: steps}   # do not touch\n\n# the red one\nred:\n  view: runs\n"
		"  # a remark\n  filter: \"x\"\n\n# the end\n";
	struct bench *p = *state;
	write_file(p, "views.yaml", text);
	start_again(p);
	type(p, ":runs state:failed\r:save red\r");
	start_again(p);
	assert_file_has(p, "views.yaml",
		"# mine\n\nblue:   {view: steps}   # do not touch\n\n# the red one\nred:\n  view: runs\n"
		"  filter: state:failed\n\n# the end\n");
	type(p, ":forget red\r");
	start_again(p);
	assert_file_has(p, "views.yaml",
		"# mine\n\nblue:   {view: steps}   # do not touch\n\n# the red one\n\n# the end\n");
}

static void test_a_mistake_in_saved_views_names_its_line(void **state)
{
	struct bench *p = *state;
	write_file(p, "views.yaml", "red:\n  view: nosuch\n");
	start_again(p);
	assert_shows(p, "views.yaml:2: no list is called 'nosuch'");
}

static void test_only_lists_can_be_saved_and_under_a_name(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":show lab/churn\r");
	settle(p);
	type(p, ":save x\r");
	assert_shows(p, "only a list can be saved");
	type(p, ":runs\r:save runs\r");
	assert_shows(p, "'runs' is a view of its own");
	type(p, ":save a/b\r");
	assert_shows(p, "a name is one word");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_up_brings_the_newest_line_back),
		BENCH_TEST(test_down_comes_back_to_what_was_being_typed),
		BENCH_TEST(test_the_history_outlives_the_portal),
		BENCH_TEST(test_a_line_typed_again_is_there_once),
		BENCH_TEST(test_the_history_is_bounded),
		BENCH_TEST(test_a_damaged_history_brings_no_control_bytes),
		BENCH_TEST(test_tab_completes_views_verbs_keys_and_names),
		BENCH_TEST(test_a_second_tab_walks_the_candidates),
		BENCH_TEST(test_tab_works_without_a_catalogue),
		BENCH_TEST(test_words_of_the_command_line_open_their_view),
		BENCH_TEST(test_what_is_for_a_shell_says_so),
		BENCH_TEST(test_a_verb_without_its_word_says_what_it_wants),
		BENCH_TEST(test_a_saved_view_comes_back_with_all_of_it),
		BENCH_TEST(test_a_saved_view_stands_in_the_palette),
		BENCH_TEST(test_saving_leaves_what_a_person_wrote),
		BENCH_TEST(test_a_mistake_in_saved_views_names_its_line),
		BENCH_TEST(test_only_lists_can_be_saved_and_under_a_name),
	};
	setlocale(LC_ALL, "C.UTF-8");
	clock_fix(INT64_C(1795262400000));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
