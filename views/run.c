/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run with its steps, and why it failed where it did. */
#include "client/base/mem.h"
#include "views/compose.h"
#include "views/format.h"
#include "views/lists.h"

enum {
	SQL_STATE,
	SQL_TOOL_STATE,
	SQL_STARTED,
	SQL_ENDED,
	SQL_DURATION,
	SQL_USER,
	SQL_KIND,
	SQL_NOTE,
	SQL_VERSION,
	SQL_URL,
	SQL_QUEUED
};

static const char run_sql[] =
	"SELECT state, tool_state, started_ms, ended_ms, duration_ms, user_name, kind, note, version, url, queued_ms"
	" FROM run WHERE id = $1";

static void add_state(
	struct view_data *data, const struct view_args *args, struct block *facts, const struct result *row)
{
	const char *known = result_text(row, 0, SQL_STATE), *state = known ? known : "unknown";
	struct line *line = compose_fact(data, facts, "state", format_state_role(str_of(state)), "%s", state);
	const char *tool_state = result_text(row, 0, SQL_TOOL_STATE);
	if (tool_state && strcmp(tool_state, state))
		compose_span(data, line, ROLE_DIM, " (the tool says %s)", tool_state);
	int64_t started = result_ms(row, 0, SQL_STARTED), ended = result_ms(row, 0, SQL_ENDED);
	if (ended != TIME_NONE)
		compose_span(data, line, ROLE_TEXT, " after %s",
			compose_duration(data, result_ms(row, 0, SQL_DURATION)));
	else if (started != TIME_NONE)
		compose_span(
			data, line, ROLE_TEXT, " for %s", compose_duration(data, args->now_ms - started));
	if (started != TIME_NONE)
		compose_fact(data, facts, "started", ROLE_TEXT, "%s", compose_local(data, started));
	if (ended != TIME_NONE)
		compose_fact(data, facts, "ended", ROLE_TEXT, "%s", compose_local(data, ended));
}

static bool add_pairs(struct view_data *data, struct store *store, struct block *facts, int64_t run_id,
	const char *label, const char *sql, struct err *err)
{
	enum { MOST = 8 };
	struct result pairs;
	const struct value params[] = {value_int(run_id), value_int(MOST + 1)};
	if (!store_query(store, sql, params, 2, data->arena, &pairs, err))
		return false;
	for (size_t i = 0; i < pairs.n_rows && i < MOST && facts->facts.n < BLOCK_MOST_FACTS - 1; i++)
		compose_fact(data, facts, i ? "" : label, ROLE_TEXT, "%s = %s", result_text(&pairs, i, 0),
			result_text(&pairs, i, 1) ? result_text(&pairs, i, 1) : "–");
	if (pairs.n_rows > MOST)
		compose_fact(data, facts, "", ROLE_DIM, "… more: porthole show --json");
	return true;
}

static bool add_facts(struct view_data *data, struct store *store, const struct view_args *args,
	const struct found *found, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(found->run_id)};
	if (!compose_row(data, store, run_sql, params, 1, &row, err))
		return false;
	struct block *facts = compose_block(data, BLOCK_FACTS, "run", NULL);
	add_state(data, args, facts, &row);
	compose_fact_text(data, facts, "kind", result_text(&row, 0, SQL_KIND));
	compose_fact_text(data, facts, "by", result_text(&row, 0, SQL_USER));
	compose_fact_text(data, facts, "version", result_text(&row, 0, SQL_VERSION));
	compose_fact_text(data, facts, "note", result_text(&row, 0, SQL_NOTE));
	compose_fact_text(data, facts, "address", result_text(&row, 0, SQL_URL));
	return add_pairs(data, store, facts, found->run_id, "params",
		       "SELECT key, value FROM param WHERE run_id = $1 ORDER BY key LIMIT $2", err) &&
	       add_pairs(data, store, facts, found->run_id, "tags",
		       "SELECT key, value FROM tag WHERE run_id = $1 ORDER BY key LIMIT $2", err);
}

/* The cause of each failed step that has evidence. */
static bool add_causes(
	struct view_data *data, struct store *store, const struct view_args *args, struct err *err)
{
	struct result causes;
	const struct value params[] = {
		value_text(args->ref.source), value_text(args->ref.pipeline), value_text(args->ref.run)};
	if (!store_query(store,
		    "SELECT step, idx, attempt, cause FROM team.evidence WHERE source = $1 AND pipeline = $2 AND run = $3"
		    " AND cause IS NOT NULL ORDER BY found_ms, step, idx LIMIT 8",
		    params, 3, data->arena, &causes, err))
		return false;
	if (!causes.n_rows)
		return true;
	struct block *block = compose_block(data, BLOCK_FACTS, "causes", "why");
	for (size_t i = 0; i < causes.n_rows; i++) {
		const char *index = result_text(&causes, i, 1);
		struct ref ref = args->ref;
		ref.kind = REF_STEP;
		ref.step = result_text(&causes, i, 0);
		ref.index = index && *index ? index : NULL;
		const char *label =
			ref.index ? arena_printf(data->arena, "%s:%s", ref.step, ref.index) : ref.step;
		struct line *line =
			compose_fact(data, block, label, ROLE_CAUSE, "%s", result_text(&causes, i, 3));
		line->ref = compose_ref(data, &ref);
	}
	return true;
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct found found;
	if (!find_ref(store, &args->ref, &found, err))
		return false;
	data->title = arena_printf(data->arena, "%s ▸ %s", args->ref.pipeline, args->ref.run);
	const struct list_block steps = {.list = &list_steps,
		.name = "steps",
		.title = "steps",
		.scope = &found,
		.sort = "trouble",
		.leave_out = "pipeline run",
		.limit = 500};
	return add_facts(data, store, args, &found, err) && add_causes(data, store, args, err) &&
	       compose_list(data, store, args, &steps, err);
}

const struct view_def view_run = {
	.name = "run",
	.title = "run",
	.help = "one run: its steps, its parameters, and why it failed",
	.kind = VIEW_OBJECT,
	.list = &list_runs,
	.ref = REF_RUN,
	.load = load,
};
