/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "tui/grid.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <wchar.h>

#include <cmocka.h>

static void assert_picture(const struct grid *grid, bool with_styles, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	grid_print(grid, with_styles, &out);
	assert_string_equal(out.p, expected);
	buf_fini(&out);
}

static void text_stands_where_it_was_put(void **state)
{
	(void)state;
	struct grid grid;
	grid_init(&grid, 12, 3);
	assert_int_equal(grid_put(&grid, 1, 0, 20, STR("runs"), ROLE_HEADING), 4);
	assert_int_equal(grid_put(&grid, 8, 1, 20, STR("too long"), ROLE_TEXT), 4);
	assert_int_equal(grid_put(&grid, 0, 2, 3, STR("cut off"), ROLE_FAILED), 3);
	assert_picture(&grid, true,
		" runs\n        too\ncut\n"
		" hhhh\n\nfff\n");
	grid_fini(&grid);
}

static void outside_the_grid_nothing_happens(void **state)
{
	(void)state;
	struct grid grid;
	grid_init(&grid, 4, 2);
	assert_int_equal(grid_put(&grid, -1, 0, 9, STR("x"), ROLE_TEXT), 0);
	assert_int_equal(grid_put(&grid, 4, 0, 9, STR("x"), ROLE_TEXT), 0);
	assert_int_equal(grid_put(&grid, 0, 2, 9, STR("x"), ROLE_TEXT), 0);
	assert_int_equal(grid_put(&grid, 0, -1, 9, STR("x"), ROLE_TEXT), 0);
	assert_int_equal(grid_put(&grid, 0, 0, -5, STR("x"), ROLE_TEXT), 0);
	grid_fill(&grid, (struct rect){-3, -3, INT32_MAX, INT32_MAX}, (struct style){.role = ROLE_TEXT});
	grid_select(&grid, (struct rect){3, 1, 9, 9});
	grid_rule(&grid, (struct rect){0, 9, 4, 1}, STR("title"));
	assert_picture(&grid, true, "\n\n\n   S\n");
	grid_fini(&grid);
}

static void a_wide_character_is_never_split(void **state)
{
	(void)state;
	struct grid grid;
	grid_init(&grid, 5, 3);
	assert_int_equal(grid_put(&grid, 0, 0, 9, STR("日本語"), ROLE_TEXT), 4);
	assert_int_equal(grid_put(&grid, 0, 1, 3, STR("日本語"), ROLE_TEXT), 2);
	assert_int_equal(grid_put(&grid, 0, 2, 1, STR("日"), ROLE_TEXT), 0);
	assert_picture(&grid, false, "日本\n日\n\n");
	grid_fini(&grid);
}

static void writing_over_half_of_a_wide_character_removes_all_of_it(void **state)
{
	(void)state;
	struct grid grid;
	grid_init(&grid, 6, 3);
	for (int y = 0; y < 3; y++)
		grid_put(&grid, 0, y, 6, STR("日本語"), ROLE_TEXT);
	grid_put(&grid, 1, 0, 1, STR("x"), ROLE_TEXT);
	grid_put(&grid, 2, 1, 1, STR("x"), ROLE_TEXT);
	grid_put(&grid, 1, 2, 2, STR("好"), ROLE_TEXT);
	assert_picture(&grid, false, " x本語\n日x 語\n 好 語\n");
	grid_fini(&grid);
}

static void marks_stay_with_their_base(void **state)
{
	(void)state;
	struct grid grid;
	grid_init(&grid, 8, 2);
	assert_int_equal(grid_put(&grid, 0, 0, 8, STR("e\u0301!"), ROLE_TEXT), 2);
	grid_put(&grid, 0, 1, 8, STR("\u0301a"), ROLE_TEXT);
	assert_int_not_equal(grid_at(&grid, 0, 1)->chars[0], 0x301);
	const struct cell *cell = grid_at(&grid, 0, 0);
	assert_int_equal(cell->n, 2);
	assert_int_equal(cell->chars[1], 0x301);
	struct buf many;
	buf_init(&many, 0);
	buf_addc(&many, 'a');
	for (int i = 0; i < 1000; i++)
		utf8_add(&many, 0x300);
	grid_put(&grid, 0, 0, 8, buf_str(&many), ROLE_TEXT);
	assert_int_equal(grid_at(&grid, 0, 0)->n, CELL_MOST_CHARS);
	buf_fini(&many);
	grid_fini(&grid);
}

static void hostile_text_is_shown_and_does_nothing(void **state)
{
	(void)state;
	struct grid grid;
	grid_init(&grid, 40, 4);
	grid_put(&grid, 0, 0, 40, STR("a\033[2Jb\033]0;title\007c"), ROLE_TEXT);
	grid_put(&grid, 0, 1, 40, STR("nul\0after"), ROLE_TEXT);
	grid_put(&grid, 0, 2, 40, STR("rtl \u202E end"), ROLE_TEXT);
	grid_put(&grid, 0, 3, 40, STR("c1 \xC2\x9B\x9B\xFF."), ROLE_TEXT);
	assert_picture(
		&grid, false, "a^[[2Jb^[]0;title^Gc\nnul^@after\nrtl <U+202E> end\nc1 <9B>\uFFFD\uFFFD.\n");
	grid_fini(&grid);
}

