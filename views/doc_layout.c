/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/doc_layout.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"

#include <stdio.h>

enum {
	LEAST_COLUMNS = 10, /* of text, however deep it stands */
	LEAST_CELL = 10,    /* a table that is too wide is pressed until its columns are that */
	CELL_GAP = 2,
	CODE_INDENT = 4,
	MOST_ROWS = 100000,
	MOST_COLUMNS = MARKDOWN_MOST_COLUMNS,
};

struct layouter {
	struct arena *arena;
	const struct document *document;
	struct doc_layout *layout;
	size_t room;
	int width;
	bool is_ascii;
	struct buf text; /* of the row that is made */
	struct doc_span *spans;
	size_t n_spans, room_spans;
};

/* --- rows ------------------------------------------------------------------- */

static void put(struct layouter *l, struct str text, uint16_t style, int32_t link)
{
	if (!text.n)
		return;
	buf_add(&l->text, text);
	if (l->n_spans == l->room_spans) {
		l->room_spans = l->room_spans ? 2 * l->room_spans : 64;
		l->spans = x_realloc(l->spans, l->room_spans, sizeof *l->spans);
	}
	l->spans[l->n_spans++] = (struct doc_span){.to = (uint32_t)l->text.n, .style = style, .link = link};
}

static void put_blanks(struct layouter *l, int n)
{
	static const char blanks[] = "                                                                ";
	for (; n > 0; n -= (int)sizeof blanks - 1)
		put(l, (struct str){blanks, (size_t)n < sizeof blanks ? (size_t)n : sizeof blanks - 1}, 0,
			-1);
}

/* Bytes FROM to TO of TEXT, with their styles and MORE. */
static void put_slice(struct layouter *l, const struct doc_text *text, size_t from, size_t to, uint16_t more)
{
	size_t start = 0;
	for (size_t i = 0; i < text->n_spans && start < to; start = text->spans[i++].to) {
		size_t left = start > from ? start : from,
		       right = text->spans[i].to < to ? text->spans[i].to : to;
		if (left < right)
			put(l, str_slice(text->text, left, right), (uint16_t)(text->spans[i].style | more),
				text->spans[i].link);
	}
}

static void note_links(struct layouter *l)
{
	for (size_t i = 0; i < l->n_spans; i++) {
		int32_t link = l->spans[i].link;
		if (link >= 0 && l->layout->link_rows[link] == SIZE_MAX)
			l->layout->link_rows[link] = l->layout->n;
	}
}

static void end_row(struct layouter *l, size_t block, bool is_wide)
{
	struct doc_layout *layout = l->layout;
	if (layout->n == l->room) {
		l->room = l->room ? 2 * l->room : 256;
		struct doc_row *rows = arena_array(l->arena, struct doc_row, l->room);
		if (layout->n)
			memcpy(rows, layout->rows, layout->n * sizeof *rows);
		layout->rows = rows;
	}
	if (layout->n < MOST_ROWS) {
		struct doc_row *row = &layout->rows[layout->n];
		*row = (struct doc_row){.block = block, .is_wide = is_wide};
		row->text.text = (struct str){arena_dup(l->arena, buf_str(&l->text)), l->text.n};
		row->text.n_spans = l->n_spans;
		row->text.spans = arena_array(l->arena, struct doc_span, l->n_spans + 1);
		if (l->n_spans)
			memcpy(row->text.spans, l->spans, l->n_spans * sizeof *l->spans);
		row->columns = (int)utf8_columns(row->text.text);
		layout->widest = row->columns > layout->widest ? row->columns : layout->widest;
		note_links(l);
		layout->n++;
	}
	buf_reset(&l->text);
	l->n_spans = 0;
}

static const char *sign(const struct layouter *l, const char *text, const char *ascii)
{
	return l->is_ascii ? ascii : text;
}

static int columns_of(struct str text, size_t from, size_t to)
{
	int columns = 0;
	for (size_t len; from < to; from += len) {
		uint32_t c = (unsigned char)text.p[from];
		len = 1;
		if (c >= 0x80)
			c = utf8_decode(str_slice(text, from, to), &len);
		columns += c < 0x80 ? 1 : utf8_width(c);
	}
	return columns;
}

/* Where the row that starts at FROM ends; *NEXT is where the one after it starts. */
static size_t row_end(struct str text, size_t from, int width, size_t *next)
{
	size_t at = from, gap = 0, len;
	int used = 0;
	for (; at < text.n && text.p[at] != '\n'; at += len) {
		uint32_t c = (unsigned char)text.p[at];
		len = 1;
		if (c >= 0x80)
			c = utf8_decode(str_slice(text, at, text.n), &len);
		if (c == ' ' && at > from)
			gap = at;
		used += c < 0x80 ? 1 : utf8_width(c);
		if (used > width && at > from)
			break;
	}
	if (at == text.n || text.p[at] == '\n') {
		*next = at + (at < text.n);
		return at;
	}
	*next = gap ? gap + 1 : at;
	return gap ? gap : at;
}

