/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pipeline: its facts, its steps over the last runs, its newest runs. */
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "views/compose.h"
#include "views/format.h"
#include "views/lists.h"

enum { STRIP_RUNS = 30, MOST_STEPS = 400, NAME_COLUMNS = 34 };

enum { SQL_TITLE, SQL_OWNER, SQL_SCHEDULE, SQL_PAUSED, SQL_NEXT_DUE, SQL_URL, SQL_VERSION, SQL_GREEN };

static const char pipeline_sql[] =
	"SELECT title, owner, schedule, paused, next_due_ms, url, version,"
	" (SELECT max(at_ms) FROM run r WHERE r.pipeline_id = p.id AND r.state = 'success' AND r.gone = 0)"
	" FROM pipeline p WHERE id = $1";

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

static bool add_facts(struct view_data *data, struct store *store, const struct view_args *args,
	const struct found *found, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(found->pipeline_id)};
	if (!compose_row(data, store, pipeline_sql, params, 1, &row, err))
		return false;
	struct block *facts = compose_block(data, BLOCK_FACTS, "pipeline", NULL);
	compose_fact_text(data, facts, "title", result_text(&row, 0, SQL_TITLE));
	add_schedule(data, facts, &row);
	const struct config_project *project =
		config_project_of(args->config, args->ref.source, args->ref.pipeline);
	if (project)
		compose_fact(data, facts, "project", ROLE_TEXT, "%s · owner %s · on call %s", project->name,
			project->owner ? project->owner : "–", project->oncall ? project->oncall : "–");
	else
		compose_fact_text(data, facts, "owner", result_text(&row, 0, SQL_OWNER));
	int64_t green = result_ms(&row, 0, SQL_GREEN);
	if (green == TIME_NONE)
		compose_fact(data, facts, "last green", ROLE_LATE, "never");
	else
		compose_fact(data, facts, "last green", ROLE_SUCCESS, "%s (%s)", compose_local(data, green),
			compose_ago(data, green, args->now_ms));
	compose_fact_text(data, facts, "version", result_text(&row, 0, SQL_VERSION));
	compose_fact_text(data, facts, "address", result_text(&row, 0, SQL_URL));
	return true;
}

/* One step of the matrix, with its place in the tree of its upstream edges. */
struct matrix_step {
	const char *step;
	int parent, depth; /* the deepest upstream step, or -1 */
	int64_t newest_ms; /* duration of the newest finished instance */
	const char *states[STRIP_RUNS];
};

struct matrix {
	struct matrix_step steps[MOST_STEPS];
	size_t n_steps;
	int64_t run_ids[STRIP_RUNS];
	const char *run_states[STRIP_RUNS];
	size_t n_runs;
};

static int step_index(const struct matrix *matrix, const char *step)
{
	for (size_t i = 0; i < matrix->n_steps; i++)
		if (!strcmp(matrix->steps[i].step, step))
			return (int)i;
	return -1;
}

static int add_step(struct matrix *matrix, const char *step)
{
	int known = step_index(matrix, step);
	if (known >= 0 || matrix->n_steps == MOST_STEPS)
		return known;
	matrix->steps[matrix->n_steps] =
		(struct matrix_step){.step = step, .parent = -1, .newest_ms = TIME_NONE};
	return (int)matrix->n_steps++;
}

struct edge {
	int step, upstream;
};

/* One round of relaxation; the depth is bounded, so that a ring from outside ends too. */
static bool deepen(struct matrix *matrix, const struct edge *edges, size_t n)
{
	bool is_changed = false;
	for (size_t i = 0; i < n; i++) {
		struct matrix_step *step = &matrix->steps[edges[i].step];
		int depth = matrix->steps[edges[i].upstream].depth + 1;
		if (depth <= step->depth || depth > (int)matrix->n_steps)
			continue;
		step->depth = depth;
		step->parent = edges[i].upstream;
		is_changed = true;
	}
	return is_changed;
}

/* Steps that wait for each other hang below nothing: the first of each such ring is put at the top. */
static void cut_rings(struct matrix *matrix)
{
	for (size_t i = 0; i < matrix->n_steps; i++) {
		int at = (int)i;
		for (size_t n = 0; at >= 0 && n < matrix->n_steps; n++)
			at = matrix->steps[at].parent;
		if (at < 0)
			continue;
		matrix->steps[i].parent = -1;
		matrix->steps[i].depth = 0;
	}
}

static bool load_tree(
	struct store *store, struct arena *arena, int64_t pipeline_id, struct matrix *matrix, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(pipeline_id), value_int(MOST_STEPS)};
	if (!store_query(store,
		    "SELECT step FROM step WHERE pipeline_id = $1 ORDER BY position, step LIMIT $2", params,
		    2, arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		add_step(matrix, result_text(&rows, i, 0));
	if (!store_query(store, "SELECT step, upstream FROM step_edge WHERE pipeline_id = $1", params, 1,
		    arena, &rows, err))
		return false;
	struct edge *edges = arena_array(arena, struct edge, rows.n_rows + 1);
	size_t n = 0;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct edge edge = {step_index(matrix, result_text(&rows, i, 0)),
			step_index(matrix, result_text(&rows, i, 1))};
		if (edge.step >= 0 && edge.upstream >= 0 && edge.step != edge.upstream)
			edges[n++] = edge;
	}
	while (deepen(matrix, edges, n))
		;
	cut_rings(matrix);
	return true;
}

