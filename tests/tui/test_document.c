/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page on the grid: it scrolls, keeps its place over a new width, walks its links, finds words, moves wide
 * code sideways. */
#include "client/base/mem.h"
#include "client/docs/markdown.h"
#include "tui/widgets/document.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct bench {
	struct arena *arena;
	struct grid grid;
	struct widget *widget;
	struct block block;
	int width, height;
};

static void show(struct bench *b, const char *page, const char *section)
{
	const struct markdown_place place = {.page = "guide/here"};
	b->block = (struct block){.kind = BLOCK_DOCUMENT, .name = "page"};
	b->block.page =
		(struct doc_page){"guide/here", section, markdown_read(b->arena, str_of(page), &place)};
	b->widget->ops->set(b->widget, &b->block);
}

static struct bench *bench_new(int width, int height)
{
	struct bench *b = x_new(struct bench);
	b->arena = arena_new();
	b->width = width;
	b->height = height;
	grid_init(&b->grid, width, height);
	b->widget = document_widget.new();
	return b;
}

static void bench_free(struct bench *b)
{
	b->widget->ops->free(b->widget);
	grid_fini(&b->grid);
	arena_free(b->arena);
	x_free(b);
}

/* The grid within WIDTH columns, its lines without what stands in its first column. */
static void draws(struct bench *b, int width, const char *expected)
{
	struct format format = {0};
	struct buf got, text;
	buf_init(&got, 0);
	buf_init(&text, 0);
	grid_clear(&b->grid);
	b->widget->ops->draw(b->widget, &b->grid, (struct rect){0, 0, width, b->height}, &format, true);
	grid_print(&b->grid, false, &got);
	struct str rest = buf_str(&got), line;
	while (str_next(&rest, '\n', &line))
		buf_addf(&text, "%.*s\n",
			STR_FMT(str_slice(line, str_starts(line, STR("▌")) ? strlen("▌") : 1, line.n)));
	while (text.n && text.p[text.n - 1] == '\n')
		text.p[--text.n] = 0;
	assert_string_equal(text.p ? text.p : "", expected);
	buf_fini(&text);
	buf_fini(&got);
}

static bool move(struct bench *b, enum move move)
{
	return b->widget->ops->move(b->widget, move, b->height);
}

static const char links[] =
	"# Top\n\none [a](a.md)\n\ntwo [b](https://example.org/)\n\nthree\n\nfour [c](c.md)\n";

static void test_it_scrolls_and_stops_at_its_end(void **state)
{
	(void)state;
	struct bench *b = bench_new(30, 3);
	show(b, "a\n\nb\n\nc\n", NULL);
	draws(b, 30, "a\n\nb");
	assert_true(move(b, MOVE_DOWN));
	draws(b, 30, "\nb");
	assert_true(move(b, MOVE_END));
	draws(b, 30, "b\n\nc");
	assert_false(move(b, MOVE_DOWN));
	assert_true(move(b, MOVE_HOME));
	draws(b, 30, "a\n\nb");
	bench_free(b);
}

static void test_it_keeps_its_place_over_another_width(void **state)
{
	(void)state;
	struct bench *b = bench_new(40, 3);
	show(b, "one two three four five six seven eight nine ten\n\nsecond\n\nthird\n\nfourth\n", NULL);
	draws(b, 40, "one two three four five six seven\neight nine ten");
	move(b, MOVE_DOWN);
	move(b, MOVE_DOWN);
	move(b, MOVE_DOWN);
	draws(b, 40, "second\n\nthird");
	draws(b, 14, "second\n\nthird");
	draws(b, 40, "second\n\nthird");
	bench_free(b);
}

static void test_it_opens_at_its_section(void **state)
{
	(void)state;
	struct bench *b = bench_new(30, 3);
	show(b, "# Top\n\ntext\n\n## What helps\n\nthis\n\nand\n\nthat\n", "what-helps");
	draws(b, 30, "## What helps\n\nthis");
	move(b, MOVE_DOWN);
	show(b, "# Top\n\nanother text\n\n## What helps\n\nthis\n\nand\n\nthat\n", "what-helps");
	draws(b, 30, "\nthis"); /* it was saved while one read it: one stays */
	bench_free(b);
}

static void at_link(const struct bench *b, const char *expected, bool expected_ref)
{
	bool is_ref = false;
	const char *target = document_target(b->widget, &is_ref);
	assert_non_null(target);
	assert_string_equal(target, expected);
	assert_int_equal(is_ref, expected_ref);
	assert_int_equal(b->widget->ops->ref(b->widget) != NULL, expected_ref);
}

