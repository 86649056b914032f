/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/diff.h"

#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/catalogue/find.h"
#include "views/format.h"

#include <math.h>
#include <stdlib.h>

enum { RUN_COLUMNS = 22 };

/* Nearer to its usual range than that part of it is no more than at the edge. */
#define OUTSIDE 0.1

#define CODE_TAGS                                                                                                    \
	"('mlflow.source.git.commit', 'mlflow.source.git.branch', 'mlflow.source.name', 'git_commit', 'git.commit'," \
	" 'git_sha', 'code_version')"
#define ENVIRONMENT_SQL                                                                                              \
	"(key LIKE 'env.%' OR key LIKE 'environment.%' OR key LIKE 'mlflow.docker.%' OR key LIKE 'mlflow.project.%'" \
	" OR key IN ('image', 'docker_image', 'python_version', 'mlflow.databricks.cluster.id'))"
/* Of a mapped step the worst instance speaks. */
#define WORST_SQL                                                                                                    \
	"substr(max(CASE state WHEN 'failed' THEN '9failed' WHEN 'lost' THEN '8lost' WHEN 'running' THEN '7running'" \
	" WHEN 'queued' THEN '6queued' WHEN 'cancelled' THEN '5cancelled' WHEN 'success' THEN '4success'"            \
	" WHEN 'skipped' THEN '3skipped' ELSE '0unknown' END), 2)"
#define CHECK_SQL "CASE c.step WHEN '' THEN c.name ELSE c.step || '/' || c.name END"
/* Trials below a run are compared with trials, and what stands alone with its like. */
#define OF_ITS_KIND "(parent IS NULL) = (SELECT parent IS NULL FROM run WHERE id = $1)"
/* The green runs before the run $1 of the pipeline $2. */
#define HISTORY_SQL                                                                                           \
	"SELECT h.id FROM (SELECT id, state, at_ms FROM run WHERE pipeline_id = $2 AND gone = 0 AND id <> $1" \
	" AND at_ms < (SELECT at_ms FROM run WHERE id = $1) AND " OF_ITS_KIND                                 \
	" ORDER BY at_ms DESC, id DESC LIMIT 300) h"                                                          \
	" WHERE h.state = 'success' ORDER BY h.at_ms DESC, h.id DESC LIMIT 30"

/* What is gathered: key, number, text. The parameters of SQL are the ids of the run ($1; of a step also $2 to
 * $4: step, index, attempt), or (is_by_name) the names of source, pipeline, run, step, index and its attempt,
 * since what people keep is not keyed by ids. Those of HISTORY are the ids of run and pipeline. */
