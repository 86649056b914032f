/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The widgets of tables, facts and text, as pictures. */
#include "client/base/mem.h"
#include "tui/widgets/widget.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MINUTE = 60000 };
static const int64_t now = 1795220400000;
static const struct format unicode = {.now_ms = 1795220400000},
			   ascii = {.now_ms = 1795220400000, .is_ascii = true};

/* --- a table to look at -------------------------------------------------------- */

enum { REF, PIPELINE, STATE, AGE, ROWS, CAUSE, OWNER, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[REF] = {.key = "ref", .type = COLUMN_REF, .flags = COLUMN_INTERNAL},
	[PIPELINE] = {.key = "pipeline", .type = COLUMN_NAME},
	[STATE] = {.key = "state", .type = COLUMN_STATE, .priority = 1},
	[AGE] = {.key = "ended_ms", .title = "age", .type = COLUMN_TIME, .priority = 2},
	[ROWS] = {.key = "rows", .type = COLUMN_INT, .priority = 3},
	[CAUSE] = {.key = "cause", .type = COLUMN_CAUSE, .flags = COLUMN_GROWS},
	[OWNER] = {.key = "owner", .type = COLUMN_TEXT, .priority = 4},
};

struct fake {
	struct arena *arena;
	struct block block;
};

static struct fake *fake_new(size_t n)
{
	struct fake *fake = x_new(struct fake);
	fake->arena = arena_new();
	fake->block.kind = BLOCK_TABLE;
	fake->block.table = (struct table){
		.columns = columns,
		.n_columns = N_COLUMNS,
		.result = {.arena = fake->arena, .n_columns = N_COLUMNS, .n_rows = n},
		.ref_column = REF,
		.empty = "no runs match; Esc clears the filter",
	};
	fake->block.table.result.cells = arena_array(fake->arena, struct value, n * N_COLUMNS);
	return fake;
}

static void fake_free(struct fake *fake)
{
	arena_free(fake->arena);
	x_free(fake);
}

static void put(struct fake *fake, size_t row, size_t column, struct value value)
{
	fake->block.table.result.cells[row * N_COLUMNS + column] = value;
}

static struct fake *three_runs(void)
{
	static const struct {
		const char *ref, *pipeline, *state;
		int minutes, rows;
		const char *cause, *owner;
	} rows[] = {
		{"a/recsys/1", "recsys_daily", "failed", 12, 1482, "DataCheckError: null_rate = 0.31",
			"mlee"},
		{"a/churn/7", "churn_weekly", "success", 180, 31000000, NULL, "ana"},
		{"a/\033[2J/7", "evil\033[2Jname", "running", 0, 0,
			"java.lang.OutOfMemoryError: Java heap space", NULL},
	};
	struct fake *fake = fake_new(ARRAY_LEN(rows));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		put(fake, i, REF, value_text(rows[i].ref));
		put(fake, i, PIPELINE, value_text(rows[i].pipeline));
		put(fake, i, STATE, value_text(rows[i].state));
		put(fake, i, AGE, value_int(now - (int64_t)rows[i].minutes * MINUTE));
		put(fake, i, ROWS, value_int(rows[i].rows));
		put(fake, i, CAUSE, value_text(rows[i].cause));
		put(fake, i, OWNER, value_text(rows[i].owner));
	}
	return fake;
}

/* Rows called r00, r01, … from FIRST on. */
static struct fake *numbered(int first, size_t n)
{
	struct fake *fake = fake_new(n);
	for (size_t i = 0; i < n; i++) {
		char *name = arena_printf(fake->arena, "r%02d", first + (int)i);
		put(fake, i, REF, value_text(name));
		put(fake, i, PIPELINE, value_text(name));
	}
	return fake;
}

static void draw(struct grid *grid, struct widget *widget, const struct format *format, bool has_focus)
{
	grid->is_ascii = format->is_ascii;
	grid_clear(grid);
	widget->ops->draw(widget, grid, (struct rect){0, 0, grid->width, grid->height}, format, has_focus);
}

