/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "views/format.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { MINUTE = 60000 };
static const int64_t now = 1795220400000; /* 2026-11-21 00:20:00 UTC */
static const struct format unicode = {.now_ms = 1795220400000},
			   ascii = {.now_ms = 1795220400000, .is_ascii = true};

static const char *cell(const struct format *format, enum column_type type, struct value value)
{
	static struct buf out;
	struct column column = {.key = "k", .type = type};
	if (!out.max)
		buf_init(&out, 0);
	buf_reset(&out);
	format_cell(&out, format, &column, &value);
	return buf_str(&out).p;
}

static const char *cut(const struct format *format, enum column_type type, const char *text, size_t columns)
{
	static struct buf out;
	if (!out.max)
		buf_init(&out, 0);
	buf_reset(&out);
	format_cut(&out, format, type, str_of(text), columns);
	assert_true(utf8_columns(buf_str(&out)) <= columns);
	return buf_str(&out).p;
}

static void every_state_has_its_sign(void **state)
{
	(void)state;
	static const struct {
		const char *word, *sign, *ascii;
		enum role role;
	} all[] = {
		{"success", "✓", "+", ROLE_SUCCESS},
		{"failed", "✗", "x", ROLE_FAILED},
		{"running", "●", "*", ROLE_RUNNING},
		{"queued", "○", "o", ROLE_QUEUED},
		{"skipped", "–", "-", ROLE_SKIPPED},
		{"cancelled", "⊘", "/", ROLE_SKIPPED},
		{"unknown", "?", "?", ROLE_DIM},
		{"lost", "!", "!", ROLE_FAILED},
		{"late", "⏲", "@", ROLE_LATE},
		{"ok", "✓", "+", ROLE_SUCCESS},
		{"stale", "⏲", "@", ROLE_LATE},
		{"error", "✗", "x", ROLE_FAILED},
		{"never", "○", "o", ROLE_QUEUED},
		{"open", "✗", "x", ROLE_FAILED},
		{"resolved", "✓", "+", ROLE_SUCCESS},
		{"a word nobody knows", "?", "?", ROLE_DIM},
		{"", "?", "?", ROLE_DIM},
	};
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_string_equal(format_sign(&unicode, str_of(all[i].word)), all[i].sign);
		assert_string_equal(format_sign(&ascii, str_of(all[i].word)), all[i].ascii);
		assert_int_equal(format_state_role(str_of(all[i].word)), all[i].role);
	}
}

static void unknown_is_a_dash_and_never_zero(void **state)
{
	(void)state;
	struct column column = {.key = "k", .type = COLUMN_INT};
	struct buf out;
	buf_init(&out, 0);
	assert_int_equal(format_cell(&out, &unicode, &column, NULL), ROLE_DIM);
	assert_string_equal(out.p, "–");
	buf_fini(&out);
	assert_string_equal(cell(&unicode, COLUMN_DURATION, (struct value){VALUE_NULL, {0}}), "–");
	assert_string_equal(cell(&unicode, COLUMN_DURATION, value_int(-1)), "–");
	assert_string_equal(cell(&unicode, COLUMN_TIME, value_int(TIME_NONE)), "–");
	assert_string_equal(cell(&ascii, COLUMN_STATE, (struct value){VALUE_NULL, {0}}), "-");
	assert_string_equal(cell(&unicode, COLUMN_INT, value_int(0)), "0");
}

static void values_read_as_a_person_says_them(void **state)
{
	(void)state;
	assert_string_equal(cell(&unicode, COLUMN_STATE, value_text("failed")), "✗ failed");
	assert_string_equal(cell(&ascii, COLUMN_STATE, value_text("failed")), "x failed");
	assert_string_equal(cell(&unicode, COLUMN_TIME, value_int(now - 12 * MINUTE)), "12m");
	assert_string_equal(cell(&unicode, COLUMN_DURATION, value_int(64000)), "1m 04s");
	assert_string_equal(cell(&unicode, COLUMN_INT, value_int(1482)), "1 482");
	assert_string_equal(cell(&unicode, COLUMN_INT, value_int(-1234567)), "-1 234 567");
	assert_string_equal(cell(&unicode, COLUMN_INT, value_int(INT64_MIN)), "-9 223 372 036 854 775 808");
	assert_string_equal(cell(&unicode, COLUMN_INT, value_real(0.712345)), "0.712");
	assert_string_equal(cell(&unicode, COLUMN_INT, value_real(48123.4)), "48 123");
	assert_string_equal(cell(&unicode, COLUMN_BOOL, value_int(1)), "yes");
	assert_string_equal(cell(&unicode, COLUMN_LIST,
				    value_text("a\x1F"
					       "b\x1F"
					       "c")),
		"a, b, c");
	assert_string_equal(cell(&unicode, COLUMN_TEXT, value_int(20261121)), "20261121");
}

