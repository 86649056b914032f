/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/clean.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void cleans(enum clean_flags flags, struct str text, const char *want)
{
	struct buf out;
	buf_init(&out, 0);
	clean_add(&out, text, flags);
	assert_string_equal(buf_str(&out).p, want);
	assert_int_equal(out.n, strlen(want));
	buf_fini(&out);
}

static void name(struct str text, const char *want)
{
	cleans(CLEAN_NAME, text, want);
}

static void lines(struct str text, const char *want)
{
	cleans(CLEAN_LINES, text, want);
}

static void good_text_stays(void **state)
{
	(void)state;
	name(STR(""), "");
	name((struct str){0}, "");
	name(STR("plain text, longer than eight bytes ~"), "plain text, longer than eight bytes ~");
	name(STR("Gr\u00fc\u00dfe \u6f22\u5b57 \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \U0001F600 \u2026"),
		"Gr\u00fc\u00dfe \u6f22\u5b57 \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \U0001F600 \u2026");
	name(STR("\uFFFD"), "\uFFFD");
}

static void bad_utf8_is_one_sign_a_byte(void **state)
{
	(void)state;
	name(STR("a\xc0\xafz"), "a\uFFFD\uFFFDz");
	name(STR("a\xed\xa0\x80z"), "a\uFFFD\uFFFD\uFFFDz");
	name(STR("a\xf4\x90\x80\x80z"), "a\uFFFD\uFFFD\uFFFD\uFFFDz");
	name(STR("a\xe2\x82"), "a\uFFFD\uFFFD");
	/* An escape inside a broken sequence is not eaten with it. */
	name(STR("\xe2\x1b[2J"), "\uFFFD^[[2J");
}

static void controls_are_shown(void **state)
{
	(void)state;
	name(STR("a\0b"), "a^@b");
	name(STR("a\a\b\v\f\x1f\x7fz"), "a^G^H^K^L^_^?z");
	name(STR("a\nb\tc\rd\r\n"), "a^Jb^Ic^Md^M^J");
	lines(STR("a\0\a\v\x7fz"), "a^@^G^K^?z");
}

static void c1_is_shown_in_both_forms(void **state)
{
	(void)state;
	name(STR("a\xc2\x9b"
		 "31mz\xc2\x85"),
		"a<9B>31mz<85>");
	name(STR("a\x9b"
		 "31mz\x9d"),
		"a\uFFFD31mz\uFFFD");
}

