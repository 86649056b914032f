/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/search.h"

#include "client/base/mem.h"
#include "client/catalogue/filter.h"
#include "client/docs/pages.h"
#include "views/lists.h"
#include "views/words.h"

#include <strings.h>

static const struct column columns[] = {
	{.key = "type", .type = COLUMN_TEXT, .width = 10},
	{.key = "title", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 60},
	{.key = "excerpt", .type = COLUMN_CAUSE, .flags = COLUMN_GROWS, .priority = 2, .width = 60},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN},
	{.key = "score", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN},
};
enum { TYPE, TITLE, EXCERPT, REF, SCORE, N_COLUMNS };
enum { MOST_ROWS = 1000, N_KINDS = 5 };

/* Of a name that is the words, that starts with them, that holds them. */
static const double scores[] = {1, 0.8, 0.5};

struct search {
	struct store *store;
	struct arena *arena;
	const struct view_args *args;
	struct table *table;
	size_t most;	   /* of each kind, and in the end */
	struct value like; /* the words, anywhere */
};

static double score_of(const struct search *s, const char *name)
{
	struct str words = str_trim(str_of(s->args->filter)), title = str_of(name);
	if (title.n == words.n && !strncasecmp(title.p, words.p, words.n))
		return scores[0];
	return title.n > words.n && !strncasecmp(title.p, words.p, words.n) ? scores[1] : scores[2];
}

static void add(
	struct search *s, const char *type, const struct ref *ref, const char *title, const char *excerpt)
{
	struct result *rows = &s->table->result;
	struct value *cells = &rows->cells[rows->n_rows++ * N_COLUMNS];
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, ref);
	cells[TYPE] = value_text(type);
	cells[TITLE] = value_text(title);
	cells[EXCERPT] = value_text(excerpt);
	cells[REF] = value_text(arena_dup(s->arena, buf_str(&text)));
	cells[SCORE] = value_real(score_of(s, title));
	buf_fini(&text);
}

static bool query(struct search *s, const char *sql, struct result *rows, struct err *err)
{
	const struct value params[] = {s->like, value_int((int64_t)s->most)};
	return store_query(s->store, sql, params, ARRAY_LEN(params), s->arena, rows, err);
}

