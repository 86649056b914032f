/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pipeline: its facts, its steps over the last runs, its newest runs. */
#include "client/base/mem.h"
#include "client/triage/late.h"
#include "views/compose.h"
#include "views/lists.h"
#include "views/matrix.h"

#define GREEN_MS (90 * 24 * 60 * 60 * INT64_C(1000))

enum { SQL_TITLE, SQL_OWNER, SQL_SCHEDULE, SQL_PAUSED, SQL_NEXT_DUE, SQL_URL, SQL_VERSION };

static const char pipeline_sql[] = "SELECT title, owner, schedule, paused, next_due_ms, url, version"
				   " FROM pipeline p WHERE id = $1";

enum { SQL_GREEN, SQL_ENDED, SQL_GREENS, SQL_LOOKED_AT };
enum { MOST_LOOKED_AT = 2000 };

/* Of the newest runs: the last green one; how many of the last 90 days ended, and how many of them green. */
static const char green_sql[] =
	"SELECT max(CASE WHEN q.state = 'success' THEN q.at_ms END),"
	" count(CASE WHEN q.at_ms >= $2 AND q.state IN ('success', 'failed', 'lost') THEN 1 END),"
	" count(CASE WHEN q.at_ms >= $2 AND q.state = 'success' THEN 1 END), count(*)"
	" FROM (SELECT state, at_ms FROM run WHERE pipeline_id = $1 AND gone = 0 ORDER BY at_ms DESC, id DESC LIMIT $3) q";

static void add_schedule(struct view_data *data, struct block *facts, const struct result *row)
{
	const char *schedule = result_text(row, 0, SQL_SCHEDULE);
	struct line *line = compose_fact(data, facts, "schedule", ROLE_TEXT, "%s", schedule ? schedule : "–");
	if (result_int(row, 0, SQL_PAUSED, 0) == 1)
		compose_span(data, line, ROLE_LATE, " · paused");
	int64_t due = result_ms(row, 0, SQL_NEXT_DUE);
	if (due != TIME_NONE)
		compose_span(data, line, ROLE_DIM, " · next %s", compose_local(data, due));
}

/* Who owns it, and until when its result is promised. */
static void add_project(
	struct view_data *data, const struct view_args *args, struct block *facts, const struct result *row)
{
	const struct config_project *p =
		config_project_of(args->config, args->ref.source, args->ref.pipeline);
	if (!p) {
		compose_fact_text(data, facts, "owner", result_text(row, 0, SQL_OWNER));
		return;
	}
	const struct ref ref = {.kind = REF_PROJECT, .name = p->name};
	struct line *line = compose_fact(data, facts, "project", ROLE_LINK, "%s", p->name);
	compose_span(data, line, ROLE_TEXT, " · owner %s · on call %s", p->owner ? p->owner : "–",
		p->oncall ? p->oncall : "–");
	line->ref = compose_ref(data, &ref);
	const char *due = config_due(p, args->ref.source, args->ref.pipeline);
	int64_t due_ms = late_next_clock(due, args->now_ms);
	if (due_ms != TIME_NONE)
		line = compose_fact(data, facts, "due", ROLE_TEXT, "%s, %s", due,
			compose_age(data, due_ms, args->now_ms));
	if (due_ms != TIME_NONE && p->fallback)
		compose_span(data, line, ROLE_TEXT, " · fallback: %s", p->fallback);
}

static bool add_green(struct view_data *data, struct store *store, const struct view_args *args,
	struct block *facts, int64_t pipeline_id, struct err *err)
{
	struct result row;
	const struct value params[] = {
		value_int(pipeline_id), value_int(args->now_ms - GREEN_MS), value_int(MOST_LOOKED_AT)};
	if (!compose_row(data, store, green_sql, params, ARRAY_LEN(params), &row, err))
		return false;
	int64_t green = result_ms(&row, 0, SQL_GREEN), ended = result_int(&row, 0, SQL_ENDED, 0);
	bool is_cut = result_int(&row, 0, SQL_LOOKED_AT, 0) == MOST_LOOKED_AT;
	struct line *line = green != TIME_NONE ? compose_fact(data, facts, "last green", ROLE_SUCCESS,
							 "%s (%s)", compose_local(data, green),
							 compose_ago(data, green, args->now_ms))
			    : is_cut	       ? compose_fact(data, facts, "last green", ROLE_LATE,
							 "none of the last %d runs", MOST_LOOKED_AT)
					       : compose_fact(data, facts, "last green", ROLE_LATE, "never");
	if (ended)
		compose_span(data, line, ROLE_TEXT, " · %lld %% green in 90 days",
			(long long)(result_int(&row, 0, SQL_GREENS, 0) * 100 / ended));
	return true;
}

/* What is open about it: the first few, each a link. */
static bool add_problems(struct view_data *data, struct store *store, const struct view_args *args,
	struct block *facts, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_text(args->ref.source), value_text(args->ref.pipeline)};
	if (!store_query(store,
		    "SELECT CAST(b.id AS TEXT), b.kind, b.title FROM team.problem_pipeline q JOIN team.problem b"
		    " ON b.id = q.problem_id WHERE q.source = $1 AND q.pipeline = $2 AND b.state IN ('open', 'acknowledged')"
		    " ORDER BY b.last_ms DESC, b.id LIMIT 3",
		    params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const struct ref ref = {.kind = REF_PROBLEM, .name = result_text(&rows, i, 0)};
		struct line *line = compose_fact(data, facts, i ? "" : "problem", ROLE_CAUSE, "%s: %s",
			result_text(&rows, i, 1), result_text(&rows, i, 2));
		line->ref = compose_ref(data, &ref);
	}
	return true;
}

static bool add_facts(struct view_data *data, struct store *store, const struct view_args *args,
	const struct found *found, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(found->pipeline_id)};
	if (!compose_row(data, store, pipeline_sql, params, ARRAY_LEN(params), &row, err))
		return false;
	struct block *facts = compose_block(data, BLOCK_FACTS, "pipeline", NULL);
	compose_fact_text(data, facts, "title", result_text(&row, 0, SQL_TITLE));
	add_schedule(data, facts, &row);
	add_project(data, args, facts, &row);
	if (!add_green(data, store, args, facts, found->pipeline_id, err))
		return false;
	/* where there is little room the last go first */
	if (!matrix_add(data, store, args, found->pipeline_id, facts, err) ||
		!add_problems(data, store, args, facts, err))
		return false;
	compose_fact_text(data, facts, "version", result_text(&row, 0, SQL_VERSION));
	compose_fact_text(data, facts, "address", result_text(&row, 0, SQL_URL));
	return true;
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct found found;
	if (!find_ref(store, &args->ref, &found, err))
		return false;
	data->title = arena_printf(data->arena, "%s ▸ %s", args->ref.source, args->ref.pipeline);
	const struct list_block runs = {.list = &list_runs,
		.name = "runs",
		.title = "runs",
		.scope = &found,
		.leave_out = "pipeline source",
		.limit = 50};
	return add_facts(data, store, args, &found, err) && compose_list(data, store, args, &runs, err);
}

const struct view_def view_pipeline = {
	.name = "pipeline",
	.title = "pipeline",
	.help = "one pipeline: its facts, its steps over the last runs, its runs",
	.kind = VIEW_OBJECT,
	.list = &list_pipelines,
	.ref = REF_PIPELINE,
	.load = load,
};
