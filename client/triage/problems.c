/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/problems.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/triage/causes.h"
#include "client/triage/late.h"
#include "client/triage/notify.h"
#include "client/triage/team.h"
#include "client/triage/wait.h"

#define DAY_MS (24 * 60 * 60 * 1000LL)

/* One thing that is wrong now. */
struct finding {
	const char *kind, *key, *title, *source, *pipeline, *run, *step, *index, *label;
	int64_t attempt, at_ms;
	const char *cause, *fingerprint;
	int64_t cause_line;
	const char *owner; /* as the tool says; the project's goes first */
	int64_t pipeline_id, run_id;
	int64_t due_ms;	   /* when it was due; 0: the project says when it is */
	const char *holds; /* the source whose pipelines are late because of it; NULL: none */
	bool is_flaky;	   /* the tool tried again, and it passed */
	bool is_under_way; /* its run is not over: nothing occurred yet */
};

struct update {
	struct store *store;
	const struct config *config;
	struct arena *arena;
	int64_t now_ms;
	int64_t pass_ms; /* the mark of what this pass found: now, or just later than the pass before */
	int64_t mark;	 /* the newest event before it */
	struct late *lates;
	size_t n_lates;
	struct problem_counts *counts;
};

static bool exec(struct update *u, const char *sql, const struct value *params, size_t n, struct err *err)
{
	return store_exec(u->store, sql, params, n, NULL, err);
}

#define FAILED_FROM                                                                                          \
	" FROM step_run f JOIN run r ON r.id = f.run_id JOIN pipeline p ON p.id = f.pipeline_id"             \
	" JOIN source s ON s.id = p.source_id"
#define UNEXPLAINED                                                                                          \
	" AND f.gone = 0 AND r.gone = 0 AND f.attempt > 0 AND p.source_id = $1"                              \
	" AND NOT EXISTS (SELECT 1 FROM team.evidence e WHERE e.source = s.name AND e.pipeline = p.pipeline" \
	" AND e.run = r.run AND e.step = f.step AND e.idx = f.idx AND e.attempt = f.attempt)"

bool problems_unexplained(struct store *store, int64_t source_id, int64_t now_ms, int64_t limit,
	struct arena *arena, struct result *out, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_int(now_ms - PROBLEM_DAYS * DAY_MS),
		value_int(limit), value_int(now_ms - DAY_MS)};
	return store_query(store,
		"SELECT pipeline, run, step, idx, attempt FROM (SELECT p.pipeline, r.run, f.step, f.idx, f.attempt, f.at_ms, f.id" FAILED_FROM
		" WHERE f.state = 'failed' AND f.is_newest = 1 AND f.at_ms >= $2" UNEXPLAINED
		" UNION ALL SELECT p.pipeline, r.run, f.step, f.idx, f.attempt, f.at_ms, f.id" FAILED_FROM
		" JOIN step_run g ON g.run_id = f.run_id AND g.step = f.step AND g.idx = f.idx AND g.attempt = f.attempt + 1"
		" WHERE g.is_newest = 1 AND g.state = 'success' AND g.attempt > 1 AND g.at_ms >= $4 AND f.state = 'failed'" UNEXPLAINED
		") q ORDER BY at_ms DESC, id DESC LIMIT $3",
		params, ARRAY_LEN(params), arena, out, err);
}

/* Steps that wait behind the failed one, in its run, or failed after it. */
static bool count_blocked(struct update *u, const struct finding *f, int64_t *blocked, struct err *err)
{
	const struct value params[] = {value_int(f->pipeline_id), value_text(f->step), value_int(f->run_id)};
	*blocked = 0;
	if (!f->run_id || !f->step)
		return true;
	return store_exec_id(u->store,
		"WITH RECURSIVE down(step) AS (SELECT step FROM step_edge WHERE pipeline_id = $1 AND upstream = $2"
		" UNION SELECT e.step FROM step_edge e JOIN down d ON e.upstream = d.step WHERE e.pipeline_id = $1)"
		" SELECT count(*) FROM step_run t WHERE t.run_id = $3 AND t.is_newest = 1 AND (t.state = 'failed'"
		" OR (t.state = 'skipped' AND t.tool_state IN ('upstream_failed', 'blocked')))"
		" AND t.step IN (SELECT step FROM down)",
		params, ARRAY_LEN(params), blocked, err);
}

