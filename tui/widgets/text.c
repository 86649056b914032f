/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text: lines with their numbers where they have some. Lines of a log are cut at
 * the right edge, but for the one that says why: it goes on under itself. */
#include "client/base/mem.h"
#include "tui/widgets/lines.h"

#include <inttypes.h>
#include <stdio.h>

enum { GAP = 2, MARK = 2 };

static const struct line *text_line(const struct lines *lines, size_t i)
{
	return &lines->block->text.lines[i];
}

static bool is_cause(const struct line *line)
{
	for (size_t i = 0; i < line->n_spans; i++)
		if (line->spans[i].role == ROLE_CAUSE)
			return true;
	return false;
}

static void draw_gutter(
	const struct lines *lines, struct grid *grid, struct rect rect, const struct line *line)
{
	char number[24];
	int n = line->number ? snprintf(number, sizeof number, "%*" PRId64, lines->label_width, line->number)
			     : 0;
	grid_put(grid, rect.x, rect.y, n, (struct str){number, (size_t)n}, ROLE_DIM);
	int mark_x = rect.x + (lines->label_width ? lines->label_width + GAP : 0);
	if (is_cause(line))
		grid_put(grid, mark_x, rect.y, rect.x + rect.width - mark_x, STR("✗"), ROLE_FAILED);
}

static int draw_text(const struct lines *lines, struct grid *grid, struct rect rect, size_t i)
{
	const struct line *line = text_line(lines, i);
	int gutter = (lines->label_width ? lines->label_width + GAP : 0) + (lines->has_cause ? MARK : 0);
	struct rect beside = {rect.x + gutter, rect.y, rect.width - gutter, rect.height};
	bool is_cut = line->number && !is_cause(line);
	int rows = 1;
	struct flow flow;
	flow_init(&flow, line);
	if (grid)
		draw_gutter(lines, grid, rect, line);
	if (grid && is_cut)
		flow_draw_cut(&flow, grid, beside, &lines->match);
	else if (!is_cut)
		rows = grid ? flow_draw(&flow, grid, beside, &lines->match) : flow_rows(&flow, beside.width);
	flow_fini(&flow);
	return rows;
}

static const struct lines_ops text_ops = {.line = text_line, .draw = draw_text};

static struct widget *text_new(void)
{
	struct lines *lines = x_new(struct lines);
	lines->widget.ops = &text_widget;
	lines->ops = &text_ops;
	return &lines->widget;
}

/* A person wants to see the line that says why: another one than before gets the cursor. */
static void find_cause(struct lines *lines)
{
	lines->has_cause = false;
	for (size_t i = 0; i < lines->n && !lines->has_cause; i++) {
		const struct line *line = text_line(lines, i);
		if (!is_cause(line))
			continue;
		lines->has_cause = true;
		if (lines->cause_number != line->number) {
			lines->cause_number = line->number;
			lines->cursor = i;
			lines->top = 0;
		}
	}
}

static void text_set(struct widget *widget, const struct block *block)
{
	struct lines *lines = (struct lines *)widget;
	int64_t most = 0;
	lines->block = block;
	lines->n = block->text.n;
	for (size_t i = 0; i < lines->n; i++)
		most = block->text.lines[i].number > most ? block->text.lines[i].number : most;
	find_cause(lines);
	lines->label_width = most ? snprintf(NULL, 0, "%" PRId64, most) : 0;
	lines_settle(lines);
}

static int text_height(const struct widget *widget, int width, const struct format *format)
{
	(void)format;
	return lines_height((const struct lines *)widget, width);
}

static void text_draw(struct widget *widget, struct grid *grid, struct rect rect, const struct format *format,
	bool has_focus)
{
	(void)format;
	lines_draw((struct lines *)widget, grid, rect, has_focus);
}

const struct widget_ops text_widget = {
	.new = text_new,
	.free = lines_free,
	.set = text_set,
	.height = text_height,
	.draw = text_draw,
	.move = lines_move,
	.ref = lines_ref,
	.find = lines_find,
	.copy = lines_copy,
	.seek = lines_seek,
	.point = lines_point,
	.can_focus = true,
};
