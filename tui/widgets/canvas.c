/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/canvas.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"

#include <stdlib.h>

enum { DOTS_ACROSS = 2, DOTS_DOWN = 4, DASH_PERIOD = 8 };

void canvas_init(struct canvas *canvas, int columns, int rows, bool is_ascii)
{
	*canvas = (struct canvas){.columns = columns, .rows = rows, .is_ascii = is_ascii};
	canvas->width = is_ascii ? columns : columns * DOTS_ACROSS;
	canvas->height = is_ascii ? rows : rows * DOTS_DOWN;
	canvas->cells = x_calloc((size_t)columns * (size_t)rows, sizeof *canvas->cells);
}

void canvas_fini(struct canvas *canvas)
{
	x_free(canvas->cells);
}

void canvas_dot(struct canvas *canvas, const struct pen *pen, int x, int y)
{
	/* The bits of U+2800: the fourth row came to Braille later, and stands behind the other three. */
	static const uint8_t bits[DOTS_DOWN][DOTS_ACROSS] = {
		{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
		return;
	if (!canvas->is_ascii && !(pen->dash >> x % DASH_PERIOD & 1))
		return;
	int across = canvas->is_ascii ? 1 : DOTS_ACROSS, down = canvas->is_ascii ? 1 : DOTS_DOWN;
	struct canvas_cell *cell = &canvas->cells[y / down * canvas->columns + x / across];
	cell->dots |= bits[y % down][x % across];
	cell->mark = pen->mark;
	cell->role = (uint8_t)pen->role;
}

/* Bresenham's. */
void canvas_line(struct canvas *canvas, const struct pen *pen, int x0, int y0, int x1, int y1)
{
	int dx = abs(x1 - x0), dy = -abs(y1 - y0), error = dx + dy;
	int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1;
	for (;;) {
		canvas_dot(canvas, pen, x0, y0);
		if (x0 == x1 && y0 == y1)
			return;
		int twice = 2 * error;
		if (twice >= dy) {
			error += dy;
			x0 += step_x;
		}
		if (twice <= dx) {
			error += dx;
			y0 += step_y;
		}
	}
}

void canvas_draw(const struct canvas *canvas, struct grid *grid, int x, int y)
{
	enum { BLANK_BRAILLE = 0x2800 };
	struct buf sign;
	buf_init(&sign, 0);
	for (int row = 0; row < canvas->rows; row++) {
		for (int column = 0; column < canvas->columns; column++) {
			const struct canvas_cell *cell = &canvas->cells[row * canvas->columns + column];
			if (!cell->dots)
				continue;
			buf_reset(&sign);
			utf8_add(&sign, canvas->is_ascii ? (uint32_t)(unsigned char)cell->mark
							 : (uint32_t)BLANK_BRAILLE + cell->dots);
			grid_put(grid, x + column, y + row, 1, buf_str(&sign), (enum role)cell->role);
		}
	}
	buf_fini(&sign);
}