static void escape_sequences_stand_there_as_text(void **state)
{
	(void)state;
	name(STR("\x1b[2Jz"), "^[[2Jz");
	name(STR("\x1b[31mz"), "^[[31mz");
	lines(STR("\x1b]0;title\az"), "^[]0;title^Gz");
	lines(STR("\x1b]52;c;aGk=\x1b\\z"), "^[]52;c;aGk=^[\\z");
	lines(STR("\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\"), "^[]8;;https://x^[\\link^[]8;;^[\\");
	lines(STR("\x1bPqdcs\x1b\\z"), "^[Pqdcs^[\\z");
	lines(STR("\x1b[?1000hz\x1b(0z\x1b"
		  "cz"),
		"^[[?1000hz^[(0z^[cz");
	/* Never finished: nothing behind it is lost. */
	lines(STR("\x1b]0;evil\nERROR one\nERROR two"), "^[]0;evil\nERROR one\nERROR two");
	lines(STR("a\x1b["), "a^[[");
	lines(STR("a\x1b"), "a^[");
}

static void only_colour_sequences_are_dropped_on_request(void **state)
{
	(void)state;
	const enum clean_flags flags = CLEAN_LINES | CLEAN_NO_SGR;
	cleans(flags, STR("\x1b[1;31mred\x1b[m \x1b[38:2::1:2:3mz"), "red z");
	cleans(flags, STR("\x1b[Kz\x1b[2J"), "^[[Kz^[[2J");
	cleans(flags, STR("\x1b[31"), "^[[31");
	cleans(flags, STR("\x1b[>4mz\x1b[?4mz\x1b[1 mz"), "^[[>4mz^[[?4mz^[[1 mz");
	cleans(flags, STR("\x1b[123456mz"), "^[[123456mz");
	/* What is dropped joins nothing into a new sequence. */
	cleans(flags, STR("\x1b\x1b[0m[2J"), "^[[2J");
	cleans(flags, STR("\xe2\x1b[m\x82\xac"), "\uFFFD\uFFFD\uFFFD");
}

static void too_many_numbers_are_no_colour(void **state)
{
	(void)state;
	struct buf text, want;
	buf_init(&text, 0);
	buf_init(&want, 0);
	buf_addz(&text, "\x1b[1");
	for (int i = 0; i < 32; i++)
		buf_addz(&text, ";1");
	buf_addz(&text, "mz");
	buf_addz(&want, "^[");
	buf_add(&want, str_slice(buf_str(&text), 1, text.n));
	cleans(CLEAN_NO_SGR, buf_str(&text), want.p);
	buf_fini(&text);
	buf_fini(&want);
}

static void what_steers_or_hides_is_shown(void **state)
{
	(void)state;
	name(STR("a\u202eb\u202c\u2066\u2069\u200e\u200f\u061c"),
		"a<U+202E>b<U+202C><U+2066><U+2069><U+200E><U+200F><U+061C>");
	name(STR("a\u200bb\u200d\u2060\ufeff\u00ad"), "a<U+200B>b<U+200D><U+2060><U+FEFF><U+00AD>");
	name(STR("\u2028\u2029\u3164\u115f\uffa0"), "<U+2028><U+2029><U+3164><U+115F><U+FFA0>");
	name(STR("\U000e0041\U000e007f"), "<U+E0041><U+E007F>");
	lines(STR("a\u202eb\U000e0041"), "a<U+202E>b<U+E0041>");
	name(STR("a\u2800"), "a<U+2800>");
	lines(STR("a\u2800\u28ff"), "a\u2800\u28ff");
}

static void what_nobody_assigned_is_replaced(void **state)
{
	(void)state;
	name(STR("a\ue000\uf8ff\U000f0000z"), "a\uFFFD\uFFFD\uFFFDz");
	name(STR("a\ufdd0\uffff\U0001fffe\U0010fffdz"), "a\uFFFD\uFFFD\uFFFD\uFFFDz");
	name(STR("a\u0378z"), "a\uFFFDz");
}

static void a_base_keeps_four_marks(void **state)
{
	(void)state;
	name(STR("e\u0301\u0302\u0303\u0304x"), "e\u0301\u0302\u0303\u0304x");
	name(STR("e\u0301\u0302\u0303\u0304\u0305\u0306x"), "e\u0301\u0302\u0303\u0304<U+0305><U+0306>x");
	name(STR("\u0301\u0302x"), "<U+0301><U+0302>x");
	lines(STR("a\n\u0301x"), "a\n<U+0301>x");
	cleans(CLEAN_NO_SGR, STR("a\x1b[m\u0301x"), "a<U+0301>x");
}

static void a_mark_never_joins_what_was_there(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	buf_addz(&out, "|");
	clean_add(&out, STR("\u0301"), CLEAN_NAME);
	assert_string_equal(out.p, "|<U+0301>");
	buf_fini(&out);
}

static void a_variation_selector_leaves_its_base(void **state)
{
	(void)state;
	name(STR("\u26a0\ufe0f!"), "\u26a0!");
	name(STR("\u26a0\ufe0f\ufe0f\ufe01"), "\u26a0<U+FE0F>");
	name(STR("\ufe0f"), "<U+FE0F>");
}

static void lines_end_and_tabs_expand(void **state)
{
	(void)state;
	lines(STR("a\nb\r\nc\n\n"), "a\nb\nc\n\n");
	lines(STR("a\tb\t\tc"), "a       b               c");
	lines(STR("\u6f22\tb\n1234567\t8\n12345678\t9"), "\u6f22      b\n1234567 8\n12345678        9");
	lines(STR("e\u0301\tb"), "e\u0301       b");
	lines(STR("abc\nab\tc\tde\tf"), "abc\nab      c       de      f");
	lines(STR("a\rb\r\r\nc"), "a^Mb^M\nc");
}

static void tabs_count_from_this_text(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	buf_addz(&out, "123");
	clean_add(&out, STR("a\tb"), CLEAN_LINES);
	assert_string_equal(out.p, "123a       b");
	buf_fini(&out);
}

static void overstriking_is_reduced_and_hides_nothing(void **state)
{
	(void)state;
	lines(STR("N\bNA\bAM\bME\bE"), "NAME");
	lines(STR("_\bf_\bi\u00e9\b\u00e9_\b\u6f22"), "fi\u00e9\u6f22");
	lines(STR("X\bX\bX _\bX\bX X\b_"), "X X X");
	lines(STR("secret\b\b\b\b\b\bpublic"), "secret^H^H^H^H^H^Hpublic");
	lines(STR("a\bb"), "a^Hb");
	lines(STR("\b\b"), "^H^H");
	lines(STR("_\b"), "_^H");
	lines(STR("_\b\x1b[2J"), "_^H^[[2J");
	lines(STR("a\b\u202e"), "a^H<U+202E>");
}

static void ascii_is_ascii(void **state)
{
	(void)state;
	cleans(CLEAN_ASCII, STR("Gr\u00fc\u00dfe \u6f22 e\u0301 \xff \u202e \x1b"),
		"Gr??e ? e? ? <U+202E> ^[");
}

/* --- one line ------------------------------------------------------------------ */

enum { MOST_SPANS = 8 };

struct line {
	struct buf out;
	struct clean_span spans[MOST_SPANS];
	size_t n;
};

static void line_init(struct line *line, struct str text, size_t max)
{
	buf_init(&line->out, 0);
	buf_addz(&line->out, ">>"); /* spans do not count it */
	line->n = clean_line(&line->out, text, line->spans, max);
	assert_true(line->n <= max);
	buf_drop(&line->out, 2);
}

static void line_fini(struct line *line)
{
	buf_fini(&line->out);
}

static void one_line(struct str text, const char *want)
{
	struct line line;
	line_init(&line, text, MOST_SPANS);
	assert_string_equal(buf_str(&line.out).p, want);
	line_fini(&line);
}

static struct str span_text(const struct line *line, size_t i)
{
	assert_true(i < line->n);
	return str_slice(buf_str(&line->out), line->spans[i].from, line->spans[i].to);
}

static void colours_become_spans(void **state)
{
	(void)state;
	struct line line;
	line_init(&line, STR("plain \x1b[1;31mred\x1b[0m gap \x1b[92;44mgreen\x1b[39mback"), MOST_SPANS);
	assert_string_equal(line.out.p, "plain red gap greenback");
	assert_int_equal(line.n, 3);
	assert_true(str_is(span_text(&line, 0), "red"));
	assert_true(line.spans[0].attr.bold && line.spans[0].attr.has_fg && !line.spans[0].attr.has_bg);
	assert_int_equal(line.spans[0].attr.fg, 1);
	assert_true(str_is(span_text(&line, 1), "green"));
	assert_int_equal(line.spans[1].attr.fg, 10);
	assert_int_equal(line.spans[1].attr.bg, 4);
	assert_true(str_is(span_text(&line, 2), "back"));
	assert_false(line.spans[2].attr.has_fg);
	line_fini(&line);
}

static struct clean_attr attr_of(const char *sequence)
{
	struct line line;
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "\x1b[%smX", sequence);
	line_init(&line, buf_str(&text), MOST_SPANS);
	assert_string_equal(line.out.p, "X");
	struct clean_attr attr = line.n ? line.spans[0].attr : (struct clean_attr){0};
	line_fini(&line);
	buf_fini(&text);
	return attr;
}

static bool is_plain(struct clean_attr a)
{
	return !a.bold && !a.dim && !a.underline && !a.reverse && !a.has_fg && !a.has_bg;
}

static void each_attribute_is_mapped(void **state)
{
	(void)state;
	assert_true(attr_of("1").bold);
	assert_true(attr_of("2").dim);
	assert_true(attr_of("4").underline);
	assert_true(attr_of("4:3").underline);
	assert_true(attr_of("7").reverse);
	static const char *const plain[] = {"", "0", "3", "5", "6", "8", "9", "10", "15", "28", "53", "1;22",
		"2;22", "4;24", "4;4:0", "7;27", "31;39", "41;49", "1;4;7;31;41;0", "31;", "99999", "38",
		"38;5", "38;5;256", "38;2;1;2", "38;2;1;2;256", "58;5;1", "58;2;1;1;1", "58:2::1:1:1", "38:5",
		"38:2:1"};
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		if (!is_plain(attr_of(plain[i])))
			fail_msg("'%s' is not plain", plain[i]);
	}
}

