/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `porthole docs`: the pages as a list, one of them as text, what words find. Where no catalogue can be had
 * it has the pages that need none. */
#include "tui/cli_docs.h"

#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/docs/markdown.h"
#include "client/docs/published.h"
#include "tui/docs_builtin.h"
#include "views/docs.h"
#include "views/json.h"

#include <unistd.h>

enum { LIST_LIMIT = 50 };

struct docs_sheet docs_sheet(
	struct cli *cli, const struct column *columns, size_t n_columns, const char *empty)
{
	return (struct docs_sheet){.cli = cli,
		.table = {.columns = columns,
			.n_columns = n_columns,
			.ref_column = -1,
			.result = {.arena = cli->arena, .n_columns = n_columns},
			.empty = empty}};
}

void docs_sheet_add(struct docs_sheet *sheet, const struct value *row)
{
	struct result *rows = &sheet->table.result;
	size_t n = sheet->table.n_columns;
	if (rows->n_rows == sheet->room) {
		sheet->room = 2 * sheet->room + 32;
		struct value *more = arena_array(sheet->cli->arena, struct value, sheet->room * n);
		if (rows->n_rows)
			memcpy(more, rows->cells, rows->n_rows * n * sizeof *more);
		rows->cells = more;
	}
	memcpy(&rows->cells[rows->n_rows++ * n], row, n * sizeof *row);
}

/* --- one page -------------------------------------------------------------------- */

const char *cli_docs_name(struct docs_command *d, const char *text)
{
	struct arena *arena = d->cli->arena;
	const struct pages *pages = docs_lock(d->docs);
	size_t end = strlen(text) - (str_ends(str_of(text), STR(".en")) ? 3 : 0); /* the English one of any */
	const char *tail = arena_printf(arena, "/%.*s", (int)end, text), *only = NULL;
	size_t n = 0;
	for (size_t i = 0; i < pages->n && !pages_read(pages, text); i++)
		if (str_ends(str_of(pages->pages[i].name), str_of(tail)) && ++n == 1)
			only = arena_dupz(arena, pages->pages[i].name);
	docs_unlock(d->docs);
	return n == 1 ? arena_printf(arena, "%s%s", only, text + end) : text;
}

static bool page_ref(struct docs_command *d, const char *text, struct ref *out, struct err *err)
{
	if (!str_starts(str_of(text), STR("doc:")))
		text = arena_printf(d->cli->arena, "doc:%s", text);
	if (!ref_parse(d->cli->arena, str_of(text), out, err))
		return false;
	out->name = cli_docs_name(d, out->name);
	return true;
}

/* The blocks of one section, up to the next of its level. */
static struct document section_of(const struct document *document, size_t section)
{
	const struct doc_section *first = &document->sections[section];
	size_t end = document->n_blocks;
	for (size_t i = section + 1; i < document->n_sections && end == document->n_blocks; i++)
		if (document->sections[i].level <= first->level)
			end = document->sections[i].block;
	struct document part = *document;
	part.blocks += first->block;
	part.n_blocks = end - first->block;
	part.n_sections = 0;
	return part;
}

static bool print_page(struct cli *cli, const struct view_data *data, struct err *err)
{
	struct printer printer = cli_printer(cli);
	const struct doc_page *page = &data->blocks[0].page;
	struct block block = data->blocks[0];
	struct view_data shown = *data;
	struct document part;
	shown.blocks = &block;
	if (page->section) {
		size_t section = document_section(page->document, page->section);
		if (section == page->document->n_sections)
			return err_set(err, ERR_NOT_FOUND, "page '%s' has no section '%s'", page->name,
				page->section);
		part = section_of(page->document, section);
		block.page.document = &part;
	}
	print_view(&printer, &shown);
	return true;
}

static void print_page_json(struct docs_command *d, const char *name)
{
	struct cli *cli = d->cli;
	struct view_args args = {.docs = d->docs, .now_ms = cli->now_ms, .show_hidden = true};
	struct table table;
	struct buf row;
	docs_table(&args, cli->arena, &table);
	buf_init(&row, 0);
	for (size_t i = 0; i < table.result.n_rows; i++) {
		if (strcmp(table_text(&table, i, "page"), name))
			continue;
		struct table one = table;
		one.result.cells = &table.result.cells[i * table.n_columns];
		one.result.n_rows = 1;
		json_add_rows(&row, &one);
	}
	const struct pages *pages = docs_lock(d->docs);
	const struct page *page = pages_find(pages, name);
	struct json_writer w = {.out = &cli->out, .needs_comma = true};
	if (page && row.n > 2) { /* the object goes on: its end is "}\n" */
		buf_add(&cli->out, str_slice(buf_str(&row), 0, row.n - 2));
		json_key(&w, "text");
		json_put_str(&w, page->text);
		buf_addz(&cli->out, "}\n");
	}
	docs_unlock(d->docs);
	buf_fini(&row);
}

