/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/why.h"

#include "client/base/clock.h"
#include "client/base/mem.h"

#include <math.h>

enum {
	KIND,
	KEY,
	TITLE,
	STATE,
	ASSIGNEE,
	KNOWN,
	OWNER,
	ONCALL,
	FINGERPRINT,
	LABEL,
	COUNT,
	FIRST,
	LAST,
	CLOSED,
	SOURCE,
	PIPELINE,
	RUN,
	STEP,
	INDEX,
	ATTEMPT,
	CAUSE_TEXT,
	CAUSE_KIND,
	SEVERITY,
	DUE,
	BLOCKED
};

static const char problem_sql[] =
	"SELECT b.kind, b.key, b.title, b.state, b.assignee, b.known, b.owner, b.oncall, b.fingerprint,"
	" (SELECT o.label FROM team.occurrence o WHERE o.problem_id = b.id ORDER BY o.at_ms DESC LIMIT 1),"
	" b.count, b.first_ms, b.last_ms, b.closed_ms, b.source, b.pipeline, b.run, b.step, b.step_index, b.attempt,"
	" b.cause, b.cause_kind, b.severity, b.due_ms, b.blocked_steps FROM team.problem b WHERE b.id = $1";

static const char *filled(const char *text)
{
	return text && *text ? text : NULL;
}

static struct ref place_of(const struct result *row)
{
	struct ref ref = {.source = result_text(row, 0, SOURCE),
		.pipeline = result_text(row, 0, PIPELINE),
		.run = filled(result_text(row, 0, RUN)),
		.step = filled(result_text(row, 0, STEP)),
		.index = filled(result_text(row, 0, INDEX)),
		.attempt = result_int(row, 0, ATTEMPT, 0)};
	if (!ref.run) /* of a platform problem the step is the component */
		ref.step = ref.index = NULL;
	ref.kind = ref.step ? REF_STEP : ref.run ? REF_RUN : ref.pipeline ? REF_PIPELINE : REF_SOURCE;
	return ref;
}

static bool load_problem(
	struct store *store, int64_t id, struct arena *arena, struct why *out, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(id)};
	if (!store_query(store, problem_sql, params, 1, arena, &row, err))
		return false;
	if (!row.n_rows)
		return err_set(
			err, ERR_NOT_FOUND, "no problem %lld; 'porthole problems' lists them", (long long)id);
	const char *cause = filled(result_text(&row, 0, CAUSE_TEXT));
	const char *title = result_text(&row, 0, TITLE);
	*out = (struct why){.id = id,
		.kind = result_text(&row, 0, KIND),
		.key = result_text(&row, 0, KEY),
		.title = title,
		.state = result_text(&row, 0, STATE),
		.assignee = result_text(&row, 0, ASSIGNEE),
		.known = result_text(&row, 0, KNOWN),
		.owner = result_text(&row, 0, OWNER),
		.oncall = result_text(&row, 0, ONCALL),
		.fingerprint = filled(result_text(&row, 0, FINGERPRINT)),
		.label = filled(result_text(&row, 0, LABEL)),
		.count = result_int(&row, 0, COUNT, 1),
		.first_ms = result_ms(&row, 0, FIRST),
		.last_ms = result_ms(&row, 0, LAST),
		.closed_ms = result_ms(&row, 0, CLOSED),
		.place = place_of(&row),
		.text = cause ? cause : title,
		.has_cause = cause != NULL,
		.cause_kind = result_text(&row, 0, CAUSE_KIND),
		.wait = {.severity = result_text(&row, 0, SEVERITY),
			.due_ms = result_ms(&row, 0, DUE),
			.blocked_steps = result_int(&row, 0, BLOCKED, 0)}};
	out->subject = !strcmp(out->kind, "platform") ? filled(result_text(&row, 0, STEP)) : NULL;
	return true;
}

/* What the rule says, unless the tool's retry or a person knows better. */
static bool find_cause(struct store *store, struct arena *arena, struct why *out, struct err *err)
{
	const char *corrected;
	if (!causes_correct(store, out->id, arena, &corrected, err))
		return false;
	bool is_flaky = out->cause_kind && !strcmp(out->cause_kind, "flaky");
	out->cause = is_flaky ? cause_flaky() : cause_of(out->kind, out->subject, out->text);
	out->cause_kind = corrected ? corrected : out->cause->kind;
	out->cause_why = corrected ? "a person says so" : out->cause->why;
	return true;
}

/* --- facts for what to do next ------------------------------------------------------------- */

