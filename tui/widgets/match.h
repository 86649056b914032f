/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person searches for inside a widget: a text or a pattern, in which capitals make case count. */
#ifndef TUI_WIDGETS_MATCH_H
#define TUI_WIDGETS_MATCH_H

#include "client/base/regex.h"
#include "tui/grid.h"

enum { MATCH_MOST = 256 };

struct match {
	char text[MATCH_MOST];
	size_t n; /* 0: nothing is searched for */
	bool is_exact;
	struct regex *regex; /* NULL: TEXT is meant as it stands */
};

/* Takes TEXT (its first MATCH_MOST bytes) as it stands. Nothing is to be freed. */
void match_set(struct match *match, struct str text);
/* Takes TEXT as a pattern where it has more than itself in it; match_fini frees it. False: it is wrong, and
 * nothing changed. */
bool match_set_pattern(struct match *match, struct str text, struct err *err);
void match_fini(struct match *match);
/* Where it is in S at or after FROM, or SIZE_MAX; also SIZE_MAX where nothing is searched for. For a pattern
 * S is one line without its end. */
size_t match_find(const struct match *match, struct str s, size_t from);
/* The same with the length of what was found. */
size_t match_find_length(const struct match *match, struct str s, size_t from, size_t *length);
/* Marks every place in cleaned TEXT, which stands at X, Y and takes COLUMNS columns. */
void match_paint(const struct match *match, struct grid *grid, int x, int y, int columns, struct str text);

#endif
