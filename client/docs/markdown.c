/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * md4c (0.4.8) does the parsing; it calls back for each block, span and text. Seen with it: a table of n
 * columns and n empty rows is n² cells, out of 4n bytes; 250 KB of link definitions take 7 s, a paragraph of
 * 1 MB of marks 2 s, both without any callback. So tables are measured where they open, definitions and
 * paragraphs before, and every callback looks at the clock now and then.
 */
#include "client/docs/markdown.h"

#include "client/base/clean.h"
#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "client/catalogue/ref.h"
#include "client/docs/colour.h"

#include <md4c.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	MOST_MS = 500,
	MOST_BLOCKS = 20000,
	MOST_LINKS = 10000,
	MOST_DEFINITIONS = 1000,
	MOST_PARAGRAPH = 256 << 10,
	MOST_DEPTH = 12, /* of lists and of quotes: what is deeper stands no further right */
	CLOCK_EVERY = 256,
	BULLET_COLUMNS = 2,
	NUMBER_COLUMNS = 4,
	MOST_SLUG = 120,
	GO_ON = 0,
	STOP = 1,
};

struct list {
	bool is_ordered, is_tight, has_items;
	unsigned next;
};

struct builder {
	struct arena *arena;
	const struct markdown_place *place;
	struct document *document;
	int64_t until_ms;
	unsigned calls;
	const char *cut;

	struct list lists[MOST_DEPTH];
	int depth, quotes;  /* as they are, also over MOST_DEPTH */
	const char *marker; /* of the item that has shown nothing yet */
	bool is_open;	    /* `block` takes text */
	struct doc_block block;

	struct buf text; /* of the block or cell, cleaned */
	struct doc_span *spans;
	size_t n_spans, room_spans;
	int style[16]; /* how many spans of that kind are open, by bit */
	int32_t link;
	const char *inert; /* the address behind a link that nobody shall follow */
	const char *image;
	struct buf raw; /* of code, as it came */
	bool is_raw;
	size_t n_cells;	 /* of all tables */
	size_t n_filled; /* of this one */
};

/* Room for one more behind N of ITEMS: it doubles at each power of two. */
static void *one_more(struct arena *arena, void *items, size_t n, size_t size)
{
	if (n && (n & (n - 1)))
		return items;
	void *more = arena_get(arena, n ? 2 * n : 1, size);
	if (n)
		memcpy(more, items, n * size);
	return more;
}

/* --- text ---------------------------------------------------------------- */

static void end_span(struct builder *b, uint16_t style, int32_t link)
{
	struct doc_span *last = b->n_spans ? &b->spans[b->n_spans - 1] : NULL;
	size_t from = last ? last->to : 0;
	if (b->text.n == from)
		return;
	if (last && last->style == style && last->link == link) {
		last->to = (uint32_t)b->text.n;
		return;
	}
	if (b->n_spans == b->room_spans) {
		b->room_spans = b->room_spans ? 2 * b->room_spans : 64;
		b->spans = x_realloc(b->spans, b->room_spans, sizeof *b->spans);
	}
	b->spans[b->n_spans++] = (struct doc_span){.to = (uint32_t)b->text.n, .style = style, .link = link};
}

static uint16_t style_now(const struct builder *b)
{
	unsigned style = 0;
	for (unsigned bit = 0; bit < ARRAY_LEN(b->style); bit++)
		if (b->style[bit] > 0)
			style |= 1u << bit;
	return (uint16_t)style;
}

static void add(struct builder *b, struct str text, uint16_t style)
{
	clean_add(&b->text, text, CLEAN_NAME);
	end_span(b, style, b->link);
}

static void add_line_end(struct builder *b)
{
	buf_addc(&b->text, '\n');
	end_span(b, style_now(b), b->link);
}