static void test_tab_walks_its_links(void **state)
{
	(void)state;
	bool is_ref;
	struct bench *b = bench_new(30, 4);
	show(b, links, NULL);
	draws(b, 30, "# Top\n\none a");
	assert_null(document_target(b->widget, &is_ref));
	assert_true(document_next_link(b->widget, 1));
	at_link(b, "doc:guide/a", true);
	assert_true(document_next_link(b->widget, 1));
	at_link(b, "https://example.org/", false);
	assert_true(document_next_link(b->widget, 1));
	at_link(b, "doc:guide/c", true);
	draws(b, 30, "\nthree\n\nfour c"); /* it was moved to */
	assert_true(document_next_link(b->widget, 1));
	at_link(b, "doc:guide/a", true);
	assert_true(document_next_link(b->widget, -1));
	at_link(b, "doc:guide/c", true);
	show(b, "no link", NULL);
	draws(b, 30, "no link");
	assert_false(document_next_link(b->widget, 1));
	assert_null(document_target(b->widget, &is_ref));
	bench_free(b);
}

static void test_words_are_found_around_the_end(void **state)
{
	(void)state;
	struct bench *b = bench_new(30, 2);
	show(b, "alpha\n\nb\n\nc\n\nd\n\nalpha two\n", NULL);
	draws(b, 30, "alpha");
	assert_true(b->widget->ops->find(b->widget, STR("ALPHA"), false) == false); /* capitals count */
	assert_true(b->widget->ops->find(b->widget, STR("two"), false));
	draws(b, 30, "\nalpha two");
	assert_true(b->widget->ops->find(b->widget, STR("alpha"), false));
	assert_true(b->widget->ops->find(b->widget, STR(""), false));
	draws(b, 30, "alpha");
	assert_false(b->widget->ops->find(b->widget, STR("nosuch"), false));
	bench_free(b);
}

static void test_wide_code_moves_sideways_and_text_stays(void **state)
{
	(void)state;
	struct bench *b = bench_new(22, 3);
	show(b, "text\n\n    0123456789abcdefghijklmnopqrstuvwxyz\n", NULL);
	draws(b, 22, "text\n\n    0123456789abcde…");
	assert_true(move(b, MOVE_RIGHT));
	draws(b, 22, "text\n\n456789abcdefghijklm…");
	while (move(b, MOVE_RIGHT))
		;
	draws(b, 22,
		"text\n\ngh"
		"ijklmnopqrstuvwxyz");
	while (move(b, MOVE_LEFT))
		;
	draws(b, 22, "text\n\n    0123456789abcde…");
	bench_free(b);
}

static void test_tables_fit_where_they_can(void **state)
{
	(void)state;
	struct bench *b = bench_new(42, 6);
	show(b, "| key | means |\n| --- | --: |\n| a | one two three four five six seven eight nine |\n",
		NULL);
	draws(b, 42,
		"key                                means\n────────────────────────────────────────\n"
		"a      one two three four five six seven\n                              eight nine");
	bench_free(b);
}

static void test_lists_and_quotes_stand_in_their_margin(void **state)
{
	(void)state;
	struct bench *b = bench_new(24, 6);
	show(b, "- one two three four five six\n  1. deep\n\n> quoted text is here\n", NULL);
	draws(b, 24, "• one two three four\n  five six\n   1. deep\n\n│ quoted text is here");
	bench_free(b);
}

static void test_the_contents_stand_at_the_left_where_there_is_room(void **state)
{
	(void)state;
	struct bench *b = bench_new(100, 4);
	show(b, "# Top\n\n## Keys\n\ntext\n", NULL);
	draws(b, 100, "Contents                 # Top\nTop\n Keys                    ## Keys");
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_scrolls_and_stops_at_its_end),
		cmocka_unit_test(test_it_keeps_its_place_over_another_width),
		cmocka_unit_test(test_it_opens_at_its_section),
		cmocka_unit_test(test_tab_walks_its_links),
		cmocka_unit_test(test_words_are_found_around_the_end),
		cmocka_unit_test(test_wide_code_moves_sideways_and_text_stays),
		cmocka_unit_test(test_tables_fit_where_they_can),
		cmocka_unit_test(test_lists_and_quotes_stand_in_their_margin),
		cmocka_unit_test(test_the_contents_stand_at_the_left_where_there_is_room),
	};
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
