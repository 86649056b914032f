/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/reported.h"

#include "client/base/mem.h"
#include "views/compose.h"
#include "views/format.h"

enum { MOST = 20, MOST_NAMED = 8 };
enum { OF_NAME, OF_STEP, OF_STATE, OF_OBSERVED, OF_LOWER, OF_UPPER };

static const char checks_sql[] =
	"SELECT name, step, state, observed, lower_bound, upper_bound FROM team.data_check"
	" WHERE source = $1 AND pipeline = $2 AND run = $3 AND (CAST($4 AS TEXT) IS NULL OR step = $4)"
	" ORDER BY CASE state WHEN 'fail' THEN 0 WHEN 'error' THEN 1 WHEN 'warn' THEN 2 WHEN 'pass' THEN 4 ELSE 3 END,"
	" at_ms, name LIMIT 200";

static const char *number_text(struct view_data *data, const struct value *value)
{
	struct buf text;
	buf_init(&text, 0);
	format_cell(&text, &(struct format){0}, &(struct column){.type = COLUMN_REAL}, value);
	return arena_take(data->arena, &text);
}

static double real_of(const struct value *value)
{
	return value->type == VALUE_REAL ? value->r : (double)value->i;
}

/* " 0.312 > 0.02": the bound that it broke, else what it may be. */
static void add_bounds(
	struct view_data *data, struct line *line, const struct result *rows, size_t row, enum role role)
{
	const struct value *seen = result_at(rows, row, OF_OBSERVED), *lower = result_at(rows, row, OF_LOWER),
			   *upper = result_at(rows, row, OF_UPPER);
	bool has_lower = lower->type != VALUE_NULL, has_upper = upper->type != VALUE_NULL;
	if (seen->type == VALUE_NULL)
		return;
	compose_span(data, line, role, " %s", number_text(data, seen));
	if (has_upper && real_of(seen) > real_of(upper))
		compose_span(data, line, ROLE_TEXT, " > %s", number_text(data, upper));
	else if (has_lower && real_of(seen) < real_of(lower))
		compose_span(data, line, ROLE_TEXT, " < %s", number_text(data, lower));
	else if (has_lower || has_upper)
		compose_span(data, line, ROLE_DIM, " (%s to %s)", has_lower ? number_text(data, lower) : "–",
			has_upper ? number_text(data, upper) : "–");
}

static void add_check(struct view_data *data, struct block *facts, const char *label, const struct ref *run,
	const struct result *rows, size_t row)
{
	const char *state = result_text(rows, row, OF_STATE), *step = result_text(rows, row, OF_STEP);
	enum role role = format_state_role(str_of(state));
	struct line *line = compose_fact(
		data, facts, label, role, "%s %s", format_sign(&(struct format){0}, str_of(state)), state);
	compose_span(data, line, ROLE_TEXT, "  %s", result_text(rows, row, OF_NAME));
	add_bounds(data, line, rows, row, role);
	if (!step || !*step)
		return;
	compose_span(data, line, ROLE_DIM, " · %s", step);
	struct ref ref = *run;
	ref.kind = REF_STEP;
	ref.step = step;
	line->ref = compose_ref(data, &ref);
}

/* Those that passed, on one line. */
static void add_passed(
	struct view_data *data, struct block *facts, const char *label, const struct result *rows, size_t row)
{
	size_t n = rows->n_rows - row;
	struct line *line = compose_fact(
		data, facts, label, ROLE_SUCCESS, "%s pass", format_sign(&(struct format){0}, STR("pass")));
	for (size_t i = 0; i < n && i < MOST_NAMED; i++) {
		compose_span(
			data, line, ROLE_TEXT, "%s%s", i ? " · " : "  ", result_text(rows, row + i, OF_NAME));
		add_bounds(data, line, rows, row + i, ROLE_TEXT);
	}
	if (n > MOST_NAMED)
		compose_span(data, line, ROLE_DIM, " · %zu more", n - MOST_NAMED);
}

bool reported_add_checks(struct view_data *data, struct store *store, struct block *facts,
	const struct ref *run, const char *step, struct err *err)
{
	struct result rows;
	const struct value params[] = {
		value_text(run->source), value_text(run->pipeline), value_text(run->run), value_text(step)};
	if (!store_query(store, checks_sql, params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const char *label = i ? "" : "checks", *state = result_text(&rows, i, OF_STATE);
		if (!strcmp(state, "pass")) {
			add_passed(data, facts, label, &rows, i);
			break;
		}
		if (i == MOST) {
			compose_fact(data, facts, "", ROLE_DIM, "%zu more: porthole checks", rows.n_rows - i);
			break;
		}
		add_check(data, facts, label, run, &rows, i);
	}
	return true;
}

bool reported_add_inputs(
	struct view_data *data, struct store *store, struct block *facts, int64_t run_id, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(run_id), value_int(MOST)};
	if (!store_query(store,
		    "SELECT name, version, rows FROM input WHERE run_id = $1 ORDER BY name, version LIMIT $2",
		    params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const char *version = result_text(&rows, i, 1);
		struct line *line = compose_fact(
			data, facts, i ? "" : "inputs", ROLE_TEXT, "%s", result_text(&rows, i, 0));
		if (version && *version)
			compose_span(data, line, ROLE_TEXT, " %s", version);
		if (result_ms(&rows, i, 2) != TIME_NONE)
			compose_span(data, line, ROLE_DIM, " · %s rows",
				compose_int(data, result_ms(&rows, i, 2)));
	}
	return true;
}

bool reported_add_models(struct view_data *data, struct store *store, struct block *facts,
	const struct ref *run, int64_t source_id, struct err *err)
{
	struct result rows;
	const struct value params[] = {
		value_int(source_id), value_text(run->run), value_text(run->pipeline), value_int(MOST)};
	if (!store_query(store,
		    "SELECT model, version, stage FROM model_version WHERE source_id = $1 AND run = $2"
		    " AND coalesce(pipeline, $3) = $3 AND gone = 0 ORDER BY model, position LIMIT $4",
		    params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const struct ref ref = {.kind = REF_MODEL,
			.source = run->source,
			.name = result_text(&rows, i, 0),
			.version = result_text(&rows, i, 1)};
		const char *stage = result_text(&rows, i, 2);
		struct line *line = compose_fact(
			data, facts, i ? "" : "model", ROLE_LINK, "%s version %s", ref.name, ref.version);
		if (stage)
			compose_span(data, line, ROLE_DIM, " · %s", stage);
		line->ref = compose_ref(data, &ref);
	}
	return true;
}