static bool add_problems(struct search *s, struct err *err)
{
	struct result rows;
	if (!query(s,
		    "SELECT CAST(id AS TEXT), coalesce(pipeline, source) || coalesce(' ▸ ' || step, ''), title"
		    " FROM team.problem WHERE lower(title) LIKE $1 ESCAPE '\\' OR lower(coalesce(cause, '')) LIKE $1 ESCAPE '\\'"
		    " ORDER BY state, last_ms DESC LIMIT $2",
		    &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		add(s, "problem", &(struct ref){.kind = REF_PROBLEM, .name = result_text(&rows, i, 0)},
			result_text(&rows, i, 1), result_text(&rows, i, 2));
	return true;
}

static bool add_pipelines(struct search *s, struct err *err)
{
	struct result rows;
	if (!query(s,
		    "SELECT s.name, p.pipeline, coalesce(p.title, p.owner) FROM pipeline p JOIN source s ON s.id = p.source_id"
		    " WHERE p.gone = 0 AND (lower(p.pipeline) LIKE $1 ESCAPE '\\' OR lower(coalesce(p.title, '')) LIKE $1 ESCAPE '\\')"
		    " ORDER BY length(p.pipeline), p.pipeline LIMIT $2",
		    &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		add(s, "pipeline",
			&(struct ref){.kind = REF_PIPELINE,
				.source = result_text(&rows, i, 0),
				.pipeline = result_text(&rows, i, 1)},
			result_text(&rows, i, 1), result_text(&rows, i, 2));
	return true;
}

static bool add_steps(struct search *s, struct err *err)
{
	struct result rows;
	if (!query(s,
		    "SELECT s.name, p.pipeline, t.step FROM step t JOIN pipeline p ON p.id = t.pipeline_id"
		    " JOIN source s ON s.id = p.source_id WHERE lower(t.step) LIKE $1 ESCAPE '\\' ORDER BY t.step LIMIT $2",
		    &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		add(s, "step",
			&(struct ref){.kind = REF_PIPELINE,
				.source = result_text(&rows, i, 0),
				.pipeline = result_text(&rows, i, 1)},
			result_text(&rows, i, 2), result_text(&rows, i, 1));
	return true;
}

#define RUN_COLUMNS "SELECT s.name, p.pipeline, r.run, r.state"
#define RUN_IS_CALLED                                                                                        \
	" r.gone = 0 AND (lower(r.run) LIKE $1 ESCAPE '\\' OR lower(coalesce(r.name, '')) LIKE $1 ESCAPE '\\')"
#define ALL_RUNS                                                                                             \
	RUN_COLUMNS                                                                                          \
	" FROM run r JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = r.source_id"            \
	" WHERE" RUN_IS_CALLED
#define NEWEST " ORDER BY r.at_ms DESC, r.id DESC LIMIT $2"

static bool ask_run_text(struct search *s, const struct words *w, struct result *rows, struct err *err)
{
	const struct value params[] = {s->like, value_int((int64_t)s->most), value_text(w->match),
		value_int(w->lo), value_int(w->hi)};
	const char *sql = arena_printf(s->arena,
		RUN_COLUMNS " %s AND t.run_text MATCH $3 AND t.rowid > $4 AND t.rowid < $5"
			    " AND" RUN_IS_CALLED " ORDER BY t.rowid DESC LIMIT $2",
		list_runs.words_from);
	return store_query(s->store, sql, params, ARRAY_LEN(params), s->arena, rows, err);
}

static bool ask_runs(struct search *s, const struct words *w, struct result *rows, struct err *err)
{
	if (w->match)
		return ask_run_text(s, w, rows, err);
	bool is_any = !w->ids && w->edge_ms == TIME_NONE;
	const struct value params[] = {
		s->like, value_int((int64_t)s->most), w->ids ? value_text(w->ids) : value_ms(w->edge_ms)};
	const char *sql = w->ids   ? ALL_RUNS " AND r.id = ANY (CAST($3 AS BIGINT[]))" NEWEST
			  : is_any ? ALL_RUNS NEWEST
				   : ALL_RUNS " AND r.at_ms >= $3" NEWEST;
	return store_query(s->store, sql, params, is_any ? 2 : 3, s->arena, rows, err);
}

/* The newest runs only. By the index of names where it helps; it has the names of their pipelines, too, so
 * that the first matches need not be what is looked for: see words.h. */
static bool find_runs(struct search *s, struct result *rows, struct err *err)
{
	struct filter_term phrase = {.op = FILTER_WORD, .value = str_trim(str_of(s->args->filter))};
	const struct filter filter = {&phrase, 1};
	const struct view_args page = {.limit = (int64_t)s->most};
	struct words words = {.is_bounded = true};
	rows->n_rows = 0;
	for (enum words_attempt attempt = WORDS_NEAR; words.is_bounded && rows->n_rows < s->most; attempt++)
		if (!words_find(s->store, &list_runs, &page, &filter, true, attempt, s->arena, &words, err) ||
			!ask_runs(s, &words, rows, err))
			return false;
	return true;
}

static bool add_runs(struct search *s, struct err *err)
{
	struct result rows;
	if (!find_runs(s, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		add(s, "run",
			&(struct ref){.kind = REF_RUN,
				.source = result_text(&rows, i, 0),
				.pipeline = result_text(&rows, i, 1),
				.run = result_text(&rows, i, 2)},
			arena_printf(s->arena, "%s ▸ %s", result_text(&rows, i, 1), result_text(&rows, i, 2)),
			result_text(&rows, i, 3));
	return true;
}

static void add_pages(struct search *s)
{
	enum { MOST_PAGES = 50 };
	struct docs_hit hits[MOST_PAGES];
	size_t most = s->most < MOST_PAGES ? s->most : MOST_PAGES;
	size_t n =
		s->args->docs ? docs_search(s->args->docs, str_of(s->args->filter), s->arena, hits, most) : 0;
	for (size_t i = 0; i < n; i++)
		add(s, "doc",
			&(struct ref){.kind = REF_DOC, .name = hits[i].name, .section = hits[i].section},
			hits[i].title, hits[i].excerpt);
}

/* By score, and among equals as they were found; what is over the limit goes. */
static void put_best_first(struct search *s)
{
	struct result *rows = &s->table->result;
	struct value *sorted = arena_array(s->arena, struct value, rows->n_rows * N_COLUMNS + 1);
	size_t n = 0;
	for (size_t k = 0; k < ARRAY_LEN(scores); k++)
		for (size_t row = 0; row < rows->n_rows; row++) {
			const struct value *cells = result_at(rows, row, 0);
			if (cells[SCORE].r == scores[k])
				memcpy(&sorted[n++ * N_COLUMNS], cells, N_COLUMNS * sizeof *cells);
		}
	rows->cells = sorted;
	rows->n_rows = n < s->most ? n : s->most;
	s->table->has_more = n > s->most;
}

bool search_load(struct store *store, const struct view_args *args, struct arena *arena, struct table *table,
	struct err *err)
{
	size_t most = args->limit && args->limit < MOST_ROWS ? (size_t)args->limit : MOST_ROWS;
	*table = (struct table){.columns = columns,
		.n_columns = N_COLUMNS,
		.ref_column = REF,
		.empty = "nothing is called that"};
	table->result = (struct result){.arena = arena,
		.n_columns = N_COLUMNS,
		.cells = arena_array(arena, struct value, N_KINDS * most * N_COLUMNS)};
	table->result.names = arena_array(arena, const char *, N_COLUMNS);
	for (size_t i = 0; i < N_COLUMNS; i++)
		table->result.names[i] = columns[i].key;
	struct search s = {.store = store, .arena = arena, .args = args, .table = table, .most = most};
	s.like = value_text(filter_like_word(arena, str_trim(str_of(args->filter))));
	if (!add_problems(&s, err) || !add_pipelines(&s, err) || !add_steps(&s, err) || !add_runs(&s, err))
		return false;
	add_pages(&s);
	put_best_first(&s);
	return true;
}