static void each_colour_is_mapped(void **state)
{
	(void)state;
	static const struct {
		const char *sequence;
		int fg;
	} rows[] = {{"30", 0}, {"37", 7}, {"90", 8}, {"97", 15}, {"38;5;0", 0}, {"38;5;255", 255},
		{"38:5:208", 208}, {"38;2;255;0;0", 196}, {"38:2:255:0:0", 196}, {"38:2::255:0:0", 196},
		{"38;2;0;0;0", 16}, {"38;2;255;255;255", 231}, {"38;2;128;128;128", 244},
		{"38;2;95;135;175", 67}, {"58;5;1;32", 2}, {"38;5;208;1", 208}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct clean_attr attr = attr_of(rows[i].sequence);
		if (!attr.has_fg || attr.has_bg || attr.fg != rows[i].fg)
			fail_msg("'%s' is %d", rows[i].sequence, attr.fg);
	}
	struct clean_attr both = attr_of("38;5;208;48;5;17;1");
	assert_true(both.bold && both.fg == 208 && both.bg == 17);
}

static void no_colour_hides_text(void **state)
{
	(void)state;
	static const char *const hidden[] = {
		"31;41", "38;5;16;40", "48;5;16;30", "38;2;9;9;9;48;2;8;8;8", "8;97;107", "38;5;232;48;5;16"};
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		assert_false(attr_of(hidden[i]).has_bg);
	assert_true(attr_of("31;42").has_bg);
	/* The ground comes back with another foreground. */
	struct line line;
	line_init(&line, STR("\x1b[31;41ma\x1b[37mb"), MOST_SPANS);
	assert_int_equal(line.n, 2);
	assert_false(line.spans[0].attr.has_bg);
	assert_true(line.spans[1].attr.has_bg && line.spans[1].attr.bg == 1);
	line_fini(&line);
}

