/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One problem: why, since when, can it wait, who knows; then the log at the cause, and where it occurred. */
#include "client/base/mem.h"
#include "views/compose.h"
#include "views/evidence.h"
#include "views/format.h"
#include "views/lists.h"

enum {
	SQL_KIND,
	SQL_TITLE,
	SQL_SOURCE,
	SQL_PIPELINE,
	SQL_STEP,
	SQL_RUN,
	SQL_INDEX,
	SQL_ATTEMPT,
	SQL_COUNT,
	SQL_SEVERITY,
	SQL_STATE,
	SQL_ASSIGNEE,
	SQL_KNOWN,
	SQL_FIRST,
	SQL_LAST,
	SQL_DUE,
	SQL_OWNER,
	SQL_ONCALL,
	SQL_CAUSE,
	SQL_BLOCKED,
	SQL_CLOSED,
	SQL_LABEL
};

static const char problem_sql[] =
	"SELECT b.kind, b.title, b.source, b.pipeline, b.step, b.run, nullif(b.step_index, ''), b.attempt, b.count,"
	" b.severity, b.state, b.assignee, b.known, b.first_ms, b.last_ms, b.due_ms, b.owner, b.oncall, b.cause,"
	" b.blocked_steps, b.closed_ms,"
	" (SELECT o.label FROM team.occurrence o WHERE o.problem_id = b.id ORDER BY o.at_ms DESC LIMIT 1)"
	" FROM team.problem b WHERE b.id = $1";

static struct ref place_of(const struct result *row)
{
	struct ref ref = {.source = result_text(row, 0, SQL_SOURCE),
		.pipeline = result_text(row, 0, SQL_PIPELINE),
		.run = result_text(row, 0, SQL_RUN),
		.step = result_text(row, 0, SQL_STEP),
		.index = result_text(row, 0, SQL_INDEX),
		.attempt = result_int(row, 0, SQL_ATTEMPT, 0)};
	if (!ref.run || (ref.step && !*ref.step)) /* of a platform problem the step is the component */
		ref.step = NULL;
	ref.kind = ref.step ? REF_STEP : ref.run ? REF_RUN : ref.pipeline ? REF_PIPELINE : REF_SOURCE;
	return ref;
}

static void add_place(
	struct view_data *data, struct block *facts, const struct result *row, const struct ref *ref)
{
	const char *label = result_text(row, 0, SQL_LABEL);
	const char *step = result_text(row, 0, SQL_STEP);
	struct line *line = compose_fact(data, facts, "where", ROLE_LINK, "%s%s%s",
		ref->pipeline ? ref->pipeline : ref->source, step && *step ? " ▸ " : "", step ? step : "");
	if (label && *label)
		compose_span(data, line, ROLE_TEXT, " [%s]", label);
	if (ref->run)
		compose_span(data, line, ROLE_DIM, "  run %s", ref->run);
	if (ref->attempt > 1)
		compose_span(data, line, ROLE_DIM, ", try %lld", (long long)ref->attempt);
	if (ref->pipeline)
		compose_span(data, line, ROLE_DIM, "  on %s", ref->source);
	line->ref = compose_ref(data, ref);
}

static void add_since(
	struct view_data *data, const struct view_args *args, struct block *facts, const struct result *row)
{
	int64_t first = result_ms(row, 0, SQL_FIRST), count = result_int(row, 0, SQL_COUNT, 1);
	struct line *line = compose_fact(data, facts, "since", ROLE_TEXT, "%s (%s)",
		compose_local(data, first), compose_age(data, first, args->now_ms));
	if (count > 1)
		compose_span(data, line, ROLE_TEXT, " · %lld times", (long long)count);
	const char *known = result_text(row, 0, SQL_KNOWN);
	if (known)
		compose_span(data, line, ROLE_LATE, " · %s", known);
	const char *state = result_text(row, 0, SQL_STATE);
	if (state && strcmp(state, "open"))
		compose_span(data, line, format_state_role(str_of(state)), " · %s", state);
}