/* What was gathered, as a text of its own. */
static struct doc_text take_text(struct builder *b)
{
	struct doc_text text = {.n_spans = b->n_spans};
	text.text = (struct str){arena_dup(b->arena, buf_str(&b->text)), b->text.n};
	text.spans = arena_array(b->arena, struct doc_span, b->n_spans + 1);
	if (b->n_spans)
		memcpy(text.spans, b->spans, b->n_spans * sizeof *b->spans);
	buf_reset(&b->text);
	b->n_spans = 0;
	return text;
}

/* Adds TEXT with the values in the place of the words in braces. */
static void add_filled(const struct builder *b, struct buf *out, struct str text)
{
	for (size_t at = 0; at < text.n;) {
		size_t open = str_find(text, STR("{"), at);
		size_t shut =
			open == SIZE_MAX ? SIZE_MAX : str_find(str_slice(text, open, open + 32), STR("}"), 1);
		const struct doc_value *value = NULL;
		for (size_t i = 0; shut != SIZE_MAX && i < b->place->n_values && !value; i++)
			if (str_is(str_slice(text, open + 1, open + shut), b->place->values[i].name))
				value = &b->place->values[i];
		size_t to = open == SIZE_MAX ? text.n : value ? open : open + 1;
		buf_add(out, str_slice(text, at, to));
		buf_addz(out, value ? value->value : "");
		at = value ? open + shut + 1 : to;
	}
}

/* --- blocks -------------------------------------------------------------- */

static int depth_of(const struct builder *b)
{
	return b->depth < MOST_DEPTH ? b->depth : MOST_DEPTH;
}

static int indent_of(const struct builder *b)
{
	int columns = 0;
	for (int i = 0; i < depth_of(b); i++)
		columns += b->lists[i].is_ordered ? NUMBER_COLUMNS : BULLET_COLUMNS;
	return columns;
}

static void open_block(struct builder *b, enum doc_kind kind)
{
	bool is_tight = b->depth > 0 && b->lists[depth_of(b) - 1].is_tight;
	bool starts_list = b->depth == 1 && b->marker && !b->lists[0].has_items;
	b->block = (struct doc_block){.kind = kind,
		.quotes = b->quotes < MOST_DEPTH ? b->quotes : MOST_DEPTH,
		.indent = indent_of(b),
		.marker = b->marker,
		.is_tight = is_tight && !starts_list};
	b->marker = NULL;
	b->is_open = true;
}

static void push_block(struct builder *b)
{
	struct document *d = b->document;
	if (d->n_blocks == MOST_BLOCKS) {
		b->cut = "it has too many parts";
		return;
	}
	d->blocks = one_more(b->arena, d->blocks, d->n_blocks, sizeof *d->blocks);
	d->blocks[d->n_blocks++] = b->block;
}

static const char *unique_slug(const struct document *d, struct arena *arena, const char *slug)
{
	size_t same = 0;
	for (size_t i = 0; i < d->n_sections; i++) {
		size_t n = strlen(slug);
		const char *own = d->sections[i].slug;
		same += !strncmp(own, slug, n) && (!own[n] || own[n] == '-');
	}
	return same ? arena_printf(arena, "%s-%zu", slug, same) : slug;
}

static void push_section(struct builder *b)
{
	struct document *d = b->document;
	enum { MOST_SECTIONS = 2000 };
	if (d->n_sections == MOST_SECTIONS)
		return;
	const char *slug = unique_slug(d, b->arena, markdown_slug(b->arena, b->block.text.text));
	d->sections = one_more(b->arena, d->sections, d->n_sections, sizeof *d->sections);
	d->sections[d->n_sections++] = (struct doc_section){
		.title = b->block.text.text.p, .slug = slug, .level = b->block.level, .block = d->n_blocks};
}

static void close_block(struct builder *b)
{
	if (!b->is_open)
		return;
	b->is_open = false;
	b->block.text = take_text(b);
	if (b->block.kind == DOC_HEADING)
		push_section(b);
	push_block(b);
}

static void coloured(void *ctx, size_t to, enum doc_style style)
{
	struct builder *b = ctx;
	size_t n = b->text.n;
	b->text.n = to; /* the span ends there: the text is there already */
	end_span(b, (uint16_t)style, -1);
	b->text.n = n;
}

