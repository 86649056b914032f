/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/document.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "tui/widgets/match.h"
#include "views/doc_layout.h"

enum {
	OUTLINE_FROM = 100, /* columns: narrower, the page needs them all */
	OUTLINE = 26,
	OUTLINE_LEVELS = 3,
	MOST_WIDTH = 100, /* longer lines are hard to read */
	SIDEWAYS = 8,
	CONTEXT = 2,
	MARGIN = 1,
	NO_LINK = -1,
};

struct page_view {
	struct widget widget;
	const struct doc_page *page; /* borrowed until the next set */
	struct arena *arena;	     /* of the layout */
	struct doc_layout *layout;   /* NULL: not drawn yet */
	int width, rows;	     /* of the last drawing */
	bool is_ascii;
	size_t top;			 /* the first row shown */
	size_t anchor_block, anchor_row; /* the same, as a row of a block: that outlives the layout */
	int x;				 /* columns that wide rows are moved by */
	int32_t link;			 /* that one is on */
	size_t found;			 /* the row of the last match */
	struct match match;
	char *shown; /* the page and section that it was opened at */
};

static struct page_view *of(struct widget *widget)
{
	return (struct page_view *)widget;
}

static const struct page_view *of_const(const struct widget *widget)
{
	return (const struct page_view *)widget;
}

static struct widget *page_new(void)
{
	struct page_view *p = x_new(struct page_view);
	p->widget.ops = &document_widget;
	p->link = NO_LINK;
	return &p->widget;
}

static void page_free(struct widget *widget)
{
	arena_free(of(widget)->arena);
	x_free(of(widget)->shown);
	x_free(widget);
}

/* --- where one is --------------------------------------------------------------- */

static size_t last_top(const struct page_view *p)
{
	size_t rows = p->rows > 0 ? (size_t)p->rows : 1;
	return p->layout->n > rows ? p->layout->n - rows : 0;
}

static void go_to(struct page_view *p, size_t top)
{
	size_t last = last_top(p);
	p->top = top < last ? top : last;
	if (!p->layout->n)
		return;
	p->anchor_block = p->layout->rows[p->top].block;
	p->anchor_row = p->top - p->layout->block_rows[p->anchor_block];
}

/* A link or a match: moved to only where it is not seen. */
static void show_row(struct page_view *p, size_t row)
{
	size_t context = p->rows > CONTEXT ? CONTEXT : p->rows > 1 ? (size_t)p->rows - 1 : 0;
	if (row < p->top || row >= p->top + (size_t)p->rows)
		go_to(p, row > context ? row - context : 0);
}

static void go_to_section(struct page_view *p)
{
	const struct document *document = p->page->document;
	size_t i = p->page->section ? document_section(document, p->page->section) : document->n_sections;
	p->anchor_block = i < document->n_sections ? document->sections[i].block : 0;
	p->anchor_row = 0;
	p->link = NO_LINK;
	p->x = 0;
}

static void page_set(struct widget *widget, const struct block *block)
{
	struct page_view *p = of(widget);
	const char *section = block->page.section;
	char *shown = x_printf("%s#%s", block->page.name, section ? section : "");
	bool is_same = p->shown && !strcmp(p->shown, shown);
	p->page = &block->page;
	arena_free(p->arena);
	p->arena = NULL;
	p->layout = NULL;
	if (!is_same)
		go_to_section(p);
	if (p->link >= (int32_t)p->page->document->n_links)
		p->link = NO_LINK;
	x_free(p->shown);
	p->shown = shown;
}

/* --- drawing --------------------------------------------------------------------- */

static bool has_outline(const struct page_view *p, int width)
{
	return width >= OUTLINE_FROM && p->page->document->n_sections > 1;
}

static void lay_out(struct page_view *p, int width, bool is_ascii)
{
	if (p->layout && p->width == width && p->is_ascii == is_ascii)
		return;
	arena_free(p->arena);
	p->arena = arena_new();
	p->layout = doc_layout_new(p->arena, p->page->document, width, is_ascii);
	p->width = width;
	p->is_ascii = is_ascii;
	size_t n_blocks = p->page->document->n_blocks;
	size_t block = p->anchor_block < n_blocks ? p->anchor_block : n_blocks ? n_blocks - 1 : 0;
	go_to(p, (n_blocks ? p->layout->block_rows[block] : 0) + p->anchor_row);
}

