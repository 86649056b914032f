/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The documentation: every page with who looks after it, or the pages that words find. */
#include "views/docs.h"

#include "client/base/mem.h"
#include "client/docs/reader.h"
#include "views/compose.h"
#include "views/lists.h"

#include <time.h>

enum { MOST_HITS = 50 };

static const struct column columns[] = {
	{.key = "page", .type = COLUMN_NAME, .width = 30},
	{.key = "title", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 40},
	{.key = "owner", .type = COLUMN_TEXT, .priority = 2},
	{.key = "reviewed", .type = COLUMN_TEXT, .priority = 3},
	{.key = "stale", .type = COLUMN_BOOL, .priority = 1},
	{.key = "origin", .type = COLUMN_NAME, .priority = 4},
	{.key = "version", .type = COLUMN_INT, .flags = COLUMN_HIDDEN},
	{.key = "who", .type = COLUMN_NAME, .flags = COLUMN_HIDDEN},
	{.key = "published_ms", .type = COLUMN_TIME, .flags = COLUMN_HIDDEN},
	{.key = "lang", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN},
};
enum { PAGE, TITLE, OWNER, REVIEWED, STALE, ORIGIN, VERSION, WHO, PUBLISHED, LANG, REF };

static const struct column found_columns[] = {
	{.key = "page", .type = COLUMN_NAME, .width = 30},
	{.key = "title", .type = COLUMN_TEXT, .width = 30},
	{.key = "excerpt", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 60, .priority = 1},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN},
	{.key = "score", .type = COLUMN_REAL, .flags = COLUMN_HIDDEN},
};
enum { FOUND_PAGE, FOUND_TITLE, FOUND_EXCERPT, FOUND_REF, FOUND_SCORE };

static void init_table(struct table *table, struct arena *arena, const struct column *which, size_t n_columns,
	size_t ref, size_t rows)
{
	*table = (struct table){.columns = which, .n_columns = n_columns, .ref_column = (int)ref};
	table->result = (struct result){.arena = arena,
		.n_columns = n_columns,
		.names = arena_array(arena, const char *, n_columns),
		.cells = arena_array(arena, struct value, rows * n_columns + 1)};
	for (size_t c = 0; c < n_columns; c++)
		table->result.names[c] = which[c].key;
}

static struct value ref_of(struct arena *arena, const char *page, const char *section)
{
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, &(struct ref){.kind = REF_DOC, .name = page, .section = section});
	struct value value = value_text(arena_dup(arena, buf_str(&text)));
	buf_fini(&text);
	return value;
}

static struct value day_of(struct arena *arena, int64_t ms)
{
	char text[16];
	struct tm tm;
	time_t seconds = (time_t)(ms / 1000);
	if (ms == TIME_NONE || !gmtime_r(&seconds, &tm) || !strftime(text, sizeof text, "%Y-%m-%d", &tm))
		return value_text(NULL);
	return value_text(arena_dupz(arena, text));
}

static void add_row(struct table *table, struct arena *arena, const struct page *page, int64_t now_ms)
{
	struct value *cells = &table->result.cells[table->result.n_rows++ * ARRAY_LEN(columns)];
	cells[PAGE] = value_text(arena_dupz(arena, page->name));
	cells[TITLE] = value_text(arena_dupz(arena, page->title));
	cells[OWNER] = value_text(arena_dupz(arena, page->owner));
	cells[REVIEWED] = day_of(arena, page->reviewed_ms);
	cells[STALE] = value_int(page_is_stale(page, now_ms));
	cells[ORIGIN] = value_text(arena_dupz(arena, page->origin));
	cells[VERSION] = page->who ? value_int(page->version) : value_text(NULL);
	cells[WHO] = value_text(arena_dupz(arena, page->who));
	cells[PUBLISHED] = value_ms(page->published_ms);
	cells[LANG] = value_text(arena_dupz(arena, page->lang));
	cells[REF] = ref_of(arena, page->name, NULL);
}

void docs_table(const struct view_args *args, struct arena *arena, struct table *table)
{
	init_table(table, arena, columns, ARRAY_LEN(columns), REF, 0);
	table->empty = "there are no pages";
	if (!args->docs)
		return;
	const struct pages *pages = docs_lock(args->docs);
	size_t most = args->limit > 0 && (size_t)args->limit < pages->n ? (size_t)args->limit : pages->n;
	init_table(table, arena, columns, ARRAY_LEN(columns), REF, most);
	for (size_t i = 0; i < pages->n; i++) {
		const struct page *page = &pages->pages[i];
		if (page->is_aside && !args->show_hidden)
			continue;
		table->has_more = table->result.n_rows == most;
		if (table->has_more)
			break;
		add_row(table, arena, page, args->now_ms);
	}
	docs_unlock(args->docs);
}

void docs_table_found(const struct view_args *args, struct arena *arena, struct table *table)
{
	struct docs_hit hits[MOST_HITS];
	size_t most = args->limit > 0 && args->limit < MOST_HITS ? (size_t)args->limit : MOST_HITS;
	size_t n = args->docs ? docs_search(args->docs, str_of(args->filter), arena, hits, most) : 0;
	init_table(table, arena, found_columns, ARRAY_LEN(found_columns), FOUND_REF, n);
	table->empty = "no page has these words";
	if (args->docs && !n)
		reader_missed(docs_reader(args->docs), str_of(args->filter));
	for (size_t i = 0; i < n; i++) {
		struct value *cells = &table->result.cells[table->result.n_rows++ * ARRAY_LEN(found_columns)];
		cells[FOUND_PAGE] = value_text(hits[i].name);
		cells[FOUND_TITLE] = value_text(hits[i].title);
		cells[FOUND_EXCERPT] = value_text(hits[i].excerpt);
		cells[FOUND_REF] = ref_of(arena, hits[i].name, hits[i].section);
		cells[FOUND_SCORE] = value_real(hits[i].score);
	}
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	(void)store;
	(void)err;
	bool has_words = args->filter && *args->filter;
	struct block *block = compose_block(data, BLOCK_TABLE, "docs", NULL);
	if (has_words)
		docs_table_found(args, data->arena, &block->table);
	else
		docs_table(args, data->arena, &block->table);
	data->title = "docs";
	data->summary =
		has_words ? arena_printf(data->arena, "pages with: %s", args->filter) : view_docs.help;
	return true;
}

const struct view_def view_docs = {
	.name = "docs",
	.title = "docs",
	.help = "the documentation: every page; / searches it",
	.kind = VIEW_LIST,
	.is_offline = true,
	.load = load,
};