static bool add_event(
	struct update *u, int64_t problem_id, const char *verb, const char *text, struct err *err)
{
	const struct value params[] = {value_int(problem_id), value_int(u->now_ms), value_text("sync"),
		value_text(verb), value_text(text)};
	return exec(u,
		"INSERT INTO team.problem_event (problem_id, at_ms, who, verb, text) VALUES ($1, $2, $3, $4, $5)",
		params, ARRAY_LEN(params), err);
}

static bool add_occurrence(struct update *u, int64_t problem_id, const struct finding *f, struct err *err)
{
	if (!f->run || f->is_under_way)
		return true;
	const struct value params[] = {value_int(problem_id), value_text(f->source), value_text(f->pipeline),
		value_text(f->run), value_text(f->step ? f->step : ""), value_text(f->index ? f->index : ""),
		value_int(f->attempt), value_int(f->at_ms), value_text(f->label)};
	return exec(u,
		       "INSERT INTO team.occurrence (problem_id, source, pipeline, run, step, idx, attempt, at_ms, label)"
		       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
		       " ON CONFLICT (source, pipeline, run, step, idx, attempt) DO UPDATE SET"
		       " problem_id = excluded.problem_id, at_ms = excluded.at_ms, label = excluded.label",
		       params, ARRAY_LEN(params), err) &&
	       exec(u,
		       "INSERT INTO team.problem_pipeline (problem_id, source, pipeline) VALUES ($1, $2, $3)"
		       " ON CONFLICT DO NOTHING",
		       params, 3, err);
}

static bool was_resolved_by_sync(struct update *u, int64_t id, bool *out, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(id)};
	if (!store_query(u->store,
		    "SELECT who FROM team.problem_event WHERE problem_id = $1 AND verb = 'resolved'"
		    " ORDER BY at_ms DESC, id DESC LIMIT 1",
		    params, 1, u->arena, &row, err))
		return false;
	*out = row.n_rows && !strcmp(result_text(&row, 0, 0), "sync");
	return true;
}

/* The row of the problem with the finding's key, made where there is none. */
static bool open_problem(struct update *u, const struct finding *f, int64_t *id, struct err *err)
{
	struct result row;
	const struct value key[] = {value_text(f->key)};
	if (!store_query(u->store, "SELECT id, state, closed_ms FROM team.problem WHERE key = $1", key, 1,
		    u->arena, &row, err))
		return false;
	if (!row.n_rows) {
		const struct value params[] = {value_text(f->kind), value_text(f->key), value_text(f->title),
			value_int(f->at_ms), value_text(f->is_flaky ? "resolved" : "open")};
		u->counts->opened += !f->is_flaky;
		return store_exec_id(u->store,
			       "INSERT INTO team.problem (kind, key, title, first_ms, last_ms, known, count, state, closed_ms)"
			       " VALUES ($1, $2, $3, $4, $4, 'new', 1, $5, CASE WHEN $5 = 'resolved' THEN $4 END) RETURNING id",
			       params, ARRAY_LEN(params), id, err) &&
		       add_event(u, *id, f->is_flaky ? "resolved" : "opened", f->title, err);
	}
	*id = result_int(&row, 0, 0, 0);
	if (f->is_flaky || strcmp(result_text(&row, 0, 1), "resolved"))
		return true;
	bool is_by_sync;
	if (!was_resolved_by_sync(u, *id, &is_by_sync, err))
		return false;
	/* What was standing when a person resolved it stays resolved until it happens again. We resolved it
	 * because nothing stood; what stands now may well be older: its source was late to tell. */
	if (!is_by_sync && f->at_ms <= result_ms(&row, 0, 2))
		return true;
	u->counts->returned++;
	const struct value params[] = {value_int(*id), value_int(f->at_ms)};
	return exec(u,
		       "UPDATE team.problem SET state = 'open', known = 'returned', first_ms = $2, closed_ms = NULL,"
		       " assignee = NULL, snoozed_until_ms = NULL WHERE id = $1",
		       params, 2, err) &&
	       add_event(u, *id, "returned", f->title, err);
}