static void close_code(struct builder *b)
{
	struct str rest = buf_str(&b->raw), line;
	if (str_ends(rest, STR("\n")))
		rest.n--;
	for (bool is_first = true; str_next(&rest, '\n', &line); is_first = false) {
		if (!is_first)
			buf_addc(&b->text, '\n');
		clean_add(&b->text, line, CLEAN_LINES);
	}
	colour_code(b->block.language, buf_str(&b->text), coloured, b);
	buf_reset(&b->raw);
	b->is_raw = false;
	close_block(b);
}

/* --- attributes ---------------------------------------------------------- */

static const struct {
	const char *name, *text;
} entities[] = {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", " "},
	{"ndash", "–"}, {"mdash", "—"}, {"hellip", "…"}, {"rarr", "→"}, {"larr", "←"}, {"times", "×"},
	{"middot", "·"}, {"copy", "©"}, {"le", "≤"}, {"ge", "≥"}, {"ne", "≠"}};

/* "&#8212;", "&#x2014;": 0 for what is none. */
static uint32_t code_point(struct str entity)
{
	char digits[12];
	bool is_hex = entity.n > 3 && (entity.p[2] == 'x' || entity.p[2] == 'X');
	size_t from = is_hex ? 3 : 2;
	if (entity.n < from + 2 || entity.n - from > sizeof digits || entity.p[1] != '#')
		return 0;
	snprintf(digits, sizeof digits, "%.*s", (int)(entity.n - from - 1), entity.p + from);
	unsigned long c = strtoul(digits, NULL, is_hex ? 16 : 10);
	return c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0xFFFD : (uint32_t)c;
}

static void add_entity(struct buf *out, struct str entity)
{
	uint32_t c = code_point(entity);
	if (c) {
		utf8_add(out, c);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(entities); i++)
		if (str_is(str_slice(entity, 1, entity.n - 1), entities[i].name)) {
			buf_addz(out, entities[i].text);
			return;
		}
	buf_add(out, entity);
}

static const char *attribute(struct builder *b, const MD_ATTRIBUTE *a)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; a->text && a->substr_offsets[i] < a->size; i++) {
		struct str piece = {
			a->text + a->substr_offsets[i], a->substr_offsets[i + 1] - a->substr_offsets[i]};
		if (a->substr_types[i] == MD_TEXT_ENTITY)
			add_entity(&text, piece);
		else if (a->substr_types[i] == MD_TEXT_NORMAL)
			buf_add(&text, piece);
	}
	return arena_take(b->arena, &text);
}

/* --- md4c calls ------------------------------------------------------------ */

static int answer(struct builder *b)
{
	if (!b->cut && ++b->calls % CLOCK_EVERY == 0 && clock_mono_ms() > b->until_ms)
		b->cut = "it takes too long to lay out";
	return b->cut ? STOP : GO_ON;
}

static void enter_list(struct builder *b, bool is_ordered, bool is_tight, unsigned start)
{
	close_block(b);
	if (b->depth++ < MOST_DEPTH)
		b->lists[b->depth - 1] =
			(struct list){.is_ordered = is_ordered, .is_tight = is_tight, .next = start};
}

static void enter_item(struct builder *b, const MD_BLOCK_LI_DETAIL *item)
{
	close_block(b);
	struct list *list = &b->lists[depth_of(b) - 1];
	if (item->is_task)
		b->marker = item->task_mark == ' ' ? "☐ " : "☑ ";
	else if (list->is_ordered)
		b->marker = arena_printf(b->arena, "%u. ", list->next);
	else
		b->marker = "• ";
}

static void leave_item(struct builder *b)
{
	close_block(b);
	if (b->marker) { /* nothing stood in it */
		open_block(b, DOC_PARAGRAPH);
		close_block(b);
	}
	b->lists[depth_of(b) - 1].next++;
	b->lists[depth_of(b) - 1].has_items = true;
}

