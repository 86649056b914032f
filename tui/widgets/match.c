/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/match.h"

#include "client/base/utf8.h"

/* Only ASCII letters have a case here: searching must run at the speed of the file. */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

void match_set(struct match *match, struct str text)
{
	match->n = text.n < MATCH_MOST ? text.n : MATCH_MOST;
	memcpy(match->text, text.p, match->n);
	match->is_exact = false;
	for (size_t i = 0; i < match->n; i++)
		match->is_exact |= fold(match->text[i]) != match->text[i];
}

static bool is_at(const struct match *match, const char *p)
{
	for (size_t i = 0; i < match->n; i++)
		if (fold(p[i]) != match->text[i])
			return false;
	return true;
}

size_t match_find(const struct match *match, struct str s, size_t from)
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

size_t match_find_last(const struct match *match, struct str s, size_t to)
{
	size_t last = SIZE_MAX;
	for (size_t at = match_find(match, s, 0); at < to && at != SIZE_MAX;
		at = match_find(match, s, at + 1))
		last = at;
	return last;
}

void match_paint(const struct match *match, struct grid *grid, int x, int y, int columns, struct str text)
{
	for (size_t at = match_find(match, text, 0); at != SIZE_MAX;
		at = match_find(match, text, at + match->n)) {
		size_t from = utf8_columns(str_slice(text, 0, at));
		size_t width = utf8_columns(str_slice(text, at, at + match->n));
		if (from >= (size_t)columns)
			return;
		if (width > (size_t)columns - from)
			width = (size_t)columns - from;
		grid_paint(grid, (struct rect){x + (int)from, y, (int)width, 1}, ROLE_MATCH);
	}
}