/* The kind of its cause: what a person says, else what the rule says. */
static bool find_kind(
	struct update *u, int64_t id, const struct finding *f, const char **out, struct err *err)
{
	const char *corrected;
	if (!causes_correct(u->store, id, u->arena, &corrected, err))
		return false;
	const char *subject = strcmp(f->kind, "platform") ? NULL : f->step;
	const struct cause *cause =
		f->is_flaky ? cause_flaky() : cause_of(f->kind, subject, f->cause ? f->cause : f->title);
	*out = corrected ? corrected : cause->kind;
	return true;
}

/* When the first result of the source is due: with a sick component it will not be there. */
static bool find_first_due(struct update *u, const char *source, int64_t *due_ms, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_text(source)};
	*due_ms = TIME_NONE;
	if (!u->config->n_projects)
		return true;
	if (!store_query(u->store,
		    "SELECT p.pipeline FROM pipeline p JOIN source s ON s.id = p.source_id WHERE s.name = $1"
		    " AND p.gone = 0 AND coalesce(p.paused, 0) = 0",
		    params, 1, u->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const char *pipeline = result_text(&rows, i, 0);
		const struct config_project *project = config_project_of(u->config, source, pipeline);
		const char *clock = project ? config_due(project, source, pipeline) : NULL;
		int64_t next_ms = late_next_clock(clock, u->now_ms);
		if (next_ms != TIME_NONE && (*due_ms == TIME_NONE || next_ms < *due_ms))
			*due_ms = next_ms;
	}
	for (size_t i = 0; i < u->n_lates; i++)
		if (u->lates[i].is_held && u->lates[i].due_ms != TIME_NONE &&
			!strcmp(u->lates[i].source, source) &&
			(*due_ms == TIME_NONE || u->lates[i].due_ms < *due_ms))
			*due_ms = u->lates[i].due_ms;
	return true;
}

/* Its own due time; by its project's promise; of a sick component that of the first who suffers. */
static bool find_due(struct update *u, const struct finding *f, const struct config_project *project,
	int64_t *due_ms, struct err *err)
{
	bool is_platform = !strcmp(f->kind, "platform");
	const char *name = is_platform ? wait_import_name(u->arena, f->step) : f->pipeline;
	*due_ms = f->due_ms;
	if (f->due_ms)
		return true;
	if (is_platform && !name)
		return find_first_due(u, f->source, due_ms, err);
	*due_ms = late_next_clock(project && name ? config_due(project, f->source, name) : NULL, f->at_ms);
	return true;
}

/* The first finding of a problem in this pass is its newest: it gives place, title and promise. */
static bool describe_problem(struct update *u, int64_t id, const struct finding *f, struct err *err)
{
	const struct config_project *project = wait_project(u->config, f->source, f->pipeline, f->step);
	const char *owner = project ? config_owner(project, f->pipeline && f->step ? f->step : "") : NULL;
	const char *severity = f->is_flaky ? "playground" : wait_severity(u->config, project, u->now_ms);
	const char *kind, *oncall;
	int64_t blocked, due_ms;
	if (!count_blocked(u, f, &blocked, err) || !find_due(u, f, project, &due_ms, err) ||
		!find_kind(u, id, f, &kind, err) ||
		!wait_oncall(u->store, project, u->now_ms, u->arena, &oncall, err))
		return false;
	const struct value params[] = {value_int(id), value_text(f->title), value_text(f->source),
		value_text(f->pipeline), value_text(f->run), value_text(f->step), value_text(f->index),
		value_int(f->attempt), value_int(f->at_ms), value_text(owner ? owner : f->owner),
		value_text(oncall), value_text(severity), value_ms(due_ms), value_text(f->cause),
		value_text(f->fingerprint), value_int(f->cause_line), value_int(blocked),
		value_int(u->pass_ms), value_text(kind)};
	return exec(u,
		"UPDATE team.problem SET title = $2, source = $3, pipeline = $4, run = $5, step = $6, step_index = $7,"
		" attempt = $8, last_ms = $9, owner = $10, oncall = $11, severity = $12, due_ms = $13, cause = $14,"
		" fingerprint = $15, cause_line = $16, blocked_steps = $17, seen_ms = $18, cause_kind = $19 WHERE id = $1",
		params, ARRAY_LEN(params), err);
}

