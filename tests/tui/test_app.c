/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The portal under a person's hands: keys that come faster than answers, commands where there is nothing for
 * them to work on, data that change or go while they are shown. Without a screen, over a small catalogue.
 */
#include "client/catalogue/log_cache.h"
#include "tests/tui/bench.h"

static const char evidence_sql[] =
	"INSERT INTO team.evidence (source, pipeline, run, step, attempt, cause_line, cause, candidates, excerpt,"
	" excerpt_line, found_ms) VALUES ('lab', 'churn', 'r1', 'check', 1, 2, 'KeyError: player',"
	" '[{\"line\":2,\"text\":\"KeyError: player\",\"score\":0.9}]', '[\"before\",\"KeyError: player\"]', 1, 1)";

/* --- keys that come faster than answers ------------------------------------------------ */

static void test_a_key_after_a_move_is_for_the_row_under_the_cursor(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, "jP");
	assert_title(p, "lab ▸ recsys");
}

static void test_enter_waits_for_what_the_palette_finds(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":recsys\r");
	settle(p);
	settle(p);
	assert_title(p, "lab ▸ recsys");
}

static void test_esc_ends_the_wait_for_the_palette(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":recsys\rj\033");
	settle(p);
	assert_int_equal(p->app->n_frames, 1);
	assert_int_equal(p->app->mode, MODE_KEYS);
}

static void test_what_the_palette_finds_leaves_the_selection_alone(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":rec"); /* "recsys" will be found, and suits better than the last of these */
	for (size_t i = 0; i < p->app->palette.n; i++)
		app_key(p->app, K_DOWN);
	const char *selected = p->app->palette.items[p->app->palette.selected].title;
	size_t n = p->app->palette.n;
	settle(p);
	assert_true(p->app->palette.n > n);
	assert_ptr_equal(p->app->palette.items[p->app->palette.selected].title, selected);
}

static void test_it_can_be_left_while_everything_loads(void **state)
{
	struct bench *p = *state;
	type(p, "j:runs\rl:pipelines\rR?:recsys\r");
	close_app(p);
}

/* --- commands where there is nothing for them ----------------------------------------- */

static void test_the_palette_offers_only_what_works_here(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":follow\r");
	settle(p);
	assert_shows(p, "nothing is called 'follow'");
}

static void open_place(struct bench *p, const char *where)
{
	struct err err;
	struct ref ref;
	struct arena *arena = arena_new();
	while (p->app->n_frames > 1)
		app_pop(p->app);
	p->app->mode = MODE_KEYS;
	if (!strcmp(where, "help"))
		type(p, "?");
	else if (!strncmp(where, "log ", 4) && ref_parse(arena, str_of(where + 4), &ref, &err))
		app_push(p->app, frame_new_log(p->app, &ref));
	else if (view_find(where))
		app_open_view(p->app, view_find(where), "");
	else
		assert_true(app_open_text(p->app, where, &err));
	arena_free(arena);
}

/* Every command that works somewhere, before and after what is shown there has come, on any screen. */
static void test_every_command_everywhere(void **state)
{
	static const char *const wheres[] = {"home", "problems", "runs", "steps", "pipelines", "sources",
		"problem:1", "problem:99", "lab", "lab/churn", "lab/recsys", "lab/churn/r1",
		"lab/churn/r1/check", "nosuch/x", "http://tool/r2", "http://elsewhere/", "log lab/churn/r1",
		"log lab/churn/none", "help"};
	static const int sizes[][2] = {{1, 1}, {40, 10}, {110, 34}, {300, 120}};
	struct bench *p = *state;
	size_t n;
	const struct app_command *commands = app_commands(&n);
	exec(p, evidence_sql);
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		close_app(p);
		open_app(p, sizes[s][0], sizes[s][1]);
		for (size_t w = 0; w < ARRAY_LEN(wheres); w++)
			for (size_t c = 0; c < 2 * n; c++) {
				open_place(p, wheres[w]);
				if (c >= n)
					settle(p);
				if (commands[c % n].contexts & chrome_context(p->app))
					commands[c % n].run(p->app);
				app_draw(p->app);
				app_key(p->app, K_ESC);
				app_draw(p->app);
			}
		settle(p);
	}
}