static void enter_table(struct builder *b, const MD_BLOCK_TABLE_DETAIL *t)
{
	close_block(b);
	size_t columns = t->col_count, rows = (size_t)t->head_row_count + t->body_row_count;
	if (columns > MARKDOWN_MOST_COLUMNS || b->n_cells + columns * rows > MARKDOWN_MOST_CELLS) {
		b->cut = "a table in it is too large";
		return;
	}
	b->n_cells += columns * rows;
	open_block(b, DOC_TABLE);
	b->is_open = false; /* its cells take the text */
	b->block.table = (struct doc_table){.n_columns = columns};
	b->block.table.cells = arena_array(b->arena, struct doc_text, columns * rows + 1);
	b->block.table.aligns = arena_array(b->arena, enum doc_align, columns + 1);
	b->n_filled = 0;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct builder *b = ctx;
	switch (type) {
	case MD_BLOCK_QUOTE:
		close_block(b);
		b->quotes++;
		break;
	case MD_BLOCK_UL:
		enter_list(b, false, ((MD_BLOCK_UL_DETAIL *)detail)->is_tight, 1);
		break;
	case MD_BLOCK_OL:
		enter_list(b, true, ((MD_BLOCK_OL_DETAIL *)detail)->is_tight,
			((MD_BLOCK_OL_DETAIL *)detail)->start);
		break;
	case MD_BLOCK_LI:
		enter_item(b, detail);
		break;
	case MD_BLOCK_HR:
		close_block(b);
		open_block(b, DOC_RULE);
		close_block(b);
		break;
	case MD_BLOCK_H:
		close_block(b);
		open_block(b, DOC_HEADING);
		b->block.level = (int)((MD_BLOCK_H_DETAIL *)detail)->level;
		break;
	case MD_BLOCK_CODE:
		close_block(b);
		open_block(b, DOC_CODE_BLOCK);
		b->block.language = attribute(b, &((MD_BLOCK_CODE_DETAIL *)detail)->lang);
		b->is_raw = true;
		break;
	case MD_BLOCK_HTML:
	case MD_BLOCK_P:
		close_block(b);
		open_block(b, DOC_PARAGRAPH);
		break;
	case MD_BLOCK_TABLE:
		enter_table(b, detail);
		break;
	default:
		break;
	}
	return answer(b);
}

static void leave_cell(struct builder *b, const MD_BLOCK_TD_DETAIL *cell)
{
	static const enum doc_align aligns[] = {[MD_ALIGN_CENTER] = DOC_CENTRE, [MD_ALIGN_RIGHT] = DOC_RIGHT};
	struct doc_table *table = &b->block.table;
	table->aligns[b->n_filled % table->n_columns] = aligns[cell->align];
	table->cells[b->n_filled++] = take_text(b);
}

static void leave_table(struct builder *b)
{
	b->block.table.n_rows = b->n_filled / b->block.table.n_columns;
	push_block(b);
	b->block = (struct doc_block){.kind = DOC_PARAGRAPH};
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct builder *b = ctx;
	switch (type) {
	case MD_BLOCK_QUOTE:
		close_block(b);
		b->quotes--;
		break;
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
		close_block(b);
		b->depth--;
		break;
	case MD_BLOCK_LI:
		leave_item(b);
		break;
	case MD_BLOCK_CODE:
		close_code(b);
		break;
	case MD_BLOCK_H:
	case MD_BLOCK_HTML:
	case MD_BLOCK_P:
		close_block(b);
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		leave_cell(b, detail);
		break;
	case MD_BLOCK_TABLE:
		leave_table(b);
		break;
	default:
		break;
	}
	return answer(b);
}

static int style_bit(MD_SPANTYPE type)
{
	static const int bits[] = {
		[MD_SPAN_EM] = 1, [MD_SPAN_STRONG] = 0, [MD_SPAN_DEL] = 2, [MD_SPAN_CODE] = 3};
	bool has_one =
		type == MD_SPAN_EM || type == MD_SPAN_STRONG || type == MD_SPAN_DEL || type == MD_SPAN_CODE;
	return has_one ? bits[type] : -1;
}

