/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What needs you: open problems worst first; when nothing needs anybody, the day. */
#include "client/base/mem.h"
#include "client/docs/reader.h"
#include "views/compose.h"
#include "views/lists.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static bool add_summary(
	struct view_data *data, struct store *store, const struct view_args *args, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(args->now_ms - DAY_MS)};
	if (!compose_row(data, store,
		    "SELECT count(*) FILTER (WHERE state = 'open' AND severity = 'production'),"
		    " count(*) FILTER (WHERE state = 'acknowledged' AND severity = 'production'),"
		    " count(*) FILTER (WHERE severity <> 'production'), (SELECT count(*) FROM team.problem f"
		    " WHERE f.last_ms >= $1 AND f.state = 'resolved' AND f.cause_kind = 'flaky')"
		    " FROM team.problem WHERE state IN ('open', 'acknowledged')",
		    params, 1, &row, err))
		return false;
	int64_t open = result_int(&row, 0, 0, 0), taken = result_int(&row, 0, 1, 0),
		below = result_int(&row, 0, 2, 0), flaky = result_int(&row, 0, 3, 0);
	struct buf text;
	buf_init(&text, 0);
	if (open)
		buf_addf(&text, "%lld need%s you", (long long)open, open == 1 ? "s" : "");
	else
		buf_addz(&text, "nothing needs you");
	if (taken)
		buf_addf(&text, " · %lld taken", (long long)taken);
	if (below)
		buf_addf(&text, " · %lld below production", (long long)below);
	if (flaky)
		buf_addf(&text, " · %lld flaky", (long long)flaky);
	if ((below || flaky) && !args->show_hidden)
		buf_addz(&text, " (. shows)");
	data->summary = arena_take(data->arena, &text);
	return true;
}

/* The day: what ran, what stands red or paused. */
static bool add_day(
	struct view_data *data, struct store *store, const struct view_args *args, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(args->now_ms - DAY_MS)};
	if (!compose_row(data, store,
		    "SELECT count(*) FILTER (WHERE state = 'success'), count(*) FILTER (WHERE state = 'failed'),"
		    " count(*) FILTER (WHERE state IN ('running', 'queued')) FROM run WHERE at_ms >= $1 AND gone = 0",
		    params, 1, &row, err))
		return false;
	struct block *facts = compose_block(data, BLOCK_FACTS, "day", "the last 24 hours");
	struct line *line = compose_fact(
		data, facts, "runs", ROLE_SUCCESS, "%lld green", (long long)result_int(&row, 0, 0, 0));
	int64_t red = result_int(&row, 0, 1, 0);
	compose_span(data, line, red ? ROLE_FAILED : ROLE_DIM, " · %lld red", (long long)red);
	compose_span(data, line, ROLE_RUNNING, " · %lld under way", (long long)result_int(&row, 0, 2, 0));
	if (!compose_row(data, store,
		    "SELECT count(*), count(*) FILTER (WHERE last_state = 'failed'), count(*) FILTER (WHERE paused = 1)"
		    " FROM pipeline WHERE gone = 0",
		    NULL, 0, &row, err))
		return false;
	compose_fact(data, facts, "pipelines", ROLE_TEXT, "%lld · %lld last red · %lld paused",
		(long long)result_int(&row, 0, 0, 0), (long long)result_int(&row, 0, 1, 0),
		(long long)result_int(&row, 0, 2, 0));
	return true;
}

/* What failed and passed when the tool tried again: over, and yet a word to whoever asks. */
static bool add_flaky(
	struct view_data *data, struct store *store, const struct view_args *args, struct err *err)
{
	const struct list_block flaky = {.list = &list_problems,
		.name = "flaky",
		.title = "passed when tried again, last 24 hours",
		.filter = "state:resolved cause_kind:flaky since:24h",
		.limit = args->limit,
		.is_optional = true};
	return compose_list(data, store, args, &flaky, err);
}

/* One line, until it was read. Until it is known what was, nobody waits for the pages to be read. */
static void add_news(struct view_data *data, const struct view_args *args)
{
	size_t n = 0;
	if (!args->docs || !reader_knows_news(docs_reader(args->docs)))
		return;
	const struct pages *pages = docs_lock(args->docs);
	const struct page *page = reader_unread(docs_reader(args->docs), pages, &n);
	if (page) {
		const struct ref ref = {.kind = REF_DOC, .name = page->name};
		struct block *facts = compose_block(data, BLOCK_FACTS, "news", NULL);
		struct line *line = compose_fact(data, facts, "news", ROLE_LINK, "%s", page->title);
		line->ref = compose_ref(data, &ref);
		if (n > 1)
			compose_span(data, line, ROLE_DIM, " · and %zu more, :news lists them", n - 1);
		else
			compose_span(data, line, ROLE_DIM, " · :news");
	}
	docs_unlock(args->docs);
}

static bool load_day(
	struct view_data *data, struct store *store, const struct view_args *args, struct err *err)
{
	data->n_blocks = 0; /* an empty table says less than the day */
	if (!add_day(data, store, args, err))
		return false;
	add_news(data, args);
	return true;
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	const char *state = "state:open,acknowledged";
	const char *filter = arena_printf(data->arena, "%s %s %s", state,
		args->show_hidden ? "" : "severity:production", args->filter ? args->filter : "");
	data->title = "what needs you";
	if (!add_summary(data, store, args, err))
		return false;
	if (args->filter && *args->filter)
		data->summary = arena_printf(data->arena, "%s · filter: %s", data->summary, args->filter);
	const struct list_block problems = {
		.list = &list_problems, .name = "problems", .filter = filter, .limit = args->limit};
	if (!compose_list(data, store, args, &problems, err))
		return false;
	struct block *block = &data->blocks[data->n_blocks - 1];
	if (args->show_hidden)
		return add_flaky(data, store, args, err);
	if (!block->table.result.n_rows && !(args->filter && *args->filter))
		return load_day(data, store, args, err);
	add_news(data, args);
	return true;
}

const struct view_def view_home = {
	.name = "home",
	.title = "what needs you",
	.help = "what needs a person now, worst first; when nothing does, the day",
	.kind = VIEW_HOME,
	.list = &list_problems,
	.load = load,
};