static const struct facet {
	const char *kind, *what; /* WHAT: how messages name it; NULL: it goes with another */
	enum column_type type;
	const char *sql;
	const char *history; /* key, how many, least, greatest; NULL: none */
	bool is_by_name;
} run_facets[] = {
	{"code", "code", COLUMN_TEXT,
		"SELECT 'version', NULL, version FROM run WHERE id = $1 AND version IS NOT NULL"
		" UNION ALL SELECT key, NULL, value FROM tag WHERE run_id = $1 AND key IN " CODE_TAGS,
		NULL, false},
	{"param", "params", COLUMN_TEXT, "SELECT key, NULL, value FROM param WHERE run_id = $1", NULL, false},
	{"input", "inputs", COLUMN_TEXT,
		"SELECT name, NULL, max(version) FROM input WHERE run_id = $1 AND version <> '' GROUP BY name",
		NULL, false},
	{"input", NULL, COLUMN_INT,
		"SELECT name || ' rows', max(rows), NULL FROM input WHERE run_id = $1 AND rows IS NOT NULL GROUP BY name",
		"SELECT name || ' rows', count(rows), min(rows), max(rows) FROM input WHERE run_id IN (" HISTORY_SQL
		") GROUP BY name",
		false},
	{"environment", "environment", COLUMN_TEXT,
		"SELECT key, NULL, value FROM tag WHERE run_id = $1 AND " ENVIRONMENT_SQL, NULL, false},
	{"upstream", "upstream", COLUMN_TEXT,
		"SELECT s.name || '/' || p.pipeline, NULL, max(u.state) FROM run_link l JOIN run u ON u.id = l.to_run_id"
		" JOIN pipeline p ON p.id = u.pipeline_id JOIN source s ON s.id = u.source_id WHERE l.run_id = $1"
		" GROUP BY s.name, p.pipeline",
		NULL, false},
	{"check", "checks", COLUMN_REAL,
		"SELECT " CHECK_SQL
		", observed, NULL FROM team.data_check c WHERE source = $1 AND pipeline = $2 AND run = $3"
		" AND observed IS NOT NULL",
		"SELECT " CHECK_SQL ", count(c.observed), min(c.observed), max(c.observed) FROM run h"
		" JOIN pipeline p ON p.id = h.pipeline_id JOIN source s ON s.id = p.source_id JOIN team.data_check c"
		" ON c.source = s.name AND c.pipeline = p.pipeline AND c.run = h.run WHERE h.id IN (" HISTORY_SQL
		") GROUP BY c.step, c.name",
		true},
	{"check", NULL, COLUMN_TEXT,
		"SELECT " CHECK_SQL " || CASE WHEN observed IS NULL THEN '' ELSE ' state' END, NULL, state"
		" FROM team.data_check c WHERE source = $1 AND pipeline = $2 AND run = $3",
		NULL, true},
	{"step", "steps", COLUMN_TEXT,
		"SELECT step, NULL, " WORST_SQL
		" FROM step_run WHERE run_id = $1 AND is_newest = 1 GROUP BY step",
		NULL, false},
	{"metric", "metrics", COLUMN_REAL, "SELECT key, value, special FROM metric WHERE run_id = $1",
		"SELECT key, count(value), min(value), max(value) FROM metric WHERE run_id IN (" HISTORY_SQL
		") GROUP BY key",
		false},
	{"duration", NULL, COLUMN_DURATION,
		"SELECT '', duration_ms, NULL FROM run WHERE id = $1 AND duration_ms IS NOT NULL UNION ALL"
		" SELECT step, max(duration_ms), NULL FROM step_run WHERE run_id = $1 AND is_newest = 1"
		" AND duration_ms IS NOT NULL GROUP BY step",
		"SELECT '', count(duration_ms), min(duration_ms), max(duration_ms) FROM run WHERE id IN (" HISTORY_SQL
		") UNION ALL SELECT q.step, count(*), min(q.took), max(q.took) FROM (SELECT step, run_id, max(duration_ms)"
		" AS took FROM step_run WHERE run_id IN (" HISTORY_SQL
		") AND is_newest = 1 AND state = 'success' GROUP BY step, run_id) q GROUP BY q.step",
		false},
};

#define ATTEMPT_SQL " FROM step_run WHERE run_id = $1 AND step = $2 AND idx = $3 AND attempt = $4"

/* Of one attempt of a step. */
static const struct facet step_facets[] = {
	{"step", NULL, COLUMN_TEXT,
		"SELECT 'state', NULL, state" ATTEMPT_SQL
		" UNION ALL SELECT 'the tool says', NULL, tool_state" ATTEMPT_SQL
		" AND tool_state IS NOT NULL",
		NULL, false},
	{"step", NULL, COLUMN_CAUSE,
		"SELECT 'cause', NULL, cause FROM team.evidence WHERE source = $1 AND pipeline = $2 AND run = $3"
		" AND step = $4 AND idx = $5 AND attempt = $6 AND cause IS NOT NULL",
		NULL, true},
	{"environment", NULL, COLUMN_TEXT,
		"SELECT 'operator', NULL, operator" ATTEMPT_SQL " AND operator IS NOT NULL", NULL, false},
	{"check", "checks", COLUMN_REAL,
		"SELECT name, observed, NULL FROM team.data_check WHERE source = $1 AND pipeline = $2 AND run = $3"
		" AND step = $4 AND observed IS NOT NULL",
		NULL, true},
	{"duration", NULL, COLUMN_DURATION,
		"SELECT '', duration_ms, NULL" ATTEMPT_SQL " AND duration_ms IS NOT NULL", NULL, false},
};

/* One thing that one run reported. */
struct item {
	size_t facet, run;
	const char *key;
	struct value value;
};