/* --- what stands left of a block --------------------------------------------- */

static const char *marker_of(const struct layouter *l, const char *marker)
{
	if (!l->is_ascii)
		return marker;
	return !strcmp(marker, "• ")   ? "* "
	       : !strcmp(marker, "☐ ") ? "_ "
	       : !strcmp(marker, "☑ ") ? "x "
				       : marker;
}

static int margin_of(const struct layouter *l, const struct doc_block *block)
{
	int margin = 2 * block->quotes + block->indent, most = l->width - LEAST_COLUMNS;
	return margin < most ? margin : most > 0 ? most : 0;
}

static void put_margin(struct layouter *l, const struct doc_block *block, bool is_first)
{
	int left = margin_of(l, block);
	for (int i = 0; i < block->quotes && left >= 2; i++, left -= 2)
		put(l, str_of(sign(l, "│ ", "| ")), DOC_DIM, -1);
	const char *marker = is_first && block->marker ? marker_of(l, block->marker) : "";
	int columns = (int)utf8_columns(str_of(marker));
	put_blanks(l, left - columns);
	if (columns <= left)
		put(l, str_of(marker), DOC_DIM, -1);
}

/* --- blocks ------------------------------------------------------------------- */

static void lay_text(struct layouter *l, size_t i, uint16_t style)
{
	const struct doc_block *block = &l->document->blocks[i];
	struct str text = block->text.text;
	int hashes = block->kind == DOC_HEADING ? block->level + 1 : 0;
	int width = l->width - margin_of(l, block) - hashes;
	size_t from = 0, next = 0;
	do {
		size_t to = row_end(text, from, width < LEAST_COLUMNS ? LEAST_COLUMNS : width, &next);
		put_margin(l, block, from == 0);
		if (hashes && from == 0)
			put(l, str_slice(STR("###### "), (size_t)(7 - hashes), 7), DOC_DIM, -1);
		else
			put_blanks(l, hashes);
		put_slice(l, &block->text, from, to, style);
		end_row(l, i, false);
		from = next;
	} while (from < text.n);
}

static void lay_code(struct layouter *l, size_t i)
{
	const struct doc_block *block = &l->document->blocks[i];
	struct str text = block->text.text;
	for (size_t from = 0; from <= text.n;) {
		size_t to = str_find(text, STR("\n"), from);
		to = to == SIZE_MAX ? text.n : to;
		put_margin(l, block, from == 0);
		put_blanks(l, CODE_INDENT);
		put_slice(l, &block->text, from, to, 0);
		end_row(l, i, true);
		from = to + 1;
	}
}

static void lay_rule(struct layouter *l, size_t i)
{
	const struct doc_block *block = &l->document->blocks[i];
	put_margin(l, block, true);
	for (int n = l->width - margin_of(l, block); n > 0; n--)
		put(l, str_of(sign(l, "─", "-")), DOC_DIM, -1);
	end_row(l, i, false);
}

/* --- tables ------------------------------------------------------------------- */

static const struct doc_text *cell_at(const struct doc_table *table, size_t row, size_t column)
{
	return &table->cells[row * table->n_columns + column];
}

static int widest_line(struct str text)
{
	int widest = 0;
	struct str line;
	while (str_next(&text, '\n', &line)) {
		int columns = columns_of(line, 0, line.n);
		widest = columns > widest ? columns : widest;
	}
	return widest;
}

static int sum_of(const int *widths, size_t n)
{
	int sum = n ? CELL_GAP * ((int)n - 1) : 0;
	for (size_t c = 0; c < n; c++)
		sum += widths[c];
	return sum;
}

/* As wide as the cells are; where that is more than WIDTH the widest columns give way, each down to
 * LEAST_CELL. */
static void measure(const struct doc_table *table, int width, int *widths)
{
	for (size_t c = 0; c < table->n_columns; c++) {
		widths[c] = 1;
		for (size_t row = 0; row < table->n_rows; row++) {
			int columns = widest_line(cell_at(table, row, c)->text);
			widths[c] = columns > widths[c] ? columns : widths[c];
		}
	}
	for (int over = sum_of(widths, table->n_columns) - width; over > 0;) {
		size_t most = 0;
		int second = LEAST_CELL;
		for (size_t c = 0; c < table->n_columns; c++)
			most = widths[c] > widths[most] ? c : most;
		for (size_t c = 0; c < table->n_columns; c++)
			second = c != most && widths[c] > second && widths[c] < widths[most] ? widths[c]
											     : second;
		if (widths[most] <= LEAST_CELL)
			return;
		int less = widths[most] - second;
		less = less < 1 ? 1 : less;
		less = less < over ? less : over;
		widths[most] -= less;
		over -= less;
	}
}

