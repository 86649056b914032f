/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/json_repair.h"

#include "client/base/json.h"
#include "client/base/utf8.h"

#include <strings.h>

struct scan {
	struct str text;
	size_t at;
	size_t copied; /* what stands before is in `out`, once there was a repair */
	struct buf *out;
	size_t repairs;
	size_t depth;
};

static void replace(struct scan *s, size_t n, const char *with)
{
	buf_add(s->out, str_slice(s->text, s->copied, s->at));
	buf_addz(s->out, with);
	s->at += n;
	s->copied = s->at;
	s->repairs++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of "\uXXXX" at FROM, or -1 where there is none. */
static int unicode_escape(struct str text, size_t from)
{
	if (text.n < 6 || from > text.n - 6 || text.p[from] != '\\' || text.p[from + 1] != 'u')
		return -1;
	int value = 0;
	for (size_t i = from + 2; i < from + 6; i++) {
		int digit = hex_digit(text.p[i]);
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static bool is_surrogate(int value, int first)
{
	return value >= first && value < first + 0x400;
}

static void scan_escape(struct scan *s)
{
	int value = unicode_escape(s->text, s->at);
	if (value < 0) {
		s->at += 2;
		return;
	}
	bool is_high = is_surrogate(value, 0xd800);
	if (is_high && is_surrogate(unicode_escape(s->text, s->at + 6), 0xdc00))
		s->at += 12;
	else if (is_high || is_surrogate(value, 0xdc00) || value == 0)
		replace(s, 6, "\\ufffd");
	else
		s->at += 6;
}

static void replace_control(struct scan *s, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char escape[] = "\\u0000";
	escape[4] = hex[c >> 4];
	escape[5] = hex[c & 15];
	replace(s, 1, c ? escape : "\\ufffd");
}

/* ASCII that means nothing inside a string. */
static bool is_plain(char c)
{
	return (unsigned char)c - 0x20u < 0x60 && c != '"' && c != '\\';
}

/* From behind the opening quote to behind the closing one. */
static void scan_string(struct scan *s)
{
	size_t len;
	while (s->at < s->text.n) {
		while (s->at < s->text.n && is_plain(s->text.p[s->at]))
			s->at++;
		if (s->at == s->text.n)
			return;
		unsigned char c = (unsigned char)s->text.p[s->at];
		if (c == '"') {
			s->at++;
			return;
		}
		if (c == '\\')
			scan_escape(s);
		else if (c < 0x20)
			replace_control(s, c);
		else if (utf8_decode(str_slice(s->text, s->at, s->text.n), &len) == UTF8_BAD)
			replace(s, 1, "\uFFFD");
		else
			s->at += len;
	}
}

static size_t count_digits(struct str s, size_t from)
{
	size_t i = from;
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i - from;
}

/* A number by JSON's grammar that no int64 or double holds. Nobody writes a double
 * with an exponent in 64 bytes or more; such a one counts as out of range. */
static bool is_out_of_range(struct str word)
{
	enum { MOST_DIGITS = 308, INT64_SURE = 18 };
	size_t at = word.p[0] == '-';
	size_t whole = count_digits(word, at);
	if (!whole || (whole > 1 && word.p[at] == '0'))
		return false;
	at += whole;
	if (at == word.n) {
		int64_t ignored;
		return whole > INT64_SURE && !str_to_int(word, INT64_MIN, INT64_MAX, &ignored);
	}
	if (word.p[at] == '.') {
		size_t fraction = count_digits(word, ++at);
		at += fraction;
		if (!fraction)
			return false;
	}
	if (at == word.n)
		return whole > MOST_DIGITS;
	if (word.p[at] != 'e' && word.p[at] != 'E')
		return false;
	at++;
	at += at < word.n && (word.p[at] == '-' || word.p[at] == '+');
	size_t exponent = count_digits(word, at);
	double ignored;
	return exponent && at + exponent == word.n && !str_to_double(word, &ignored);
}

/* NaN and the infinities, as Python, JavaScript and C print them. */
static bool is_not_finite(struct str word)
{
	static const struct str names[] = {{"nan", 3}, {"inf", 3}, {"infinity", 8}};
	if (word.p[0] == '-' || word.p[0] == '+')
		word = str_slice(word, 1, word.n);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (word.n == names[i].n && strncasecmp(word.p, names[i].p, word.n) == 0)
			return true;
	}
	return false;
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '+' ||
	       c == '.';
}

static void scan_word(struct scan *s)
{
	size_t end = s->at;
	while (end < s->text.n && is_word(s->text.p[end]))
		end++;
	struct str word = str_slice(s->text, s->at, end);
	if (is_not_finite(word) || is_out_of_range(word))
		replace(s, word.n, "null");
	else
		s->at = end;
}

static bool too_deep(const struct scan *s, struct err *err)
{
	int line = 1, column = 1;
	for (size_t i = 0; i < s->at; i++) {
		column++;
		if (s->text.p[i] == '\n')
			line++, column = 1;
	}
	return err_set(err, ERR_FAILED, "JSON at line %d, column %d: nested deeper than %d", line, column,
		JSON_MOST_DEPTH);
}

/* False where it is nested too deeply. */
static bool scan_token(struct scan *s)
{
	char c = s->text.p[s->at];
	if (is_word(c)) {
		scan_word(s);
		return true;
	}
	if (c == '[' || c == '{') {
		if (s->depth == JSON_MOST_DEPTH)
			return false;
		s->depth++;
	} else if ((c == ']' || c == '}') && s->depth) {
		s->depth--;
	}
	s->at++;
	if (c == '"')
		scan_string(s);
	return true;
}

bool json_repair(struct str text, struct buf *out, size_t *repairs, struct err *err)
{
	struct scan s = {.text = text, .out = out};
	while (s.at < text.n && !out->is_over) {
		if (!scan_token(&s))
			return too_deep(&s, err);
	}
	*repairs = s.repairs;
	if (s.repairs)
		buf_add(out, str_slice(text, s.copied, text.n));
	if (out->is_over)
		return err_set(err, ERR_FAILED, "JSON: too damaged to repair (%zu places)", s.repairs);
	return true;
}
