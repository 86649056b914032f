/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `porthole docs helped|gaps|news`: what readers tell about the pages, and what is told to them. */
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/audit.h"
#include "client/docs/feedback.h"
#include "client/docs/reader.h"
#include "tui/cli_docs.h"
#include "views/docs.h"

enum { GAPS_LIMIT = 50, MOST_NEWS_BYTES = 64 << 10 };

/* --- did it help? ---------------------------------------------------------------------- */

/* "yes" or "no", and what follows it. */
static bool read_vote(struct docs_command *d, struct feedback_vote *vote, struct err *err)
{
	struct cli *cli = d->cli;
	const char *answer = cli->n_args > DOCS_FIRST + 1 ? cli->args[DOCS_FIRST + 1] : "";
	vote->helped = !strcmp(answer, "yes");
	if (!vote->helped && strcmp(answer, "no"))
		return err_set(err, ERR_USAGE, "did it help? 'porthole docs helped PAGE yes|no [NOTE]'");
	vote->page = cli_docs_name(d, cli->args[DOCS_FIRST]);
	vote->note = cli->n_args > DOCS_FIRST + 2 ? cli_words(cli, DOCS_FIRST + 2) : NULL;
	const struct pages *pages = docs_lock(d->docs);
	bool is_page = pages_read(pages, vote->page) != NULL;
	docs_unlock(d->docs);
	return is_page ||
	       err_set(err, ERR_NOT_FOUND, "no page is called '%s'; 'porthole docs' lists them", vote->page);
}

static const struct column vote_columns[] = {
	{.key = "page", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 36},
	{.key = "yes", .type = COLUMN_INT, .width = 5},
	{.key = "no", .type = COLUMN_INT, .width = 5},
};

static bool put_votes(struct docs_command *d, const char *page, struct err *err)
{
	int64_t yes, no;
	struct docs_sheet sheet = docs_sheet(d->cli, vote_columns, ARRAY_LEN(vote_columns), "");
	if (!feedback_count(d->store, page, &yes, &no, err))
		return false;
	const struct value row[] = {value_text(page), value_int(yes), value_int(no)};
	docs_sheet_add(&sheet, row);
	cli_put_table(d->cli, &sheet.table);
	return true;
}

bool cli_docs_helped(struct docs_command *d, int *status, struct err *err)
{
	struct cli *cli = d->cli;
	struct feedback_vote vote = {0};
	(void)status;
	if (!cli_may_write(cli, err) || !read_vote(d, &vote, err))
		return false;
	if (!d->store)
		return err_set(err, ERR_UNAVAILABLE,
			"there is no catalogue to keep that in; 'porthole sync' makes it");
	vote.who = audit_who(d->store, cli->config, cli->arena);
	if (!cli->is_dry_run && !feedback_vote(d->store, &vote, cli->now_ms, err))
		return false;
	return put_votes(d, vote.page, err);
}

/* --- gaps -------------------------------------------------------------------------------- */

static const struct column gap_columns[] = {
	{.key = "kind", .type = COLUMN_TEXT, .width = 7},
	{.key = "what", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 36},
	{.key = "count", .type = COLUMN_INT, .width = 6},
	{.key = "last_ms", .title = "LAST", .type = COLUMN_TIME, .width = 8},
	{.key = "first_ms", .title = "FIRST", .type = COLUMN_TIME, .width = 8, .priority = 2},
	{.key = "note", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 40, .priority = 1},
};
enum { GAP_KIND, GAP_WHAT };

/* What somebody has written meanwhile is missing no more. */
static bool is_missing(struct docs_command *d, const struct result *gaps, size_t row)
{
	struct docs_hit hit;
	return strcmp(result_text(gaps, row, GAP_KIND), "search") != 0 ||
	       !docs_search(d->docs, str_of(result_text(gaps, row, GAP_WHAT)), d->cli->arena, &hit, 1);
}

bool cli_docs_gaps(struct docs_command *d, int *status, struct err *err)
{
	static const size_t order[] = {0, 1, 2, 4, 3, 5}; /* of the query's columns */
	struct cli *cli = d->cli;
	struct result gaps = {0};
	int64_t limit = cli->limit < 0 ? GAPS_LIMIT : cli->limit;
	(void)status;
	if (cli->n_args > DOCS_FIRST)
		return err_set(err, ERR_USAGE, "gaps lists what is missing: no arguments");
	if (d->store && !feedback_gaps(d->store, limit ? limit : INT32_MAX, cli->arena, &gaps, err))
		return false;
	struct docs_sheet sheet = docs_sheet(cli, gap_columns, ARRAY_LEN(gap_columns),
		"no search was in vain, and no page is said not to have helped");
	for (size_t i = 0; i < gaps.n_rows; i++) {
		struct value row[ARRAY_LEN(gap_columns)];
		for (size_t c = 0; c < ARRAY_LEN(order); c++)
			row[c] = *result_at(&gaps, i, order[c]);
		if (is_missing(d, &gaps, i))
			docs_sheet_add(&sheet, row);
	}
	cli_put_table(cli, &sheet.table);
	return true;
}

void cli_docs_note_missed(struct docs_command *d)
{
	struct err err;
	const char *words;
	if (!d->store || d->cli->config->read_only || d->cli->is_dry_run)
		return;
	while ((words = reader_take_missed(docs_reader(d->docs), d->cli->arena)))
		if (!feedback_missed(d->store, str_of(words), d->cli->now_ms, &err))
			return; /* who may only read is not told of it */
}

/* --- news ----------------------------------------------------------------------------------- */

static void know_news(struct docs_command *d)
{
	struct buf names;
	struct err err;
	buf_init(&names, 0);
	if (file_read(reader_news_path(d->cli->arena), MOST_NEWS_BYTES, &names, &err) ||
		err.code == ERR_NOT_FOUND)
		reader_use_news(docs_reader(d->docs), buf_str(&names));
	buf_fini(&names);
}

/* Reading is no writing to anybody else: a folder that cannot be written only leaves it unread. */
void cli_docs_note_read(struct docs_command *d, const char *page)
{
	struct buf names;
	struct err err;
	struct arena *arena = d->cli->arena;
	if (!str_starts(str_of(page), STR("news/")) || d->cli->config->read_only)
		return;
	know_news(d);
	buf_init(&names, 0);
	if (reader_read_news(docs_reader(d->docs), page, &names) && file_make_dir(file_data_dir(arena), &err))
		(void)file_write(reader_news_path(arena), buf_str(&names), &err);
	buf_fini(&names);
}

bool cli_docs_news(struct docs_command *d, int *status, struct err *err)
{
	const struct view_args args = {.docs = d->docs, .now_ms = d->cli->now_ms};
	struct table table;
	(void)status;
	(void)err;
	know_news(d);
	docs_table_news(&args, d->cli->arena, &table);
	cli_put_table(d->cli, &table);
	return true;
}
