/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/match.h"

#include "client/base/utf8.h"

/* Only ASCII letters have a case here: searching must run at the speed of the file. */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* In a pattern the letter behind a backslash is no letter: \S \D \W \B. */
static bool has_capital(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (fold(text.p[i]) != text.p[i])
			return true;
	}
	return false;
}

void match_set(struct match *match, struct str text)
{
	match->n = text.n < MATCH_MOST ? text.n : MATCH_MOST;
	memcpy(match->text, text.p, match->n);
	match->is_exact = false;
	for (size_t i = 0; i < match->n; i++)
		match->is_exact |= fold(match->text[i]) != match->text[i];
}

bool match_set_pattern(struct match *match, struct str text, struct err *err)
{
	struct regex *regex = NULL;
	text = str_slice(text, 0, MATCH_MOST);
	bool is_exact = has_capital(text);
	if (regex_is_pattern(text)) {
		regex = regex_new(text, !is_exact, err);
		if (!regex)
			return false;
	}
	match_fini(match);
	match_set(match, text);
	match->regex = regex;
	match->is_exact = regex ? is_exact : match->is_exact;
	return true;
}

void match_fini(struct match *match)
{
	regex_free(match->regex);
	*match = (struct match){0};
}

static bool is_at(const struct match *match, const char *p)
{
	for (size_t i = 0; i < match->n; i++)
		if (fold(p[i]) != match->text[i])
			return false;
	return true;
}

static size_t find_text(const struct match *match, struct str s, size_t from)
{
	if (!match->n || s.n < match->n)
		return SIZE_MAX;
	if (match->is_exact)
		return str_find(s, (struct str){match->text, match->n}, from);
	for (size_t i = from; i <= s.n - match->n; i++)
		if (fold(s.p[i]) == match->text[0] && is_at(match, s.p + i))
			return i;
	return SIZE_MAX;
}

size_t match_find_length(const struct match *match, struct str s, size_t from, size_t *length)
{
	*length = match->n;
	return match->regex ? regex_find(match->regex, s, from, length) : find_text(match, s, from);
}

size_t match_find(const struct match *match, struct str s, size_t from)
{
	size_t length;
	return match_find_length(match, s, from, &length);
}

void match_paint(const struct match *match, struct grid *grid, int x, int y, int columns, struct str text)
{
	size_t length;
	for (size_t at = match_find_length(match, text, 0, &length); at != SIZE_MAX;
		at = match_find_length(match, text, at + (length ? length : 1), &length)) {
		size_t from = utf8_columns(str_slice(text, 0, at));
		size_t width = utf8_columns(str_slice(text, at, at + length));
		if (from >= (size_t)columns)
			return;
		if (width > (size_t)columns - from)
			width = (size_t)columns - from;
		grid_paint(grid, (struct rect){x + (int)from, y, (int)width, 1}, ROLE_MATCH);
	}
}
