/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/grid.h"

#include "client/base/err.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "views/format.h"

#include <ctype.h>
#include <wchar.h>

/* More than any column needs of its text: what lies behind is not even looked at. */
enum { MOST_BYTES_A_COLUMN = 64 };

static const struct cell blank = {.chars = {' '}, .n = 1, .width = 1};

void grid_init(struct grid *grid, int width, int height)
{
	*grid = (struct grid){.width = width < 1 ? 1 : width, .height = height < 1 ? 1 : height};
	grid->cells = x_calloc((size_t)grid->width * (size_t)grid->height, sizeof *grid->cells);
	buf_init(&grid->scratch, 0);
	grid_clear(grid);
}

void grid_fini(struct grid *grid)
{
	x_free(grid->cells);
	buf_fini(&grid->scratch);
	*grid = (struct grid){0};
}

void grid_clear(struct grid *grid)
{
	size_t n = (size_t)grid->width * (size_t)grid->height;
	for (size_t i = 0; i < n; i++)
		grid->cells[i] = blank;
	grid->cursor_x = grid->cursor_y = -1;
}

static struct cell *cell_at(const struct grid *grid, int x, int y)
{
	return &grid->cells[(size_t)y * (size_t)grid->width + (size_t)x];
}

const struct cell *grid_at(const struct grid *grid, int x, int y)
{
	bool is_inside = x >= 0 && y >= 0 && x < grid->width && y < grid->height;
	return is_inside ? cell_at(grid, x, y) : NULL;
}

static void make_blank(struct cell *cell)
{
	struct style style = cell->style;
	*cell = blank;
	cell->style = style;
}

/* A wide character that loses one half to what is written at X loses the other half too. */
static void break_wide(struct grid *grid, int x, int y)
{
	if (x > 0 && x < grid->width && cell_at(grid, x, y)->n == 0) {
		make_blank(cell_at(grid, x - 1, y));
		make_blank(cell_at(grid, x, y));
	}
}

static void put_char(struct grid *grid, int x, int y, uint32_t c, int width, struct style style)
{
	break_wide(grid, x, y);
	break_wide(grid, x + width, y);
	*cell_at(grid, x, y) = (struct cell){.chars = {c}, .n = 1, .width = (uint8_t)width, .style = style};
	if (width == 2)
		*cell_at(grid, x + 1, y) = (struct cell){.n = 0, .width = 1, .style = style};
}

static void put_mark(struct cell *cell, uint32_t c)
{
	if (cell->n < CELL_MOST_CHARS)
		cell->chars[cell->n++] = c;
}

/* What stands for our own signs where only ASCII may be shown: one column each. */
static uint32_t ascii_for(uint32_t c)
{
	static const struct {
		uint32_t sign;
		char ascii;
	} stand_ins[] = {
		{U'✓', '+'},
		{U'✗', 'x'},
		{U'●', '*'},
		{U'○', 'o'},
		{U'–', '-'},
		{U'—', '-'},
		{U'⊘', '/'},
		{U'⏲', '@'},
		{U'‼', '!'},
		{U'▌', '>'},
		{U'▸', '>'},
		{U'▲', '^'},
		{U'▼', 'v'},
		{U'▏', '_'},
		{U'─', '-'},
		{U'━', '='},
		{U'┅', '-'},
		{U'┄', '-'},
		{U'│', '|'},
		{U'└', '`'},
		{U'├', '|'},
		{U'┤', '|'},
		{U'┼', '+'},
		{U'┬', '+'},
		{U'┴', '+'},
		{U'╭', '.'},
		{U'╮', '.'},
		{U'╰', '`'},
		{U'╯', '\''},
		{U'·', '-'},
		{U'…', '~'},
		{U'→', '>'},
		{U'←', '<'},
		{U'↑', '^'},
		{U'↓', 'v'},
		{U'↵', '<'},
		{U'↻', '~'},
		{U'×', 'x'},
		{U'≤', '<'},
		{U'≥', '>'},
		{U'±', '~'},
		{U'▁', '1'},
		{U'▂', '2'},
		{U'▃', '3'},
		{U'▄', '4'},
		{U'▅', '5'},
		{U'▆', '6'},
		{U'▇', '7'},
		{U'█', '8'},
		{U'“', '"'},
		{U'”', '"'},
		{U'‘', '\''},
		{U'’', '\''},
		{U'␍', '|'},
		{0xA0, ' '},
		{0x202F, ' '},
		{0x2009, ' '},
	};
	for (size_t i = 0; i < ARRAY_LEN(stand_ins); i++)
		if (stand_ins[i].sign == c)
			return (uint32_t)stand_ins[i].ascii;
	return '?';
}

static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	return true;
}

static struct str cleaned(struct grid *grid, struct str text)
{
	if (is_plain(text))
		return text;
	buf_reset(&grid->scratch);
	clean_add(&grid->scratch, text, CLEAN_NAME);
	return buf_str(&grid->scratch);
}

/* The character as it is shown, and its width: what the terminal cannot place is replaced, so that lay-out
 * and terminal agree. */
