/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `porthole docs`: the pages as a list, one of them as text, what words find, what is wrong with them. Asks
 * no catalogue. */
#include "client/base/clean.h"
#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/docs/markdown.h"
#include "tui/cli.h"
#include "tui/docs_builtin.h"
#include "views/docs.h"
#include "views/json.h"

enum { LIST_LIMIT = 50 };

/* --- one page -------------------------------------------------------------------- */

/* "filter" is "guide/filter" where no other page ends so. */
static const char *whole_name(struct cli *cli, struct docs *docs, const char *name)
{
	const struct pages *pages = docs_lock(docs);
	const char *tail = arena_printf(cli->arena, "/%s", name), *only = NULL;
	size_t n = 0;
	for (size_t i = 0; i < pages->n && !pages_find(pages, name); i++)
		if (str_ends(str_of(pages->pages[i].name), str_of(tail)) && ++n == 1)
			only = arena_dupz(cli->arena, pages->pages[i].name);
	docs_unlock(docs);
	return n == 1 ? only : name;
}

static bool page_ref(struct cli *cli, struct docs *docs, const char *text, struct ref *out, struct err *err)
{
	if (!str_starts(str_of(text), STR("doc:")))
		text = arena_printf(cli->arena, "doc:%s", text);
	if (!ref_parse(cli->arena, str_of(text), out, err))
		return false;
	out->name = whole_name(cli, docs, out->name);
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

static void print_page_json(struct cli *cli, struct docs *docs, const char *name)
{
	struct view_args args = {.docs = docs, .now_ms = cli->now_ms};
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
	const struct pages *pages = docs_lock(docs);
	struct json_writer w = {.out = &cli->out};
	buf_add(&cli->out, str_slice(buf_str(&row), 0, row.n - 2)); /* the object goes on: its end is "}\n" */
	w.needs_comma = true;
	json_key(&w, "text");
	json_put_str(&w, pages_find(pages, name)->text);
	buf_addz(&cli->out, "}\n");
	docs_unlock(docs);
	buf_fini(&row);
}

/* The page that TEXT names, its commands filled in for the object ABOUT_TEXT (NULL: none). */
static bool show_page(
	struct cli *cli, struct docs *docs, const char *text, const char *about_text, struct err *err)
{
	struct view_args args = {.config = cli->config, .docs = docs, .now_ms = cli->now_ms};
	struct ref about;
	struct view_data data = {.arena = cli->arena};
	if (!page_ref(cli, docs, text, &args.ref, err))
		return false;
	if (about_text) {
		if (!ref_parse(cli->arena, str_of(about_text), &about, err))
			return false;
		args.others = &about;
		args.n_others = 1;
	}
	if (!docs_page(&args, &data, err))
		return false;
	if (!cli->is_json)
		return print_page(cli, &data, err);
	print_page_json(cli, docs, args.ref.name);
	return true;
}

/* --- what is wrong with them --------------------------------------------------------- */

struct lint {
	struct cli *cli;
	const struct pages *pages;
	struct arena *arena;
	struct table table;
	size_t room;
};

static const struct column lint_columns[] = {
	{.key = "page", .type = COLUMN_NAME, .width = 30},
	{.key = "message", .type = COLUMN_TEXT, .flags = COLUMN_GROWS},
};

static void fault(struct lint *l, const char *page, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void fault(struct lint *l, const char *page, const char *fmt, ...)
{
	struct result *rows = &l->table.result;
	if (rows->n_rows == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		struct value *more = arena_array(l->arena, struct value, l->room * ARRAY_LEN(lint_columns));
		if (rows->n_rows)
			memcpy(more, rows->cells, rows->n_rows * ARRAY_LEN(lint_columns) * sizeof *more);
		rows->cells = more;
	}
	struct value *cells = &rows->cells[rows->n_rows++ * ARRAY_LEN(lint_columns)];
	va_list ap;
	va_start(ap, fmt);
	cells[0] = value_text(page);
	cells[1] = value_text(arena_vprintf(l->arena, fmt, ap));
	va_end(ap);
}

static bool is_option(struct str word)
{
	size_t n;
	const struct cli_option *options = cli_options(&n);
	struct str name = str_slice(word, 2, word.n);
	size_t equals = str_find(name, STR("="), 0);
	name = str_slice(name, 0, equals);
	for (size_t i = 0; i < n; i++)
		if (str_is(name, options[i].name))
			return true;
	return false;
}

/* Whether WORD can stand behind `porthole`: a command, a ref or what is to be filled in. */
static bool is_command(struct lint *l, struct str word)
{
	struct cli_command command;
	return cli_find_command(arena_dup(l->arena, word), &command) || memchr(word.p, '/', word.n) ||
	       memchr(word.p, ':', word.n) || memchr(word.p, '{', word.n) || word.p[0] == '[' ||
	       (word.p[0] >= 'A' && word.p[0] <= 'Z');
}

/* A command line of ours in a page: its command and its options must exist. */
static void check_command(struct lint *l, const char *page, struct str line)
{
	static const struct str name = STR("porthole ");
	struct str rest = str_trim(line), word;
	if (str_starts(rest, STR("$ ")))
		rest = str_slice(rest, 2, rest.n);
	if (!str_starts(rest, name))
		return;
	rest = str_slice(rest, name.n, rest.n);
	bool has_command = false;
	while (str_next(&rest, ' ', &word)) {
		if (!word.n)
			continue;
		if (strchr("#|;>&<", word.p[0]))
			return;
		bool is_opt = str_starts(word, STR("--")) && word.n > 2;
		if (is_opt && !is_option(word))
			fault(l, page, "no option is called '%.*s': %.*s", STR_FMT(word),
				STR_FMT(str_trim(line)));
		else if (!is_opt && !has_command && !is_command(l, word))
			fault(l, page, "no command is called '%.*s': %.*s", STR_FMT(word),
				STR_FMT(str_trim(line)));
		has_command |= !is_opt;
	}
}

static void check_text(struct lint *l, const char *page, const struct doc_block *block)
{
	struct str rest = block->text.text, line;
	size_t from = 0;
	bool is_shell = !block->language || !*block->language || !strcmp(block->language, "sh");
	while (block->kind == DOC_CODE_BLOCK && is_shell && str_next(&rest, '\n', &line))
		check_command(l, page, line);
	for (size_t i = 0; block->kind != DOC_CODE_BLOCK && i < block->text.n_spans;
		from = block->text.spans[i++].to)
		if (block->text.spans[i].style & DOC_CODE)
			check_command(l, page, str_slice(block->text.text, from, block->text.spans[i].to));
}

static void check_link(
	struct lint *l, const struct page *page, const struct document *own, const char *target)
{
	struct ref ref;
	struct err err;
	if (!ref_parse(l->arena, str_of(target), &ref, &err) || ref.kind != REF_DOC)
		return;
	const struct page *other = pages_find(l->pages, ref.name);
	const struct document *document = own;
	if (!other) {
		fault(l, page->name, "no page is called '%s'", ref.name);
		return;
	}
	if (!ref.section)
		return;
	if (other != page)
		document = markdown_read(l->arena, other->text, NULL);
	if (document_section(document, ref.section) == document->n_sections)
		fault(l, page->name, "page '%s' has no section '%s'", ref.name, ref.section);
}

static void check_page(struct lint *l, const struct page *page)
{
	const struct markdown_place place = {.page = page->name};
	const struct document *document = markdown_read(l->arena, page->text, &place);
	if (page->fault)
		fault(l, page->name, "%s", page->fault);
	if (document->cut)
		fault(l, page->name, "%s", document->cut);
	if (page_is_stale(page, l->cli->now_ms))
		fault(l, page->name, "its review is due: it holds for %lld days",
			(long long)page->review_days);
	for (size_t i = 0; i < document->n_links; i++)
		if (document->links[i].is_ref)
			check_link(l, page, document, document->links[i].target);
	for (size_t i = 0; i < document->n_blocks; i++)
		check_text(l, page->name, &document->blocks[i]);
}

static bool lint(struct cli *cli, struct docs *docs, int *status)
{
	struct lint l = {.cli = cli, .arena = cli->arena};
	l.table = (struct table){.columns = lint_columns,
		.n_columns = ARRAY_LEN(lint_columns),
		.ref_column = -1,
		.empty = "nothing is wrong with any page"};
	l.table.result = (struct result){.arena = cli->arena, .n_columns = ARRAY_LEN(lint_columns)};
	l.pages = docs_lock(docs);
	for (size_t i = 0; i < l.pages->n_faults; i++)
		fault(&l, NULL, "%s", l.pages->faults[i]);
	for (size_t i = 0; i < l.pages->n; i++)
		check_page(&l, &l.pages->pages[i]);
	cli_put_table(cli, &l.table);
	docs_unlock(docs);
	*status = l.table.result.n_rows ? 1 : 0;
	return true;
}

/* --- the command --------------------------------------------------------------------- */

static bool list(struct cli *cli, struct docs *docs)
{
	const struct view_args args = {.docs = docs, .now_ms = cli->now_ms};
	struct table table;
	docs_table(&args, cli->arena, &table);
	cli_put_table(cli, &table);
	return true;
}

static bool search(struct cli *cli, struct docs *docs, int *status, struct err *err)
{
	const struct view_args args = {.docs = docs,
		.filter = cli_words(cli, 2),
		.limit = cli->limit < 0 ? LIST_LIMIT : cli->limit,
		.now_ms = cli->now_ms};
	struct table table;
	if (cli->n_args < 3)
		return err_set(err, ERR_USAGE, "search for what? 'porthole docs search WORDS'");
	docs_table_found(&args, cli->arena, &table);
	cli_put_table(cli, &table);
	*status = table.result.n_rows ? 0 : 1;
	return true;
}

bool cli_show_page(struct cli *cli, const char *ref, struct err *err)
{
	struct docs *docs = docs_builtin_new(cli->config);
	bool ok = show_page(cli, docs, ref, NULL, err);
	docs_free(docs);
	return ok;
}

bool cli_docs(struct cli *cli, int *status, struct err *err)
{
	struct docs *docs = docs_builtin_new(cli->config);
	const char *what = cli->n_args > 1 ? cli->args[1] : "";
	bool ok;
	if (cli->n_args == 1)
		ok = list(cli, docs);
	else if (!strcmp(what, "search"))
		ok = search(cli, docs, status, err);
	else if (!strcmp(what, "lint"))
		ok = lint(cli, docs, status);
	else if (cli->n_args > 3)
		ok = err_set(
			err, ERR_USAGE, "one page at a time; 'porthole docs search WORDS' looks for words");
	else
		ok = show_page(cli, docs, what, cli->n_args > 2 ? cli->args[2] : NULL, err);
	docs_free(docs);
	return ok;
}