/* The range of what the runs before reported under a key. */
struct range {
	size_t facet;
	const char *key;
	double least, greatest;
};

struct comparison {
	struct store *store;
	const struct view_args *args;
	struct arena *arena;
	const struct facet *facets;
	size_t n_facets;
	struct ref refs[DIFF_MOST_RUNS];
	struct found found[DIFF_MOST_RUNS];
	const char *names[DIFF_MOST_RUNS]; /* short ones, to tell them apart */
	size_t n_refs;
	struct item *items;
	size_t n_items, items_cap;
	struct range *ranges;
	size_t n_ranges;
	double *weights; /* of the rows of the table, as they are put */
};

/* --- what to compare with ------------------------------------------------------------- */

/* The newest green run before RUN_ID. */
static bool find_green(struct comparison *c, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(c->found[0].run_id), value_int(c->found[0].pipeline_id)};
	if (!store_query(c->store,
		    "SELECT run FROM (SELECT id, run, state, at_ms FROM run WHERE pipeline_id = $2 AND gone = 0 AND id <> $1"
		    " AND at_ms <= (SELECT at_ms FROM run WHERE id = $1) AND " OF_ITS_KIND
		    " ORDER BY at_ms DESC, id DESC LIMIT 2000) q"
		    " WHERE state = 'success' ORDER BY at_ms DESC, id DESC LIMIT 1",
		    params, 2, c->arena, &row, err))
		return false;
	if (!row.n_rows)
		return err_set(err, ERR_NOT_FOUND,
			"%s has no green run before '%s' to compare it with; name a second one",
			c->refs[0].pipeline, c->refs[0].run);
	c->refs[1] = c->refs[0];
	c->refs[0].run = result_text(&row, 0, 0);
	c->refs[0].attempt = 0;
	c->n_refs = 2;
	return true;
}

/* A step's attempt before; else the step in the last green run. */
static bool find_partner(struct comparison *c, struct err *err)
{
	const struct found *found = &c->found[0];
	if (c->refs[0].kind != REF_STEP || found->attempt < 2)
		return find_green(c, err);
	c->refs[1] = c->refs[0];
	c->refs[1].attempt = found->attempt;
	c->refs[0].attempt = found->attempt - 1;
	c->n_refs = 2;
	return true;
}

static bool find_refs(struct comparison *c, struct err *err)
{
	enum ref_kind kind = c->refs[0].kind;
	for (size_t i = 0; i < c->n_refs; i++) {
		if (c->refs[i].kind != kind || (kind != REF_RUN && kind != REF_STEP))
			return err_set(
				err, ERR_USAGE, "only runs are compared with runs, and steps with steps");
		if (!find_ref(c->store, &c->refs[i], &c->found[i], err))
			return false;
	}
	if (c->n_refs > 1)
		return true;
	return find_partner(c, err) && find_ref(c->store, &c->refs[0], &c->found[0], err) &&
	       find_ref(c->store, &c->refs[1], &c->found[1], err);
}

/* A step's attempt; a run's id, or where that is a number for machines its name with the head of the id. */
static bool find_names(struct comparison *c, struct err *err)
{
	for (size_t run = 0; run < c->n_refs; run++) {
		struct result row;
		const struct value params[] = {value_int(c->found[run].run_id)};
		if (!store_query(c->store,
			    "SELECT CASE WHEN length(run) = 32 AND name <> '' THEN name || ' ' || substr(run, 1, 8) ELSE run END"
			    " FROM run WHERE id = $1",
			    params, 1, c->arena, &row, err))
			return false;
		const char *name = row.n_rows ? result_text(&row, 0, 0) : c->refs[run].run;
		c->names[run] = c->refs[run].kind == REF_STEP ? arena_printf(c->arena, "%s try %lld", name,
									(long long)c->found[run].attempt)
							      : name;
	}
	return true;
}

/* --- gathering ------------------------------------------------------------------------ */

static struct item *new_item(struct comparison *c)
{
	if (c->n_items == c->items_cap) {
		struct item *before = c->items;
		c->items_cap = c->items_cap ? 2 * c->items_cap : 256;
		c->items = arena_array(c->arena, struct item, c->items_cap);
		if (c->n_items)
			memcpy(c->items, before, c->n_items * sizeof *before);
	}
	return &c->items[c->n_items++];
}