static void add_wait(struct view_data *data, const struct view_args *args, struct block *facts,
	const struct result *row, const struct config_project *project)
{
	int64_t due = result_ms(row, 0, SQL_DUE), blocked = result_int(row, 0, SQL_BLOCKED, 0);
	if (blocked)
		compose_fact(data, facts, "blocks", ROLE_TEXT, "%lld step%s after it", (long long)blocked,
			blocked == 1 ? "" : "s");
	const char *fallback = project ? project->fallback : NULL;
	if (due == TIME_NONE && !fallback)
		return;
	struct line *line = compose_fact(
		data, facts, "can wait?", ROLE_TEXT, "%s", due == TIME_NONE ? "no due time is set" : "due ");
	if (due != TIME_NONE)
		compose_span(data, line, due < args->now_ms ? ROLE_FAILED : ROLE_LATE, "%s (%s)",
			compose_local(data, due), compose_age(data, due, args->now_ms));
	if (fallback)
		compose_span(data, line, ROLE_TEXT, " · fallback: %s", fallback);
}

static void add_who(struct view_data *data, struct block *facts, const struct result *row)
{
	const char *owner = result_text(row, 0, SQL_OWNER), *oncall = result_text(row, 0, SQL_ONCALL);
	const char *assignee = result_text(row, 0, SQL_ASSIGNEE);
	if (!owner && !oncall && !assignee)
		return;
	struct line *line = compose_fact(data, facts, "who", ROLE_TEXT, "%s%s", assignee ? "taken by " : "",
		assignee ? assignee : "nobody has taken it");
	if (owner)
		compose_span(data, line, ROLE_TEXT, " · owner %s", owner);
	if (oncall)
		compose_span(data, line, ROLE_TEXT, " · on call %s", oncall);
}

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

static void add_facts(
	struct view_data *data, const struct view_args *args, const struct result *row, const struct ref *ref)
{
	const struct config_project *project =
		ref->pipeline ? config_project_of(args->config, ref->source, ref->pipeline) : NULL;
	struct block *facts = compose_block(data, BLOCK_FACTS, "why", "why");
	const char *cause = result_text(row, 0, SQL_CAUSE);
	compose_fact(data, facts, "cause", ROLE_CAUSE, "%s", cause ? cause : result_text(row, 0, SQL_TITLE));
	add_place(data, facts, row, ref);
	add_since(data, args, facts, row);
	add_wait(data, args, facts, row, project);
	add_who(data, facts, row);
	if (project && project->severity && strcmp(project->severity, "production"))
		compose_fact(data, facts, "severity", ROLE_DIM, "%s", project->severity);
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	int64_t id;
	struct result row;
	if (!str_to_int(str_of(args->ref.name), 1, INT64_MAX, &id))
		return err_set(
			err, ERR_USAGE, "'problem:%s' is no problem: its id is a number", args->ref.name);
	const struct value params[] = {value_int(id)};
	if (!store_query(store, problem_sql, params, 1, data->arena, &row, err))
		return false;
	if (!row.n_rows)
		return err_set(
			err, ERR_NOT_FOUND, "no problem %lld; 'porthole problems' lists them", (long long)id);
	struct ref place = place_of(&row);
	data->title = arena_printf(data->arena, "problem %lld", (long long)id);
	add_facts(data, args, &row, &place);

	bool is_platform = !strcmp(result_text(&row, 0, SQL_KIND), "platform");
	if (is_platform && !add_lates(data, store, args, &data->blocks[0], id, err))
		return false;

	struct evidence evidence = {0};
	if (place.run && !evidence_load(store, &place, data->arena, &evidence, err))
		return false;
	if (evidence.error)
		compose_fact(data, &data->blocks[0], "log", ROLE_LATE, "%s", evidence.error);
	evidence_block(data, args->config, &evidence, "log at the cause");
	const struct list_block occurrences = {.list = &list_occurrences,
		.name = "occurrences",
		.title = "occurrences",
		.limit = 100,
		.filter = arena_printf(data->arena, "problem=%lld", (long long)id)};
	return !place.run || compose_list(data, store, args, &occurrences, err);
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
