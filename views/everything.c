/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run with everything under it: of each tool that had a part in it one line, what was checked and read, and
 * what changed since it last went well. Of a step its share of that, of a pipeline its newest run.
 */
#include "client/base/mem.h"
#include "views/changes.h"
#include "views/compose.h"
#include "views/format.h"
#include "views/lists.h"
#include "views/reported.h"

enum { MOST_STEPS = 4, MOST_LINKS = 20, MOST_METRICS = 3, MOST_PARAMS = 12, PARAM_COLUMNS = 40, LATELY = 30 };

/* A run that is shown on a line of its own, and how it belongs here. */
struct part {
	struct ref ref;
	int64_t source_id, run_id;
	const char *name, *state;
	int64_t took_ms;
};

#define PART_SQL                                                                                             \
	"s.name, p.pipeline, r.run, coalesce(nullif(r.name, ''), r.run), r.state, r.duration_ms, r.id, s.id"
#define PART_FROM " JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = r.source_id"

static struct part part_of(const struct result *rows, size_t row)
{
	return (struct part){.ref = {.kind = REF_RUN,
				     .source = result_text(rows, row, 0),
				     .pipeline = result_text(rows, row, 1),
				     .run = result_text(rows, row, 2)},
		.name = result_text(rows, row, 3),
		.state = result_text(rows, row, 4),
		.took_ms = result_ms(rows, row, 5),
		.run_id = result_int(rows, row, 6, 0),
		.source_id = result_int(rows, row, 7, 0)};
}

static const char *sign_of(const char *state)
{
	return format_sign(&(struct format){0}, str_of(state));
}

/* --- steps in one line ------------------------------------------------------------------ */

#define SHOWN_STATE                                                                                          \
	"CASE WHEN state = 'skipped' AND tool_state IN ('upstream_failed', 'removed') THEN 'blocked' ELSE state END"
#define TROUBLE                                                                                              \
	"CASE state WHEN 'failed' THEN 0 WHEN 'lost' THEN 1 WHEN 'running' THEN 2 WHEN 'queued' THEN 3"      \
	" WHEN 'cancelled' THEN 4 WHEN 'success' THEN 6 ELSE 7 END"
#define OF_THE_RUN                                                                                           \
	" FROM step_run WHERE run_id = $1 AND is_newest = 1 AND gone = 0 AND (CAST($2 AS TEXT) IS NULL OR step = $2)"

static void add_step(struct view_data *data, struct line *line, const struct part *part,
	const struct result *rows, size_t row)
{
	const char *step = result_text(rows, row, 0), *index = result_text(rows, row, 1);
	const char *state = result_text(rows, row, 2);
	int64_t took_ms = result_ms(rows, row, 3);
	bool has_run = took_ms != TIME_NONE && strcmp(state, "blocked") != 0 && strcmp(state, "skipped") != 0;
	compose_span(data, line, format_state_role(str_of(state)), "%s%s ", line->n_spans > 1 ? "   " : "",
		sign_of(state));
	compose_span(data, line, ROLE_TEXT, "%s%s%s%s%s", step, *index ? " " : "", index, has_run ? " " : "",
		has_run ? compose_duration(data, took_ms) : "");
	if (line->ref || !strcmp(state, "success"))
		return;
	struct ref ref = part->ref;
	ref.kind = REF_STEP;
	ref.step = step;
	ref.index = *index ? index : NULL;
	line->ref = compose_ref(data, &ref);
}