/* How many parameters SQL has: an engine takes neither more nor fewer. */
static size_t count_params(const char *sql)
{
	size_t n = 0;
	for (const char *at = sql; (at = strchr(at, '$')); at++)
		if (at[1] >= '1' && at[1] <= '9' && (size_t)(at[1] - '0') > n)
			n = (size_t)(at[1] - '0');
	return n;
}

static bool gather(struct comparison *c, size_t facet, size_t run, struct err *err)
{
	const struct ref *ref = &c->refs[run];
	const struct found *found = &c->found[run];
	const struct value names[] = {value_text(ref->source), value_text(ref->pipeline),
		value_text(ref->run), value_text(found->step), value_text(found->index),
		value_int(found->attempt)};
	const struct value ids[] = {value_int(found->run_id), value_text(found->step),
		value_text(found->index), value_int(found->attempt)};
	const struct facet *f = &c->facets[facet];
	struct result rows;
	if (!store_query(c->store, f->sql, f->is_by_name ? names : ids, count_params(f->sql), c->arena, &rows,
		    err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const struct value *number = result_at(&rows, i, 1);
		*new_item(c) = (struct item){.facet = facet,
			.run = run,
			.key = result_text(&rows, i, 0),
			.value = number->type != VALUE_NULL ? *number : *result_at(&rows, i, 2)};
	}
	return true;
}

static bool number_of(const struct value *value, double *out)
{
	*out = value->type == VALUE_INT ? (double)value->i : value->type == VALUE_REAL ? value->r : NAN;
	return isfinite(*out);
}

/* What is usual, by the runs before the newest of those compared. */
static bool gather_history(struct comparison *c, size_t facet, struct err *err)
{
	struct result rows;
	const struct found *newest = &c->found[c->n_refs - 1];
	const struct value params[] = {value_int(newest->run_id), value_int(newest->pipeline_id)};
	if (!c->facets[facet].history)
		return true;
	if (!store_query(c->store, c->facets[facet].history, params, ARRAY_LEN(params), c->arena, &rows, err))
		return false;
	struct range *before = c->ranges;
	c->ranges = arena_array(c->arena, struct range, c->n_ranges + rows.n_rows + 1);
	if (c->n_ranges)
		memcpy(c->ranges, before, c->n_ranges * sizeof *before);
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct range range = {.facet = facet, .key = result_text(&rows, i, 0)};
		if (result_int(&rows, i, 1, 0) >= DIFF_LEAST_HISTORY &&
			number_of(result_at(&rows, i, 2), &range.least) &&
			number_of(result_at(&rows, i, 3), &range.greatest))
			c->ranges[c->n_ranges++] = range;
	}
	return true;
}

static int by_facet_key_run(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->facet != y->facet)
		return x->facet < y->facet ? -1 : 1;
	int order = strcmp(x->key, y->key);
	return order ? order : (x->run > y->run) - (x->run < y->run);
}

/* --- judging ---------------------------------------------------------------------------- */

static bool is_same(const struct value *a, const struct value *b)
{
	double x, y;
	if (number_of(a, &x) && number_of(b, &y))
		return x == y;
	if (a->type != b->type)
		return false;
	return a->type != VALUE_TEXT || str_eq(a->s, b->s);
}

/* Widths of the usual range outside of it; where all were alike, in parts of that value. */
static struct value unusual_of(
	const struct comparison *c, size_t facet, const char *key, const struct value *after)
{
	double at;
	for (size_t i = 0; number_of(after, &at) && i < c->n_ranges; i++) {
		const struct range *r = &c->ranges[i];
		if (r->facet != facet || strcmp(r->key, key))
			continue;
		double outside = at < r->least ? r->least - at : at > r->greatest ? at - r->greatest : 0;
		double width = r->greatest - r->least;
		if (width <= 0)
			width = fabs(r->greatest) > 0 ? fabs(r->greatest) : 1;
		return value_real(outside / width);
	}
	return (struct value){.type = VALUE_NULL};
}

