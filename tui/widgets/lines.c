/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/lines.h"

#include "client/base/mem.h"

enum { BAR = 1, CONTEXT = 2 };

static struct lines *of(struct widget *widget)
{
	return (struct lines *)widget;
}

static const struct lines *of_const(const struct widget *widget)
{
	return (const struct lines *)widget;
}

void lines_free(struct widget *widget)
{
	x_free(of(widget)->cursor_ref);
	x_free(widget);
}

static const char *ref_at(const struct lines *lines, size_t i)
{
	return i < lines->n ? lines->ops->line(lines, i)->ref : NULL;
}

static void keep_ref(struct lines *lines)
{
	const char *ref = ref_at(lines, lines->cursor);
	x_free(lines->cursor_ref);
	lines->cursor_ref = ref ? x_strdup(ref) : NULL;
}

void lines_settle(struct lines *lines)
{
	for (size_t i = 0; lines->cursor_ref && i < lines->n; i++) {
		const char *ref = ref_at(lines, i);
		if (ref && strcmp(ref, lines->cursor_ref) == 0) {
			lines->cursor = i;
			break;
		}
	}
	if (lines->cursor >= lines->n)
		lines->cursor = lines->n ? lines->n - 1 : 0;
	keep_ref(lines);
}

static int rows_of(const struct lines *lines, size_t i, int width)
{
	return lines->ops->draw(lines, NULL, (struct rect){.width = width - BAR}, i);
}

int lines_height(const struct lines *lines, int width)
{
	int rows = 0;
	for (size_t i = 0; i < lines->n && rows < INT16_MAX; i++)
		rows += rows_of(lines, i, width);
	return rows;
}

/* The rows of lines FROM to TO (both included); a little over LIMIT where there are more. */
static int rows_between(const struct lines *lines, size_t from, size_t to, int limit)
{
	int rows = 0;
	for (size_t i = from; i <= to && i < lines->n && rows <= limit; i++)
		rows += rows_of(lines, i, lines->width);
	return rows;
}

/* The first line shown: moved as little as is needed for the cursor and CONTEXT lines around it, and never so
 * far down that room stays empty. */
static size_t top_for(const struct lines *lines, int rows, size_t context)
{
	size_t top = lines->top, last = lines->cursor + context;
	size_t first = lines->cursor > context ? lines->cursor - context : 0;
	if (!lines->n || rows < 1)
		return 0;
	if (last >= lines->n)
		last = lines->n - 1;
	if (top > first)
		top = first;
	while (top < lines->cursor && rows_between(lines, top, last, rows) > rows)
		top++;
	while (top > 0 && rows_between(lines, top - 1, lines->n - 1, rows) <= rows)
		top--;
	return top;
}

void lines_draw(struct lines *lines, struct grid *grid, struct rect rect, bool has_focus)
{
	int y = rect.y, bottom = rect.y + rect.height;
	lines->width = rect.width;
	if (rect.width <= BAR)
		return;
	/* nobody moves in a preview: what stands around its line is shown too */
	for (size_t i = top_for(lines, rect.height, has_focus ? 0 : CONTEXT); i < lines->n && y < bottom;
		i++) {
		struct rect at = {rect.x + BAR, y, rect.width - BAR, bottom - y};
		int rows = lines->ops->draw(lines, grid, at, i);
		if (has_focus && i == lines->cursor) {
			grid_put(grid, rect.x, y, BAR, STR("▌"), ROLE_HEADING);
			if (ref_at(lines, i))
				grid_select(grid, (struct rect){at.x, y, at.width, rows});
		}
		y += rows;
	}
}

static void go_to(struct lines *lines, size_t i)
{
	lines->cursor = i;
	lines->top = top_for(lines, lines->page_rows, CONTEXT);
	keep_ref(lines);
}

bool lines_move(struct widget *widget, enum move move, int page_rows)
{
	struct lines *lines = of(widget);
	lines->page_rows = page_rows;
	if (!lines->n)
		return false;
	size_t before = lines->cursor;
	go_to(lines, widget_moved(before, lines->n, move, page_rows));
	return lines->cursor != before;
}

const char *lines_ref(const struct widget *widget)
{
	return ref_at(of_const(widget), of_const(widget)->cursor);
}

static bool line_matches(const struct lines *lines, size_t i)
{
	struct flow flow;
	flow_init(&flow, lines->ops->line(lines, i));
	bool found = match_find(&lines->match, buf_str(&flow.text), 0) != SIZE_MAX;
	flow_fini(&flow);
	return found;
}

bool lines_find(struct widget *widget, struct str text, bool is_backward)
{
	struct lines *lines = of(widget);
	size_t n = lines->n, first = text.n ? 0 : 1;
	if (text.n)
		match_set(&lines->match, text);
	for (size_t step = first; step < n + first; step++) {
		size_t i = (is_backward ? lines->cursor + n - step % n : lines->cursor + step) % n;
		if (line_matches(lines, i)) {
			go_to(lines, i);
			return true;
		}
	}
	return false;
}

void lines_copy(const struct widget *widget, struct buf *out)
{
	const struct lines *lines = of_const(widget);
	const char *ref = lines_ref(widget);
	if (ref) {
		clean_add(out, str_of(ref), CLEAN_NAME);
	} else if (lines->cursor < lines->n) {
		struct flow flow;
		flow_init(&flow, lines->ops->line(lines, lines->cursor));
		buf_add(out, buf_str(&flow.text));
		flow_fini(&flow);
	}
}

bool lines_seek(struct widget *widget, const char *ref)
{
	struct lines *lines = of(widget);
	for (size_t i = 0; i < lines->n; i++) {
		const char *own = ref_at(lines, i);
		if (!own || strcmp(own, ref) != 0)
			continue;
		go_to(lines, i);
		return true;
	}
	return false;
}

enum hit lines_point(struct widget *widget, struct rect rect, int x, int y, const char **key)
{
	(void)key;
	struct lines *lines = of(widget);
	if (x < rect.x || x >= rect.x + rect.width || y < rect.y)
		return HIT_NOTHING;
	int bottom = rect.y;
	for (size_t i = top_for(lines, rect.height, 0); i < lines->n; i++) {
		bottom += rows_of(lines, i, rect.width);
		if (y >= bottom)
			continue;
		lines->cursor = i;
		keep_ref(lines);
		return HIT_ROW;
	}
	return HIT_NOTHING;
}