static bool is_seen_now(struct update *u, int64_t id, bool *is_seen, struct err *err)
{
	int64_t seen_ms = 0;
	const struct value params[] = {value_int(id)};
	if (!store_exec_id(u->store, "SELECT coalesce(seen_ms, -1) FROM team.problem WHERE id = $1", params,
		    1, &seen_ms, err))
		return false;
	*is_seen = seen_ms == u->pass_ms;
	return true;
}

/* Findings come newest first; a new problem is as old as its oldest. */
static bool set_first(struct update *u, int64_t id, const struct finding *f, struct err *err)
{
	const struct value params[] = {value_int(id), value_int(f->at_ms)};
	return exec(u,
		"UPDATE team.problem SET first_ms = $2 WHERE id = $1 AND known = 'new' AND first_ms > $2",
		params, 2, err);
}

static bool put_pipeline(
	struct update *u, int64_t id, const char *source, const char *pipeline, struct err *err)
{
	const struct value params[] = {value_int(id), value_text(source), value_text(pipeline)};
	return exec(u,
		"INSERT INTO team.problem_pipeline (problem_id, source, pipeline) VALUES ($1, $2, $3)"
		" ON CONFLICT DO NOTHING",
		params, ARRAY_LEN(params), err);
}

/* Of what no run stands for: the pipeline itself, or those that are late because of it. */
static bool put_pipelines(struct update *u, int64_t id, const struct finding *f, struct err *err)
{
	const struct value params[] = {value_int(id)};
	if (f->run && !f->is_under_way)
		return true;
	if (!exec(u, "DELETE FROM team.problem_pipeline WHERE problem_id = $1", params, 1, err) ||
		(f->pipeline && !put_pipeline(u, id, f->source, f->pipeline, err)))
		return false;
	for (size_t i = 0; f->holds && i < u->n_lates; i++)
		if (u->lates[i].is_held && !strcmp(u->lates[i].source, f->holds) &&
			!put_pipeline(u, id, f->holds, u->lates[i].pipeline, err))
			return false;
	return true;
}

static bool put_finding(struct update *u, const struct finding *f, struct err *err)
{
	int64_t id;
	bool is_seen;
	return open_problem(u, f, &id, err) && set_first(u, id, f, err) &&
	       is_seen_now(u, id, &is_seen, err) && (is_seen || describe_problem(u, id, f, err)) &&
	       add_occurrence(u, id, f, err) && put_pipelines(u, id, f, err);
}

/* A failed step stands while no later run of the same pipeline has passed it. */
static const char standing_sql[] =
	"SELECT s.name, p.pipeline, r.run, f.step, f.idx, f.label, f.attempt, coalesce(f.ended_ms, f.at_ms),"
	" e.cause, e.fingerprint, e.cause_line, p.owner, p.id, r.id, r.failed_steps"
	" FROM step_run f JOIN run r ON r.id = f.run_id JOIN pipeline p ON p.id = f.pipeline_id"
	" JOIN source s ON s.id = p.source_id"
	" LEFT JOIN team.evidence e ON e.source = s.name AND e.pipeline = p.pipeline AND e.run = r.run"
	" AND e.step = f.step AND e.idx = f.idx AND e.attempt = f.attempt"
	" WHERE f.state = 'failed' AND f.is_newest = 1 AND f.gone = 0 AND r.gone = 0 AND p.gone = 0 AND f.at_ms >= $1"
	" AND NOT EXISTS (SELECT 1 FROM step_run g WHERE g.pipeline_id = f.pipeline_id AND g.step = f.step"
	" AND g.at_ms > f.at_ms AND g.run_id <> f.run_id AND g.is_newest = 1 AND g.state = 'success')"
	" ORDER BY f.at_ms DESC, f.id DESC LIMIT 20000";

