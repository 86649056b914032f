/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/str.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

struct str str_slice(struct str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return (struct str){s.p + from, to - from};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

struct str str_trim(struct str s)
{
	while (s.n && is_blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

size_t str_find(struct str s, struct str needle, size_t from)
{
	if (from > s.n || needle.n > s.n - from)
		return SIZE_MAX;
	if (!needle.n)
		return from;
	const char *hit = memmem(s.p + from, s.n - from, needle.p, needle.n);
	return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

bool str_next(struct str *rest, char sep, struct str *piece)
{
	if (!rest->p)
		return false;
	const char *hit = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	if (!hit) {
		*piece = *rest;
		*rest = (struct str){0};
		return true;
	}
	*piece = (struct str){rest->p, (size_t)(hit - rest->p)};
	rest->n -= piece->n + 1;
	rest->p = hit + 1;
	return true;
}

bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
	size_t i = 0;
	bool negative = false;
	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		negative = s.p[i++] == '-';
	if (i == s.n)
		return false;
	int64_t value = 0;
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		int digit = s.p[i] - '0';
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, negative ? -digit : digit, &value))
			return false;
	}
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

static locale_t c_locale;

static void make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", NULL);
}

bool str_to_double(struct str s, double *out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char text[64];
	if (!s.n || s.n >= sizeof text || is_blank(s.p[0]))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	pthread_once(&once, make_c_locale);
	char *end;
	double value = strtod_l(text, &end, c_locale);
	if (end != text + s.n || !isfinite(value))
		return false;
	*out = value;
	return true;
}

bool str_glob(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;
	while (i < s.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			mark = i;
		} else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == s.p[i])) {
			p++, i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

size_t str_distance(struct str a, struct str b, size_t limit)
{
	enum { MOST = 64 };
	if (a.n > MOST || b.n > MOST)
		return limit + 1;
	size_t row[MOST + 1];
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t change = diagonal + (a.p[i - 1] != b.p[j - 1]);
			diagonal = row[j];
			size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			row[j] = step < change ? step : change;
		}
	}
	return row[b.n] > limit ? limit + 1 : row[b.n];
}
