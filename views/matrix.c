/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/matrix.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "views/compose.h"
#include "views/format.h"

#include <stdlib.h>

enum { STRIP_RUNS = 30, MOST_STEPS = 400, NAME_COLUMNS = 30, MOST_INDENT = 16, LEAST_STRIP = 9 };

/* One step of the matrix, or a folded group, with its place in the tree of its upstream edges. */
struct matrix_step {
	const char *step;
	int parent, depth; /* the deepest upstream step, or -1 */
	bool is_group;
	int64_t n; /* steps of a group; instances of a mapped step in the newest run */
	const char *states[STRIP_RUNS];
	int64_t took_ms[STRIP_RUNS]; /* TIME_NONE where it did not end */
	const char *cause;	     /* why it failed in the newest run */
};

struct matrix {
	struct matrix_step steps[MOST_STEPS];
	size_t n_steps;
	int64_t run_ids[STRIP_RUNS], took_ms[STRIP_RUNS];
	const char *run_states[STRIP_RUNS];
	size_t n_runs;
	const char *newest_run;
	const char **troubled; /* groups that stay unfolded: a step of theirs did not go well last time */
	size_t n_troubled;
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
	struct matrix_step *added = &matrix->steps[matrix->n_steps];
	*added = (struct matrix_step){.step = step, .parent = -1};
	for (size_t run = 0; run < STRIP_RUNS; run++)
		added->took_ms[run] = TIME_NONE;
	return (int)matrix->n_steps++;
}

/* --- groups ----------------------------------------------------------------------------- */

/* "group" of "group.step"; NULL where it is in none. */
static const char *group_of(struct arena *arena, const char *step)
{
	const char *dot = strchr(step, '.');
	return dot && dot != step ? arena_dup(arena, (struct str){step, (size_t)(dot - step)}) : NULL;
}

static bool is_troubled(const struct matrix *matrix, const char *group)
{
	for (size_t i = 0; i < matrix->n_troubled; i++)
		if (!strcmp(matrix->troubled[i], group))
			return true;
	return false;
}

/* The row that STEP belongs to: its own, or that of its folded group. */
static const char *row_name(const struct matrix *matrix, struct arena *arena, const char *step)
{
	const char *group = group_of(arena, step);
	return group && !is_troubled(matrix, group) ? group : step;
}

static int row_index(const struct matrix *matrix, struct arena *arena, const char *step)
{
	return step_index(matrix, row_name(matrix, arena, step));
}

/* How bad a state is to look at; of a group and of a mapped step the worst speaks. */
static int badness(const char *state)
{
	static const char *const order[] = {"unknown", "skipped", "blocked", "success", "cancelled", "queued",
		"running", "lost", "failed"};
	for (int i = 0; i < (int)ARRAY_LEN(order); i++)
		if (state && !strcmp(state, order[i]))
			return i + 1;
	return state ? 1 : 0;
}

static bool is_fine(const char *state)
{
	return !strcmp(state, "success") || !strcmp(state, "skipped") || !strcmp(state, "blocked");
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
	for (size_t i = 0; i < rows.n_rows; i++) {
		const char *step = result_text(&rows, i, 0), *row = row_name(matrix, arena, step);
		int at = add_step(matrix, row);
		if (at >= 0 && strcmp(row, step)) {
			matrix->steps[at].is_group = true;
			matrix->steps[at].n++;
		}
	}
	if (!store_query(store, "SELECT step, upstream FROM step_edge WHERE pipeline_id = $1", params, 1,
		    arena, &rows, err))
		return false;
	struct edge *edges = arena_array(arena, struct edge, rows.n_rows + 1);
	size_t n = 0;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct edge edge = {row_index(matrix, arena, result_text(&rows, i, 0)),
			row_index(matrix, arena, result_text(&rows, i, 1))};
		if (edge.step >= 0 && edge.upstream >= 0 && edge.step != edge.upstream)
			edges[n++] = edge;
	}
	while (deepen(matrix, edges, n))
		;
	cut_rings(matrix);
	return true;
}