static struct finding failed_step(struct update *u, const struct result *rows, size_t row)
{
	struct finding f = {.kind = "failed",
		.source = result_text(rows, row, 0),
		.pipeline = result_text(rows, row, 1),
		.run = result_text(rows, row, 2),
		.step = result_text(rows, row, 3),
		.index = result_text(rows, row, 4),
		.label = result_text(rows, row, 5),
		.attempt = result_int(rows, row, 6, 0),
		.at_ms = result_ms(rows, row, 7),
		.cause = result_text(rows, row, 8),
		.fingerprint = result_text(rows, row, 9),
		.cause_line = result_int(rows, row, 10, 0),
		.owner = result_text(rows, row, 11),
		.pipeline_id = result_int(rows, row, 12, 0),
		.run_id = result_int(rows, row, 13, 0)};
	bool has_print = f.fingerprint && *f.fingerprint;
	f.key = has_print ? arena_printf(u->arena, "failed:%s", f.fingerprint)
			  : arena_printf(u->arena, "failed:%s/%s/%s", f.source, f.pipeline, f.step);
	f.title = f.cause ? f.cause : arena_printf(u->arena, "%s failed; its log says nothing yet", f.step);
	return f;
}

/* The first step before this one that failed in the same run: this one failed because of it. NULL: none did.
 */
static bool find_root(struct update *u, const struct finding *f, const char **out, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(f->pipeline_id), value_text(f->step), value_int(f->run_id)};
	if (!store_query(u->store,
		    "WITH RECURSIVE up(step) AS (SELECT upstream FROM step_edge WHERE pipeline_id = $1 AND step = $2"
		    " UNION SELECT e.upstream FROM step_edge e JOIN up ON e.step = up.step WHERE e.pipeline_id = $1)"
		    " SELECT t.step FROM step_run t WHERE t.run_id = $3 AND t.is_newest = 1 AND t.state = 'failed'"
		    " AND t.step <> $2 AND t.step IN (SELECT step FROM up) ORDER BY t.at_ms, t.id LIMIT 1",
		    params, ARRAY_LEN(params), u->arena, &row, err))
		return false;
	*out = row.n_rows ? result_text(&row, 0, 0) : NULL;
	return true;
}

/* The problem of this pass that step ROOT of the same run stands in; 0: none. */
static bool find_root_problem(
	struct update *u, const struct finding *f, const char *root, int64_t *id, struct err *err)
{
	const struct value params[] = {value_text(f->source), value_text(f->pipeline), value_text(f->run),
		value_text(root), value_int(u->pass_ms)};
	return store_exec_id(u->store,
		"SELECT coalesce((SELECT o.problem_id FROM team.occurrence o JOIN team.problem b ON b.id = o.problem_id"
		" WHERE o.source = $1 AND o.pipeline = $2 AND o.run = $3 AND o.step = $4 AND b.seen_ms = $5 LIMIT 1), 0)",
		params, ARRAY_LEN(params), id, err);
}

/* A step that failed because one before it did is part of that one's problem, where that stands. */
static bool put_follower(struct update *u, const struct finding *f, const char *root, struct err *err)
{
	int64_t id;
	if (!find_root_problem(u, f, root, &id, err))
		return false;
	return id ? add_occurrence(u, id, f, err) : put_finding(u, f, err);
}

static bool find_failed_steps(struct update *u, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(u->now_ms - PROBLEM_DAYS * DAY_MS)};
	if (!store_query(u->store, standing_sql, params, 1, u->arena, &rows, err))
		return false;
	const char **roots = arena_array(u->arena, const char *, rows.n_rows + 1);
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct finding f = failed_step(u, &rows, i);
		bool is_alone = result_int(&rows, i, 14, 0) < 2;
		if ((!is_alone && !find_root(u, &f, &roots[i], err)) ||
			(!roots[i] && !put_finding(u, &f, err)))
			return false;
	}
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct finding f = failed_step(u, &rows, i);
		if (roots[i] && !put_follower(u, &f, roots[i], err))
			return false;
	}
	return true;
}

/* Attempts of the last day that failed and that the tool's own retry cured, so that nobody ever saw them
 * fail: a problem each for their steps, over as soon as it is known. */