static void assert_picture(const struct grid *grid, bool with_styles, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	grid_print(grid, with_styles, &out);
	assert_string_equal(out.p, expected);
	buf_fini(&out);
}

static void assert_drawn(struct widget *widget, int width, int height, const struct format *format,
	bool with_styles, const char *expected)
{
	struct grid grid;
	grid_init(&grid, width, height);
	draw(&grid, widget, format, true);
	assert_picture(&grid, with_styles, expected);
	grid_fini(&grid);
}

static struct widget *widget_with(const struct block *block)
{
	struct widget *widget = widget_for(block->kind)->new ();
	widget->ops->set(widget, block);
	return widget;
}

/* --- tables ---------------------------------------------------------------------- */

static void a_wide_table_shows_all_its_columns(void **state)
{
	(void)state;
	struct fake *fake = three_runs();
	struct widget *w = widget_with(&fake->block);
	assert_drawn(w, 92, 4, &unicode, true,

		" PIPELINE       STATE      AGE        ROWS  CAUSE                                      OWNER\n"
		"▌recsys_daily   ✗ failed   12m       1 482  DataCheckError: null_rate = 0.31           mlee\n"
		" churn_weekly   ✓ success   3h  31 000 000  –                                          ana\n"
		" evil^[[2Jname  ● running  now           0  OutOfMemoryError: Java heap space          –\n"
		" dddddddd       ddddd      ddd        dddd  ddddd                                      ddddd\n"
		" SSSSSSSSSSSS   ffffffff\n"
		"                sssssssss                   d\n"
		"                rrrrrrrrr                                                              d\n");
	w->ops->free(w);
	fake_free(fake);
}

static void columns_go_by_priority_where_room_is_short(void **state)
{
	(void)state;
	struct fake *fake = three_runs();
	struct widget *w = widget_with(&fake->block);
	assert_drawn(w, 60, 4, &unicode, false,

		" PIPELINE       STATE      AGE  CAUSE                      →\n"
		"▌recsys_daily   ✗ failed   12m  DataCheckError: null_rate =…\n"
		" churn_weekly   ✓ success   3h  –\n"
		" evil^[[2Jname  ● running  now  OutOfMemoryError: Java heap…\n");
	assert_drawn(w, 44, 4, &unicode, false,

		" PIPELINE       STATE      CAUSE           →\n"
		"▌recsys_daily   ✗ failed   DataCheckError: …\n"
		" churn_weekly   ✓ success  –\n"
		" evil^[[2Jname  ● running  OutOfMemoryError…\n");
	assert_drawn(w, 24, 4, &unicode, false,

		" PIPELINE    CAUSE     →\n"
		"▌recsy…aily  DataCheckE…\n"
		" churn…ekly  –\n"
		" evil^…name  OutOfMemor…\n");
	assert_drawn(w, 60, 4, &ascii, false,

		" PIPELINE       STATE      AGE  CAUSE                      >\n"
		">recsys_daily   x failed   12m  DataCheckError: null_rate ..\n"
		" churn_weekly   + success   3h  -\n"
		" evil^[[2Jname  * running  now  OutOfMemoryError: Java hea..\n");
	w->ops->free(w);
	fake_free(fake);
}

/* What room is left behind a wide column that went is for narrower ones that went before it. */
static void a_narrow_column_comes_back_where_a_wide_one_went(void **state)
{
	(void)state;
	struct fake *fake = three_runs();
	put(fake, 0, STATE, value_text("a state word of many letters"));
	struct widget *w = widget_with(&fake->block);
	assert_drawn(w, 46, 2, &unicode, false,

		" PIPELINE       AGE  CAUSE                   →\n"
		"▌recsys_daily   12m  DataCheckError: null_rat…\n");
	w->ops->free(w);
	fake_free(fake);
}

