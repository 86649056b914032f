/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint32_t decode(struct str s, size_t want_len)
{
	size_t len = 0;
	uint32_t c = utf8_decode(s, &len);
	assert_int_equal(len, want_len);
	return c;
}

static void decodes_each_length(void **state)
{
	(void)state;
	assert_int_equal(decode(STR("a"), 1), 'a');
	assert_int_equal(decode(STR("\0b"), 1), 0);
	assert_int_equal(decode(STR("\u00e9x"), 2), 0xe9);
	assert_int_equal(decode(STR("\u20acx"), 3), 0x20ac);
	assert_int_equal(decode(STR("\U0010ffff"), 4), 0x10ffff);
}

static void refuses_each_bad_form_one_byte_at_a_time(void **state)
{
	(void)state;
	static const struct str bad[] = {
		{"\x80", 1}, {"\xbf", 1}, {"\xff", 1},		   /* no lead byte */
		{"\xc0\x80", 2}, {"\xc1\xbf", 2},		   /* overlong */
		{"\xe0\x9f\xbf", 3}, {"\xf0\x8f\xbf\xbf", 4},	   /* overlong */
		{"\xed\xa0\x80", 3}, {"\xed\xbf\xbf", 3},	   /* surrogates */
		{"\xf4\x90\x80\x80", 4}, {"\xf5\x80\x80\x80", 4},  /* over U+10FFFF */
		{"\xe2\x82", 2}, {"\xf0\x9f\x98", 3}, {"\xc3", 1}, /* cut */
		{"\xc3(", 2}, {"\xe2\x82z", 3},			   /* broken off */
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_true(decode(bad[i], 1) == UTF8_BAD);
		assert_false(utf8_is_valid(bad[i]));
	}
}

static void encodes_what_it_decodes(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	for (uint32_t c = 0; c <= 0x10ffff; c += c < 0x900 ? 1 : 61) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		buf_reset(&out);
		utf8_add(&out, c);
		assert_int_equal(decode(buf_str(&out), out.n), c);
		assert_true(utf8_is_valid(buf_str(&out)));
	}
	buf_fini(&out);
}

static void width_follows_libc(void **state)
{
	(void)state;
	assert_int_equal(utf8_width('a'), 1);
	assert_int_equal(utf8_width('\n'), 0);
	assert_int_equal(utf8_width(0x7f), 0);
	assert_int_equal(utf8_width(0xe9), 1);
	assert_int_equal(utf8_width(0x301), 0);
	assert_int_equal(utf8_width(0x6f22), 2);
	assert_int_equal(utf8_width(0x1f600), 2);
	assert_int_equal(utf8_width(0xffff), 0);
	assert_int_equal(utf8_columns(STR("a\u6f22e\u0301")), 4);
}

static void width_is_1_beyond_ascii_without_utf8(void **state)
{
	(void)state;
	setlocale(LC_ALL, "C");
	assert_int_equal(utf8_width(0x6f22), 1);
	assert_int_equal(utf8_width('a'), 1);
	assert_true(utf8_is_shown(0x6f22));
	setlocale(LC_ALL, "C.UTF-8");
}

static void fit(const char *text, size_t columns, const char *want)
{
	struct str got = utf8_fit(str_of(text), columns);
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

static void fits_whole_characters(void **state)
{
	(void)state;
	fit("hello", 3, "hel");
	fit("hello", 9, "hello");
	fit("hello", 0, "");
	fit("", 4, "");
	fit("a\u6f22b", 2, "a");
	fit("a\u6f22b", 3, "a\u6f22");
	fit("e\u0301\u0302x", 1, "e\u0301\u0302");
}

static void tells_what_hides_and_what_is_shown(void **state)
{
	(void)state;
	static const uint32_t hidden[] = {0xad, 0x200b, 0x200e, 0x200f, 0x61c, 0x202a, 0x202e, 0x2066, 0x2069,
		0x2028, 0x2029, 0x2060, 0x2064, 0xfeff, 0xe0001, 0xe0041, 0xe007f, 0x3164, 0x115f, 0xffa0,
		0x34f};
	static const uint32_t open[] = {
		'a', 0xe9, 0x5d0, 0x627, 0x301, 0x2026, 0x2030, 0x6f22, 0x1f600, 0xfffd};
	static const uint32_t unshown[] = {
		0, 0x1b, 0x7f, 0x85, 0x9b, 0x378, 0xe000, 0xf8ff, 0xfdd0, 0xffff, 0x1fffe, 0xd800, 0x10fffd};
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		assert_true(utf8_is_hidden(hidden[i]));
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
		assert_true(!utf8_is_hidden(open[i]) && utf8_is_shown(open[i]));
	for (size_t i = 0; i < sizeof unshown / sizeof unshown[0]; i++)
		assert_false(utf8_is_shown(unshown[i]));
	assert_true(utf8_is_mark(0x301) && utf8_is_mark(0x20dd));
	assert_false(utf8_is_mark('a') || utf8_is_mark(0x6f22));
}

int main(void)
{
	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_each_length),
		cmocka_unit_test(refuses_each_bad_form_one_byte_at_a_time),
		cmocka_unit_test(encodes_what_it_decodes),
		cmocka_unit_test(width_follows_libc),
		cmocka_unit_test(width_is_1_beyond_ascii_without_utf8),
		cmocka_unit_test(fits_whole_characters),
		cmocka_unit_test(tells_what_hides_and_what_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