static bool load_states(
	struct store *store, struct arena *arena, int64_t pipeline_id, struct matrix *matrix, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(pipeline_id), value_int(STRIP_RUNS)};
	if (!store_query(store,
		    "SELECT id, state FROM run WHERE pipeline_id = $1 AND gone = 0 ORDER BY at_ms DESC, id DESC LIMIT $2",
		    params, 2, arena, &rows, err))
		return false;
	matrix->n_runs = rows.n_rows;
	for (size_t i = 0; i < rows.n_rows; i++) { /* old at the left */
		matrix->run_ids[rows.n_rows - 1 - i] = result_int(&rows, i, 0, 0);
		matrix->run_states[rows.n_rows - 1 - i] = result_text(&rows, i, 1);
	}
	/* of a mapped step the worst instance speaks */
	if (!store_query(store,
		    "SELECT step, run_id, max(CASE state WHEN 'failed' THEN '9failed' WHEN 'lost' THEN '8lost'"
		    " WHEN 'running' THEN '7running' WHEN 'queued' THEN '6queued' WHEN 'cancelled' THEN '5cancelled'"
		    " WHEN 'success' THEN '4success' WHEN 'skipped' THEN '3skipped' ELSE '0unknown' END), max(duration_ms)"
		    " FROM step_run WHERE is_newest = 1 AND run_id IN (SELECT id FROM run WHERE pipeline_id = $1 AND gone = 0"
		    " ORDER BY at_ms DESC, id DESC LIMIT $2) GROUP BY step, run_id ORDER BY run_id",
		    params, 2, arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		int step = add_step(matrix, result_text(&rows, i, 0));
		for (size_t run = 0; step >= 0 && run < matrix->n_runs; run++)
			if (matrix->run_ids[run] == result_int(&rows, i, 1, 0)) {
				matrix->steps[step].states[run] = result_text(&rows, i, 2) + 1;
				matrix->steps[step].newest_ms = result_ms(&rows, i, 3);
			}
	}
	return true;
}

static void add_strip(struct view_data *data, struct line *line, const char *const *states, size_t n)
{
	const struct format format = {0};
	for (size_t i = 0; i < n; i++) {
		const char *sign = states[i] ? format_sign(&format, str_of(states[i])) : " ";
		compose_span(
			data, line, states[i] ? format_state_role(str_of(states[i])) : ROLE_DIM, "%s", sign);
	}
}

static bool is_last_child(const struct matrix *matrix, size_t step)
{
	for (size_t i = step + 1; i < matrix->n_steps; i++)
		if (matrix->steps[i].parent == matrix->steps[step].parent)
			return false;
	return true;
}

/* The steps in the order of their tree: each below the deepest step that it waits for. */
static void add_steps(struct view_data *data, struct block *block, const struct matrix *matrix, int parent)
{
	for (size_t i = 0; i < matrix->n_steps; i++) {
		const struct matrix_step *step = &matrix->steps[i];
		if (step->parent != parent)
			continue;
		int indent = step->depth > 8 ? 16 : step->depth * 2;
		struct buf name, cut;
		buf_init(&name, 0);
		buf_init(&cut, 0);
		format_cut(&cut, &(struct format){0}, COLUMN_NAME, str_of(step->step),
			(size_t)(NAME_COLUMNS - indent));
		const char *branch = !indent ? "" : is_last_child(matrix, i) ? "└ " : "├ ";
		buf_addf(&name, "%*s%s%s", indent > 2 ? indent - 2 : 0, "", branch, cut.p ? cut.p : "");
		int used = indent + (int)utf8_columns(buf_str(&cut));
		struct line *line = compose_line(data, block, matrix->n_steps + 1, 0, ROLE_TEXT,
			arena_printf(data->arena, "%s%*s", name.p, NAME_COLUMNS + 1 - used, ""));
		buf_fini(&name);
		buf_fini(&cut);
		add_strip(data, line, step->states, matrix->n_runs);
		compose_span(data, line, ROLE_DIM, "  %s", compose_duration(data, step->newest_ms));
		add_steps(data, block, matrix, (int)i);
	}
}

static bool add_matrix(struct view_data *data, struct store *store, int64_t pipeline_id, struct err *err)
{
	struct matrix *matrix = arena_new_of(data->arena, struct matrix);
	if (!load_tree(store, data->arena, pipeline_id, matrix, err) ||
		!load_states(store, data->arena, pipeline_id, matrix, err))
		return false;
	if (!matrix->n_runs && !matrix->n_steps)
		return true;
	struct block *block = compose_block(data, BLOCK_TEXT, "steps",
		arena_printf(data->arena, "steps over the last %zu runs (old → new)", matrix->n_runs));
	struct line *line = compose_line(data, block, matrix->n_steps + 1, 0, ROLE_DIM,
		arena_printf(data->arena, "%-*s", NAME_COLUMNS + 1, "run"));
	add_strip(data, line, matrix->run_states, matrix->n_runs);
	add_steps(data, block, matrix, -1);
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
	return add_facts(data, store, args, &found, err) && add_matrix(data, store, found.pipeline_id, err) &&
	       compose_list(data, store, args, &runs, err);
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