static bool find_flaky_steps(struct update *u, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(u->now_ms - DAY_MS)};
	if (!store_query(u->store,
		    "SELECT s.name, p.pipeline, r.run, f.step, f.idx, f.label, f.attempt, coalesce(f.ended_ms, f.at_ms),"
		    " e.cause, e.fingerprint, e.cause_line, p.owner, p.id, r.id, g.attempt"
		    " FROM step_run g JOIN step_run f ON f.run_id = g.run_id AND f.step = g.step AND f.idx = g.idx"
		    " AND f.attempt = g.attempt - 1 JOIN run r ON r.id = f.run_id JOIN pipeline p ON p.id = f.pipeline_id"
		    " JOIN source s ON s.id = p.source_id LEFT JOIN team.evidence e ON e.source = s.name"
		    " AND e.pipeline = p.pipeline AND e.run = r.run AND e.step = f.step AND e.idx = f.idx"
		    " AND e.attempt = f.attempt WHERE g.is_newest = 1 AND g.state = 'success' AND g.attempt > 1"
		    " AND g.at_ms >= $1 AND g.gone = 0 AND r.gone = 0 AND f.state = 'failed' AND NOT EXISTS"
		    " (SELECT 1 FROM team.occurrence o JOIN team.problem b ON b.id = o.problem_id WHERE o.source = s.name"
		    " AND o.pipeline = p.pipeline AND o.run = r.run AND o.step = f.step AND o.idx = f.idx"
		    " AND o.attempt = f.attempt AND b.key NOT LIKE 'flaky:%') ORDER BY g.at_ms DESC, g.id DESC LIMIT 1000",
		    params, ARRAY_LEN(params), u->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct finding f = failed_step(u, &rows, i);
		f.is_flaky = true;
		f.key = arena_printf(u->arena, "flaky:%s/%s/%s", f.source, f.pipeline, f.step);
		f.title = arena_printf(u->arena, "passed at try %lld%s%s",
			(long long)result_int(&rows, i, 14, 0), f.cause ? "; before: " : "",
			f.cause ? f.cause : "");
		if (!put_finding(u, &f, err))
			return false;
	}
	return true;
}

/* The problem of this pass that a run of another tool belongs to: of the step that it was part of. 0: none.
 */
static bool find_linked_problem(struct update *u, int64_t run_id, int64_t *id, struct err *err)
{
	const struct value params[] = {value_int(run_id), value_int(u->pass_ms)};
	return store_exec_id(u->store,
		"SELECT coalesce((SELECT o.problem_id FROM run_link l JOIN run t ON t.id = l.to_run_id JOIN pipeline p"
		" ON p.id = t.pipeline_id JOIN source s ON s.id = p.source_id JOIN team.occurrence o ON o.source = s.name"
		" AND o.pipeline = p.pipeline AND o.run = t.run AND (l.to_step = '' OR o.step = l.to_step)"
		" JOIN team.problem b ON b.id = o.problem_id WHERE l.run_id = $1 AND b.seen_ms = $2 LIMIT 1), 0)",
		params, ARRAY_LEN(params), id, err);
}

static bool put_failed_run(struct update *u, const struct finding *f, struct err *err)
{
	int64_t id;
	if (!find_linked_problem(u, f->run_id, &id, err))
		return false;
	return id ? add_occurrence(u, id, f, err) : put_finding(u, f, err);
}

/* A run that the tool calls failed without any step that failed: a time-out, a wrong definition; or that it
 * calls running and that is dead. */
static bool find_failed_runs(struct update *u, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(u->now_ms - PROBLEM_DAYS * DAY_MS)};
	if (!store_query(u->store,
		    "SELECT s.name, p.pipeline, r.run, coalesce(r.ended_ms, r.at_ms), p.owner, p.id, r.id, r.state"
		    " FROM run r JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = p.source_id"
		    " WHERE r.state IN ('failed', 'lost') AND r.failed_steps = 0 AND r.gone = 0 AND p.gone = 0 AND r.at_ms >= $1"
		    " AND NOT EXISTS (SELECT 1 FROM run g WHERE g.pipeline_id = r.pipeline_id AND g.at_ms > r.at_ms"
		    " AND g.state = 'success')"
		    " ORDER BY r.at_ms DESC, r.id DESC LIMIT 5000",
		    params, 1, u->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct finding f = {.kind = "failed",
			.source = result_text(&rows, i, 0),
			.pipeline = result_text(&rows, i, 1),
			.run = result_text(&rows, i, 2),
			.at_ms = result_ms(&rows, i, 3),
			.owner = result_text(&rows, i, 4),
			.pipeline_id = result_int(&rows, i, 5, 0),
			.run_id = result_int(&rows, i, 6, 0)};
		f.title = strcmp(result_text(&rows, i, 7), "lost")
				  ? "the run failed; no step of it did"
				  : "the run was lost: it is called running, and is silent";
		f.key = arena_printf(u->arena, "failed:%s/%s", f.source, f.pipeline);
		if (!put_failed_run(u, &f, err))
			return false;
	}
	return true;
}

