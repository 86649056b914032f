/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `porthole docs lint`: what is wrong with the pages. Links that lead nowhere, commands that do not exist,
 * reviews that are due, translations that are behind, pages that do not help. */
#include "client/base/mem.h"
#include "client/docs/feedback.h"
#include "client/docs/markdown.h"
#include "tui/cli_docs.h"

struct lint {
	struct docs_command *d;
	const struct pages *pages;
	struct arena *arena;
	struct docs_sheet sheet;
};

static const struct column lint_columns[] = {
	{.key = "page", .type = COLUMN_NAME, .width = 30},
	{.key = "message", .type = COLUMN_TEXT, .flags = COLUMN_GROWS},
};

static void fault(struct lint *l, const char *page, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void fault(struct lint *l, const char *page, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const struct value row[] = {value_text(page), value_text(arena_vprintf(l->arena, fmt, ap))};
	va_end(ap);
	docs_sheet_add(&l->sheet, row);
}

/* --- commands ------------------------------------------------------------------------ */

static const struct cli_option *option_of(struct str word)
{
	size_t n;
	const struct cli_option *options = cli_options(&n);
	struct str name = str_slice(word, 2, word.n);
	name = str_slice(name, 0, str_find(name, STR("="), 0));
	for (size_t i = 0; i < n; i++)
		if (str_is(name, options[i].name))
			return &options[i];
	return NULL;
}

/* Whether WORD can stand behind `porthole` and is no command: a ref, or what is to be filled in. */
static bool is_object(struct str word)
{
	return memchr(word.p, '/', word.n) || memchr(word.p, ':', word.n) || memchr(word.p, '{', word.n) ||
	       word.p[0] == '[' || (word.p[0] >= 'A' && word.p[0] <= 'Z');
}

/* A command line of ours in a page: it exists, and takes the options that it is given. */
static void check_words(struct lint *l, const char *page, struct str rest, struct str line)
{
	struct cli_command command;
	bool has_command = false, is_known = false;
	struct str word;
	while (str_next(&rest, ' ', &word)) {
		if (!word.n)
			continue;
		if (strchr("#|;>&<", word.p[0]))
			return;
		bool is_opt = str_starts(word, STR("--")) && word.n > 2;
		const struct cli_option *option = is_opt ? option_of(word) : NULL;
		if (is_opt && !option)
			fault(l, page, "no option is called '%.*s': %.*s", STR_FMT(word), STR_FMT(line));
		else if (is_opt && is_known && !cli_takes(&command, option))
			fault(l, page, "'%s' has no option '%.*s': %.*s", command.name, STR_FMT(word),
				STR_FMT(line));
		if (is_opt || has_command)
			continue;
		has_command = true;
		is_known = cli_find_command(arena_dup(l->arena, word), &command);
		if (!is_known && !is_object(word))
			fault(l, page, "no command is called '%.*s': %.*s", STR_FMT(word), STR_FMT(line));
	}
}

static void check_command(struct lint *l, const char *page, struct str line)
{
	static const struct str name = STR("porthole ");
	struct str rest = str_trim(line);
	if (str_starts(rest, STR("$ ")))
		rest = str_slice(rest, 2, rest.n);
	if (str_starts(rest, name))
		check_words(l, page, str_slice(rest, name.n, rest.n), str_trim(line));
}

static void check_text(struct lint *l, const char *page, const struct doc_text *text)
{
	size_t from = 0;
	for (size_t i = 0; i < text->n_spans; from = text->spans[i++].to)
		if (text->spans[i].style & DOC_CODE)
			check_command(l, page, str_slice(text->text, from, text->spans[i].to));
}

static void check_code(struct lint *l, const char *page, const struct doc_block *block)
{
	struct str rest = block->text.text, line;
	bool is_shell = !block->language || !*block->language || !strcmp(block->language, "sh");
	while (is_shell && str_next(&rest, '\n', &line))
		check_command(l, page, line);
}

static void check_block(struct lint *l, const char *page, const struct doc_block *block)
{
	if (block->kind == DOC_CODE_BLOCK) {
		check_code(l, page, block);
		return;
	}
	check_text(l, page, &block->text);
	for (size_t i = 0; i < block->table.n_rows * block->table.n_columns; i++)
		check_text(l, page, &block->table.cells[i]);
}

/* --- links ------------------------------------------------------------------------------ */

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

/* --- whether it still holds ----------------------------------------------------------------- */

/* The page that PAGE is a translation of; NULL: it is none. */
static const struct page *original_of(struct lint *l, const struct page *page)
{
	const char *end = page->lang ? arena_printf(l->arena, ".%s", page->lang) : "";
	struct str name = str_of(page->name);
	if (!*end || !str_ends(name, str_of(end)))
		return NULL;
	return pages_find(l->pages, arena_dup(l->arena, str_slice(name, 0, name.n - strlen(end))));
}

static void check_review(struct lint *l, const struct page *page)
{
	const struct page *original = original_of(l, page);
	if (page_is_stale(page, l->d->cli->now_ms))
		fault(l, page->name, "its review is due: it holds for %lld days",
			(long long)page->review_days);
	if (original && original->reviewed_ms != TIME_NONE &&
		(page->reviewed_ms == TIME_NONE || page->reviewed_ms < original->reviewed_ms))
		fault(l, page->name, "it is behind: '%s' was reviewed later", original->name);
}

/* Of those who said so, more than half. */
static void check_votes(struct lint *l, const struct page *page)
{
	int64_t yes, no;
	struct err err;
	if (l->d->store && feedback_count(l->d->store, page->name, &yes, &no, &err) && no > yes)
		fault(l, page->name,
			"%lld of %lld readers say that it did not help; 'porthole docs gaps' says why",
			(long long)no, (long long)(yes + no));
}

static void check_page(struct lint *l, const struct page *page)
{
	const struct markdown_place place = {.page = page->name};
	const struct document *document = markdown_read(l->arena, page->text, &place);
	if (page->fault)
		fault(l, page->name, "%s", page->fault);
	if (document->cut)
		fault(l, page->name, "%s", document->cut);
	check_review(l, page);
	check_votes(l, page);
	for (size_t i = 0; i < document->n_links; i++)
		if (document->links[i].is_ref)
			check_link(l, page, document, document->links[i].target);
	for (size_t i = 0; i < document->n_blocks; i++)
		check_block(l, page->name, &document->blocks[i]);
}

bool cli_docs_lint(struct docs_command *d, int *status, struct err *err)
{
	struct lint l = {.d = d,
		.arena = d->cli->arena,
		.sheet = docs_sheet(
			d->cli, lint_columns, ARRAY_LEN(lint_columns), "nothing is wrong with any page")};
	if (d->cli->n_args > DOCS_FIRST)
		return err_set(err, ERR_USAGE, "lint looks at all pages: no arguments");
	l.pages = docs_lock(d->docs);
	for (size_t i = 0; i < l.pages->n_faults; i++)
		fault(&l, NULL, "%s", l.pages->faults[i]);
	for (size_t i = 0; i < l.pages->n; i++)
		check_page(&l, &l.pages->pages[i]);
	cli_put_table(d->cli, &l.sheet.table);
	docs_unlock(d->docs);
	if (!*status)
		*status = l.sheet.table.result.n_rows ? 1 : 0;
	return true;
}
