/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our own grid of cells: widgets draw here, one file turns it into curses, tests
 * turn it into text. This is a gate: every text passes the cleaner on its way
 * into a cell, so no outside byte can reach the terminal by another way.
 */
#ifndef TUI_GRID_H
#define TUI_GRID_H

#include "client/base/buf.h"
#include "client/base/clean.h"
#include "views/role.h"

enum { CELL_MOST_CHARS = 5 }; /* a base and at most 4 marks: what an ncurses cell holds */

struct style {
	enum role role;
	struct clean_attr attr; /* a log's own colours, on top of the role */
	bool is_selected;	/* the selection's attributes on top of the role's colour */
};

struct cell {
	uint32_t chars[CELL_MOST_CHARS];
	uint8_t n;     /* 0: the right half of a wide character */
	uint8_t width; /* 1 or 2 */
	struct style style;
};

struct grid {
	int width, height;
	bool is_ascii; /* nothing but ASCII goes in: signs and lines have stand-ins, the rest is `?` */
	struct cell *cells;
	int cursor_x, cursor_y; /* -1: hidden */
	struct buf scratch;	/* the text being cleaned */
};

struct rect {
	int x, y, width, height;
};

void grid_init(struct grid *grid, int width, int height);
void grid_fini(struct grid *grid);
/* All blank, cursor hidden. Keeps the size. */
void grid_clear(struct grid *grid);

/* Puts TEXT (cleaned here, one line) at X, Y within at most COLUMNS columns and the grid. Returns the
 * columns used. Never splits a wide character at the edge. Outside the grid nothing happens. */
int grid_text(struct grid *grid, int x, int y, int columns, struct str text, struct style style);
/* The same for a role alone. */
int grid_put(struct grid *grid, int x, int y, int columns, struct str text, enum role role);
/* The same, with "…" (or "..") at its end where it is longer. */
int grid_put_cut(struct grid *grid, int x, int y, int columns, struct str text, enum role role);
/* Fills a rectangle with blanks of STYLE. */
void grid_fill(struct grid *grid, struct rect rect, struct style style);
/* Marks a row of RECT as selected: its cells keep their role. */
void grid_select(struct grid *grid, struct rect rect);
/* Gives the cells of RECT another role: what a search found, rows that are being loaded anew. */
void grid_paint(struct grid *grid, struct rect rect, enum role role);
/* A rule across RECT's first row, with TITLE in it ("" none). */
void grid_rule(struct grid *grid, struct rect rect, struct str title);

/* The cell at X, Y, or NULL outside. */
const struct cell *grid_at(const struct grid *grid, int x, int y);

/* The grid as text, a line each, blanks at the end cut: for tests. With STYLES a second picture follows with
 * one letter per cell for its role, in capitals where selected: blank text (S when selected), d dim, h
 * heading, s success, f failed, r running, q queued, l late, n skipped, i link, k key, e selection, m match,
 * c cause, x error, u rule, b banner, 1 to 4 the curves of a plot. */
void grid_print(const struct grid *grid, bool with_styles, struct buf *out);

#endif