/* What tries it again: a later attempt of the step, else a later run of the pipeline. */
static bool find_again(
	struct store *store, const struct why *why, struct arena *arena, const char **out, struct err *err)
{
	struct result row;
	const struct ref *place = &why->place;
	const struct value params[] = {value_text(place->source), value_text(place->pipeline),
		value_text(place->run), value_text(place->step ? place->step : ""),
		value_text(place->index ? place->index : "")};
	*out = NULL;
	if (!place->run || strcmp(why->kind, "failed"))
		return true;
	if (!store_query(store,
		    "SELECT t.attempt, t.state, NULL FROM source s JOIN pipeline p ON p.source_id = s.id JOIN run r"
		    " ON r.pipeline_id = p.id JOIN step_run t ON t.run_id = r.id WHERE s.name = $1 AND p.pipeline = $2"
		    " AND r.run = $3 AND t.step = $4 AND t.idx = $5 AND t.is_newest = 1"
		    " AND t.state IN ('running', 'queued')"
		    " UNION ALL SELECT NULL, x.state, x.run FROM (SELECT n.state, n.run, n.at_ms FROM source s"
		    " JOIN pipeline p ON p.source_id = s.id JOIN run r ON r.pipeline_id = p.id AND r.run = $3"
		    " JOIN run n ON n.pipeline_id = p.id WHERE s.name = $1 AND p.pipeline = $2 AND n.at_ms > r.at_ms"
		    " AND n.gone = 0 ORDER BY n.at_ms DESC LIMIT 1) x WHERE x.state IN ('running', 'queued')",
		    params, ARRAY_LEN(params), arena, &row, err))
		return false;
	if (!row.n_rows)
		return true;
	const char *run = result_text(&row, 0, 2), *state = result_text(&row, 0, 1);
	*out = run ? arena_printf(arena, "a later run is %s already: %s", state, run)
		   : arena_printf(
			     arena, "try %lld is %s already", (long long)result_int(&row, 0, 0, 0), state);
	return true;
}

/* What is wrong with the source as a whole; a definition that does not import is no reason. */
static bool find_down(
	struct store *store, const struct why *why, struct arena *arena, const char **out, struct err *err)
{
	struct result row;
	const struct value params[] = {value_text(why->place.source), value_int(why->id)};
	*out = NULL;
	if (!store_query(store,
		    "SELECT coalesce(step || ': ', '') || title FROM team.problem WHERE kind = 'platform' AND source = $1"
		    " AND id <> $2 AND state IN ('open', 'acknowledged', 'snoozed') AND coalesce(step, '') NOT LIKE 'import %'"
		    " AND coalesce(step, '') NOT IN ('triggerer', 'dag-processor') ORDER BY last_ms DESC LIMIT 1",
		    params, ARRAY_LEN(params), arena, &row, err))
		return false;
	*out = row.n_rows ? result_text(&row, 0, 0) : NULL;
	return true;
}

/* A pipeline that this one's newest runs belong to, and that has a problem of its own. */
static bool find_upstream(
	struct store *store, const struct why *why, struct arena *arena, const char **out, struct err *err)
{
	struct result row;
	const struct ref *place = &why->place;
	const struct value params[] = {
		value_text(place->source), value_text(place->pipeline), value_int(why->id)};
	*out = NULL;
	if (!place->pipeline)
		return true;
	if (!store_query(store,
		    "SELECT u.source || '/' || u.pipeline FROM (SELECT r.id FROM source s JOIN pipeline p ON p.source_id = s.id"
		    " JOIN run r ON r.pipeline_id = p.id WHERE s.name = $1 AND p.pipeline = $2"
		    " ORDER BY r.at_ms DESC, r.id DESC LIMIT 5) n JOIN run_link l ON l.run_id = n.id"
		    " JOIN run t ON t.id = l.to_run_id JOIN pipeline q ON q.id = t.pipeline_id JOIN source z ON z.id = q.source_id"
		    " JOIN team.problem_pipeline u ON u.source = z.name AND u.pipeline = q.pipeline"
		    " JOIN team.problem b ON b.id = u.problem_id WHERE b.id <> $3 AND b.state IN ('open', 'acknowledged', 'snoozed')"
		    " AND NOT EXISTS (SELECT 1 FROM team.problem_pipeline o WHERE o.problem_id = $3 AND o.source = u.source"
		    " AND o.pipeline = u.pipeline) LIMIT 1",
		    params, ARRAY_LEN(params), arena, &row, err))
		return false;
	*out = row.n_rows ? result_text(&row, 0, 0) : NULL;
	return true;
}

static bool find_next(struct store *store, struct arena *arena, struct why *out, struct err *err)
{
	struct next_facts facts = {.kind = out->kind,
		.state = out->state,
		.source = out->place.source,
		.cause = out->cause,
		.past = &out->past,
		.is_past_unknown = out->is_past_unknown,
		.is_mapped = out->place.index != NULL,
		.is_flaky = out->cause == cause_flaky()};
	if (!find_again(store, out, arena, &facts.again, err) ||
		!find_down(store, out, arena, &facts.down, err) ||
		!find_upstream(store, out, arena, &facts.waits_for, err))
		return false;
	out->next = next_act(&facts, arena);
	return true;
}

