/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/report.h"

#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/triage/late.h"

enum { MOST_ROWS = 2000 };

static const struct column columns[] = {
	{.key = "section", .type = COLUMN_TEXT, .width = 8},
	{.key = "why", .type = COLUMN_TEXT, .width = 10},
	{.key = "ref", .type = COLUMN_NAME, .width = 14},
	{.key = "place", .type = COLUMN_NAME, .width = 30},
	{.key = "title", .type = COLUMN_CAUSE, .flags = COLUMN_GROWS, .width = 40},
	{.key = "severity", .type = COLUMN_TEXT, .width = 10},
	{.key = "state", .type = COLUMN_STATE, .width = 12},
	{.key = "assignee", .type = COLUMN_NAME, .width = 12},
	{.key = "owner", .type = COLUMN_NAME, .width = 12},
	{.key = "count", .type = COLUMN_INT, .width = 6},
	{.key = "first_ms", .type = COLUMN_TIME, .width = 8},
	{.key = "last_ms", .type = COLUMN_TIME, .width = 8},
	{.key = "due_ms", .type = COLUMN_TIME, .width = 8},
	{.key = "until_ms", .type = COLUMN_TIME, .width = 8},
	{.key = "said", .type = COLUMN_TEXT, .width = 30},
};

/* As the columns are. */
enum {
	R_SECTION,
	R_WHY,
	R_REF,
	R_PLACE,
	R_TITLE,
	R_SEVERITY,
	R_STATE,
	R_ASSIGNEE,
	R_OWNER,
	R_COUNT,
	R_FIRST,
	R_LAST,
	R_DUE,
	R_UNTIL,
	R_SAID,
	R_COLUMNS
};
_Static_assert(R_COLUMNS == ARRAY_LEN(columns), "a name a column");

struct gathering {
	struct store *store;
	const struct config *config;
	struct arena *arena;
	int64_t since_ms, now_ms;
	struct table *out;
};

/* --- what there is -------------------------------------------------------------------- */

static void add_row(struct gathering *g, const struct value *cells)
{
	struct result *rows = &g->out->result;
	if (rows->n_rows == MOST_ROWS)
		return;
	memcpy(&rows->cells[rows->n_rows++ * R_COLUMNS], cells, R_COLUMNS * sizeof *cells);
}