/* What cannot run while its scheduler or its source is down is one problem: theirs. */
static void hold_lates(struct update *u, struct finding *f)
{
	size_t n = 0;
	for (size_t i = 0; i < u->n_lates; i++)
		n += u->lates[i].is_held && !strcmp(u->lates[i].source, f->source);
	if (!n)
		return;
	f->holds = f->source;
	f->title = arena_printf(u->arena, "%s; %zu pipeline%s late", f->title, n, n == 1 ? "" : "s");
}

static bool is_of_import(const char *component)
{
	return str_starts(str_of(component), STR("import "));
}

static bool find_sick_components(struct update *u, struct err *err)
{
	struct result rows;
	if (!store_query(u->store,
		    "SELECT s.name, h.component, h.message, h.since_ms, h.seen_ms FROM health h"
		    " JOIN source s ON s.id = h.source_id WHERE h.state = 'failed' ORDER BY h.id LIMIT 1000",
		    NULL, 0, u->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct finding f = {.kind = "platform",
			.source = result_text(&rows, i, 0),
			.step = result_text(&rows, i, 1),
			.at_ms = result_ms(&rows, i, 3)};
		if (f.at_ms == TIME_NONE)
			f.at_ms = result_int(&rows, i, 4, u->now_ms);
		const char *message = result_text(&rows, i, 2);
		f.key = arena_printf(u->arena, "platform:%s/%s", f.source, f.step);
		f.title = message ? message : arena_printf(u->arena, "%s reports itself failed", f.step);
		if (!is_of_import(f.step))
			hold_lates(u, &f);
		if (!put_finding(u, &f, err))
			return false;
	}
	return true;
}

static bool find_sick_sources(struct update *u, struct err *err)
{
	struct result rows;
	if (!store_query(u->store,
		    "SELECT name, error, since_ms FROM source WHERE state = 'error' OR failures >= 2 ORDER BY id LIMIT 1000",
		    NULL, 0, u->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct finding f = {.kind = "platform",
			.source = result_text(&rows, i, 0),
			.at_ms = result_int(&rows, i, 2, u->now_ms)};
		f.key = arena_printf(u->arena, "platform:%s", f.source);
		f.title = result_text(&rows, i, 1) ? result_text(&rows, i, 1) : "it does not answer";
		hold_lates(u, &f);
		if (!put_finding(u, &f, err))
			return false;
	}
	return true;
}

/* A source that was not asked says nothing of what is late: what was so stays so. */
static bool keep_lates(struct update *u, struct err *err)
{
	const struct value params[] = {value_int(u->pass_ms)};
	return exec(u,
		"UPDATE team.problem SET seen_ms = $1 WHERE kind = 'late' AND state IN ('open', 'acknowledged', 'snoozed')"
		" AND source IN (SELECT name FROM source WHERE state = 'stale' AND failures < 2)",
		params, 1, err);
}

static bool find_lates(struct update *u, struct err *err)
{
	for (size_t i = 0; i < u->n_lates; i++) {
		const struct late *late = &u->lates[i];
		if (late->is_held)
			continue;
		const struct finding f = {.kind = "late",
			.key = arena_printf(u->arena, "late:%s/%s", late->source, late->pipeline),
			.title = late->title,
			.source = late->source,
			.pipeline = late->pipeline,
			.owner = late->owner,
			.pipeline_id = late->pipeline_id,
			.run = late->run,
			.step = late->step,
			.index = late->index,
			.is_under_way = late->run != NULL,
			.at_ms = late->at_ms,
			.due_ms = late->due_ms == TIME_NONE ? 0 : late->due_ms};
		if (!put_finding(u, &f, err))
			return false;
	}
	return keep_lates(u, err);
}

#define OVER_SQL                                                                                             \
	" WHERE kind IN ('failed', 'platform', 'late') AND state IN ('open', 'acknowledged', 'snoozed')"     \
	" AND coalesce(seen_ms, 0) <> $2"

/* What was not found in this pass is over; then each problem counts what it stands for. */
static bool close_others(struct update *u, struct err *err)
{
	const struct value over[] = {value_int(u->now_ms), value_int(u->pass_ms)};
	const struct value pass[] = {value_int(u->pass_ms)};
	return exec(u,
		       "INSERT INTO team.problem_event (problem_id, at_ms, who, verb, text)"
		       " SELECT id, $1, 'sync', 'resolved', 'it stands no longer' FROM team.problem" OVER_SQL,
		       over, 2, err) &&
	       store_exec(u->store, "UPDATE team.problem SET state = 'resolved', closed_ms = $1" OVER_SQL,
		       over, 2, &u->counts->resolved, err) &&
	       exec(u,
		       "UPDATE team.problem SET count = CASE WHEN kind IN ('platform', 'late') THEN 1 ELSE"
		       " (SELECT count(*) FROM team.occurrence o WHERE o.problem_id = team.problem.id) END"
		       " WHERE seen_ms = $1",
		       pass, 1, err) &&
	       store_exec_id(u->store, "SELECT count(*) FROM team.problem WHERE state = 'open'", NULL, 0,
		       &u->counts->open, err);
}

/* Two passes may fall into one millisecond, and a fixed clock stands still. */
static bool begin_pass(struct update *u, struct err *err)
{
	int64_t last_ms;
	if (!store_exec_id(
		    u->store, "SELECT coalesce(max(seen_ms), 0) FROM team.problem", NULL, 0, &last_ms, err))
		return false;
	u->pass_ms = u->now_ms > last_ms ? u->now_ms : last_ms + 1;
	return team_version(u->store, &u->mark, err);
}

bool problems_update(struct store *store, const struct config *config, int64_t now_ms,
	struct problem_counts *counts, struct err *err)
{
	*counts = (struct problem_counts){0};
	struct update u = {
		.store = store, .config = config, .arena = arena_new(), .now_ms = now_ms, .counts = counts};
	bool ok = store_begin(store, err);
	if (ok) {
		ok = begin_pass(&u, err) &&
		     late_find(store, config, now_ms, u.arena, &u.lates, &u.n_lates, err) &&
		     find_failed_steps(&u, err) && find_failed_runs(&u, err) && find_flaky_steps(&u, err) &&
		     find_sick_components(&u, err) && find_sick_sources(&u, err) && find_lates(&u, err) &&
		     close_others(&u, err) && team_pass(store, now_ms, u.mark, err) &&
		     notify_queue(store, config, now_ms, u.mark, err) && store_commit(store, err);
		if (!ok)
			store_rollback(store);
	}
	arena_free(u.arena);
	return ok || err_wrap(err, "problems");
}

bool problems_check_sync(struct store *store, int64_t now_ms, struct err *err)
{
	int64_t attempted_ms;
	if (!store_exec_id(
		    store, "SELECT coalesce(max(attempted_ms), 0) FROM source", NULL, 0, &attempted_ms, err))
		return false;
	if (!attempted_ms || now_ms - attempted_ms < PROBLEM_SYNC_SILENT_MS)
		return true;
	struct problem_counts counts = {0};
	const struct config nothing = {0};
	struct update u = {.store = store,
		.config = &nothing,
		.arena = arena_new(),
		.now_ms = now_ms,
		.counts = &counts};
	const struct finding f = {.kind = "platform",
		.key = "platform:sync",
		.source = "sync",
		.at_ms = attempted_ms,
		.title = "porthole sync is silent: nothing here is newer; start 'porthole sync --watch'"};
	bool ok = store_begin(store, err);
	if (ok) {
		ok = begin_pass(&u, err) && put_finding(&u, &f, err) && store_commit(store, err);
		if (!ok)
			store_rollback(store);
	}
	arena_free(u.arena);
	return ok || err_wrap(err, "problems");
}