/* The cells of one key, a run each. */
struct line_up {
	size_t facet;
	const char *key;
	struct value values[DIFF_MOST_RUNS];
	bool differs;
	struct value unusual; /* of the last run */
	double weight;
};

/* What went wrong comes before what is unusual. */
static double weight_of(const struct line_up *line, size_t n_runs)
{
	static const char *const wrong[] = {"failed", "lost", "fail", "error"};
	const struct value *last = &line->values[n_runs - 1];
	for (size_t i = 0; line->differs && last->type == VALUE_TEXT && i < ARRAY_LEN(wrong); i++)
		if (str_is(last->s, wrong[i]))
			return INFINITY;
	return line->unusual.type == VALUE_REAL ? line->unusual.r : 0;
}

static struct line_up *line_up(struct comparison *c, size_t *n)
{
	struct line_up *lines = arena_array(c->arena, struct line_up, c->n_items + 1);
	*n = 0;
	qsort(c->items, c->n_items, sizeof *c->items, by_facet_key_run);
	for (size_t i = 0; i < c->n_items; i++) {
		const struct item *item = &c->items[i];
		if (!i || item->facet != item[-1].facet || strcmp(item->key, item[-1].key))
			lines[(*n)++] = (struct line_up){.facet = item->facet, .key = item->key};
		lines[*n - 1].values[item->run] = item->value;
	}
	for (size_t i = 0; i < *n; i++) {
		struct line_up *line = &lines[i];
		for (size_t run = 1; run < c->n_refs; run++)
			line->differs |= !is_same(&line->values[0], &line->values[run]);
		line->unusual = unusual_of(c, line->facet, line->key, &line->values[c->n_refs - 1]);
		line->weight = weight_of(line, c->n_refs);
	}
	return lines;
}

static int by_kind_and_weight(const void *a, const void *b)
{
	const struct line_up *x = a, *y = b;
	if (x->facet != y->facet)
		return x->facet < y->facet ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->key, y->key);
}

/* --- tables --------------------------------------------------------------------------- */

static const struct column columns[] = {
	{.key = "kind", .title = "WHAT", .type = COLUMN_TEXT},
	{.key = "key", .type = COLUMN_NAME, .flags = COLUMN_HIDDEN},
	{.key = "shown_key",
		.title = " ",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.width = 40},
	{.key = "was",
		.title = "BEFORE",
		.type = COLUMN_CAUSE,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.width = 36},
	{.key = "now",
		.title = "AFTER",
		.type = COLUMN_CAUSE,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.width = 36},
	{.key = "judged", .title = " ", .type = COLUMN_TEXT, .flags = COLUMN_SCREEN, .priority = 1},
	{.key = "before", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN},
	{.key = "after", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN},
	{.key = "unusual", .type = COLUMN_REAL, .flags = COLUMN_HIDDEN},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN},
};
enum { KIND, KEY, SHOWN_KEY, WAS, NOW_CELL, JUDGED, BEFORE, AFTER, UNUSUAL, REF, N_COLUMNS };

static const char *ref_text(struct arena *arena, const struct ref *ref)
{
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, ref);
	const char *copy = arena_dup(arena, buf_str(&text));
	buf_fini(&text);
	return copy;
}

/* A value as a person reads it. */
static struct value shown(struct comparison *c, const struct facet *facet, const struct value *value)
{
	struct buf text;
	buf_init(&text, 0);
	format_cell(&text, &(struct format){0}, &(struct column){.type = facet->type}, value);
	struct value copy = value_text(arena_dup(c->arena, buf_str(&text)));
	buf_fini(&text);
	return copy;
}

static struct value judged(struct comparison *c, const struct value *unusual)
{
	if (unusual->type != VALUE_REAL)
		return value_text("");
	if (unusual->r == 0)
		return value_text("usual");
	return value_text(unusual->r >= OUTSIDE
				  ? arena_printf(c->arena, "unusual: %.3g× its range outside", unusual->r)
				  : "at the edge");
}

static const char *key_of(const struct facet *facet, const char *key)
{
	return *key ? key : facet->type == COLUMN_DURATION ? "the whole" : "";
}