static void enter_link(struct builder *b, const char *address)
{
	struct document *d = b->document;
	bool is_ref;
	const char *target = markdown_target(b->arena, b->place->page, str_of(address), &is_ref);
	if (!target) {
		b->inert = address;
		return;
	}
	if (d->n_links == MOST_LINKS)
		return;
	d->links = one_more(b->arena, d->links, d->n_links, sizeof *d->links);
	d->links[d->n_links] = (struct doc_link){target, is_ref};
	b->link = (int32_t)d->n_links++;
}

static void leave_link(struct builder *b)
{
	b->link = -1;
	if (b->inert && *b->inert) {
		add(b, STR(" ("), DOC_DIM);
		add(b, str_of(b->inert), DOC_DIM);
		add(b, STR(")"), DOC_DIM);
	}
	b->inert = NULL;
}

static void leave_image(struct builder *b)
{
	int64_t size = b->place->image_size && b->image ? b->place->image_size(b->place->ctx, b->image) : -1;
	char text[40];
	add(b, STR(" · "), DOC_DIM);
	add(b, str_of(b->image), DOC_DIM);
	if (size >= 0)
		snprintf(text, sizeof text, " · %lld kB]", (long long)(size + 1023) / 1024);
	add(b, size >= 0 ? str_of(text) : STR("]"), DOC_DIM);
	b->image = NULL;
}

/* In a tight list the text of an item stands in no paragraph. */
static void ensure_open(struct builder *b)
{
	if (!b->is_open && !(b->block.kind == DOC_TABLE && b->block.table.cells))
		open_block(b, DOC_PARAGRAPH);
}

static int enter_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct builder *b = ctx;
	int bit = style_bit(type);
	ensure_open(b);
	if (bit >= 0)
		b->style[bit]++;
	if (type == MD_SPAN_A) {
		enter_link(b, attribute(b, &((MD_SPAN_A_DETAIL *)detail)->href));
	} else if (type == MD_SPAN_IMG) {
		b->image = attribute(b, &((MD_SPAN_IMG_DETAIL *)detail)->src);
		add(b, STR("[image: "), DOC_DIM);
	}
	return answer(b);
}

static int leave_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct builder *b = ctx;
	int bit = style_bit(type);
	(void)detail;
	if (bit >= 0)
		b->style[bit]--;
	if (type == MD_SPAN_A)
		leave_link(b);
	else if (type == MD_SPAN_IMG)
		leave_image(b);
	return answer(b);
}

/* Tags that say something in a terminal: the others stand there as they are. */
static void add_html(struct builder *b, struct str html)
{
	static const char *const breaks[] = {"<br>", "<br/>", "<br />"};
	if (str_starts(html, STR("<!--")))
		return;
	for (size_t i = 0; i < ARRAY_LEN(breaks); i++)
		if (str_is(html, breaks[i])) {
			add_line_end(b);
			return;
		}
	struct str line;
	for (bool is_first = true; str_next(&html, '\n', &line); is_first = false) {
		if (!is_first)
			add_line_end(b);
		add(b, line, DOC_DIM);
	}
}

static void add_text(struct builder *b, MD_TEXTTYPE type, struct str text)
{
	struct buf made;
	buf_init(&made, 0);
	if (type == MD_TEXT_ENTITY)
		add_entity(&made, text);
	else if (type == MD_TEXT_CODE)
		add_filled(b, &made, text);
	else
		buf_add(&made, text);
	add(b, buf_str(&made), style_now(b));
	buf_fini(&made);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *p, MD_SIZE n, void *ctx)
{
	struct builder *b = ctx;
	struct str text = {p, n};
	if (b->is_raw) {
		add_filled(b, &b->raw, text);
		return answer(b);
	}
	ensure_open(b);
	if (type == MD_TEXT_HTML)
		add_html(b, text);
	else if (type == MD_TEXT_BR)
		add_line_end(b);
	else if (type == MD_TEXT_SOFTBR)
		add(b, STR(" "), style_now(b));
	else if (type == MD_TEXT_NULLCHAR)
		add(b, STR("\xEF\xBF\xBD"), style_now(b));
	else
		add_text(b, type, text);
	return answer(b);
}

