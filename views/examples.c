/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The example pipelines, each by the page that its folder starts with. */
#include "client/base/mem.h"
#include "client/docs/pages.h"
#include "views/compose.h"
#include "views/lists.h"

static const struct str head = STR("examples/"), tail = STR("/README"), shared = STR("mlplatform"),
			needs_nothing = STR("Python 3, standard library only");

static const struct column columns[] = {
	{.key = "example", .type = COLUMN_NAME, .width = 20},
	{.key = "needs", .type = COLUMN_TEXT, .width = 34},
	{.key = "title", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 40, .priority = 1},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN},
};
enum { REF = ARRAY_LEN(columns) - 1 };

/* "popularity" of the page "examples/popularity/README"; empty: it is no example's. */
static struct str example_of(const struct page *page)
{
	struct str name = str_of(page->name);
	if (!str_starts(name, head) || !str_ends(name, tail) || page->is_aside)
		return (struct str){0};
	name = str_slice(name, head.n, name.n - tail.n);
	return str_eq(name, shared) ? (struct str){0} : name;
}

/* The rest of the line of TEXT that starts with WORD. */
static struct str line_behind(struct str text, struct str word)
{
	struct str line;
	while (str_next(&text, '\n', &line))
		if (str_starts(line, word))
			return str_slice(line, word.n, line.n);
	return STR("");
}

static void add_rows(struct table *table, struct arena *arena, const struct pages *pages, bool runs_anywhere)
{
	for (size_t i = 0; i < pages->n; i++) {
		const struct page *page = &pages->pages[i];
		struct str name = example_of(page), needs = line_behind(page->text, STR("Needs: "));
		if (!name.n || str_starts(needs, needs_nothing) != runs_anywhere)
			continue;
		struct buf ref;
		buf_init(&ref, 0);
		ref_add(&ref, &(struct ref){.kind = REF_DOC, .name = page->name});
		const struct value row[] = {value_text(arena_dup(arena, name)),
			value_text(arena_dup(arena, needs)),
			value_text(arena_dup(arena, line_behind(page->text, STR("# ")))),
			value_text(arena_take(arena, &ref))};
		_Static_assert(ARRAY_LEN(row) == ARRAY_LEN(columns), "a value a column");
		memcpy(&table->result.cells[table->result.n_rows++ * ARRAY_LEN(columns)], row, sizeof row);
	}
}

/* Those first that run on any machine with a Python. */
static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	(void)store;
	struct table *table = &compose_block(data, BLOCK_TABLE, "examples", NULL)->table;
	if (!args->docs)
		return err_set(err, ERR_NOT_FOUND, "no pages are at hand here; 'porthole examples' has them");
	const struct pages *pages = docs_lock(args->docs);
	*table = (struct table){.columns = columns,
		.n_columns = ARRAY_LEN(columns),
		.ref_column = REF,
		.empty = "there are no examples"};
	table->result = (struct result){.arena = data->arena,
		.n_columns = ARRAY_LEN(columns),
		.names = arena_array(data->arena, const char *, ARRAY_LEN(columns)),
		.cells = arena_array(data->arena, struct value, pages->n * ARRAY_LEN(columns) + 1)};
	for (size_t c = 0; c < ARRAY_LEN(columns); c++)
		table->result.names[c] = columns[c].key;
	add_rows(table, data->arena, pages, true);
	add_rows(table, data->arena, pages, false);
	docs_unlock(args->docs);
	data->summary = view_examples.help;
	return true;
}

const struct view_def view_examples = {
	.name = "examples",
	.title = "examples",
	.help = "pipelines that come with the program, to read, to run, and to see fail",
	.kind = VIEW_LIST,
	.is_offline = true,
	.load = load,
};