static void absolute_times_have_date_and_zone(void **state)
{
	(void)state;
	struct format absolute = {.now_ms = now, .is_absolute = true};
	assert_string_equal(cell(&absolute, COLUMN_TIME, value_int(now)), "2026-11-21 00:20:00 UTC");
}

static void names_are_cut_in_the_middle(void **state)
{
	(void)state;
	assert_string_equal(cut(&unicode, COLUMN_NAME, "recsys_daily_north_eu_v2", 17), "recsys_d…th_eu_v2");
	assert_string_equal(cut(&ascii, COLUMN_NAME, "recsys_daily_north_eu_v2", 17), "recsys_d..h_eu_v2");
	assert_string_equal(cut(&unicode, COLUMN_NAME, "short", 17), "short");
	assert_string_equal(cut(&unicode, COLUMN_TEXT, "recsys_daily_north_eu_v2", 8), "recsys_…");
}

static void an_exception_loses_its_package_first(void **state)
{
	(void)state;
	const char *cause = "java.lang.OutOfMemoryError: Java heap space";
	assert_string_equal(cut(&unicode, COLUMN_CAUSE, cause, 50), cause);
	assert_string_equal(cut(&unicode, COLUMN_CAUSE, cause, 40), "OutOfMemoryError: Java heap space");
	assert_string_equal(cut(&unicode, COLUMN_CAUSE, cause, 20), "OutOfMemoryError: J…");
	assert_string_equal(cut(&unicode, COLUMN_CAUSE, "see foo.bar now please", 12), "see foo.bar…");
	assert_string_equal(cut(&unicode, COLUMN_CAUSE, "a.b.C", 2), "C");
}

static void no_cut_is_too_narrow(void **state)
{
	(void)state;
	static const enum column_type types[] = {COLUMN_TEXT, COLUMN_NAME, COLUMN_CAUSE, COLUMN_STATE};
	static const char *const texts[] = {"", "x", "plain text", "日本語の名前",
		"e\u0301e\u0301e\u0301e\u0301", "\033[31mred\033[0m", "\xFF\xFE", "java.lang.日本語: 日本語"};
	for (size_t t = 0; t < ARRAY_LEN(types); t++)
		for (size_t i = 0; i < ARRAY_LEN(texts); i++)
			for (size_t columns = 0; columns < 24; columns++) {
				cut(&unicode, types[t], texts[i], columns);
				cut(&ascii, types[t], texts[i], columns);
			}
}

static void a_cut_never_splits_a_wide_character_or_loses_a_base(void **state)
{
	(void)state;
	assert_string_equal(cut(&unicode, COLUMN_TEXT, "日本語の名前", 6), "日本…");
	assert_string_equal(cut(&unicode, COLUMN_NAME, "日本語の名前", 6), "日…前");
	assert_string_equal(cut(&unicode, COLUMN_NAME, "abcdefe\u0301", 3), "a…e\u0301");
}

static void escapes_are_shown_and_do_nothing(void **state)
{
	(void)state;
	assert_string_equal(cut(&unicode, COLUMN_TEXT, "a\033[2Jb", 20), "a^[[2Jb");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_its_sign),
		cmocka_unit_test(unknown_is_a_dash_and_never_zero),
		cmocka_unit_test(values_read_as_a_person_says_them),
		cmocka_unit_test(absolute_times_have_date_and_zone),
		cmocka_unit_test(names_are_cut_in_the_middle),
		cmocka_unit_test(an_exception_loses_its_package_first),
		cmocka_unit_test(no_cut_is_too_narrow),
		cmocka_unit_test(a_cut_never_splits_a_wide_character_or_loses_a_base),
		cmocka_unit_test(escapes_are_shown_and_do_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