/* --- reading --------------------------------------------------------------- */

/* Whether TEXT has so many link definitions that md4c would need seconds for them. */
static bool has_too_many_definitions(struct str text)
{
	size_t n = 0;
	for (size_t at = 0; (at = str_find(text, STR("]:"), at)) != SIZE_MAX; at += 2)
		if (++n > MOST_DEFINITIONS)
			return true;
	return false;
}

/* Whether TEXT goes on without a blank line for longer than anybody writes. */
static bool has_too_long_paragraph(struct str text)
{
	struct str rest = text, line;
	const char *start = text.p;
	while (str_next(&rest, '\n', &line)) {
		if (!str_trim(line).n)
			start = line.p;
		if (line.p + line.n - start > MOST_PARAGRAPH)
			return true;
	}
	return false;
}

static void fini(struct builder *b)
{
	buf_fini(&b->text);
	buf_fini(&b->raw);
	x_free(b->spans);
}

static struct builder new_builder(struct arena *arena, const struct markdown_place *place)
{
	struct builder b = {.arena = arena, .place = place, .link = -1};
	b.document = arena_new_of(arena, struct document);
	b.until_ms = clock_mono_ms() + MOST_MS;
	buf_init(&b.text, 0);
	buf_init(&b.raw, 0);
	return b;
}

/* The page as it was typed, with the reason. */
static struct document *as_typed(
	struct arena *arena, struct str text, const struct markdown_place *place, const char *why)
{
	struct builder b = new_builder(arena, place);
	open_block(&b, DOC_CODE_BLOCK);
	buf_add(&b.raw, text);
	close_code(&b);
	b.document->cut = why;
	fini(&b);
	return b.document;
}

struct document *markdown_read(struct arena *arena, struct str text, const struct markdown_place *place)
{
	static const struct markdown_place nowhere;
	static const MD_PARSER parser = {.flags = MD_FLAG_TABLES | MD_FLAG_TASKLISTS | MD_FLAG_STRIKETHROUGH |
						  MD_FLAG_PERMISSIVEURLAUTOLINKS,
		.enter_block = enter_block,
		.leave_block = leave_block,
		.enter_span = enter_span,
		.leave_span = leave_span,
		.text = on_text};
	bool is_long = text.n > MARKDOWN_MOST_BYTES;
	place = place ? place : &nowhere;
	text = str_slice(text, 0, MARKDOWN_MOST_BYTES);
	if (has_too_many_definitions(text))
		return as_typed(arena, text, place, "it has too many link definitions");
	if (has_too_long_paragraph(text))
		return as_typed(arena, text, place, "a paragraph in it is too long");
	struct builder b = new_builder(arena, place);
	if (md_parse(text.p, (MD_SIZE)text.n, &parser, &b) != 0) {
		fini(&b);
		return as_typed(arena, text, place, b.cut ? b.cut : "it cannot be laid out");
	}
	fini(&b);
	b.document->cut = is_long ? "it goes on: only its first 1 MB is shown" : NULL;
	return b.document;
}

/* --- where links lead ------------------------------------------------------- */

const char *markdown_slug(struct arena *arena, struct str title)
{
	struct buf slug;
	buf_init(&slug, MOST_SLUG);
	for (size_t i = 0; i < title.n; i++) {
		char c = title.p[i];
		if (c >= 'A' && c <= 'Z')
			buf_addc(&slug, (char)(c + 32));
		else if (c == ' ')
			buf_addc(&slug, '-');
		else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c & 0x80)
			buf_addc(&slug, c);
	}
	return arena_take(arena, &slug);
}