static bool add_all(struct gathering *g, const char *sql, bool has_since, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(g->since_ms)};
	if (!store_query(g->store, sql, params, has_since, g->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		add_row(g, &rows.cells[i * R_COLUMNS]);
	return true;
}

/* The rows of one section of problems, worst first. */
#define PROBLEMS_SQL(section, why, condition)                                                                \
	"SELECT '" section "', " why ", 'problem:' || b.id, coalesce(b.pipeline, b.source) ||"               \
	" coalesce(' ▸ ' || nullif(b.step, ''), ''), b.title, b.severity, b.state, b.assignee, b.owner,"   \
	" b.count, b.first_ms, b.last_ms, b.due_ms, b.snoozed_until_ms,"                                     \
	" (SELECT e.who || ': ' || e.text FROM team.problem_event e WHERE e.problem_id = b.id"               \
	" AND e.who <> 'sync' AND e.text IS NOT NULL AND e.verb NOT IN ('undone', 'assigned')"               \
	" AND NOT EXISTS (SELECT 1 FROM team.problem_event u WHERE u.undoes = e.id)"                         \
	" ORDER BY e.id DESC LIMIT 1)"                                                                       \
	" FROM team.problem b WHERE " condition                                                              \
	" ORDER BY CASE b.severity WHEN 'staging' THEN 1 WHEN 'playground' THEN 2 ELSE 0 END,"               \
	" CASE b.state WHEN 'open' THEN 0 ELSE 1 END, coalesce(b.due_ms, 9000000000000000), b.id LIMIT 500"

#define STANDS "b.state IN ('open', 'acknowledged')"
#define IS_NEW                                                                                               \
	"EXISTS (SELECT 1 FROM team.problem_event n WHERE n.problem_id = b.id"                               \
	" AND n.verb IN ('opened', 'returned') AND n.at_ms >= $1)"

static const char flaky_sql[] =
	"SELECT 'watch', 'flaky', NULL, p.pipeline || ' ▸ ' || t.step, 'passed when it was tried again',"
	" NULL, NULL, NULL, NULL, count(*), min(t.at_ms), max(t.at_ms), NULL, NULL, NULL"
	" FROM step_run t JOIN pipeline p ON p.id = t.pipeline_id"
	" WHERE t.state = 'success' AND t.attempt > 1 AND t.is_newest = 1 AND t.gone = 0 AND p.gone = 0"
	" AND t.at_ms >= $1 GROUP BY p.id, p.pipeline, t.step ORDER BY count(*) DESC, p.pipeline, t.step LIMIT 100";

static bool add_problems(struct gathering *g, struct err *err)
{
	return add_all(g, PROBLEMS_SQL("new", "b.known", STANDS " AND " IS_NEW), true, err) &&
	       add_all(g, PROBLEMS_SQL("open", "b.known", STANDS " AND NOT " IS_NEW), true, err) &&
	       add_all(g, PROBLEMS_SQL("fixed", "b.known", "b.state = 'resolved' AND b.closed_ms >= $1"),
		       true, err) &&
	       add_all(g, PROBLEMS_SQL("snoozed", "b.known", "b.state = 'snoozed'"), false, err);
}

/* A result that is promised soon, and no run has passed since it was promised last. */
static bool add_if_late_soon(struct gathering *g, const struct result *rows, size_t i, const char *due,
	const char *owner, struct err *err)
{
	int64_t due_ms = late_next_clock(due, g->now_ms), passed;
	if (due_ms == TIME_NONE || due_ms - g->now_ms > REPORT_SOON_MS)
		return true;
	const struct value params[] = {
		value_int(result_int(rows, i, 2, 0)), value_int(late_last_clock(due, g->now_ms))};
	if (!store_exec_id(g->store,
		    "SELECT count(*) FROM run WHERE pipeline_id = $1 AND state = 'success' AND at_ms >= $2",
		    params, ARRAY_LEN(params), &passed, err))
		return false;
	if (passed)
		return true;
	const struct value row[R_COLUMNS] = {[R_SECTION] = value_text("watch"),
		[R_WHY] = value_text("late soon"),
		[R_PLACE] = *result_at(rows, i, 1),
		[R_TITLE] = value_text("its result is not there yet"),
		[R_STATE] = *result_at(rows, i, 3),
		[R_OWNER] = value_text(owner),
		[R_LAST] = *result_at(rows, i, 4),
		[R_DUE] = value_int(due_ms)};
	add_row(g, row);
	return true;
}

static bool add_late_soon(struct gathering *g, struct err *err)
{
	struct result rows;
	if (!store_query(g->store,
		    "SELECT s.name, p.pipeline, p.id, p.last_state, p.last_run_ms FROM pipeline p"
		    " JOIN source s ON s.id = p.source_id WHERE p.gone = 0 AND coalesce(p.paused, 0) = 0"
		    " ORDER BY p.pipeline",
		    NULL, 0, g->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const char *source = result_text(&rows, i, 0), *pipeline = result_text(&rows, i, 1);
		const struct config_project *project = config_project_of(g->config, source, pipeline);
		const char *due = project ? config_due(project, source, pipeline) : NULL;
		if (due && !add_if_late_soon(g, &rows, i, due, project->owner, err))
			return false;
	}
	return true;
}

bool report_load(struct store *store, const struct config *config, int64_t since_ms, int64_t now_ms,
	struct arena *arena, struct table *out, struct err *err)
{
	struct gathering g = {.store = store,
		.config = config,
		.arena = arena,
		.since_ms = since_ms,
		.now_ms = now_ms,
		.out = out};
	*out = (struct table){.columns = columns, .n_columns = R_COLUMNS, .ref_column = -1};
	out->result = (struct result){.arena = arena,
		.n_columns = R_COLUMNS,
		.cells = arena_array(arena, struct value, MOST_ROWS * R_COLUMNS)};
	return add_problems(&g, err) && add_all(&g, flaky_sql, true, err) &&
	       add_all(&g,
		       PROBLEMS_SQL("watch", "'returned'",
			       "b.known = 'returned' AND b.state <> 'ignored' AND b.last_ms >= $1"),
		       true, err) &&
	       add_late_soon(&g, err);
}

/* --- as Markdown ------------------------------------------------------------------------- */

/* TEXT of a tool: one line, and what Markdown would read as markup is a character. */
static void add_text(struct buf *out, const char *text)
{
	struct buf clean;
	buf_init(&clean, 0);
	clean_add(&clean, str_of(text), CLEAN_NAME);
	for (size_t i = 0; i < clean.n; i++) {
		if (strchr("\\`*_[]<>|#~", clean.p[i]))
			buf_addc(out, '\\');
		buf_addc(out, clean.p[i]);
	}
	buf_fini(&clean);
}

static void add_said(struct buf *out, const char *before, const char *text)
{
	if (!text)
		return;
	buf_addz(out, before);
	add_text(out, text);
}

static void add_time(struct buf *out, const char *before, int64_t ms)
{
	if (ms == TIME_NONE)
		return;
	buf_addz(out, before);
	when_add_local(out, ms);
}

static bool is_in(const struct result *rows, size_t i, const char *section)
{
	return !strcmp(result_text(rows, i, R_SECTION), section);
}

/* - **recsys_daily ▸ check**: KeyError: 'player' (problem:1), since …, taken by ana, due … */
static void add_item(struct buf *out, const struct result *rows, size_t i)
{
	const char *why = result_text(rows, i, R_WHY), *severity = result_text(rows, i, R_SEVERITY);
	int64_t count = result_int(rows, i, R_COUNT, 1);
	buf_addz(out, "- **");
	add_text(out, result_text(rows, i, R_PLACE));
	buf_addz(out, "**: ");
	add_text(out, result_text(rows, i, R_TITLE));
	if (result_text(rows, i, R_REF))
		buf_addf(out, " (%s)", result_text(rows, i, R_REF));
	if (count > 1)
		buf_addf(out, ", %lld times", (long long)count);
	if (why && strcmp(why, "new") != 0)
		buf_addf(out, ", %s", why);
	if (severity && strcmp(severity, "production") != 0)
		buf_addf(out, ", %s", severity);
	add_time(out, ", since ", result_ms(rows, i, R_FIRST));
	if (!is_in(rows, i, "fixed"))
		add_said(out, ", taken by ", result_text(rows, i, R_ASSIGNEE));
	add_time(out, ", due ", result_ms(rows, i, R_DUE));
	add_time(out, ", until ", result_ms(rows, i, R_UNTIL));
	add_said(out, ", owner ", result_text(rows, i, R_OWNER));
	add_said(out, ". ", result_text(rows, i, R_SAID));
	buf_addc(out, '\n');
}

static const struct section {
	const char *name, *title;
} sections[] = {{"new", "New"}, {"open", "Open from before"}, {"fixed", "Fixed"}, {"snoozed", "Snoozed"},
	{"watch", "To watch"}};

static size_t count_in(const struct result *rows, const char *section)
{
	size_t n = 0;
	for (size_t i = 0; i < rows->n_rows; i++)
		n += is_in(rows, i, section);
	return n;
}

void report_print(const struct printer *printer, const struct table *report, int64_t since_ms, int64_t now_ms)
{
	const struct result *rows = &report->result;
	struct buf *out = printer->out;
	buf_addz(out, "# Report from ");
	when_add_local(out, since_ms);
	buf_addz(out, " to ");
	when_add_local(out, now_ms);
	buf_addz(out, "\n\n");
	for (size_t s = 0; s < ARRAY_LEN(sections); s++)
		buf_addf(out, "%s%zu %s", s ? ", " : "", count_in(rows, sections[s].name),
			s == ARRAY_LEN(sections) - 1 ? "to watch.\n" : sections[s].name);
	for (size_t s = 0; s < ARRAY_LEN(sections); s++) {
		if (!count_in(rows, sections[s].name))
			continue;
		buf_addf(out, "\n## %s\n\n", sections[s].title);
		for (size_t i = 0; i < rows->n_rows; i++)
			if (is_in(rows, i, sections[s].name))
				add_item(out, rows, i);
	}
}