/* How many of each state beyond those that are named. */
static bool add_others(struct view_data *data, struct store *store, struct line *line,
	const struct value *params, const struct result *named, struct err *err)
{
	struct result rows;
	if (!store_query(store,
		    "SELECT " SHOWN_STATE ", count(*)" OF_THE_RUN " GROUP BY 1 ORDER BY min(" TROUBLE "), 1",
		    params, 2, data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const char *state = result_text(&rows, i, 0);
		int64_t n = result_int(&rows, i, 1, 0);
		for (size_t k = 0; k < named->n_rows; k++)
			n -= !strcmp(result_text(named, k, 2), state);
		if (n > 0)
			compose_span(data, line, format_state_role(str_of(state)), "%s%s %s %s",
				line->n_spans > 1 ? "   " : "", sign_of(state), compose_int(data, n), state);
	}
	return true;
}

/* Those in trouble by their names, the others counted; all by their names where they are few. */
static bool add_steps(struct view_data *data, struct store *store, struct line *line, const struct part *part,
	const char *step, struct err *err)
{
	struct result rows, count;
	const struct value params[] = {value_int(part->run_id), value_text(step), value_int(MOST_STEPS)};
	if (!store_query(store, "SELECT count(*)" OF_THE_RUN, params, 2, data->arena, &count, err) ||
		!store_query(store,
			"SELECT step, idx, " SHOWN_STATE ", duration_ms" OF_THE_RUN " ORDER BY " TROUBLE
			", at_ms, step, idx LIMIT $3",
			params, 3, data->arena, &rows, err))
		return false;
	bool is_few = result_int(&count, 0, 0, 0) <= MOST_STEPS;
	size_t n = 0;
	while (n < rows.n_rows &&
		(is_few || (strcmp(result_text(&rows, n, 2), "success") &&
				   format_state_role(str_of(result_text(&rows, n, 2))) != ROLE_SKIPPED)))
		add_step(data, line, part, &rows, n++);
	rows.n_rows = n;
	return add_others(data, store, line, params, &rows, err);
}

/* --- what a run reached, in one line ------------------------------------------------------ */

/* The first few of its metrics; what a tool measures of the machine is not among them. */
static bool add_metrics(struct view_data *data, struct store *store, struct line *line,
	const struct part *part, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(part->run_id), value_int(MOST_METRICS)};
	if (!store_query(store,
		    "SELECT key, value, special FROM metric WHERE run_id = $1 AND key NOT LIKE 'system/%'"
		    " ORDER BY key LIMIT $2",
		    params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const struct value *value = result_at(&rows, i, 1);
		struct buf text;
		buf_init(&text, 0);
		format_cell(&text, &(struct format){0}, &(struct column){.type = COLUMN_REAL},
			value->type == VALUE_NULL ? result_at(&rows, i, 2) : value);
		compose_span(data, line, ROLE_TEXT, "%s%s %s", i ? ", " : " · ", result_text(&rows, i, 0),
			text.p ? text.p : "–");
		buf_fini(&text);
	}
	return true;
}

static bool add_models(struct view_data *data, struct store *store, struct line *line,
	const struct part *part, struct err *err)
{
	struct result rows;
	const struct value params[] = {
		value_int(part->source_id), value_text(part->ref.run), value_text(part->ref.pipeline)};
	if (!store_query(store,
		    "SELECT model, version FROM model_version WHERE source_id = $1 AND run = $2"
		    " AND coalesce(pipeline, $3) = $3 AND gone = 0 ORDER BY model, position LIMIT 3",
		    params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		compose_span(data, line, ROLE_TEXT, "%s%s version %s", i ? ", " : " · model ",
			result_text(&rows, i, 0), result_text(&rows, i, 1));
	return true;
}

/* How its children went, counted. */
static bool add_children(struct view_data *data, struct store *store, struct line *line,
	const struct part *part, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(part->source_id), value_text(part->ref.run)};
	if (!store_query(store,
		    "SELECT state, count(*) FROM run WHERE source_id = $1 AND parent = $2 AND gone = 0"
		    " GROUP BY state ORDER BY " TROUBLE,
		    params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows && i < MOST_STEPS; i++) {
		const char *state = result_text(&rows, i, 0);
		compose_span(data, line, ROLE_DIM, "%s", i ? "" : "   below it:");
		compose_span(data, line, format_state_role(str_of(state)), " %s %s", sign_of(state),
			compose_int(data, result_int(&rows, i, 1, 0)));
	}
	return true;
}

static bool add_outcome(struct view_data *data, struct store *store, struct line *line,
	const struct part *part, struct err *err)
{
	return add_metrics(data, store, line, part, err) && add_models(data, store, line, part, err) &&
	       add_children(data, store, line, part, err);
}

/* --- the tools -------------------------------------------------------------------------- */

/* The run itself, in the tool that it is of. */
static bool add_own(struct view_data *data, struct store *store, struct block *facts, const struct part *part,
	const char *step, struct err *err)
{
	struct line *line = compose_fact(data, facts, part->ref.source, ROLE_TEXT, "%s", "");
	if (!add_steps(data, store, line, part, step, err))
		return false;
	if (line->n_spans == 1) /* runs of a tracker have no steps */
		compose_span(data, line, format_state_role(str_of(part->state)), "%s %s",
			sign_of(part->state), part->state);
	return step ||
	       (add_metrics(data, store, line, part, err) && add_children(data, store, line, part, err));
}

/* A run of another tool; HOW says by which step. */
static bool add_linked(struct view_data *data, struct store *store, struct block *facts,
	const struct part *part, const char *how, const char *rule, struct err *err)
{
	struct line *line = compose_fact(data, facts, part->ref.source,
		format_state_role(str_of(part->state)), "%s ", sign_of(part->state));
	compose_span(data, line, ROLE_LINK, "%s", part->name);
	compose_span(data, line, ROLE_TEXT, "%s%s", part->took_ms != TIME_NONE ? " " : "",
		part->took_ms != TIME_NONE ? compose_duration(data, part->took_ms) : "");
	line->ref = compose_ref(data, &part->ref);
	if (!add_outcome(data, store, line, part, err) || !add_steps(data, store, line, part, NULL, err))
		return false;
	compose_span(data, line, ROLE_DIM, " · %s (%s)", how, rule);
	return true;
}

/* What this run made, or is part of, in other tools. */
static bool add_links(struct view_data *data, struct store *store, struct block *facts,
	const struct part *run, const char *step, struct err *err)
{
	static const struct {
		const char *how, *where, *sql;
	} sides[] = {
		{"part of its step", "part of it",
			"SELECT " PART_SQL
			", l.to_step, l.rule FROM run_link l JOIN run r ON r.id = l.to_run_id" PART_FROM
			" WHERE l.run_id = $1 AND CAST($2 AS TEXT) IS NULL AND r.gone = 0 ORDER BY r.at_ms, r.id LIMIT $3"},
		{"from step", "from this run",
			"SELECT " PART_SQL
			", l.to_step, l.rule FROM run_link l JOIN run r ON r.id = l.run_id" PART_FROM
			" WHERE l.to_run_id = $1 AND (CAST($2 AS TEXT) IS NULL OR l.to_step = $2) AND r.gone = 0"
			" ORDER BY r.at_ms, r.id LIMIT $3"},
	};
	const struct value params[] = {value_int(run->run_id), value_text(step), value_int(MOST_LINKS)};
	for (size_t side = 0; side < ARRAY_LEN(sides); side++) {
		struct result rows;
		if (!store_query(store, sides[side].sql, params, ARRAY_LEN(params), data->arena, &rows, err))
			return false;
		for (size_t i = 0; i < rows.n_rows; i++) {
			const struct part part = part_of(&rows, i);
			const char *of = result_text(&rows, i, 8);
			const char *how = of && *of ? arena_printf(data->arena, "%s %s", sides[side].how, of)
						    : sides[side].where;
			if (!add_linked(data, store, facts, &part, how, result_text(&rows, i, 9), err))
				return false;
		}
	}
	return true;
}

/* Tools that had a part in the runs before and have none in this one: the last that they made. */
static bool add_missing(struct view_data *data, struct store *store, const struct view_args *args,
	struct block *facts, const struct found *found, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(found->run_id), value_int(found->pipeline_id),
		value_int(LATELY), value_int(MOST_LINKS)};
	if (!store_query(store,
		    "SELECT " PART_SQL ", r.at_ms FROM run r" PART_FROM " WHERE r.id IN (SELECT max(l.run_id)"
		    " FROM run_link l JOIN run m ON m.id = l.run_id WHERE l.to_run_id IN"
		    " (SELECT id FROM run WHERE pipeline_id = $2 AND gone = 0 AND id <> $1 AND at_ms <="
		    " (SELECT at_ms FROM run WHERE id = $1) ORDER BY at_ms DESC, id DESC LIMIT $3)"
		    " AND m.gone = 0 GROUP BY m.pipeline_id) AND r.pipeline_id NOT IN (SELECT m.pipeline_id FROM run_link l"
		    " JOIN run m ON m.id = l.run_id WHERE l.to_run_id = $1) ORDER BY r.at_ms DESC LIMIT $4",
		    params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const struct part part = part_of(&rows, i);
		struct line *line = compose_fact(
			data, facts, part.ref.source, ROLE_SKIPPED, "– no run of %s here", part.ref.pipeline);
		compose_span(data, line, ROLE_DIM,
			"   the last, %s:", compose_ago(data, result_ms(&rows, i, 8), args->now_ms));
		compose_span(data, line, ROLE_LINK, " %s", part.name);
		line->ref = compose_ref(data, &part.ref);
		if (!add_outcome(data, store, line, &part, err))
			return false;
	}
	return true;
}

/* --- the whole -------------------------------------------------------------------------- */

static void add_state(struct view_data *data, const struct view_args *args, struct block *facts,
	const char *label, const struct part *part, const struct result *row)
{
	int64_t started = result_ms(row, 0, 8);
	struct line *line = compose_fact(data, facts, label, format_state_role(str_of(part->state)), "%s %s",
		sign_of(part->state), part->state);
	if (part->took_ms != TIME_NONE)
		compose_span(data, line, ROLE_TEXT, " after %s", compose_duration(data, part->took_ms));
	if (started != TIME_NONE)
		compose_span(data, line, ROLE_DIM, " · started %s (%s)", compose_local(data, started),
			compose_ago(data, started, args->now_ms));
	compose_span(data, line, ROLE_DIM, "%s%s", result_text(row, 0, 9) ? " · version " : "",
		result_text(row, 0, 9) ? result_text(row, 0, 9) : "");
	line->ref = compose_ref(data, &part->ref);
}

static bool add_conf(struct view_data *data, struct store *store, struct block *facts,
	const struct part *part, struct err *err)
{
	struct result rows;
	struct line *line = NULL;
	const struct value params[] = {value_int(part->run_id), value_int(MOST_PARAMS + 1)};
	if (!store_query(store, "SELECT key, value FROM param WHERE run_id = $1 ORDER BY key LIMIT $2",
		    params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows && i < MOST_PARAMS; i++) {
		const char *value = result_text(&rows, i, 1);
		struct buf cut;
		buf_init(&cut, 0);
		format_cut(
			&cut, &(struct format){0}, COLUMN_NAME, str_of(value ? value : "–"), PARAM_COLUMNS);
		if (!line)
			line = compose_fact(data, facts, "conf", ROLE_TEXT, "%s", "");
		compose_span(data, line, ROLE_TEXT, "%s%s=%s", i ? "  " : "", result_text(&rows, i, 0),
			cut.p ? cut.p : "");
		buf_fini(&cut);
	}
	if (rows.n_rows > MOST_PARAMS)
		compose_span(data, line, ROLE_DIM, "  … and more");
	return true;
}

/* A pipeline stands for its newest run. */
static bool find_run(struct view_data *data, struct store *store, const struct view_args *args,
	struct ref *ref, struct found *found, struct err *err)
{
	struct result row;
	*ref = args->ref;
	if (!find_ref(store, ref, found, err))
		return false;
	if (ref->run)
		return true;
	const struct value params[] = {value_int(found->pipeline_id)};
	if (!compose_row(data, store,
		    "SELECT r.run FROM pipeline p JOIN run r ON r.id = p.last_run_id WHERE p.id = $1", params,
		    ARRAY_LEN(params), &row, err))
		return err_set(err, ERR_NOT_FOUND, "%s has not run yet: nothing is under it", ref->pipeline);
	ref->kind = REF_RUN;
	ref->run = result_text(&row, 0, 0);
	return find_ref(store, ref, found, err);
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct ref ref;
	struct found found;
	struct result row;
	if (!find_run(data, store, args, &ref, &found, err))
		return false;
	const struct value params[] = {value_int(found.run_id)};
	if (!compose_row(data, store,
		    "SELECT " PART_SQL ", r.started_ms, r.version FROM run r" PART_FROM " WHERE r.id = $1",
		    params, ARRAY_LEN(params), &row, err))
		return false;
	const struct part part = part_of(&row, 0);
	const char *step = ref.kind == REF_STEP ? ref.step : NULL;
	bool is_open = !strcmp(part.state, "running") || !strcmp(part.state, "queued");
	data->title = arena_printf(data->arena, "%s ▸ %s%s%s ▸ everything", ref.pipeline, part.name,
		step ? " ▸ " : "", step ? step : "");
	struct block *facts = compose_block(data, BLOCK_FACTS, "under", NULL);
	add_state(data, args, facts, step ? "run" : "state", &part, &row);
	return add_conf(data, store, facts, &part, err) && add_own(data, store, facts, &part, step, err) &&
	       add_links(data, store, facts, &part, step, err) &&
	       (step || add_missing(data, store, args, facts, &found, err)) &&
	       (step || reported_add_models(data, store, facts, &part.ref, part.source_id, err)) &&
	       reported_add_checks(data, store, facts, &part.ref, step, err) &&
	       (step || reported_add_inputs(data, store, facts, part.run_id, err)) &&
	       changes_add(data, store, &ref, is_open, err);
}

const struct view_def view_everything = {
	.name = "everything",
	.title = "everything",
	.help = "a run with everything under it, in every tool, and what changed since it went well",
	.kind = VIEW_OBJECT,
	.list = &list_runs,
	.ref = REF_RUN,
	.load = load,
};