/* --- what is shown changes -------------------------------------------------------------- */

static void test_the_cursor_stays_in_its_block_when_another_comes(void **state)
{
	struct bench *p = *state;
	struct frame *frame;
	type(p, ":problem:1\r");
	settle(p);
	frame = app_top(p->app);
	assert_string_equal(frame->body.data->blocks[frame->focus].name, "occurrences");
	exec(p, evidence_sql); /* its excerpt goes between */
	frame_reload(frame);
	settle(p);
	assert_int_equal(frame->body.n, 3);
	assert_string_equal(frame->body.data->blocks[frame->focus].name, "occurrences");
}

static void test_the_block_with_the_keys_is_seen_on_the_smallest_screen(void **state)
{
	struct bench *p = *state;
	exec(p, evidence_sql);
	close_app(p);
	open_app(p, 40, 10);
	type(p, ":problem:1\r");
	settle(p);
	assert_shows(p, "▌");
}

static void test_a_preview_comes_when_the_screen_gets_wide(void **state)
{
	struct bench *p = *state;
	close_app(p);
	open_app(p, 100, 30);
	type(p, ":runs\r");
	settle(p);
	grid_fini(&p->app->grid);
	grid_init(&p->app->grid, 200, 30);
	frame_resized(app_top(p->app));
	settle(p);
	assert_shows(p, "http://tool/r1");
}

static void test_a_preview_of_what_is_gone_shows_nothing_else(void **state)
{
	struct bench *p = *state;
	settle(p);
	assert_shows(p, "KeyError: player\n");
	exec(p, "DELETE FROM team.problem WHERE id = 2");
	type(p, "j");
	settle(p);
	assert_null(app_top(p->app)->preview.data);
}

static void test_rows_that_cannot_be_loaded_do_not_run_away(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":runs\r");
	settle(p);
	struct frame *frame = app_top(p->app);
	frame->body.data->blocks[0].table.has_more = true;
	x_free(frame->filter);
	frame->filter = x_strdup("nosuch:1"); /* every load fails from here on */
	for (int i = 0; i < 70; i++) {
		type(p, "G");
		settle(p);
	}
	assert_true(frame->limit <= APP_LIST_ROWS);
}

static void test_an_objects_list_can_be_followed_to_its_end(void **state)
{
	struct bench *p = *state;
	exec(p, "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 509)"
		" INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms)"
		" SELECT i, 1, 1, 'n' || i, 'success', 1795000000000 - i FROM n");
	type(p, ":lab/churn\r");
	settle(p);
	for (int i = 0; i < 4; i++) {
		type(p, "G");
		settle(p);
	}
	assert_shows(p, "n509");
}

static void test_a_catalogue_that_goes_and_comes_again(void **state)
{
	struct bench *p = *state;
	settle(p);
	char *path = x_printf("%s/porthole.db", p->dir), *aside = x_printf("%s/aside.db", p->dir);
	assert_int_equal(rename(path, aside), 0);
	for (int i = 0; i < 3; i++) {
		frame_reload(app_top(p->app));
		type(p, "jk:runs\rq");
		settle(p);
		app_draw(p->app);
	}
	assert_int_equal(rename(aside, path), 0);
	frame_reload(app_top(p->app));
	settle(p);
	assert_shows(p, "KeyError: player");
	x_free(path);
	x_free(aside);
}

/* --- addresses, keys, lines that are typed ----------------------------------------------- */

static void test_a_web_address_is_taken_for_what_it_shows(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":http://tool/r2/graph\r");
	settle(p);
	assert_title(p, "recsys ▸ r2");
	type(p, ":http://elsewhere/\r");
	settle(p);
	assert_shows(p, "no source knows the address 'http://elsewhere/'");
}

