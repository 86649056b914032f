/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run with its steps, and why it failed where it did. */
#include "client/base/mem.h"
#include "views/changes.h"
#include "views/compose.h"
#include "views/format.h"
#include "views/lists.h"
#include "views/pairs.h"
#include "views/reported.h"

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
	SQL_NAME,
	SQL_PARENT,
	SQL_SOURCE_KIND
};

static const char run_sql[] =
	"SELECT r.state, r.tool_state, r.started_ms, r.ended_ms, r.duration_ms, r.user_name, r.kind, r.note,"
	" r.version, r.url, r.name, r.parent, s.kind FROM run r JOIN source s ON s.id = r.source_id WHERE r.id = $1";

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

/* A run of another tool, by the link between the two: ROW is source, pipeline, run, name, step, rule. */
static void add_link(
	struct view_data *data, struct block *facts, const char *label, const struct result *rows, size_t row)
{
	const char *name = result_text(rows, row, 3), *step = result_text(rows, row, 4);
	struct ref ref = {.kind = REF_RUN,
		.source = result_text(rows, row, 0),
		.pipeline = result_text(rows, row, 1),
		.run = result_text(rows, row, 2)};
	if (step && *step) {
		ref.kind = REF_STEP;
		ref.step = step;
	}
	struct line *line = compose_fact(data, facts, label, ROLE_LINK, "%s ▸ %s%s%s", ref.pipeline,
		name && *name ? name : ref.run, ref.step ? " ▸ " : "", ref.step ? ref.step : "");
	compose_span(data, line, ROLE_DIM, " on %s (%s)", ref.source, result_text(rows, row, 5));
	line->ref = compose_ref(data, &ref);
}

static bool add_links(
	struct view_data *data, struct store *store, struct block *facts, int64_t run_id, struct err *err)
{
	static const struct {
		const char *label, *sql;
	} sides[] = {
		{"part of",
			"SELECT s.name, p.pipeline, r.run, r.name, l.to_step, l.rule FROM run_link l"
			" JOIN run r ON r.id = l.to_run_id JOIN pipeline p ON p.id = r.pipeline_id"
			" JOIN source s ON s.id = r.source_id WHERE l.run_id = $1 ORDER BY r.at_ms LIMIT 20"},
		{"made",
			"SELECT s.name, p.pipeline, r.run, r.name, NULL, 'from ' || coalesce(nullif(l.to_step, ''), 'it')"
			" FROM run_link l JOIN run r ON r.id = l.run_id JOIN pipeline p ON p.id = r.pipeline_id"
			" JOIN source s ON s.id = r.source_id WHERE l.to_run_id = $1 ORDER BY r.at_ms LIMIT 20"},
	};
	const struct value params[] = {value_int(run_id)};
	for (size_t side = 0; side < ARRAY_LEN(sides); side++) {
		struct result rows;
		if (!store_query(store, sides[side].sql, params, 1, data->arena, &rows, err))
			return false;
		for (size_t i = 0; i < rows.n_rows; i++)
			add_link(data, facts, i ? "" : sides[side].label, &rows, i);
	}
	return true;
}

static void add_parent(
	struct view_data *data, const struct view_args *args, struct block *facts, const struct result *row)
{
	const char *parent = result_text(row, 0, SQL_PARENT);
	if (!parent)
		return;
	const struct ref ref = {
		.kind = REF_RUN, .source = args->ref.source, .pipeline = args->ref.pipeline, .run = parent};
	compose_fact(data, facts, "parent", ROLE_LINK, "%s", parent)->ref = compose_ref(data, &ref);
}

static bool add_facts(struct view_data *data, struct store *store, const struct view_args *args,
	const struct found *found, bool *went_wrong, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(found->run_id)};
	if (!compose_row(data, store, run_sql, params, 1, &row, err))
		return false;
	struct block *facts = compose_block(data, BLOCK_FACTS, "run", NULL);
	const char *name = result_text(&row, 0, SQL_NAME), *kind = result_text(&row, 0, SQL_SOURCE_KIND);
	if (name && *name)
		data->title = arena_printf(data->arena, "%s ▸ %s", args->ref.pipeline, name);
	add_state(data, args, facts, &row);
	const char *state = result_text(&row, 0, SQL_STATE);
	*went_wrong = !strcmp(state, "failed") || !strcmp(state, "lost");
	if (!reported_add_checks(data, store, facts, &args->ref, NULL, err) ||
		!pairs_add_facts(data, store, facts, found->run_id, PAIRS_METRICS, err))
		return false;
	if (name && strcmp(name, args->ref.run))
		compose_fact_text(data, facts, "id", args->ref.run);
	compose_fact_text(data, facts, "kind", result_text(&row, 0, SQL_KIND));
	add_parent(data, args, facts, &row);
	compose_fact_text(data, facts, "by", result_text(&row, 0, SQL_USER));
	compose_fact_text(data, facts, "version", result_text(&row, 0, SQL_VERSION));
	compose_fact_text(data, facts, "note", result_text(&row, 0, SQL_NOTE));
	compose_fact_text(data, facts, "address", result_text(&row, 0, SQL_URL));
	if (kind && !strcmp(kind, "mlflow"))
		compose_fact(data, facts, "artifacts", ROLE_DIM, "porthole artifacts %s",
			compose_ref(data, &args->ref));
	return add_links(data, store, facts, found->run_id, err) &&
	       reported_add_models(data, store, facts, &args->ref, found->source_id, err) &&
	       reported_add_inputs(data, store, facts, found->run_id, err) &&
	       pairs_add_facts(data, store, facts, found->run_id, PAIRS_PARAMS, err) &&
	       pairs_add_facts(data, store, facts, found->run_id, PAIRS_TAGS, err);
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
	const struct found source = {.source_id = found.source_id};
	const bool is_parent = !strchr(args->ref.run, '"'); /* no filter quotes a quote */
	const struct list_block steps = {.list = &list_steps,
		.name = "steps",
		.title = "steps",
		.scope = &found,
		.sort = "trouble",
		.leave_out = "pipeline run",
		.limit = 500,
		.is_optional = true}; /* runs of a tracker have none */
	const struct list_block children = {.list = &list_runs,
		.name = "children",
		.title = "runs below it",
		.scope = &source,
		.sort = "-started_ms", /* in the order of at_ms the engine would walk all runs of the source
					*/
		.filter = is_parent ? arena_printf(data->arena, "parent=\"%s\"", args->ref.run) : NULL,
		.leave_out = "pipeline source",
		.limit = 100,
		.is_optional = true};
	bool went_wrong = false;
	return add_facts(data, store, args, &found, &went_wrong, err) && add_causes(data, store, args, err) &&
	       compose_list(data, store, args, &steps, err) &&
	       (!is_parent || compose_list(data, store, args, &children, err)) &&
	       (!went_wrong || changes_add(data, store, &args->ref, false, err));
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
