/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are a page: what comes out is clean, its spans and cells lie within it, and its links lead where
 * a ref or a web address leads. */
#include "client/base/clean.h"
#include "client/catalogue/ref.h"
#include "client/docs/markdown.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct document *d, const struct doc_text *text)
{
	struct buf again;
	size_t from = 0;
	if (!text->text.n)
		return;
	buf_init(&again, 0);
	clean_add(&again, text->text, CLEAN_LINES);
	for (size_t i = 0; i < text->n_spans; from = text->spans[i++].to)
		if (text->spans[i].to < from || text->spans[i].to > text->text.n ||
			text->spans[i].link >= (int32_t)d->n_links)
			abort();
	for (size_t i = 0; i < again.n; i++)
		if ((unsigned char)again.p[i] < ' ' && again.p[i] != '\n')
			abort();
	if (memchr(text->text.p, '\033', text->text.n) || memchr(text->text.p, '\b', text->text.n))
		abort();
	buf_fini(&again);
}

static void check_link(struct arena *arena, const struct doc_link *link)
{
	struct ref ref;
	struct err err;
	if (link->is_ref ? !ref_parse(arena, str_of(link->target), &ref, &err)
			 : strncmp(link->target, "http", 4))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct doc_value values[] = {{"run", "lab/churn/r1"}};
	const struct markdown_place place = {.page = "guide/here", .values = values, .n_values = 1};
	struct arena *arena = arena_new();
	const struct document *d = markdown_read(arena, (struct str){(const char *)data, size}, &place);
	for (size_t i = 0; i < d->n_blocks; i++) {
		const struct doc_block *block = &d->blocks[i];
		check_text(d, &block->text);
		for (size_t k = 0; k < block->table.n_rows * block->table.n_columns; k++)
			check_text(d, &block->table.cells[k]);
	}
	for (size_t i = 0; i < d->n_links; i++)
		check_link(arena, &d->links[i]);
	for (size_t i = 0; i < d->n_sections; i++)
		if (d->sections[i].block >= d->n_blocks)
			abort();
	arena_free(arena);
	return 0;
}
