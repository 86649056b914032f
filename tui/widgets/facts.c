/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts: labels in a column, beside each a line that goes on under itself. */
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "tui/widgets/lines.h"

enum {
	GAP = 2,
	MOST_LABEL = 24,
	LEAST_LABEL = 9, /* so that the same facts of another object stand at the same place */
};

static const struct line *fact_line(const struct lines *lines, size_t i)
{
	return &lines->block->facts.facts[i].line;
}

static void draw_label(const struct fact *fact, struct grid *grid, struct rect rect, int width)
{
	struct flow label;
	flow_init_text(&label, str_of(fact->label), ROLE_DIM);
	flow_draw_cut(&label, grid, (struct rect){rect.x, rect.y, width, 1}, NULL);
	flow_fini(&label);
}

static int draw_fact(const struct lines *lines, struct grid *grid, struct rect rect, size_t i)
{
	const struct fact *fact = &lines->block->facts.facts[i];
	int label = lines->label_width < rect.width / 3 ? lines->label_width : rect.width / 3;
	int indent = label ? label + GAP : 0;
	struct rect beside = {rect.x + indent, rect.y, rect.width - indent, rect.height};
	struct flow flow;
	flow_init(&flow, &fact->line);
	if (grid)
		draw_label(fact, grid, rect, label);
	int rows = grid ? flow_draw(&flow, grid, beside, &lines->match) : flow_rows(&flow, beside.width);
	flow_fini(&flow);
	return rows;
}

static const struct lines_ops fact_ops = {.line = fact_line, .draw = draw_fact};

static struct widget *facts_new(void)
{
	struct lines *lines = x_new(struct lines);
	lines->widget.ops = &facts_widget;
	lines->ops = &fact_ops;
	return &lines->widget;
}

static int label_columns(const char *label)
{
	struct flow flow;
	flow_init_text(&flow, str_of(label), ROLE_DIM);
	size_t columns = utf8_columns(buf_str(&flow.text));
	flow_fini(&flow);
	return columns < MOST_LABEL ? (int)columns : MOST_LABEL;
}

static void facts_set(struct widget *widget, const struct block *block)
{
	struct lines *lines = (struct lines *)widget;
	lines->block = block;
	lines->n = block->facts.n;
	lines->label_width = LEAST_LABEL;
	for (size_t i = 0; i < lines->n; i++) {
		int columns = label_columns(block->facts.facts[i].label);
		lines->label_width = columns > lines->label_width ? columns : lines->label_width;
	}
	lines_settle(lines);
}

static int facts_height(const struct widget *widget, int width, const struct format *format)
{
	(void)format;
	return lines_height((const struct lines *)widget, width);
}

static void facts_draw(struct widget *widget, struct grid *grid, struct rect rect,
	const struct format *format, bool has_focus)
{
	(void)format;
	lines_draw((struct lines *)widget, grid, rect, has_focus);
}

const struct widget_ops facts_widget = {
	.new = facts_new,
	.free = lines_free,
	.set = facts_set,
	.height = facts_height,
	.draw = facts_draw,
	.move = lines_move,
	.ref = lines_ref,
	.find = lines_find,
	.copy = lines_copy,
	.seek = lines_seek,
	.point = lines_point,
	.can_focus = true,
};