static bool load_runs(
	struct store *store, struct arena *arena, int64_t pipeline_id, struct matrix *matrix, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(pipeline_id), value_int(STRIP_RUNS)};
	if (!store_query(store,
		    "SELECT id, state, duration_ms, run FROM run WHERE pipeline_id = $1 AND gone = 0"
		    " ORDER BY at_ms DESC, id DESC LIMIT $2",
		    params, 2, arena, &rows, err))
		return false;
	matrix->n_runs = rows.n_rows;
	matrix->newest_run = rows.n_rows ? result_text(&rows, 0, 3) : NULL;
	for (size_t i = 0; i < rows.n_rows; i++) { /* old at the left */
		size_t at = rows.n_rows - 1 - i;
		matrix->run_ids[at] = result_int(&rows, i, 0, 0);
		matrix->run_states[at] = result_text(&rows, i, 1);
		matrix->took_ms[at] = result_ms(&rows, i, 2);
	}
	return true;
}

enum { OF_STEP, OF_RUN, OF_STATE, OF_TOOK, OF_COUNT };

static bool load_step_runs(
	struct store *store, struct arena *arena, int64_t pipeline_id, struct result *out, struct err *err)
{
	const struct value params[] = {value_int(pipeline_id), value_int(STRIP_RUNS)};
	return store_query(store,
		"SELECT step, run_id, substr(max(CASE state WHEN 'failed' THEN '9failed' WHEN 'lost' THEN '8lost'"
		" WHEN 'running' THEN '7running' WHEN 'queued' THEN '6queued' WHEN 'cancelled' THEN '5cancelled'"
		" WHEN 'success' THEN '4success' WHEN 'skipped' THEN"
		" CASE WHEN tool_state IN ('upstream_failed', 'removed') THEN '3blocked' ELSE '3skipped' END"
		" ELSE '0unknown' END), 2),"
		" max(duration_ms), count(*)"
		" FROM step_run WHERE is_newest = 1 AND run_id IN (SELECT id FROM run WHERE pipeline_id = $1 AND gone = 0"
		" ORDER BY at_ms DESC, id DESC LIMIT $2) GROUP BY step, run_id ORDER BY run_id",
		params, 2, arena, out, err);
}

/* A group is folded unless something of it needs to be seen: in the newest run it did not go well. */
static void find_troubled(struct matrix *matrix, struct arena *arena, const struct result *rows)
{
	int64_t newest = matrix->n_runs ? matrix->run_ids[matrix->n_runs - 1] : 0;
	matrix->troubled = arena_array(arena, const char *, rows->n_rows + 1);
	for (size_t i = 0; i < rows->n_rows; i++) {
		const char *group = group_of(arena, result_text(rows, i, OF_STEP));
		if (group && result_int(rows, i, OF_RUN, 0) == newest &&
			!is_fine(result_text(rows, i, OF_STATE)) && !is_troubled(matrix, group))
			matrix->troubled[matrix->n_troubled++] = group;
	}
}

static void put_state(struct matrix *matrix, struct arena *arena, const struct result *rows, size_t i)
{
	int at = add_step(matrix, row_name(matrix, arena, result_text(rows, i, OF_STEP)));
	size_t run = 0;
	while (run < matrix->n_runs && matrix->run_ids[run] != result_int(rows, i, OF_RUN, 0))
		run++;
	if (at < 0 || run == matrix->n_runs)
		return;
	struct matrix_step *step = &matrix->steps[at];
	const char *state = result_text(rows, i, OF_STATE);
	if (badness(state) > badness(step->states[run]))
		step->states[run] = state;
	if (!step->is_group) {
		step->took_ms[run] = result_ms(rows, i, OF_TOOK);
		step->n = result_int(rows, i, OF_COUNT, 1);
	}
}