size_t document_section(const struct document *document, const char *slug)
{
	struct str wanted = str_of(slug);
	for (size_t i = 0; i < document->n_sections; i++)
		if (str_is(wanted, document->sections[i].slug))
			return i;
	for (size_t i = 0; i < document->n_sections; i++)
		if (str_starts(str_of(document->sections[i].slug), wanted))
			return i;
	return document->n_sections;
}

/* PATH below the folder of PAGE, without "." and ".."; false where that leaves the pages. */
static bool resolve(struct buf *out, const char *page, struct str path)
{
	const char *slash = page ? strrchr(page, '/') : NULL;
	if (slash && !str_starts(path, STR("/")))
		buf_add(out, (struct str){page, (size_t)(slash - page)});
	struct str piece;
	while (str_next(&path, '/', &piece)) {
		if (!piece.n || str_is(piece, "."))
			continue;
		if (!str_is(piece, "..")) {
			buf_addz(out, out->n ? "/" : "");
			buf_add(out, piece);
			continue;
		}
		if (!out->n)
			return false;
		while (out->n && out->p[out->n - 1] != '/')
			out->n--;
		out->n -= out->n > 0;
	}
	return out->n > 0;
}

static const char *target_page(struct arena *arena, const char *page, struct str path, struct str section)
{
	struct buf name, text;
	buf_init(&name, 4096);
	buf_init(&text, 16384);
	if (str_ends(path, STR(".md")))
		path.n -= 3;
	bool ok = path.n ? resolve(&name, page, path) : page != NULL;
	if (ok && !path.n)
		buf_addz(&name, page);
	size_t last = name.n;
	while (last && name.p[last - 1] != '/')
		last--;
	ok = ok && !name.is_over && !str_has(str_slice(buf_str(&name), last, name.n), STR("."));
	if (ok)
		ref_add(&text, &(struct ref){.kind = REF_DOC,
				       .name = arena_dup(arena, buf_str(&name)),
				       .section = section.n ? arena_dup(arena, section) : NULL});
	const char *target = ok ? arena_dup(arena, buf_str(&text)) : NULL;
	buf_fini(&name);
	buf_fini(&text);
	return target;
}

/* The scheme of ADDRESS without its colon; empty: it has none. */
static struct str scheme_of(struct str address)
{
	size_t n = 0;
	while (n < address.n && ((address.p[n] >= 'a' && address.p[n] <= 'z') ||
					(address.p[n] >= 'A' && address.p[n] <= 'Z') ||
					(n && strchr("0123456789+-.", address.p[n]) && address.p[n])))
		n++;
	return str_slice(address, 0, n < address.n && address.p[n] == ':' ? n : 0);
}

static const char *target_object(struct arena *arena, struct str scheme, struct str address)
{
	static const char *const own[] = {"run", "step", "pipeline", "source"};
	struct ref ref;
	struct err err;
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (str_is(scheme, own[i]))
			address = str_slice(address, scheme.n + 1, address.n);
	return ref_parse(arena, address, &ref, &err) ? arena_dup(arena, address) : NULL;
}

const char *markdown_target(struct arena *arena, const char *page, struct str address, bool *is_ref)
{
	struct str scheme = scheme_of(address);
	static const char *const kinds[] = {"run", "step", "pipeline", "source", "project", "model",
		"problem", "doc", "example", "monitor", "abtest"};
	*is_ref = true;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_is(scheme, kinds[i]))
			return target_object(arena, scheme, address);
	if (str_is(scheme, "https") || str_is(scheme, "http")) {
		*is_ref = false;
		return arena_dup(arena, address);
	}
	if (scheme.n || str_starts(address, STR("//")) || !address.n)
		return NULL;
	size_t hash = str_find(address, STR("#"), 0);
	bool has_section = hash != SIZE_MAX;
	return target_page(arena, page, str_slice(address, 0, has_section ? hash : address.n),
		has_section ? str_slice(address, hash + 1, address.n) : (struct str){"", 0});
}