static void assert_printable(const struct grid *grid)
{
	for (int y = 0; y < grid->height; y++)
		for (int x = 0; x < grid->width; x++) {
			const struct cell *cell = grid_at(grid, x, y);
			assert_true(cell->n <= CELL_MOST_CHARS);
			assert_true(cell->n || (x > 0 && grid_at(grid, x - 1, y)->width == 2));
			for (int i = 0; i < cell->n; i++) {
				assert_int_equal(wcwidth((wchar_t)cell->chars[i]), i ? 0 : cell->width);
				assert_true(!grid->is_ascii || cell->chars[i] < 0x7F);
			}
		}
}

static size_t hostile_text(char *out, size_t most)
{
	static const char *const pieces[] = {"a", " ", "\033[", "\033]52;c;", "\xC2\x9B", "\x9B", "\xFF",
		"日", "\u0301", "\u202E", "\u200B", "\uFEFF", "\u2028", "\xE0\x80", "\xF4\x90\x80\x80",
		"\xED\xA0\x80", "\r", "\n", "\t", "\a", "\b", "\u3164", "👩\u200D💻", "\uE000", "\U000E0041",
		"\u0378"};
	size_t n = 0;
	for (int i = rand() % 12; i >= 0; i--) {
		const char *piece = pieces[(size_t)rand() % ARRAY_LEN(pieces)];
		size_t len = strlen(piece);
		if (rand() % 8 == 0)
			len = 1; /* cut short, or a lone byte */
		if (n + len > most)
			break;
		memcpy(out + n, piece, len);
		n += len;
	}
	return n;
}

static void nothing_but_printable_characters_gets_into_a_cell(void **state)
{
	(void)state;
	srand(7);
	struct grid grid;
	grid_init(&grid, 17, 5);
	for (int i = 0; i < 20000; i++) {
		char text[256];
		size_t n = hostile_text(text, sizeof text);
		grid.is_ascii = i > 15000;
		if (i == 15001)
			grid_clear(&grid);
		int used = grid_put(&grid, rand() % 20 - 1, rand() % 6, rand() % 22 - 1,
			(struct str){text, n}, ROLE_TEXT);
		assert_true(used >= 0 && used <= grid.width);
		if (i % 50 == 0)
			assert_printable(&grid);
	}
	assert_printable(&grid);
	grid_fini(&grid);
}

static void ascii_has_stand_ins_for_our_signs(void **state)
{
	(void)state;
	struct grid grid;
	grid_init(&grid, 30, 3);
	grid.is_ascii = true;
	grid_put(&grid, 0, 0, 30, STR("▌✗ late – a ▸ b … ▁▄█ 日é"), ROLE_TEXT);
	grid_rule(&grid, (struct rect){0, 1, 12, 1}, STR("why"));
	assert_picture(&grid, false, ">x late - a > b ~ 148 ??\n- why ------\n\n");
	grid_fini(&grid);
}

static void a_rule_carries_its_title(void **state)
{
	(void)state;
	struct grid grid;
	grid_init(&grid, 14, 3);
	grid_rule(&grid, (struct rect){0, 0, 14, 1}, STR("steps"));
	grid_rule(&grid, (struct rect){2, 1, 8, 1}, STR(""));
	grid_rule(&grid, (struct rect){0, 2, 14, 1}, STR("much too long a title"));
	assert_picture(&grid, true,
		"─ steps ──────\n  ────────\n─ much too l ─\n"
		"uuhhhhhuuuuuuu\n  uuuuuuuu\nuuhhhhhhhhhhuu\n");
	grid_fini(&grid);
}

static void one_huge_line_costs_no_more_than_its_columns(void **state)
{
	(void)state;
	size_t n = (size_t)64 << 20;
	char *text = x_calloc(n, 1); /* a line of NUL bytes: each is shown as two columns */
	struct grid grid;
	grid_init(&grid, 10, 1);
	assert_int_equal(grid_put(&grid, 0, 0, 10, (struct str){text, n}, ROLE_TEXT), 10);
	assert_true(grid.scratch.cap < 1 << 20);
	grid_fini(&grid);
	x_free(text);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stands_where_it_was_put),
		cmocka_unit_test(outside_the_grid_nothing_happens),
		cmocka_unit_test(a_wide_character_is_never_split),
		cmocka_unit_test(writing_over_half_of_a_wide_character_removes_all_of_it),
		cmocka_unit_test(marks_stay_with_their_base),
		cmocka_unit_test(hostile_text_is_shown_and_does_nothing),
		cmocka_unit_test(nothing_but_printable_characters_gets_into_a_cell),
		cmocka_unit_test(ascii_has_stand_ins_for_our_signs),
		cmocka_unit_test(a_rule_carries_its_title),
		cmocka_unit_test(one_huge_line_costs_no_more_than_its_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