static struct style style_of(const struct doc_span *span, int32_t link)
{
	struct style style = {.role = doc_role(span)};
	style.attr.bold = (span->style & DOC_BOLD) != 0;
	style.attr.underline = (span->style & DOC_EMPHASIS) != 0;
	style.is_selected = link != NO_LINK && span->link == link;
	return style;
}

static void draw_row(
	const struct page_view *p, struct grid *grid, struct rect rect, const struct doc_row *row)
{
	const struct doc_text *text = &row->text;
	size_t start = 0, from = row->is_wide ? utf8_fit(text->text, (size_t)p->x).n : 0;
	int used = 0;
	for (size_t i = 0; i < text->n_spans && used < rect.width; start = text->spans[i++].to) {
		size_t left = start > from ? start : from;
		if (left < text->spans[i].to)
			used += grid_text(grid, rect.x + used, rect.y, rect.width - used,
				str_slice(text->text, left, text->spans[i].to),
				style_of(&text->spans[i], p->link));
	}
	match_paint(&p->match, grid, rect.x, rect.y, used, str_slice(text->text, from, text->text.n));
	if (row->columns - (row->is_wide ? p->x : 0) > rect.width)
		grid_put(grid, rect.x + rect.width - 1, rect.y, 1, STR("…"), ROLE_DIM);
}

/* The section that the top of the screen, or what just follows it, belongs to. */
static size_t section_at(const struct page_view *p)
{
	const struct document *document = p->page->document;
	size_t at = 0, row = p->top ? p->top + CONTEXT : 0;
	for (size_t i = 0; i < document->n_sections; i++)
		if (p->layout->block_rows[document->sections[i].block] <= row)
			at = i;
	return at;
}

static void draw_outline(const struct page_view *p, struct grid *grid, struct rect rect)
{
	const struct document *document = p->page->document;
	size_t here = section_at(p), first = 0;
	grid_put(grid, rect.x + 1, rect.y, rect.width - 1, STR("Contents"), ROLE_DIM);
	if (here + 2 > (size_t)rect.height)
		first = here + 2 - (size_t)rect.height;
	int y = rect.y + 1, bottom = rect.y + rect.height;
	for (size_t i = first; i < document->n_sections && y < bottom; i++) {
		const struct doc_section *section = &document->sections[i];
		if (section->level > OUTLINE_LEVELS)
			continue;
		int indent = 1 + section->level - 1;
		if (i == here)
			grid_put(grid, rect.x, y, 1, STR("▌"), ROLE_HEADING);
		grid_put(grid, rect.x + indent, y++, rect.width - indent - 1, str_of(section->title),
			i == here ? ROLE_HEADING : ROLE_DIM);
	}
}

static int page_height(const struct widget *widget, int width, const struct format *format)
{
	(void)widget;
	(void)width;
	(void)format;
	return INT16_MAX; /* it takes all there is */
}

static void page_draw(struct widget *widget, struct grid *grid, struct rect rect, const struct format *format,
	bool has_focus)
{
	struct page_view *p = of(widget);
	(void)has_focus;
	int left = has_outline(p, rect.width) ? OUTLINE : MARGIN;
	struct rect text = {rect.x + left, rect.y, rect.width - left - MARGIN, rect.height};
	text.width = text.width < MOST_WIDTH ? text.width : MOST_WIDTH;
	if (text.width < 1)
		return;
	bool is_taller = rect.height > p->rows;
	p->rows = rect.height;
	lay_out(p, text.width, format->is_ascii);
	if (is_taller)
		go_to(p, p->top);
	for (size_t i = p->top; i < p->layout->n && text.height > 0; i++, text.y++, text.height--)
		draw_row(p, grid, (struct rect){text.x, text.y, text.width, 1}, &p->layout->rows[i]);
	if (left == OUTLINE)
		draw_outline(p, grid, (struct rect){rect.x, rect.y, OUTLINE - 1, rect.height});
}

/* --- keys -------------------------------------------------------------------------- */

static bool move_sideways(struct page_view *p, enum move move)
{
	int most = p->layout->widest - p->width, before = p->x;
	p->x += move == MOVE_RIGHT ? SIDEWAYS : -SIDEWAYS;
	p->x = p->x > most ? most : p->x;
	p->x = p->x < 0 ? 0 : p->x;
	return p->x != before;
}