static void the_sorted_column_bears_an_arrow(void **state)
{
	(void)state;
	struct fake *fake = three_runs();
	fake->block.table.sorted = "rows";
	struct widget *w = widget_with(&fake->block);
	assert_drawn(w, 92, 1, &unicode, false,

		" PIPELINE       STATE      AGE       ROWS▼  CAUSE                                      OWNER\n");
	fake->block.table.is_ascending = true;
	assert_drawn(w, 92, 1, &ascii, false,

		" PIPELINE       STATE      AGE       ROWS^  CAUSE                                      OWNER\n");
	w->ops->free(w);
	fake_free(fake);
}

static bool shows(struct widget *widget, int width, const char *text)
{
	struct grid grid;
	struct buf out;
	buf_init(&out, 0);
	grid_init(&grid, width, 4);
	draw(&grid, widget, &unicode, true);
	grid_print(&grid, false, &out);
	bool is_shown = str_has(buf_str(&out), str_of(text));
	grid_fini(&grid);
	buf_fini(&out);
	return is_shown;
}

/* To the right, all of each column, one after the other behind the name; and the same way back. */
static void every_column_is_reached_sideways(void **state)
{
	(void)state;
	enum { WIDTH = 24 };
	static const char *const texts[] = {"recsys_daily", "evil^[[2Jname", "✗ failed", "✓ success", "12m",
		"31 000 000", "DataCheck", "kError: null", "rate = 0.31", "ap space", "OWNER", "mlee"};
	bool is_reached[ARRAY_LEN(texts)] = {false};
	struct fake *fake = three_runs();
	struct widget *w = widget_with(&fake->block);
	assert_true(shows(w, WIDTH, " PIPELINE    CAUSE     →"));
	int n_right = 0, n_left = 0;
	while (w->ops->move(w, MOVE_RIGHT, 4)) {
		assert_in_range(++n_right, 1, 12);
		assert_true(shows(w, WIDTH, "←PIPELI"));
		for (size_t i = 0; i < ARRAY_LEN(texts); i++)
			is_reached[i] |= shows(w, WIDTH, texts[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!is_reached[i])
			fail_msg("'%s' is not reached", texts[i]);
	assert_drawn(w, WIDTH, 4, &unicode, false,

		"←PIPELIN  OWNER\n"
		"▌rec…ily  mlee\n"
		" chu…kly  ana\n"
		" evi…ame  –\n");
	assert_true(w->ops->move(w, MOVE_DOWN, 4)); /* the rows are the same */
	assert_string_equal(w->ops->ref(w), "a/churn/7");
	while (w->ops->move(w, MOVE_LEFT, 4))
		assert_in_range(++n_left, 1, n_right + 1);
	assert_true(shows(w, WIDTH, " PIPELINE    CAUSE     →"));
	w->ops->free(w);
	fake_free(fake);
}

static void a_table_that_fits_does_not_go_sideways(void **state)
{
	(void)state;
	struct fake *fake = three_runs();
	struct widget *w = widget_with(&fake->block);
	struct grid grid;
	grid_init(&grid, 120, 4);
	draw(&grid, w, &unicode, true);
	assert_false(w->ops->move(w, MOVE_RIGHT, 4));
	assert_false(w->ops->move(w, MOVE_LEFT, 4));
	grid_fini(&grid);
	w->ops->free(w);
	fake_free(fake);
}

/* A step out of view brings some rows at once: the next ones bring none, and cost less on a bad link. */
static void steps_out_of_view_bring_some_rows_at_once(void **state)
{
	(void)state;
	enum { HEIGHT = 14, STEPS = 20 };
	struct fake *fake = numbered(0, 50);
	struct widget *w = widget_with(&fake->block);
	struct grid grid;
	uint32_t first = 0;
	int n_scrolled = 0;
	grid_init(&grid, 10, HEIGHT);
	for (int i = 0; i < STEPS; i++) {
		assert_true(w->ops->move(w, MOVE_DOWN, HEIGHT));
		draw(&grid, w, &unicode, true);
		uint32_t top = grid_at(&grid, 2, 1)->chars[0] << 8 | grid_at(&grid, 3, 1)->chars[0];
		n_scrolled += i > 0 && top != first;
		first = top;
	}
	assert_in_range(n_scrolled, 1, STEPS / 4);
	grid_fini(&grid);
	w->ops->free(w);
	fake_free(fake);
}

static void an_empty_table_says_why(void **state)
{
	(void)state;
	struct fake *fake = fake_new(0);
	struct widget *w = widget_with(&fake->block);
	assert_drawn(w, 26, 4, &unicode, true,

		" PIPELINE  STATE  CAUSE\n"
		" no runs match; Esc clears\n"
		" the filter\n"
		"\n"
		" dddddddd  ddddd  ddddd\n"
		"\n"
		"\n"
		"\n");
	assert_int_equal(w->ops->height(w, 26, &unicode), 3);
	assert_false(w->ops->move(w, MOVE_DOWN, 4));
	assert_false(w->ops->find(w, STR("x"), false));
	assert_null(w->ops->ref(w));
	w->ops->free(w);
	fake_free(fake);
}

static void the_cursor_stays_on_its_row_when_new_data_come(void **state)
{
	(void)state;
	struct fake *before = numbered(10, 9), *after = numbered(7, 12), *gone = numbered(20, 3);
	struct widget *w = widget_with(&before->block);
	w->ops->move(w, MOVE_DOWN, 4);
	assert_string_equal(w->ops->ref(w), "r11");
	assert_drawn(w, 20, 4, &unicode, false,

		" PIPELINE  CAUSE\n"
		" r10       –\n"
		"▌r11       –\n"
		" r12       –\n");
	w->ops->set(w, &after->block);
	assert_string_equal(w->ops->ref(w), "r11");
	assert_drawn(w, 40, 4, &unicode, false,

		" PIPELINE  CAUSE                 ↑ 3 new\n"
		" r10       –\n"
		"▌r11       –\n"
		" r12       –\n");
	w->ops->move(w, MOVE_HOME, 4);
	assert_drawn(w, 40, 4, &unicode, false,

		" PIPELINE  CAUSE\n"
		"▌r07       –\n"
		" r08       –\n"
		" r09       –\n");
	w->ops->set(w, &gone->block);
	assert_string_equal(w->ops->ref(w), "r20");
	w->ops->free(w);
	fake_free(before);
	fake_free(after);
	fake_free(gone);
}

static void scrolling_keeps_two_rows_around_the_cursor(void **state)
{
	(void)state;
	struct fake *fake = numbered(0, 50);
	struct widget *w = widget_with(&fake->block);
	for (int i = 0; i < 6; i++)
		assert_true(w->ops->move(w, MOVE_DOWN, 7));
	assert_drawn(w, 10, 7, &ascii, false,

		" PIPELI  C\n"
		" r03     -\n"
		" r04     -\n"
		" r05     -\n"
		">r06     -\n"
		" r07     -\n"
		" r08     -\n");
	assert_true(w->ops->move(w, MOVE_UP, 7));
	assert_drawn(w, 10, 7, &ascii, false,

		" PIPELI  C\n"
		" r03     -\n"
		" r04     -\n"
		">r05     -\n"
		" r06     -\n"
		" r07     -\n"
		" r08     -\n");
	assert_true(w->ops->move(w, MOVE_END, 7));
	assert_false(w->ops->move(w, MOVE_DOWN, 7));
	assert_false(w->ops->move(w, MOVE_PAGE_DOWN, 7));
	assert_drawn(w, 10, 7, &ascii, false,

		" PIPELI  C\n"
		" r44     -\n"
		" r45     -\n"
		" r46     -\n"
		" r47     -\n"
		" r48     -\n"
		">r49     -\n");
	assert_true(w->ops->move(w, MOVE_PAGE_UP, 7));
	assert_string_equal(w->ops->ref(w), "r45");
	assert_true(w->ops->move(w, MOVE_HALF_UP, 7));
	assert_string_equal(w->ops->ref(w), "r42");
	assert_true(w->ops->move(w, MOVE_HOME, 7));
	assert_false(w->ops->move(w, MOVE_UP, 7));
	w->ops->free(w);
	fake_free(fake);
}

static void a_search_moves_to_the_row_and_marks_the_place(void **state)
{
	(void)state;
	struct fake *fake = three_runs();
	struct widget *w = widget_with(&fake->block);
	assert_true(w->ops->find(w, STR("churn"), false));
	assert_string_equal(w->ops->ref(w), "a/churn/7");
	assert_drawn(w, 40, 4, &unicode, true,

		" PIPELINE       CAUSE                  →\n"
		" recsys_daily   DataCheckError: null_ra…\n"
		"▌churn_weekly   –\n"
		" evil^[[2Jname  OutOfMemoryError: Java …\n"
		" dddddddd       ddddd                  k\n"
		"\n"
		" MMMMMSSSSSSS   d\n"
		"\n");
	assert_true(w->ops->find(w, STR("error"), false));
	assert_string_equal(w->ops->ref(w), "a/\033[2J/7");
	assert_true(w->ops->find(w, STR(""), false));
	assert_string_equal(w->ops->ref(w), "a/recsys/1");
	assert_true(w->ops->find(w, STR(""), true));
	assert_string_equal(w->ops->ref(w), "a/\033[2J/7");
	assert_false(w->ops->find(w, STR("a/churn"), false)); /* only what is shown is searched */
	assert_false(w->ops->find(w, STR("ERROR"), false));
	w->ops->free(w);
	fake_free(fake);
}

static void copying_gives_what_the_row_shows_cleaned(void **state)
{
	(void)state;
	struct fake *fake = three_runs();
	struct widget *w = widget_with(&fake->block);
	struct grid grid;
	grid_init(&grid, 80, 4);
	draw(&grid, w, &unicode, true); /* what is copied is what was seen */
	grid_fini(&grid);
	struct buf out;
	buf_init(&out, 0);
	w->ops->move(w, MOVE_END, 4);
	w->ops->copy(w, &out);
	assert_string_equal(
		out.p, "evil^[[2Jname  ● running  now  0  java.lang.OutOfMemoryError: Java heap space  –");
	buf_fini(&out);
	w->ops->free(w);
	fake_free(fake);
}

static void without_focus_the_row_is_marked_by_the_bar_alone(void **state)
{
	(void)state;
	struct fake *fake = three_runs();
	struct widget *w = widget_with(&fake->block);
	struct grid grid;
	grid_init(&grid, 14, 2);
	draw(&grid, w, &unicode, false);
	assert_picture(&grid, true,

		" PIPELI CAUSE→\n"
		"▌rec…ly  DataC\n"
		" dddddd dddddk\n"
		"d\n");
	grid_fini(&grid);
	w->ops->free(w);
	fake_free(fake);
}

static void no_size_is_too_small_for_a_table(void **state)
{
	(void)state;
	struct fake *fake = three_runs();
	struct widget *w = widget_with(&fake->block);
	struct grid grid;
	for (int width = 1; width < 100; width++)
		for (int height = 1; height < 6; height++) {
			grid_init(&grid, width, height);
			draw(&grid, w, &unicode, true);
			w->ops->move(w, height % 2 ? MOVE_UP : MOVE_DOWN, height);
			grid_fini(&grid);
		}
	w->ops->free(w);
	fake_free(fake);
}

/* --- facts ------------------------------------------------------------------------ */

#define LINE(...)                                                                                            \
	{                                                                                                    \
		.spans = (struct span[]){__VA_ARGS__},                                                       \
		.n_spans = sizeof((struct span[]){__VA_ARGS__}) / sizeof(struct span),                       \
	}

static void facts_stand_beside_their_labels(void **state)
{
	(void)state;
	struct fact facts[] = {
		{"values", LINE({ROLE_TEXT, "▁▁▁█ 0.004 for 90 days, now "}, {ROLE_FAILED, "0.31"},
				   {ROLE_TEXT, ", allowed ≤ 0.02"})},
		{"changed", LINE({ROLE_TEXT, "input events\n41 → 42"})},
		{"", LINE({ROLE_DIM, "code: not reported by airflow"})},
		{"runbook", LINE({ROLE_LINK, "data-checks"})},
	};
	facts[3].line.ref = "doc:data-checks";
	struct block block = {.kind = BLOCK_FACTS, .facts = {facts, ARRAY_LEN(facts)}};
	struct widget *w = widget_with(&block);
	assert_int_equal(w->ops->height(w, 40, &unicode), 6);
	assert_drawn(w, 40, 7, &unicode, true,

		"▌values     ▁▁▁█ 0.004 for 90 days, now\n"
		"            0.31, allowed ≤ 0.02\n"
		" changed    input events 41 → 42\n"
		"            code: not reported by\n"
		"            airflow\n"
		" runbook    data-checks\n"
		"\n"
		"hdddddd\n"
		"            ffff\n"
		" ddddddd\n"
		"            ddddddddddddddddddddd\n"
		"            ddddddd\n"
		" ddddddd    iiiiiiiiiii\n"
		"\n");
	assert_null(w->ops->ref(w));
	assert_true(w->ops->move(w, MOVE_END, 7));
	assert_string_equal(w->ops->ref(w), "doc:data-checks");
	assert_drawn(w, 40, 7, &unicode, true,

		" values     ▁▁▁█ 0.004 for 90 days, now\n"
		"            0.31, allowed ≤ 0.02\n"
		" changed    input events 41 → 42\n"
		"            code: not reported by\n"
		"            airflow\n"
		"▌runbook    data-checks\n"
		"\n"
		" dddddd\n"
		"            ffff\n"
		" ddddddd\n"
		"            ddddddddddddddddddddd\n"
		"            ddddddd\n"
		"hDDDDDDDSSSSIIIIIIIIIIISSSSSSSSSSSSSSSSS\n"
		"\n");
	assert_drawn(w, 40, 2, &ascii, false,

		">runbook    data-checks\n"
		"\n");
	struct block shorter = {.kind = BLOCK_FACTS, .facts = {facts + 2, 2}};
	w->ops->set(w, &shorter);
	assert_string_equal(w->ops->ref(w), "doc:data-checks");
	w->ops->free(w);
}

/* --- text ------------------------------------------------------------------------- */

static void the_line_that_says_why_is_never_cut(void **state)
{
	(void)state;
	struct line lines[] = {
		LINE({ROLE_TEXT, "  File \"pipelines/recsys/checks.py\", line 88, in verify"}),
		LINE({ROLE_CAUSE, "DataCheckError: null_rate(player_id) = 0.31, allowed ≤ 0.02"}),
		LINE({ROLE_TEXT, "\033[31mINFO\033[0m\tmarking task"}),
	};
	lines[0].number = 999;
	lines[1].number = 1000;
	lines[2].number = 1001;
	struct block block = {.kind = BLOCK_TEXT, .text = {lines, ARRAY_LEN(lines)}};
	struct widget *w = widget_with(&block);
	assert_drawn(w, 44, 5, &unicode, true,

		"  999      File \"pipelines/recsys/checks.py…\n"
		"▌1000  ✗ DataCheckError:\n"
		"         null_rate(player_id) = 0.31,\n"
		"         allowed ≤ 0.02\n"
		" 1001    INFO    marking task\n"
		" dddd                                      d\n"
		"hdddd  f ccccccccccccccc\n"
		"         cccccccccccccccccccccccccccc\n"
		"         cccccccccccccc\n"
		" dddd\n");
	assert_drawn(w, 44, 5, &ascii, false,

		"  999      File \"pipelines/recsys/checks.py~\n"
		">1000  x DataCheckError:\n"
		"         null_rate(player_id) = 0.31,\n"
		"         allowed < 0.02\n"
		" 1001    INFO    marking task\n");
	assert_false(w->ops->find(w, STR("MARKING"), false));
	assert_true(w->ops->find(w, STR("marking"), false));
	struct buf out;
	buf_init(&out, 0);
	w->ops->copy(w, &out);
	assert_string_equal(out.p, "INFO    marking task");
	buf_fini(&out);
	w->ops->free(w);
}

static void text_without_numbers_wraps(void **state)
{
	(void)state;
	struct line lines[] = {
		LINE({ROLE_TEXT, "Nothing failed. 17 pipelines have not run since 02:52."}),
		LINE({ROLE_TEXT, "日本語日本語日本語日本語"}),
		LINE({ROLE_TEXT, ""}),
		LINE({ROLE_TEXT, "    indented_and_long_without_a_blank_at_all"}),
	};
	struct block block = {.kind = BLOCK_TEXT, .text = {lines, ARRAY_LEN(lines)}};
	struct widget *w = widget_with(&block);
	assert_drawn(w, 24, 9, &unicode, false,

		"▌Nothing failed. 17\n"
		" pipelines have not run\n"
		" since 02:52.\n"
		" 日本語日本語日本語日本\n"
		" 語\n"
		"\n"
		"     indented_and_long_w\n"
		" ithout_a_blank_at_all\n"
		"\n");
	w->ops->free(w);
}

static void no_size_is_too_small_for_lines(void **state)
{
	(void)state;
	struct line lines[] = {LINE({ROLE_CAUSE, "日本語 abc def"}), LINE({ROLE_TEXT, "x"})};
	lines[0].number = 5;
	struct block block = {.kind = BLOCK_TEXT, .text = {lines, ARRAY_LEN(lines)}};
	struct widget *w = widget_with(&block);
	struct grid grid;
	for (int width = 1; width < 20; width++)
		for (int height = 1; height < 5; height++) {
			grid_init(&grid, width, height);
			draw(&grid, w, &unicode, true);
			assert_true(w->ops->height(w, width, &unicode) >= 2);
			w->ops->move(w, height % 2 ? MOVE_UP : MOVE_DOWN, height);
			grid_fini(&grid);
		}
	w->ops->free(w);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wide_table_shows_all_its_columns),
		cmocka_unit_test(columns_go_by_priority_where_room_is_short),
		cmocka_unit_test(a_narrow_column_comes_back_where_a_wide_one_went),
		cmocka_unit_test(the_sorted_column_bears_an_arrow),
		cmocka_unit_test(every_column_is_reached_sideways),
		cmocka_unit_test(a_table_that_fits_does_not_go_sideways),
		cmocka_unit_test(steps_out_of_view_bring_some_rows_at_once),
		cmocka_unit_test(an_empty_table_says_why),
		cmocka_unit_test(the_cursor_stays_on_its_row_when_new_data_come),
		cmocka_unit_test(scrolling_keeps_two_rows_around_the_cursor),
		cmocka_unit_test(a_search_moves_to_the_row_and_marks_the_place),
		cmocka_unit_test(copying_gives_what_the_row_shows_cleaned),
		cmocka_unit_test(without_focus_the_row_is_marked_by_the_bar_alone),
		cmocka_unit_test(no_size_is_too_small_for_a_table),
		cmocka_unit_test(facts_stand_beside_their_labels),
		cmocka_unit_test(the_line_that_says_why_is_never_cut),
		cmocka_unit_test(text_without_numbers_wraps),
		cmocka_unit_test(no_size_is_too_small_for_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