static bool load_causes(struct store *store, const struct view_args *args, struct arena *arena,
	struct matrix *matrix, struct err *err)
{
	struct result rows;
	const struct value params[] = {
		value_text(args->ref.source), value_text(args->ref.pipeline), value_text(matrix->newest_run)};
	if (!store_query(store,
		    "SELECT step, cause FROM team.evidence WHERE source = $1 AND pipeline = $2 AND run = $3"
		    " AND cause IS NOT NULL ORDER BY attempt",
		    params, ARRAY_LEN(params), arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		int at = row_index(matrix, arena, result_text(&rows, i, 0));
		if (at >= 0)
			matrix->steps[at].cause = result_text(&rows, i, 1);
	}
	return true;
}

static bool load(struct store *store, const struct view_args *args, struct arena *arena, int64_t pipeline_id,
	struct matrix *matrix, struct err *err)
{
	struct result rows;
	if (!load_runs(store, arena, pipeline_id, matrix, err) ||
		!load_step_runs(store, arena, pipeline_id, &rows, err))
		return false;
	find_troubled(matrix, arena, &rows);
	if (!load_tree(store, arena, pipeline_id, matrix, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		put_state(matrix, arena, &rows, i);
	return load_causes(store, args, arena, matrix, err);
}

/* --- as lines --------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* The median of those that are known, from run FROM up to TO; TIME_NONE: none is. */
static int64_t median(const int64_t *took_ms, size_t from, size_t to)
{
	int64_t known[STRIP_RUNS];
	size_t n = 0;
	for (size_t i = from; i < to; i++)
		if (took_ms[i] != TIME_NONE && took_ms[i] >= 0)
			known[n++] = took_ms[i];
	if (!n)
		return TIME_NONE;
	qsort(known, n, sizeof *known, by_size);
	return known[n / 2];
}

/* The durations of the runs as a line from 0 up to the longest, and whether they grew. */
static void add_durations(struct view_data *data, struct block *facts, const struct matrix *m)
{
	static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	int64_t longest = 0, half = median(m->took_ms, 0, m->n_runs / 2);
	for (size_t i = 0; i < m->n_runs; i++)
		longest = m->took_ms[i] > longest ? m->took_ms[i] : longest;
	if (longest <= 0)
		return;
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < m->n_runs; i++) {
		int64_t took = m->took_ms[i];
		buf_addz(&text, took < 0 ? " " : levels[(size_t)((double)took / (double)longest * 7 + 0.5)]);
	}
	struct line *line = compose_fact(data, facts, "duration", ROLE_RUNNING, "%s", text.p);
	buf_fini(&text);
	int64_t lately = median(m->took_ms, m->n_runs / 2, m->n_runs);
	compose_span(data, line, ROLE_TEXT, "  %s", compose_duration(data, median(m->took_ms, 0, m->n_runs)));
	bool is_other = half > 0 && lately > 0 && (lately / 6 > half / 5 || lately / 4 < half / 5);
	if (is_other)
		compose_span(data, line, ROLE_LATE, "  %s → %s over these runs", compose_duration(data, half),
			compose_duration(data, lately));
	else
		compose_span(data, line, ROLE_DIM, " usually");
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

/* "features (4)" of a group or a mapped step. */
static const char *label_of(struct view_data *data, const struct matrix_step *step)
{
	return step->n > 1 ? arena_printf(data->arena, "%s (%lld)", step->step, (long long)step->n)
			   : step->step;
}

static const char *padded(struct view_data *data, const char *text, int columns)
{
	int used = (int)utf8_columns(str_of(text));
	return arena_printf(data->arena, "%*s%s", used < columns ? columns - used : 0, "", text);
}

static size_t strip_columns(const struct matrix *matrix)
{
	return matrix->n_runs > LEAST_STRIP ? matrix->n_runs : LEAST_STRIP;
}

/* Median, and how the newest run went. */
static void add_last(struct view_data *data, struct line *line, const struct matrix *matrix,
	const struct matrix_step *step)
{
	enum { DURATION_COLUMNS = 9, CAUSE_COLUMNS = 44 };
	size_t last = matrix->n_runs - 1;
	if (!matrix->n_runs)
		return;
	compose_span(data, line, ROLE_DIM, "%*s%s", (int)(strip_columns(matrix) - matrix->n_runs), "",
		padded(data, compose_duration(data, median(step->took_ms, 0, matrix->n_runs)),
			DURATION_COLUMNS));
	const char *state = step->states[last];
	if (!state)
		return;
	compose_span(data, line, format_state_role(str_of(state)), "  %s",
		format_sign(&(struct format){0}, str_of(state)));
	int64_t took_ms = step->took_ms[last];
	bool has_run = took_ms != TIME_NONE && badness(state) > badness("blocked");
	const char *text = has_run ? compose_duration(data, took_ms) : state;
	compose_span(data, line, ROLE_TEXT, " %s", text);
	if (step->cause) {
		struct buf cut; /* whole it stands above, as the problem */
		buf_init(&cut, 0);
		format_cut(&cut, &(struct format){0}, COLUMN_CAUSE, str_of(step->cause), CAUSE_COLUMNS);
		compose_span(data, line, ROLE_CAUSE, "  %s", arena_dup(data->arena, buf_str(&cut)));
		buf_fini(&cut);
	}
}

/* The steps in the order of their tree: each below the deepest step that it waits for. */
static void add_steps(struct view_data *data, struct block *block, const struct matrix *matrix, int parent)
{
	for (size_t i = 0; i < matrix->n_steps; i++) {
		const struct matrix_step *step = &matrix->steps[i];
		if (step->parent != parent)
			continue;
		int indent = step->depth * 2 > MOST_INDENT ? MOST_INDENT : step->depth * 2;
		struct buf name, cut;
		buf_init(&name, 0);
		buf_init(&cut, 0);
		format_cut(&cut, &(struct format){0}, COLUMN_NAME, str_of(label_of(data, step)),
			(size_t)(NAME_COLUMNS - indent));
		const char *branch = !indent ? "" : is_last_child(matrix, i) ? "└ " : "├ ";
		buf_addf(&name, "%*s%s%s", indent > 2 ? indent - 2 : 0, "", branch, cut.p ? cut.p : "");
		int used = indent + (int)utf8_columns(buf_str(&cut));
		struct line *line = compose_line(data, block, matrix->n_steps + 1, 0, ROLE_TEXT,
			arena_printf(data->arena, "%s%*s", name.p, NAME_COLUMNS + 1 - used, ""));
		buf_fini(&name);
		buf_fini(&cut);
		add_strip(data, line, step->states, matrix->n_runs);
		add_last(data, line, matrix, step);
		add_steps(data, block, matrix, (int)i);
	}
}

bool matrix_add(struct view_data *data, struct store *store, const struct view_args *args,
	int64_t pipeline_id, struct block *facts, struct err *err)
{
	struct matrix *m = arena_new_of(data->arena, struct matrix);
	if (!load(store, args, data->arena, pipeline_id, m, err))
		return false;
	if (m->n_runs) {
		const char *label = arena_printf(data->arena, "last %zu", m->n_runs);
		add_strip(data, compose_fact(data, facts, label, ROLE_TEXT, "%s", ""), m->run_states,
			m->n_runs);
		add_durations(data, facts, m);
	}
	if (!m->n_steps)
		return true;
	struct block *block = compose_block(data, BLOCK_TEXT, "steps", "steps");
	struct line *line = compose_line(data, block, m->n_steps + 1, 0, ROLE_DIM,
		arena_printf(data->arena, "%-*s", NAME_COLUMNS + 1, "STEP"));
	bool is_long = m->n_runs > LEAST_STRIP;
	compose_span(data, line, ROLE_DIM, "%s%*s%9s    %s", is_long ? "old → new" : "RUNS",
		(int)strip_columns(m) - (is_long ? 9 : 4), "", "MEDIAN", "LAST");
	add_steps(data, block, m, -1);
	return true;
}
