/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One problem: why, since when, can it wait, who knows; then the log at the cause, and where it occurred. */
#include "client/base/mem.h"
#include "views/compose.h"
#include "views/evidence.h"
#include "views/lists.h"
#include "views/timeline.h"
#include "views/why_facts.h"

/* The pipelines that are late because of a sick component or source. */
static bool add_lates(struct view_data *data, struct store *store, const struct view_args *args,
	struct block *facts, int64_t id, struct err *err)
{
	enum { MOST = 8 };
	struct result rows;
	const struct value params[] = {value_int(id)};
	if (!store_query(store,
		    "SELECT source, pipeline FROM team.problem_pipeline WHERE problem_id = $1 ORDER BY source, pipeline",
		    params, 1, data->arena, &rows, err))
		return false;
	if (!rows.n_rows)
		return true;
	struct line *line = compose_fact(
		data, facts, arena_printf(data->arena, "late ×%zu", rows.n_rows), ROLE_LATE, "%s", "");
	for (size_t i = 0; i < rows.n_rows && i < MOST; i++) {
		const char *source = result_text(&rows, i, 0), *pipeline = result_text(&rows, i, 1);
		const struct config_project *project = config_project_of(args->config, source, pipeline);
		const char *due = project ? config_due(project, source, pipeline) : NULL;
		compose_span(data, line, ROLE_TEXT, "%s%s", i ? ", " : "", pipeline);
		if (due)
			compose_span(data, line, ROLE_LATE, " (due %s)", due);
	}
	if (rows.n_rows > MOST)
		compose_span(data, line, ROLE_TEXT, ", …");
	return true;
}

/* The components of the source, and what waits there. */
static bool add_components(
	struct view_data *data, struct store *store, struct block *facts, const char *source, struct err *err)
{
	struct result rows, queued;
	const struct value params[] = {value_text(source)};
	if (!store_query(store,
		    "SELECT h.component, h.state FROM health h JOIN source s ON s.id = h.source_id WHERE s.name = $1"
		    " AND h.component NOT LIKE 'import %' ORDER BY h.component LIMIT 12",
		    params, 1, data->arena, &rows, err) ||
		/* few are queued, so not by the index of the source: + 0 */
		!store_query(store,
			"SELECT count(*) FROM run WHERE state = 'queued' AND gone = 0"
			" AND source_id + 0 = (SELECT id FROM source WHERE name = $1)",
			params, 1, data->arena, &queued, err))
		return false;
	int64_t n = result_int(&queued, 0, 0, 0);
	if (!rows.n_rows && !n)
		return true;
	struct line *line = compose_fact(data, facts, "components", ROLE_TEXT, "%s", "");
	for (size_t i = 0; i < rows.n_rows; i++) {
		const char *state = result_text(&rows, i, 1);
		compose_span(data, line, ROLE_TEXT, "%s%s ", i ? " · " : "", result_text(&rows, i, 0));
		compose_span(data, line,
			!strcmp(state, "ok")	   ? ROLE_SUCCESS
			: !strcmp(state, "failed") ? ROLE_FAILED
						   : ROLE_DIM,
			"%s", state);
	}
	if (n)
		compose_span(
			data, line, ROLE_QUEUED, "%s%lld queued", rows.n_rows ? " · " : "", (long long)n);
	return true;
}

static bool add_platform(struct view_data *data, struct store *store, const struct view_args *args,
	const struct why *why, struct err *err)
{
	struct block *facts = &data->blocks[0];
	if (strcmp(why->kind, "platform"))
		return true;
	if (!strcmp(why->next.act, "restart"))
		compose_fact(data, facts, "rerun?", ROLE_LATE, "refused: nothing would start");
	return add_components(data, store, facts, why->place.source, err) &&
	       add_lates(data, store, args, facts, why->id, err);
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	int64_t id;
	struct why why;
	if (!str_to_int(str_of(args->ref.name), 1, INT64_MAX, &id))
		return err_set(
			err, ERR_USAGE, "'problem:%s' is no problem: its id is a number", args->ref.name);
	if (!why_load(store, args->config, id, args->now_ms, data->arena, &why, err))
		return false;
	data->title = arena_printf(data->arena, "problem %lld", (long long)id);
	why_add_facts(data, args, &why);
	if (!add_platform(data, store, args, &why, err))
		return false;

	struct evidence evidence = {0};
	if (why.place.run && !evidence_load(store, &why.place, data->arena, &evidence, err))
		return false;
	if (evidence.error)
		compose_fact(data, &data->blocks[0], "log", ROLE_LATE, "%s", evidence.error);
	evidence_block(data, args->config, &evidence, "log at the cause");
	if (!timeline_add(data, store, args, id, err))
		return false;
	const struct list_block occurrences = {.list = &list_occurrences,
		.name = "occurrences",
		.title = "occurrences",
		.limit = 100,
		.filter = arena_printf(data->arena, "problem=%lld", (long long)id)};
	bool has_occurred = why.place.run && !strcmp(why.kind, "failed");
	return !has_occurred || compose_list(data, store, args, &occurrences, err);
}

const struct view_def view_problem = {
	.name = "problem",
	.title = "problem",
	.help = "one problem: why, since when, can it wait, who knows",
	.kind = VIEW_OBJECT,
	.list = &list_problems,
	.ref = REF_PROBLEM,
	.load = load,
};
