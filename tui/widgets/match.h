/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person searches for inside a widget: plain text, in which capitals make case count. */
#ifndef TUI_WIDGETS_MATCH_H
#define TUI_WIDGETS_MATCH_H

#include "tui/grid.h"

enum { MATCH_MOST = 256 };

struct match {
	char text[MATCH_MOST];
	size_t n; /* 0: nothing is searched for */
	bool is_exact;
};

/* Takes TEXT (its first MATCH_MOST bytes). */
void match_set(struct match *match, struct str text);
/* Where it is in S at or after FROM, or SIZE_MAX; also SIZE_MAX where nothing is searched for. */
size_t match_find(const struct match *match, struct str s, size_t from);
/* The last place that starts before TO, or SIZE_MAX. */
size_t match_find_last(const struct match *match, struct str s, size_t to);
/* Marks every place in cleaned TEXT, which stands at X, Y and takes COLUMNS columns. */
void match_paint(const struct match *match, struct grid *grid, int x, int y, int columns, struct str text);

#endif