static void test_a_long_line_shows_where_it_is_typed(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, "/");
	for (int i = 0; i < 100; i++)
		type(p, "ab ");
	type(p, "theend");
	assert_shows(p, "theend");
	assert_in_range(p->app->grid.cursor_x, 0, 109);
}

static void test_help_shows_the_keys_of_the_configuration(void **state)
{
	struct bench *p = *state;
	close_app(p);
	config_free(p->config);
	p->config = config_with(p->dir, "keys: {log: \"x ^K\"}\n");
	open_app(p, 110, 50);
	settle(p);
	type(p, "?");
	assert_shows(p, "x ^K       the log, at the line that says why");
}

static void test_too_many_keys_are_an_error(void **state)
{
	struct bench *p = *state;
	struct err err = {0};
	struct buf keys;
	buf_init(&keys, 0);
	buf_addz(&keys, "keys: {log: \"x");
	for (int i = 0; i < 200; i++)
		buf_addz(&keys, " x");
	buf_addz(&keys, "\"}\n");
	struct config *config = config_with(p->dir, keys.p);
	assert_null(keymap_new(config, &err));
	assert_int_equal(err.code, ERR_USAGE);
	config_free(config);
	buf_fini(&keys);
}

/* --- logs ----------------------------------------------------------------------------------- */

/* Of a step that runs and is silent: what was read before is there, and more may come. */
static void test_a_log_shows_at_once_what_is_there_already(void **state)
{
	struct bench *p = *state;
	const struct ref ref = {.kind = REF_STEP,
		.source = "lab",
		.pipeline = "churn",
		.run = "r1",
		.step = "check",
		.attempt = 1};
	char *dir = x_printf("%s/porthole/logs", p->dir);
	struct err err = {0};
	struct log_cache_writer *writer = log_cache_begin(dir, &ref, 0, &err);
	assert_non_null(writer);
	assert_true(log_cache_append(writer, STR("epoch 1 of 20\n"), &err));
	assert_true(log_cache_end(writer, false, &err));
	x_free(dir);
	close_app(p);
	config_free(p->config);
	p->config =
		config_with(p->dir, "sources:\n  - {name: lab, kind: plugin, command: [sleep, \"60\"]}\n");
	open_app(p, 110, 30);
	settle(p);
	type(p, "l");
	settle(p);
	assert_shows(p, "epoch 1 of 20");
	assert_false(app_top(p->app)->is_log_over);
}

static void test_a_log_that_cannot_be_had_says_why(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, "l");
	settle(p);
	assert_shows(p, "source 'lab' is not in the configuration");
}

#define TEST(name) BENCH_TEST(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_key_after_a_move_is_for_the_row_under_the_cursor),
		TEST(test_enter_waits_for_what_the_palette_finds),
		TEST(test_esc_ends_the_wait_for_the_palette),
		TEST(test_what_the_palette_finds_leaves_the_selection_alone),
		TEST(test_it_can_be_left_while_everything_loads),
		TEST(test_the_palette_offers_only_what_works_here),
		TEST(test_every_command_everywhere),
		TEST(test_the_cursor_stays_in_its_block_when_another_comes),
		TEST(test_the_block_with_the_keys_is_seen_on_the_smallest_screen),
		TEST(test_a_preview_comes_when_the_screen_gets_wide),
		TEST(test_a_preview_of_what_is_gone_shows_nothing_else),
		TEST(test_rows_that_cannot_be_loaded_do_not_run_away),
		TEST(test_an_objects_list_can_be_followed_to_its_end),
		TEST(test_a_catalogue_that_goes_and_comes_again),
		TEST(test_a_web_address_is_taken_for_what_it_shows),
		TEST(test_a_long_line_shows_where_it_is_typed),
		TEST(test_help_shows_the_keys_of_the_configuration),
		TEST(test_too_many_keys_are_an_error),
		TEST(test_a_log_shows_at_once_what_is_there_already),
		TEST(test_a_log_that_cannot_be_had_says_why),
	};
	setlocale(LC_ALL, "C.UTF-8");
	clock_fix(INT64_C(1795262400000));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