/* The page that TEXT names, its commands filled in for the object ABOUT_TEXT (NULL: none). */
static bool show_page(struct docs_command *d, const char *text, const char *about_text, struct err *err)
{
	struct cli *cli = d->cli;
	struct view_args args = {.config = cli->config, .docs = d->docs, .now_ms = cli->now_ms};
	struct ref about;
	struct view_data data = {.arena = cli->arena};
	if (!page_ref(d, text, &args.ref, err))
		return false;
	if (about_text) {
		if (!ref_parse(cli->arena, str_of(about_text), &about, err))
			return false;
		args.others = &about;
		args.n_others = 1;
	}
	if (!docs_page(&args, &data, err))
		return false;
	const char *name = data.blocks[0].page.name;
	cli_docs_note_read(d, name);
	if (!cli->is_json)
		return print_page(cli, &data, err);
	print_page_json(d, name);
	return true;
}

/* --- the command --------------------------------------------------------------------- */

static bool list(struct docs_command *d)
{
	const struct view_args args = {.docs = d->docs, .now_ms = d->cli->now_ms};
	struct table table;
	docs_table(&args, d->cli->arena, &table);
	cli_put_table(d->cli, &table);
	return true;
}

static bool search(struct docs_command *d, int *status, struct err *err)
{
	struct cli *cli = d->cli;
	const struct view_args args = {.docs = d->docs,
		.filter = cli_words(cli, DOCS_FIRST),
		.limit = cli->limit < 0 ? LIST_LIMIT : cli->limit,
		.now_ms = cli->now_ms};
	struct table table;
	if (cli->n_args <= DOCS_FIRST)
		return err_set(err, ERR_USAGE, "search for what? 'porthole docs search WORDS'");
	docs_table_found(&args, cli->arena, &table);
	cli_put_table(cli, &table);
	cli_docs_note_missed(d);
	if (!*status)
		*status = table.result.n_rows ? 0 : 1;
	return true;
}

static bool one_page(struct docs_command *d, struct err *err)
{
	struct cli *cli = d->cli;
	if (cli->n_args > 3)
		return err_set(
			err, ERR_USAGE, "one page at a time; 'porthole docs search WORDS' looks for words");
	return show_page(d, cli->args[1], cli->n_args > 2 ? cli->args[2] : NULL, err);
}

/* Nothing was ever synced or published: that is nobody's fault. */
static bool is_empty(const char *address)
{
	struct err err = {0};
	if (store_is_file(address))
		return access(address, F_OK) != 0;
	struct store *store = store_open(address, STORE_READ, &err);
	store_close(store);
	return err.code == ERR_NOT_FOUND;
}

/* What is published, from the catalogue or its mirror. */
static void use_published(struct docs_command *d, int *status)
{
	struct err err;
	const char *address = d->cli->config->catalogue;
	bool is_new = store_is_file(address) && is_empty(address);
	d->store = is_new ? NULL : cli_store_or_mirror(d->cli, status, &err);
	if (is_new || (d->store && published_use(d->store, d->docs, &err)) ||
		(!d->store && is_empty(address)))
		return;
	cli_say("published pages are left out: %s", err.msg);
	*status = 3;
}

static void open_docs(struct docs_command *d, struct cli *cli, int *status)
{
	*d = (struct docs_command){.cli = cli, .docs = docs_builtin_new(cli->config)};
	use_published(d, status);
}

static void close_docs(struct docs_command *d)
{
	store_close(d->store);
	docs_free(d->docs);
}

bool cli_show_page(struct cli *cli, const char *ref, int *status, struct err *err)
{
	struct docs_command d;
	open_docs(&d, cli, status);
	bool ok = show_page(&d, ref, NULL, err);
	close_docs(&d);
	return ok;
}

static bool run_word(struct docs_command *d, int *status, struct err *err)
{
	static const struct {
		const char *name;
		bool (*run)(struct docs_command *d, int *status, struct err *err);
	} words[] = {
		{"search", search},
		{"lint", cli_docs_lint},
		{"publish", cli_docs_publish},
		{"rollback", cli_docs_rollback},
		{"history", cli_docs_history},
		{"helped", cli_docs_helped},
		{"gaps", cli_docs_gaps},
		{"news", cli_docs_news},
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(d->cli->args[1], words[i].name))
			return words[i].run(d, status, err);
	return one_page(d, err);
}

bool cli_docs(struct cli *cli, int *status, struct err *err)
{
	struct docs_command d;
	open_docs(&d, cli, status);
	bool ok = cli->n_args == 1 ? list(&d) : run_word(&d, status, err);
	close_docs(&d);
	return ok;
}

bool cli_news(struct cli *cli, int *status, struct err *err)
{
	struct docs_command d;
	open_docs(&d, cli, status);
	bool ok = cli_docs_news(&d, status, err);
	close_docs(&d);
	return ok;
}