/* --- checks ---------------------------------------------------------------------------------- */

static double number(const struct result *rows, size_t row, size_t column)
{
	const struct value *value = result_at(rows, row, column);
	return value->type == VALUE_REAL ? value->r : value->type == VALUE_INT ? (double)value->i : NAN;
}

static bool load_before(struct store *store, const struct why *why, const char *step, int64_t at_ms,
	struct arena *arena, struct why_check *check, struct err *err)
{
	struct result rows;
	const struct ref *place = &why->place;
	const struct value params[] = {value_text(place->source), value_text(place->pipeline),
		value_text(step), value_text(check->name), value_int(at_ms), value_int(CHANGED_HISTORY)};
	if (!store_query(store,
		    "SELECT observed, at_ms FROM team.data_check WHERE source = $1 AND pipeline = $2 AND step = $3 AND name = $4"
		    " AND at_ms < $5 AND observed IS NOT NULL ORDER BY at_ms DESC LIMIT $6",
		    params, ARRAY_LEN(params), arena, &rows, err))
		return false;
	check->before = arena_array(arena, double, rows.n_rows + 1);
	check->n_before = rows.n_rows;
	for (size_t i = 0; i < rows.n_rows; i++)
		check->before[rows.n_rows - 1 - i] = number(&rows, i, 0);
	check->since_ms = rows.n_rows ? result_ms(&rows, rows.n_rows - 1, 1) : TIME_NONE;
	return true;
}

/* The worst check of the failed step, else of its run. */
static bool find_check(struct store *store, struct arena *arena, struct why *out, struct err *err)
{
	struct result row;
	const struct ref *place = &out->place;
	const struct value params[] = {value_text(place->source), value_text(place->pipeline),
		value_text(place->run), value_text(place->step ? place->step : "")};
	if (!place->run)
		return true;
	if (!store_query(store,
		    "SELECT name, state, observed, lower_bound, upper_bound, step, at_ms FROM team.data_check"
		    " WHERE source = $1 AND pipeline = $2 AND run = $3 AND state IN ('fail', 'error', 'warn')"
		    " ORDER BY CASE WHEN step = $4 THEN 0 ELSE 1 END,"
		    " CASE state WHEN 'fail' THEN 0 WHEN 'error' THEN 1 ELSE 2 END, name LIMIT 1",
		    params, ARRAY_LEN(params), arena, &row, err))
		return false;
	if (!row.n_rows)
		return true;
	struct why_check *check = arena_new_of(arena, struct why_check);
	*check = (struct why_check){.name = result_text(&row, 0, 0),
		.state = result_text(&row, 0, 1),
		.observed = number(&row, 0, 2),
		.lower = number(&row, 0, 3),
		.upper = number(&row, 0, 4)};
	out->check = check;
	return load_before(store, out, result_text(&row, 0, 5), result_ms(&row, 0, 6), arena, check, err);
}

static bool find_changed(struct store *store, struct arena *arena, struct why *out, struct err *err)
{
	struct err why = {0};
	if (!out->place.run)
		return true;
	out->has_changed = changed_since_green(store, &out->place, arena, &out->changed, &why);
	if (!out->has_changed && why.code != ERR_NOT_FOUND)
		return err_set(err, why.code, "%s", why.msg);
	if (!out->has_changed)
		out->unchanged_because = arena_dupz(arena, why.msg);
	return true;
}

/* What needs runs that are over. */
static bool find_history(
	struct store *store, int64_t now_ms, struct arena *arena, struct why *out, struct err *err)
{
	const struct past_of past = {out->id, out->fingerprint, out->text, &out->place};
	out->is_past_unknown = store_mirrored_ms(store) != TIME_NONE;
	if (!out->is_past_unknown)
		return find_changed(store, arena, out, err) &&
		       past_load(store, &past, now_ms, arena, &out->past, err);
	out->unchanged_because = "the catalogue that knows is away";
	return true;
}

bool why_load(struct store *store, const struct config *config, int64_t id, int64_t now_ms,
	struct arena *arena, struct why *out, struct err *err)
{
	if (!load_problem(store, id, arena, out, err) || !find_cause(store, arena, out, err))
		return false;
	if (!wait_load(store, config, &out->place, out->subject, now_ms, arena, &out->wait, err) ||
		!find_history(store, now_ms, arena, out, err) || !find_check(store, arena, out, err) ||
		!find_next(store, arena, out, err))
		return false;
	out->runbook = cause_runbook(config, out->cause, out->text, out->place.source, out->place.pipeline);
	return true;
}