/* One row of the screen of a cell; FROM goes on to the next. */
static void put_cell(struct layouter *l, const struct doc_text *cell, size_t *from, int width,
	enum doc_align align, uint16_t style, bool is_last)
{
	size_t next = *from, to = *from < cell->text.n ? row_end(cell->text, *from, width, &next) : *from;
	int room = width - columns_of(cell->text, *from, to);
	int left = align == DOC_RIGHT ? room : align == DOC_CENTRE ? room / 2 : 0;
	put_blanks(l, left);
	put_slice(l, cell, *from, to, style);
	if (!is_last)
		put_blanks(l, room - left + CELL_GAP);
	*from = next;
}

static void lay_table_row(struct layouter *l, size_t i, size_t row, const int *widths)
{
	const struct doc_block *block = &l->document->blocks[i];
	const struct doc_table *table = &block->table;
	size_t from[MOST_COLUMNS] = {0};
	bool goes_on = true;
	for (bool is_first = row == 0; goes_on; is_first = false) {
		goes_on = false;
		put_margin(l, block, is_first);
		for (size_t c = 0; c < table->n_columns; c++) {
			const struct doc_text *cell = cell_at(table, row, c);
			put_cell(l, cell, &from[c], widths[c], table->aligns[c], row ? 0 : DOC_BOLD,
				c + 1 == table->n_columns);
			goes_on |= from[c] < cell->text.n;
		}
		end_row(l, i, true);
	}
}

static void lay_table(struct layouter *l, size_t i)
{
	const struct doc_block *block = &l->document->blocks[i];
	int widths[MOST_COLUMNS];
	measure(&block->table, l->width - margin_of(l, block), widths);
	for (size_t row = 0; row < block->table.n_rows; row++) {
		lay_table_row(l, i, row, widths);
		if (row)
			continue;
		put_margin(l, block, false);
		for (int n = sum_of(widths, block->table.n_columns); n > 0; n--)
			put(l, str_of(sign(l, "─", "-")), DOC_DIM, -1);
		end_row(l, i, true);
	}
}

/* --- the page ------------------------------------------------------------------ */

static void lay_block(struct layouter *l, size_t i)
{
	const struct doc_block *block = &l->document->blocks[i];
	if (i && !block->is_tight)
		end_row(l, i - 1, false);
	l->layout->block_rows[i] = l->layout->n;
	switch (block->kind) {
	case DOC_HEADING:
		lay_text(l, i, DOC_BOLD);
		break;
	case DOC_PARAGRAPH:
		lay_text(l, i, 0);
		break;
	case DOC_CODE_BLOCK:
		lay_code(l, i);
		break;
	case DOC_TABLE:
		lay_table(l, i);
		break;
	case DOC_RULE:
		lay_rule(l, i);
		break;
	}
}

static void lay_cut(struct layouter *l)
{
	const char *why = l->layout->n == MOST_ROWS ? "it goes on: it is too long" : l->document->cut;
	if (!why)
		return;
	if (l->layout->n == MOST_ROWS)
		l->layout->n--;
	put(l, STR("("), DOC_DIM, -1);
	put(l, str_of(why), DOC_DIM, -1);
	put(l, STR(")"), DOC_DIM, -1);
	end_row(l, l->document->n_blocks ? l->document->n_blocks - 1 : 0, false);
}

struct doc_layout *doc_layout_new(
	struct arena *arena, const struct document *document, int width, bool is_ascii)
{
	struct layouter l = {.arena = arena,
		.document = document,
		.layout = arena_new_of(arena, struct doc_layout),
		.width = width < LEAST_COLUMNS ? LEAST_COLUMNS : width,
		.is_ascii = is_ascii};
	buf_init(&l.text, 0);
	l.layout->block_rows = arena_array(arena, size_t, document->n_blocks + 1);
	l.layout->link_rows = arena_array(arena, size_t, document->n_links + 1);
	memset(l.layout->link_rows, 0xFF, document->n_links * sizeof(size_t));
	for (size_t i = 0; i < document->n_blocks; i++)
		lay_block(&l, i);
	lay_cut(&l);
	buf_fini(&l.text);
	x_free(l.spans);
	return l.layout;
}

enum role doc_role(const struct doc_span *span)
{
	static const struct {
		uint16_t style;
		enum role role;
	} roles[] = {{DOC_DIM | DOC_COMMENT | DOC_STRUCK, ROLE_DIM}, {DOC_ADDED | DOC_STRING, ROLE_SUCCESS},
		{DOC_REMOVED, ROLE_FAILED}, {DOC_NUMBER, ROLE_QUEUED}, {DOC_KEYWORD | DOC_CODE, ROLE_KEY},
		{DOC_BOLD, ROLE_HEADING}};
	if (span->link >= 0)
		return ROLE_LINK;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (span->style & roles[i].style)
			return roles[i].role;
	return ROLE_TEXT;
}