static void spans_are_bounded(void **state)
{
	(void)state;
	struct line line;
	struct str text = STR("\x1b[31ma\x1b[32mb\x1b[33mc\x1b[0md");
	line_init(&line, text, 2);
	assert_int_equal(line.n, 2);
	assert_true(str_is(span_text(&line, 0), "a"));
	assert_true(str_is(span_text(&line, 1), "bcd"));
	line_fini(&line);
	line_init(&line, text, 0);
	assert_string_equal(line.out.p, "abcd");
	line_fini(&line);
}

static void what_stands_for_something_is_dim(void **state)
{
	(void)state;
	struct line line;
	line_init(&line, STR("a\u202eb<U+202E>\a"), MOST_SPANS);
	assert_string_equal(line.out.p, "a<U+202E>b<U+202E>^G");
	assert_int_equal(line.n, 2);
	assert_true(line.spans[0].attr.dim && line.spans[0].from == 1 && line.spans[0].to == 9);
	assert_true(line.spans[1].attr.dim && str_is(span_text(&line, 1), "^G"));
	line_fini(&line);
}

static void overstriking_becomes_spans(void **state)
{
	(void)state;
	struct line line;
	line_init(&line, STR("a N\bNA\bA _\bf"), MOST_SPANS);
	assert_string_equal(line.out.p, "a NA f");
	assert_true(line.spans[0].attr.bold);
	assert_true(line.spans[line.n - 1].attr.underline && str_is(span_text(&line, line.n - 1), "f"));
	line_fini(&line);
}

