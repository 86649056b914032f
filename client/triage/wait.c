/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/wait.h"

#include "client/base/mem.h"
#include "client/config/calendar.h"

const char *wait_severity(const struct config *config, const struct config_project *project, int64_t now_ms)
{
	static const char *const levels[] = {"playground", "staging", "production"};
	size_t level = ARRAY_LEN(levels) - 1;
	if (!project || !project->severity)
		return levels[level];
	while (level && strcmp(project->severity, levels[level]))
		level--;
	bool is_launched = (project->phase && !strcmp(project->phase, "launch")) ||
			   calendar_at(config, "launch", project->name, now_ms);
	return levels[is_launched && level + 1 < ARRAY_LEN(levels) ? level + 1 : level];
}

const char *wait_import_name(struct arena *arena, const char *subject)
{
	struct str name = str_of(subject);
	if (!str_starts(name, STR("import ")))
		return NULL;
	const char *slash = memrchr(name.p, '/', name.n);
	if (slash)
		name = str_slice(name, (size_t)(slash - name.p) + 1, name.n);
	if (name.n > 3 && str_is(str_slice(name, name.n - 3, name.n), ".py"))
		name.n -= 3;
	return arena_dup(arena, name);
}

static bool names_source(const struct config_project *project, const char *source)
{
	for (size_t i = 0; i < project->n_pipelines; i++)
		if (!strcmp(project->pipelines[i], source))
			return true;
	return false;
}

const struct config_project *wait_project(
	const struct config *config, const char *source, const char *pipeline, const char *subject)
{
	struct arena *arena = arena_new();
	const struct config_project *found = NULL;
	const char *name = pipeline ? pipeline : wait_import_name(arena, subject);
	if (source && name)
		found = config_project_of(config, source, name);
	for (size_t i = 0; source && !pipeline && !found && i < config->n_projects; i++)
		if (names_source(&config->projects[i], source))
			found = &config->projects[i];
	arena_free(arena);
	return found;
}

const char *wait_oncall_key(struct arena *arena, const struct config_project *project)
{
	return arena_printf(arena, "oncall:%s", project->name);
}

bool wait_oncall(struct store *store, const struct config_project *project, int64_t now_ms,
	struct arena *arena, const char **out, struct err *err)
{
	struct result row;
	struct str rest, asked;
	int64_t asked_ms;
	*out = project ? project->oncall : NULL;
	if (!project || !project->oncall_command)
		return true;
	const struct value params[] = {value_text(wait_oncall_key(arena, project))};
	if (!store_query(store, "SELECT value FROM meta WHERE key = $1", params, 1, arena, &row, err))
		return false;
	rest = str_of(row.n_rows ? result_text(&row, 0, 0) : NULL);
	if (str_next(&rest, ' ', &asked) && str_to_int(asked, 0, INT64_MAX, &asked_ms) &&
		now_ms - asked_ms < WAIT_ONCALL_MS && rest.n)
		*out = arena_dup(arena, rest);
	return true;
}

/* The steps that wait behind the failed one, in its run. */
static bool find_behind(
	struct store *store, const struct ref *place, struct arena *arena, struct wait *out, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_text(place->source), value_text(place->pipeline),
		value_text(place->run), value_text(place->step), value_int(WAIT_MOST_BEHIND)};
	if (!store_query(store,
		    "WITH RECURSIVE this(pipeline_id, run_id) AS (SELECT p.id, r.id FROM source s JOIN pipeline p"
		    " ON p.source_id = s.id JOIN run r ON r.pipeline_id = p.id WHERE s.name = $1 AND p.pipeline = $2"
		    " AND r.run = $3), down(step) AS (SELECT e.step FROM this JOIN step_edge e ON e.pipeline_id ="
		    " this.pipeline_id WHERE e.upstream = $4 UNION SELECT e.step FROM down d JOIN this ON 1 = 1"
		    " JOIN step_edge e ON e.pipeline_id = this.pipeline_id AND e.upstream = d.step)"
		    " SELECT t.step, min(coalesce(q.position, 0)) AS place FROM this JOIN step_run t ON t.run_id = this.run_id"
		    " LEFT JOIN step q ON q.pipeline_id = this.pipeline_id AND q.step = t.step WHERE t.is_newest = 1"
		    " AND t.state = 'skipped' AND t.tool_state IN ('upstream_failed', 'blocked')"
		    " AND t.step IN (SELECT step FROM down) GROUP BY t.step ORDER BY place, t.step LIMIT $5",
		    params, ARRAY_LEN(params), arena, &rows, err))
		return false;
	for (out->n_behind = 0; out->n_behind < rows.n_rows; out->n_behind++)
		out->behind[out->n_behind] = result_text(&rows, out->n_behind, 0);
	return true;
}

bool wait_load(struct store *store, const struct config *config, const struct ref *place, const char *subject,
	int64_t now_ms, struct arena *arena, struct wait *out, struct err *err)
{
	out->project = wait_project(config, place->source, place->pipeline, subject);
	const char *name = out->project ? out->project->name : NULL;
	out->launch = calendar_at(config, "launch", name, now_ms);
	out->freeze = calendar_at(config, "freeze", name, now_ms);
	return !place->run || !place->step || find_behind(store, place, arena, out, err);
}
