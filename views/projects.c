/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Projects: what each team owns, from the configuration, with what the catalogue knows of it. */
#include "client/base/mem.h"
#include "views/lists.h"

/* The columns of the given rows. */
enum { NAME, TITLE, OWNER, ONCALL, SEVERITY, PHASE, PIPELINES, PROBLEMS, N_GIVEN };

static const struct column columns[] = {
	{.key = "name", .title = "PROJECT", .type = COLUMN_NAME, .width = 20, .sql = "g.column1"},
	{.key = "title",
		.type = COLUMN_TEXT,
		.flags = COLUMN_GROWS,
		.priority = 3,
		.width = 28,
		.sql = "g.column2"},
	{.key = "problems", .type = COLUMN_INT, .sql = "g.column8"},
	{.key = "pipelines", .type = COLUMN_INT, .priority = 1, .sql = "g.column7"},
	{.key = "severity", .type = COLUMN_TEXT, .priority = 2, .sql = "g.column5"},
	{.key = "phase", .type = COLUMN_TEXT, .priority = 5, .sql = "g.column6"},
	{.key = "owner", .type = COLUMN_NAME, .priority = 2, .width = 20, .sql = "g.column3"},
	{.key = "oncall",
		.title = "ON CALL",
		.type = COLUMN_NAME,
		.priority = 4,
		.width = 16,
		.sql = "g.column4"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_PROJECT},
};

static size_t index_of(const struct config *config, const char *source, const char *pipeline)
{
	const struct config_project *project = config_project_of(config, source, pipeline);
	return project ? (size_t)(project - config->projects) : config->n_projects;
}

/* How many pipelines each project has, by its index. */
static bool count_pipelines(struct store *store, const struct config *config, struct arena *arena,
	int64_t *counts, struct err *err)
{
	struct result rows;
	if (!store_query(store,
		    "SELECT s.name, p.pipeline FROM pipeline p JOIN source s ON s.id = p.source_id WHERE p.gone = 0",
		    NULL, 0, arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		counts[index_of(config, result_text(&rows, i, 0), result_text(&rows, i, 1))]++;
	return true;
}

/* How many open problems each has; one that is seen in several of its pipelines is one. */
static bool count_problems(struct store *store, const struct config *config, struct arena *arena,
	int64_t *counts, struct err *err)
{
	struct result rows;
	int64_t *last = arena_array(arena, int64_t, config->n_projects + 1);
	if (!store_query(store,
		    "SELECT b.id, q.source, q.pipeline FROM team.problem b JOIN team.problem_pipeline q"
		    " ON q.problem_id = b.id WHERE b.state IN ('open', 'acknowledged') ORDER BY b.id",
		    NULL, 0, arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		int64_t id = result_int(&rows, i, 0, 0);
		size_t at = index_of(config, result_text(&rows, i, 1), result_text(&rows, i, 2));
		counts[at] += last[at] != id;
		last[at] = id;
	}
	return true;
}

static void put_project(
	struct value *cells, const struct config_project *p, int64_t pipelines, int64_t problems)
{
	cells[NAME] = value_text(p->name);
	cells[TITLE] = value_text(p->title);
	cells[OWNER] = value_text(p->owner);
	cells[ONCALL] = value_text(p->oncall);
	cells[SEVERITY] = value_text(p->severity);
	cells[PHASE] = value_text(p->phase);
	cells[PIPELINES] = value_int(pipelines);
	cells[PROBLEMS] = value_int(problems);
}

static bool given(struct store *store, const struct view_args *args, struct arena *arena,
	struct given_rows *out, struct err *err)
{
	const struct config *config = args->config;
	size_t n = config ? config->n_projects : 0;
	/* one more stands for what belongs to no project */
	int64_t *pipelines = arena_array(arena, int64_t, n + 1),
		*problems = arena_array(arena, int64_t, n + 1);
	if (n && store &&
		(!count_pipelines(store, config, arena, pipelines, err) ||
			!count_problems(store, config, arena, problems, err)))
		return false;
	const char *only = args->ref.kind == REF_PROJECT ? args->ref.name : NULL;
	*out = (struct given_rows){
		.cells = arena_array(arena, struct value, (n + 1) * N_GIVEN), .n_columns = N_GIVEN};
	for (size_t i = 0; i < n; i++)
		if (!only || !strcmp(only, config->projects[i].name))
			put_project(&out->cells[out->n_rows++ * N_GIVEN], &config->projects[i], pipelines[i],
				problems[i]);
	return true;
}

const struct list_def list_projects = {
	.given = given,
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "name",
	.is_ascending = true,
	.id = "g.column1",
	.words = (const char *const[]){"g.column1", "g.column2", "g.column3", NULL},
	.empty = "no project here; portal.yaml names them below 'projects:', Esc drops the filter",
};

const struct view_def view_projects = {
	.name = "projects",
	.title = "projects",
	.help = "what each team owns, with what needs somebody in it",
	.kind = VIEW_LIST,
	.list = &list_projects,
};