static void a_stretch_begins_with_a_base(void **state)
{
	(void)state;
	one_line(STR("e\x1b[31m\u0301x"), "e<U+0301>x");
	one_line(STR("X\bX\u0301x"), "X<U+0301>x");
}

static void a_carriage_return_shows_both(void **state)
{
	(void)state;
	one_line(STR("secret\rpublic"), "secret␍public");
	one_line(STR("  0%\r 50%\r100%\r\n"), "  0%␍…␍100%");
	one_line(STR("\r 50%\r100%"), " 50%␍100%");
	one_line(STR("100%\r     \r\x1b[0m\r"), "100%");
	one_line(STR("abc\r\n"), "abc");
	one_line(STR("\r\r\n"), "");
	one_line(STR(""), "");
	one_line((struct str){0}, "");
	one_line(STR("a\nb"), "a^Jb");
	one_line(STR("a\tb"), "a       b");
}

static void a_giant_line_is_cut(void **state)
{
	(void)state;
	struct buf text;
	struct line line;
	buf_init(&text, 0);
	for (int i = 0; i < 3 << 20; i++)
		buf_addc(&text, 'a');
	line_init(&line, buf_str(&text), MOST_SPANS);
	assert_true(str_ends(buf_str(&line.out), STR("a… (3080192 bytes more)")));
	assert_true(line.out.n < (64 << 10) + 100);
	line_fini(&line);

	buf_addz(&text, "\rlast");
	line_init(&line, buf_str(&text), MOST_SPANS);
	assert_true(str_ends(buf_str(&line.out), STR("bytes more)␍last")));
	assert_true(line.out.n < (64 << 10) + 100);
	line_fini(&line);

	buf_reset(&text);
	for (int i = 0; i < 30000; i++)
		buf_addz(&text, "\u6f22");
	line_init(&line, buf_str(&text), MOST_SPANS);
	assert_true(str_ends(buf_str(&line.out), STR("\u6f22… (24465 bytes more)")));
	line_fini(&line);
	buf_fini(&text);
}