static struct table new_table(
	struct arena *arena, const struct column *cols, size_t n_columns, size_t most_rows, const char *empty)
{
	struct table table = {.columns = cols, .n_columns = n_columns, .ref_column = -1, .empty = empty};
	table.result = (struct result){.arena = arena,
		.n_columns = n_columns,
		.cells = arena_array(arena, struct value, most_rows * n_columns + 1),
		.names = arena_array(arena, const char *, n_columns)};
	for (size_t i = 0; i < n_columns; i++)
		table.result.names[i] = cols[i].key;
	return table;
}

/* For who shows a few of them: a duration always differs a little, and what is as usual is hardly news. */
static double standing_out(const struct comparison *c, const struct line_up *line)
{
	bool is_judged = line->unusual.type == VALUE_REAL;
	bool is_duration = c->facets[line->facet].type == COLUMN_DURATION;
	if (line->weight >= OUTSIDE)
		return line->weight;
	return is_judged ? -2 : is_duration ? -1 : 0;
}

static void put_row(struct comparison *c, struct table *table, const struct line_up *line, size_t run)
{
	const struct facet *facet = &c->facets[line->facet];
	c->weights[table->result.n_rows] = standing_out(c, line);
	struct value *cells = &table->result.cells[table->result.n_rows++ * N_COLUMNS];
	struct value unusual = unusual_of(c, line->facet, line->key, &line->values[run]);
	cells[KIND] = value_text(facet->kind);
	cells[KEY] = value_text(*line->key ? line->key : NULL);
	cells[SHOWN_KEY] = value_text(key_of(facet, line->key));
	cells[WAS] = shown(c, facet, &line->values[0]);
	cells[NOW_CELL] = shown(c, facet, &line->values[run]);
	cells[JUDGED] = judged(c, &unusual);
	cells[BEFORE] = line->values[0];
	cells[AFTER] = line->values[run];
	cells[UNUSUAL] = unusual;
	cells[REF] = value_text(ref_text(c->arena, &c->refs[run]));
}

static const char nothing_differs[] = "nothing differs in what was reported";

static struct table pairs_of(struct comparison *c, const struct line_up *lines, size_t n)
{
	struct table table = new_table(c->arena, columns, N_COLUMNS, n * (c->n_refs - 1), nothing_differs);
	c->weights = arena_array(c->arena, double, n *(c->n_refs - 1) + 1);
	for (size_t run = 1; run < c->n_refs; run++)
		for (size_t i = 0; i < n; i++)
			if (!is_same(&lines[i].values[0], &lines[i].values[run]))
				put_row(c, &table, &lines[i], run);
	return table;
}

static const char *cut_name(struct arena *arena, const char *name)
{
	struct buf text;
	buf_init(&text, 0);
	format_cut(&text, &(struct format){0}, COLUMN_NAME, str_of(name), RUN_COLUMNS);
	const char *copy = arena_dup(arena, buf_str(&text));
	buf_fini(&text);
	return copy;
}

/* A column a run. */
static struct table beside_of(struct comparison *c, const struct line_up *lines, size_t n)
{
	size_t n_columns = 2 + c->n_refs;
	struct column *cols = arena_array(c->arena, struct column, n_columns);
	cols[0] = (struct column){.key = "kind", .title = "WHAT", .type = COLUMN_TEXT};
	cols[1] = (struct column){
		.key = "key", .title = " ", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 32};
	for (size_t run = 0; run < c->n_refs; run++)
		cols[2 + run] = (struct column){.key = c->names[run],
			.title = cut_name(c->arena, c->names[run]),
			.type = COLUMN_NAME,
			.width = RUN_COLUMNS};
	struct table table = new_table(c->arena, cols, n_columns, n, nothing_differs);
	for (size_t i = 0; i < n; i++) {
		if (!lines[i].differs)
			continue;
		const struct facet *facet = &c->facets[lines[i].facet];
		struct value *cells = &table.result.cells[table.result.n_rows++ * n_columns];
		cells[0] = value_text(facet->kind);
		cells[1] = value_text(key_of(facet, lines[i].key));
		for (size_t run = 0; run < c->n_refs; run++)
			cells[2 + run] = shown(c, facet, &lines[i].values[run]);
	}
	return table;
}

