/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/flow.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"

/* Lines of logs are shown here too: TAB expands, their colours go; a line end inside would end the row. */
static void add_run(struct flow *flow, struct str text, enum role role)
{
	size_t from = flow->text.n;
	clean_add(&flow->text, text, CLEAN_LINES | CLEAN_NO_SGR);
	for (size_t i = from; i < flow->text.n; i++)
		if (flow->text.p[i] == '\n')
			flow->text.p[i] = ' ';
	flow->runs[flow->n_runs++] = (struct flow_run){flow->text.n, role};
}

void flow_init(struct flow *flow, const struct line *line)
{
	*flow = (struct flow){.runs = x_calloc(line->n_spans + 1, sizeof *flow->runs)};
	buf_init(&flow->text, 0);
	for (size_t i = 0; i < line->n_spans; i++)
		add_run(flow, str_of(line->spans[i].text), line->spans[i].role);
}

void flow_init_text(struct flow *flow, struct str text, enum role role)
{
	*flow = (struct flow){.runs = x_calloc(1, sizeof *flow->runs)};
	buf_init(&flow->text, 0);
	add_run(flow, text, role);
}

void flow_fini(struct flow *flow)
{
	buf_fini(&flow->text);
	x_free(flow->runs);
}

/* Where the row that starts at FROM ends; *NEXT is where the row after it starts. */
static size_t row_end(struct str text, size_t from, int width, size_t *next)
{
	size_t at = from, gap = 0, len;
	int used = 0;
	bool has_word = false;
	while (at < text.n) {
		uint32_t c = utf8_decode(str_slice(text, at, text.n), &len);
		int columns = utf8_width(c);
		if (c == ' ' && has_word)
			gap = at;
		if (used + columns > width)
			break;
		has_word |= c != ' ';
		used += columns;
		at += len;
	}
	if (at == text.n)
		gap = 0;
	if (gap > from) {
		*next = gap + 1;
		return gap;
	}
	if (at == from && at < text.n)
		at += len;
	*next = at;
	return at;
}

static void draw_row(const struct flow *flow, struct grid *grid, struct rect rect, size_t from, size_t to,
	const struct match *match)
{
	struct str text = buf_str(&flow->text);
	int used = 0;
	size_t start = 0;
	for (size_t i = 0; i < flow->n_runs; start = flow->runs[i++].to) {
		size_t left = start > from ? start : from,
		       right = flow->runs[i].to < to ? flow->runs[i].to : to;
		if (left < right)
			used += grid_put(grid, rect.x + used, rect.y, rect.width - used,
				str_slice(text, left, right), flow->runs[i].role);
	}
	if (match)
		match_paint(match, grid, rect.x, rect.y, used, str_slice(text, from, to));
}

/* Goes through the rows; draws those within RECT where there is a grid. */
static int walk(const struct flow *flow, struct grid *grid, struct rect rect, const struct match *match)
{
	struct str text = buf_str(&flow->text);
	size_t from = 0, next = 0;
	int rows = 0;
	do {
		if (grid && rows == rect.height)
			break;
		size_t to = row_end(text, from, rect.width < 1 ? 1 : rect.width, &next);
		if (grid)
			draw_row(flow, grid, (struct rect){rect.x, rect.y + rows, rect.width, 1}, from, to,
				match);
		from = next;
		rows++;
	} while (from < text.n);
	return rows;
}

int flow_rows(const struct flow *flow, int width)
{
	return walk(flow, NULL, (struct rect){.width = width}, NULL);
}

int flow_draw(const struct flow *flow, struct grid *grid, struct rect rect, const struct match *match)
{
	return walk(flow, grid, rect, match);
}

void flow_draw_cut(const struct flow *flow, struct grid *grid, struct rect rect, const struct match *match)
{
	struct str text = buf_str(&flow->text);
	if (rect.width < 1)
		return;
	draw_row(flow, grid, rect, 0, text.n, match);
	if (utf8_columns(text) > (size_t)rect.width)
		grid_put(grid, rect.x + rect.width - 1, rect.y, 1, STR("…"), ROLE_DIM);
}