/* --- properties ---------------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void assert_allowed(struct str text, bool has_lines, bool is_ascii)
{
	size_t marks = SIZE_MAX;
	for (size_t i = 0, len; i < text.n; i += len) {
		uint32_t c = utf8_decode(str_slice(text, i, text.n), &len);
		if (c == '\n' && has_lines) {
			marks = SIZE_MAX;
			continue;
		}
		assert_true(c != UTF8_BAD && utf8_is_shown(c) && !utf8_is_hidden(c) &&
			    (c < 0xfe00 || c > 0xfe0f));
		assert_true(!is_ascii || c < 0x80);
		marks = !utf8_is_mark(c) ? 0 : marks == SIZE_MAX ? 99 : marks + 1;
		assert_true(marks <= 4);
	}
}

static struct str random_text(uint32_t *seed, struct buf *text)
{
	static const char *const pieces[] = {"\x1b[", "\x1b]", "31m", "m", "\x1b\\", "\a", "\b", "_\b",
		"X\bX", "\r", "\r\n", "\n", "\t", "\u0301", "\u0302\u0303", "\ufe0f", "\u202e", "\u6f22",
		"\xc2\x9b", "\xe2\x82", "\U000e0041", "\uffff", "\u1160", "plain text here", ";",
		"38:2::1:2:3m", "\u2800"};
	buf_reset(text);
	for (uint32_t n = next_random(seed) % 24; n > 0; n--) {
		uint32_t pick = next_random(seed);
		if (pick % 3)
			buf_addz(text, pieces[pick / 3 % ARRAY_LEN(pieces)]);
		else
			buf_addc(text, (char)(pick >> 8));
	}
	return buf_str(text);
}

static void assert_properties(struct str text, enum clean_flags flags)
{
	struct buf once, twice;
	buf_init(&once, 0);
	buf_init(&twice, 0);
	clean_add(&once, text, flags);
	assert_allowed(buf_str(&once), flags & CLEAN_LINES, flags & CLEAN_ASCII);
	clean_add(&twice, buf_str(&once), flags);
	assert_true(str_eq(buf_str(&once), buf_str(&twice)));
	buf_fini(&once);
	buf_fini(&twice);
}

static void assert_line_properties(struct str text)
{
	struct line line;
	line_init(&line, text, MOST_SPANS);
	struct str out = buf_str(&line.out);
	assert_allowed(out, false, false);
	size_t at = 0;
	for (size_t i = 0; i < line.n; i++) {
		assert_true(line.spans[i].from >= at && line.spans[i].to > line.spans[i].from);
		at = line.spans[i].to;
		assert_allowed(span_text(&line, i), false, false);
	}
	assert_true(at <= out.n);
	line_fini(&line);
}

static void random_bytes_keep_the_properties(void **state)
{
	(void)state;
	uint32_t seed = 20261122;
	struct buf text;
	buf_init(&text, 0);
	for (int round = 0; round < 20000; round++) {
		random_text(&seed, &text);
		assert_properties(buf_str(&text), (enum clean_flags)(round % 8));
		assert_line_properties(buf_str(&text));
	}
	buf_fini(&text);
}

static void text_behind_a_bad_sequence_is_still_there(void **state)
{
	(void)state;
	uint32_t seed = 3;
	struct buf text, out;
	buf_init(&text, 0);
	buf_init(&out, 0);
	for (int round = 0; round < 5000; round++) {
		random_text(&seed, &text);
		buf_addz(&text, "\x1b[ EVIDENCE");
		buf_reset(&out);
		clean_add(&out, buf_str(&text), (enum clean_flags)(round % 8));
		assert_true(str_ends(buf_str(&out), STR(" EVIDENCE")));
		buf_reset(&out);
		clean_line(&out, buf_str(&text), NULL, 0);
		assert_true(str_ends(buf_str(&out), STR(" EVIDENCE")));
	}
	buf_fini(&text);
	buf_fini(&out);
}

static void every_byte_value_in_every_place_of_a_word(void **state)
{
	(void)state;
	for (int value = 0; value < 256; value++) {
		for (size_t at = 0; at < 17; at++) {
			char text[18] = "abcdefghijklmnopq";
			text[at] = (char)value;
			assert_properties((struct str){text, 17}, CLEAN_NAME);
		}
	}
}

int main(void)
{
	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_text_stays),
		cmocka_unit_test(bad_utf8_is_one_sign_a_byte),
		cmocka_unit_test(controls_are_shown),
		cmocka_unit_test(c1_is_shown_in_both_forms),
		cmocka_unit_test(escape_sequences_stand_there_as_text),
		cmocka_unit_test(only_colour_sequences_are_dropped_on_request),
		cmocka_unit_test(too_many_numbers_are_no_colour),
		cmocka_unit_test(what_steers_or_hides_is_shown),
		cmocka_unit_test(what_nobody_assigned_is_replaced),
		cmocka_unit_test(a_base_keeps_four_marks),
		cmocka_unit_test(a_mark_never_joins_what_was_there),
		cmocka_unit_test(a_variation_selector_leaves_its_base),
		cmocka_unit_test(lines_end_and_tabs_expand),
		cmocka_unit_test(tabs_count_from_this_text),
		cmocka_unit_test(overstriking_is_reduced_and_hides_nothing),
		cmocka_unit_test(ascii_is_ascii),
		cmocka_unit_test(colours_become_spans),
		cmocka_unit_test(each_attribute_is_mapped),
		cmocka_unit_test(each_colour_is_mapped),
		cmocka_unit_test(no_colour_hides_text),
		cmocka_unit_test(spans_are_bounded),
		cmocka_unit_test(what_stands_for_something_is_dim),
		cmocka_unit_test(overstriking_becomes_spans),
		cmocka_unit_test(a_stretch_begins_with_a_base),
		cmocka_unit_test(a_carriage_return_shows_both),
		cmocka_unit_test(a_giant_line_is_cut),
		cmocka_unit_test(random_bytes_keep_the_properties),
		cmocka_unit_test(text_behind_a_bad_sequence_is_still_there),
		cmocka_unit_test(every_byte_value_in_every_place_of_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