/* "2 of 117 params, 3 of 4 steps differ; the same: code", by kind. */
static const char *summary_of(struct comparison *c, const struct line_up *lines, size_t n)
{
	struct buf differ, same;
	buf_init(&differ, 0);
	buf_init(&same, 0);
	for (size_t f = 0; f < c->n_facets; f++) {
		size_t all = 0, differing = 0;
		for (size_t i = 0; i < n; i++) {
			all += lines[i].facet == f;
			differing += lines[i].facet == f && lines[i].differs;
		}
		if (!c->facets[f].what || !all)
			continue;
		if (differing)
			buf_addf(&differ, "%s%zu of %zu %s", differ.n ? ", " : "", differing, all,
				c->facets[f].what);
		else
			buf_addf(&same, "%s%s", same.n ? ", " : "", c->facets[f].what);
	}
	const char *text =
		arena_printf(c->arena, "%s%s%s%s%s", differ.n ? differ.p : "", differ.n ? " differ" : "",
			differ.n && same.n ? "; " : "", same.n ? "the same: " : "", same.n ? same.p : "");
	buf_fini(&differ);
	buf_fini(&same);
	return text;
}

static const char *unreported_of(struct comparison *c)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t f = 0; f < c->n_facets; f++) {
		bool is_there = !c->facets[f].what;
		for (size_t i = 0; !is_there && i < c->n_items; i++)
			is_there = !strcmp(c->facets[c->items[i].facet].kind, c->facets[f].kind);
		if (!is_there)
			buf_addf(&text, "%s%s", text.n ? ", " : "", c->facets[f].what);
	}
	const char *copy =
		text.n ? arena_printf(c->arena, "not reported by %s: %s", c->refs[0].source, text.p) : NULL;
	buf_fini(&text);
	return copy;
}

static const char *title_of(struct comparison *c)
{
	struct buf text;
	buf_init(&text, 0);
	buf_addz(&text, c->refs[0].pipeline);
	if (c->refs[0].step)
		buf_addf(&text, " ▸ %s", c->refs[0].step);
	for (size_t run = 0; run < c->n_refs; run++)
		buf_addf(&text, "%s%s", run ? c->n_refs > 2 ? ", " : " → " : " ▸ ", c->names[run]);
	const char *copy = arena_dup(c->arena, buf_str(&text));
	buf_fini(&text);
	return copy;
}

bool diff_load(struct store *store, const struct view_args *args, const struct ref *refs, size_t n_refs,
	struct arena *arena, struct diff *out, struct err *err)
{
	if (!n_refs || n_refs > DIFF_MOST_RUNS)
		return err_set(err, ERR_USAGE, "compare 1 to %d runs, not %zu", DIFF_MOST_RUNS, n_refs);
	struct comparison *c = arena_new_of(arena, struct comparison);
	*c = (struct comparison){.store = store, .args = args, .arena = arena, .n_refs = n_refs};
	for (size_t i = 0; i < n_refs; i++) {
		c->refs[i] = ref_dup(arena, &refs[i]);
		if (refs[i].kind == REF_RUN)
			c->refs[i].step = c->refs[i].index = NULL;
	}
	bool is_step = refs[0].kind == REF_STEP;
	c->facets = is_step ? step_facets : run_facets;
	c->n_facets = is_step ? ARRAY_LEN(step_facets) : ARRAY_LEN(run_facets);
	if (!find_refs(c, err) || !find_names(c, err))
		return false;
	for (size_t f = 0; f < c->n_facets; f++) {
		for (size_t run = 0; run < c->n_refs; run++)
			if (!gather(c, f, run, err))
				return false;
		if (!gather_history(c, f, err))
			return false;
	}
	size_t n;
	struct line_up *lines = line_up(c, &n);
	qsort(lines, n, sizeof *lines, by_kind_and_weight);
	*out = (struct diff){.table = pairs_of(c, lines, n),
		.weights = c->weights,
		.refs = c->refs,
		.names = c->names,
		.n_refs = c->n_refs,
		.title = title_of(c),
		.summary = summary_of(c, lines, n),
		.unreported = unreported_of(c)};
	out->beside = c->n_refs > 2 ? beside_of(c, lines, n) : out->table;
	return true;
}