static uint32_t shown_as(const struct grid *grid, uint32_t c, int *width)
{
	*width = utf8_width(c);
	if (c < 0x80)
		return c;
	if (grid->is_ascii) {
		*width = *width > 0;
		return *width ? ascii_for(c) : 0;
	}
	if (*width == 0 && wcwidth((wchar_t)c) < 0) {
		*width = 1;
		return 0xFFFD;
	}
	return c;
}

static int put_text(struct grid *grid, int x, int y, int columns, struct str text, struct style style)
{
	int used = 0;
	struct cell *base = NULL;
	while (text.n) {
		size_t len;
		int width;
		uint32_t c = shown_as(grid, utf8_decode(text, &len), &width);
		text = str_slice(text, len, text.n);
		if (width == 0) {
			if (base && c)
				put_mark(base, c);
			continue;
		}
		if (used + width > columns)
			break;
		put_char(grid, x + used, y, c, width, style);
		base = cell_at(grid, x + used, y);
		used += width;
	}
	return used;
}

int grid_text(struct grid *grid, int x, int y, int columns, struct str text, struct style style)
{
	if (x < 0 || y < 0 || x >= grid->width || y >= grid->height)
		return 0;
	if (columns > grid->width - x)
		columns = grid->width - x;
	if (columns <= 0)
		return 0;
	struct str part = str_slice(text, 0, ((size_t)columns + 1) * MOST_BYTES_A_COLUMN);
	return put_text(grid, x, y, columns, cleaned(grid, part), style);
}

int grid_put(struct grid *grid, int x, int y, int columns, struct str text, enum role role)
{
	return grid_text(grid, x, y, columns, text, (struct style){.role = role});
}

int grid_put_cut(struct grid *grid, int x, int y, int columns, struct str text, enum role role)
{
	struct buf cut;
	if (columns <= 0)
		return 0;
	buf_init(&cut, 0);
	format_cut(&cut, &(struct format){.is_ascii = grid->is_ascii}, COLUMN_TEXT, text, (size_t)columns);
	int used = grid_put(grid, x, y, columns, buf_str(&cut), role);
	buf_fini(&cut);
	return used;
}

static struct rect clip(const struct grid *grid, struct rect rect)
{
	int left = rect.x < 0 ? 0 : rect.x, top = rect.y < 0 ? 0 : rect.y;
	int64_t right = (int64_t)rect.x + rect.width, bottom = (int64_t)rect.y + rect.height;
	if (right > grid->width)
		right = grid->width;
	if (bottom > grid->height)
		bottom = grid->height;
	if (right <= left || bottom <= top)
		return (struct rect){0};
	return (struct rect){left, top, (int)right - left, (int)bottom - top};
}

void grid_fill(struct grid *grid, struct rect rect, struct style style)
{
	struct rect in = clip(grid, rect);
	for (int y = in.y; y < in.y + in.height; y++)
		for (int x = in.x; x < in.x + in.width; x++)
			put_char(grid, x, y, ' ', 1, style);
}

void grid_select(struct grid *grid, struct rect rect)
{
	struct rect in = clip(grid, rect);
	for (int y = in.y; y < in.y + in.height; y++)
		for (int x = in.x; x < in.x + in.width; x++)
			cell_at(grid, x, y)->style.is_selected = true;
}

void grid_paint(struct grid *grid, struct rect rect, enum role role)
{
	struct rect in = clip(grid, rect);
	for (int y = in.y; y < in.y + in.height; y++)
		for (int x = in.x; x < in.x + in.width; x++)
			cell_at(grid, x, y)->style.role = role;
}

void grid_rule(struct grid *grid, struct rect rect, struct str title)
{
	rect.height = 1;
	struct rect in = clip(grid, rect);
	for (int x = in.x; x < in.x + in.width; x++)
		put_char(grid, x, in.y, grid->is_ascii ? '-' : U'─', 1, (struct style){.role = ROLE_RULE});
	if (!title.n || in.width < 6)
		return;
	int used = grid_put(grid, in.x + 2, in.y, in.width - 4, title, ROLE_HEADING);
	grid_put(grid, in.x + 1, in.y, 1, STR(" "), ROLE_RULE);
	grid_put(grid, in.x + 2 + used, in.y, 1, STR(" "), ROLE_RULE);
}

static char letter_of(struct style style)
{
	static const char letters[ROLE_COUNT + 1] = " dhsfrqlnikemcxub1234";
	char letter = letters[style.role];
	if (!style.is_selected)
		return letter;
	return letter == ' ' ? 'S' : (char)toupper(letter);
}

static void trim_blanks(struct buf *out, size_t from)
{
	while (out->n > from && out->p[out->n - 1] == ' ')
		out->p[--out->n] = 0;
	buf_addc(out, '\n');
}

void grid_print(const struct grid *grid, bool with_styles, struct buf *out)
{
	for (int y = 0; y < grid->height; y++) {
		size_t from = out->n;
		for (int x = 0; x < grid->width; x++)
			for (int i = 0; i < cell_at(grid, x, y)->n; i++)
				utf8_add(out, cell_at(grid, x, y)->chars[i]);
		trim_blanks(out, from);
	}
	for (int y = 0; with_styles && y < grid->height; y++) {
		size_t from = out->n;
		for (int x = 0; x < grid->width; x++)
			buf_addc(out, letter_of(cell_at(grid, x, y)->style));
		trim_blanks(out, from);
	}
}
