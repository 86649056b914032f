/* SPDX-License-Identifier: GPL-3.0-or-later */
/* News: what changed on the platform, told by whoever changed it, as pages below news/. */
#include "client/base/mem.h"
#include "client/docs/reader.h"
#include "views/compose.h"
#include "views/docs.h"
#include "views/lists.h"

static const struct column columns[] = {
	{.key = "page", .type = COLUMN_NAME, .width = 36},
	{.key = "title", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 40},
	{.key = "unread", .type = COLUMN_BOOL},
	{.key = "owner", .type = COLUMN_TEXT, .priority = 1},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN},
};
enum { REF = ARRAY_LEN(columns) - 1 };

static void add_row(struct table *table, struct arena *arena, struct reader *reader, const struct page *page)
{
	struct buf ref;
	buf_init(&ref, 0);
	ref_add(&ref, &(struct ref){.kind = REF_DOC, .name = page->name});
	const struct value row[] = {value_text(arena_dupz(arena, page->name)),
		value_text(arena_dupz(arena, page->title)), value_int(!reader_has_read(reader, page->name)),
		value_text(arena_dupz(arena, page->owner)), value_text(arena_take(arena, &ref))};
	_Static_assert(ARRAY_LEN(row) == ARRAY_LEN(columns), "a value a column");
	memcpy(&table->result.cells[table->result.n_rows++ * ARRAY_LEN(columns)], row, sizeof row);
}

void docs_table_news(const struct view_args *args, struct arena *arena, struct table *table)
{
	*table = (struct table){.columns = columns,
		.n_columns = ARRAY_LEN(columns),
		.ref_column = REF,
		.empty = "there are no news"};
	table->result = (struct result){.arena = arena,
		.n_columns = ARRAY_LEN(columns),
		.names = arena_array(arena, const char *, ARRAY_LEN(columns))};
	for (size_t c = 0; c < ARRAY_LEN(columns); c++)
		table->result.names[c] = columns[c].key;
	if (!args->docs)
		return;
	const struct pages *pages = docs_lock(args->docs);
	table->result.cells = arena_array(arena, struct value, pages->n * ARRAY_LEN(columns) + 1);
	for (size_t i = pages->n; i-- > 0;)
		if (page_is_news(&pages->pages[i]))
			add_row(table, arena, docs_reader(args->docs), &pages->pages[i]);
	docs_unlock(args->docs);
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	(void)store;
	(void)err;
	struct block *block = compose_block(data, BLOCK_TABLE, "news", NULL);
	docs_table_news(args, data->arena, &block->table);
	data->summary = view_news.help;
	return true;
}

const struct view_def view_news = {
	.name = "news",
	.title = "news",
	.help = "what changed on the platform, told by whoever changed it",
	.kind = VIEW_LIST,
	.is_offline = true,
	.load = load,
};