static bool page_move(struct widget *widget, enum move move, int page_rows)
{
	struct page_view *p = of(widget);
	if (!p->layout || !p->layout->n)
		return false;
	if (move == MOVE_LEFT || move == MOVE_RIGHT)
		return move_sideways(p, move);
	size_t before = p->top;
	go_to(p, widget_moved(p->top, last_top(p) + 1, move, page_rows));
	return p->top != before;
}

static bool is_seen(const struct page_view *p, int32_t link)
{
	size_t row = link == NO_LINK ? SIZE_MAX : p->layout->link_rows[link];
	return row >= p->top && row < p->top + (size_t)p->rows;
}

/* The first (STEP 1) or last link from the top of the screen on; around the end. */
static int32_t first_link(const struct page_view *p, int step)
{
	int32_t n = (int32_t)p->page->document->n_links, last = NO_LINK;
	size_t end = p->top + (size_t)p->rows;
	for (int32_t i = 0; i < n; i++) {
		if (step > 0 && p->layout->link_rows[i] >= p->top)
			return i;
		if (p->layout->link_rows[i] < end)
			last = i;
	}
	return step > 0 || last == NO_LINK ? (step > 0 ? 0 : n - 1) : last;
}

bool document_next_link(struct widget *widget, int step)
{
	struct page_view *p = of(widget);
	int32_t n = p->page ? (int32_t)p->page->document->n_links : 0;
	if (!n || !p->layout)
		return false;
	p->link = is_seen(p, p->link) ? (p->link + step + n) % n : first_link(p, step);
	if (p->layout->link_rows[p->link] != SIZE_MAX)
		show_row(p, p->layout->link_rows[p->link]);
	return true;
}

const char *document_target(const struct widget *widget, bool *is_ref)
{
	const struct page_view *p = of_const(widget);
	if (!p->page || p->link == NO_LINK)
		return NULL;
	*is_ref = p->page->document->links[p->link].is_ref;
	return p->page->document->links[p->link].target;
}

static const char *page_ref(const struct widget *widget)
{
	bool is_ref = false;
	const char *target = document_target(widget, &is_ref);
	return is_ref ? target : NULL;
}

static bool page_find(struct widget *widget, struct str text, bool is_backward)
{
	struct page_view *p = of(widget);
	if (text.n)
		match_set(&p->match, text);
	if (!p->layout || !p->layout->n || !p->match.n)
		return false;
	size_t n = p->layout->n;
	bool was_seen = !text.n && p->found >= p->top && p->found < p->top + (size_t)p->rows;
	size_t from = was_seen ? p->found : is_backward ? p->top + n : p->top + n - 1;
	for (size_t step = 1; step <= n; step++) {
		size_t row = (is_backward ? from + n - step : from + step) % n;
		if (match_find(&p->match, p->layout->rows[row].text.text, 0) == SIZE_MAX)
			continue;
		p->found = row;
		show_row(p, row);
		return true;
	}
	return false;
}

/* The link that one is on; else the first code that is seen: that is what one wants to type. */
static void page_copy(const struct widget *widget, struct buf *out)
{
	const struct page_view *p = of_const(widget);
	bool is_ref;
	const char *target = document_target(widget, &is_ref);
	if (target) {
		clean_add(out, str_of(target), CLEAN_NAME);
		return;
	}
	const struct doc_block *blocks = p->page->document->blocks;
	for (size_t i = p->top; p->layout && i < p->layout->n && i < p->top + (size_t)p->rows; i++) {
		const struct doc_block *block = &blocks[p->layout->rows[i].block];
		if (block->kind != DOC_CODE_BLOCK)
			continue;
		buf_add(out, block->text.text);
		return;
	}
}

static bool page_seek(struct widget *widget, const char *ref)
{
	struct page_view *p = of(widget);
	const struct document *document = p->page->document;
	for (size_t i = 0; i < document->n_links; i++) {
		if (!document->links[i].is_ref || strcmp(document->links[i].target, ref))
			continue;
		p->link = (int32_t)i;
		return true;
	}
	return false;
}

const struct widget_ops document_widget = {
	.new = page_new,
	.free = page_free,
	.set = page_set,
	.height = page_height,
	.draw = page_draw,
	.move = page_move,
	.ref = page_ref,
	.find = page_find,
	.copy = page_copy,
	.seek = page_seek,
	.can_focus = true,
};
