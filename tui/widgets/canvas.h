/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A drawing finer than cells: eight Braille dots a cell, or one mark a cell where
 * only ASCII can be shown. Each cell has the colour of what was drawn there last.
 */
#ifndef TUI_WIDGETS_CANVAS_H
#define TUI_WIDGETS_CANVAS_H

#include "tui/grid.h"

struct canvas {
	int columns, rows; /* cells */
	int width, height; /* dots */
	bool is_ascii;
	struct canvas_cell {
		uint8_t dots;
		char mark;
		uint8_t role;
	} * cells;
};

/* How a line looks: beside its colour, for those who see none. */
struct pen {
	enum role role;
	char mark;     /* in ASCII */
	unsigned dash; /* bit I: whether dots of column 8n + I are drawn */
};

void canvas_init(struct canvas *canvas, int columns, int rows, bool is_ascii);
void canvas_fini(struct canvas *canvas);
/* Dots count from the left and from the top; outside nothing happens. */
void canvas_dot(struct canvas *canvas, const struct pen *pen, int x, int y);
void canvas_line(struct canvas *canvas, const struct pen *pen, int x0, int y0, int x1, int y1);
/* Puts it at X, Y of GRID; cells without a dot stay as they are. */
void canvas_draw(const struct canvas *canvas, struct grid *grid, int x, int y);

#endif
