/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/slow.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/when.h"

#define DAY_MS (24 * 60 * 60 * 1000LL)

enum { LEAST_HISTORY = 5, HISTORY = 30 };

enum { SOURCE, PIPELINE, OWNER, PIPELINE_ID, RUN_ID, RUN, STATE, AT, SYNCED, HELD };

static const char under_way_sql[] =
	"SELECT s.name, p.pipeline, p.owner, p.id, r.id, r.run, r.state, r.at_ms, s.synced_ms,"
	" CASE WHEN s.state <> 'ok' OR " LATE_DOWN_SQL " THEN 1 ELSE 0 END"
	" FROM run r JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = p.source_id"
	" WHERE r.state IN ('running', 'queued') AND r.gone = 0 AND r.at_ms >= $1 AND r.at_ms <= $2"
	" AND p.gone = 0 AND coalesce(p.paused, 0) = 0 AND EXISTS (SELECT 1 FROM step q WHERE q.pipeline_id = p.id)"
	" AND (r.state = 'running' OR NOT EXISTS (SELECT 1 FROM run o WHERE o.pipeline_id = p.id"
	" AND o.state = 'running' AND o.at_ms >= $1 AND o.gone = 0)) ORDER BY r.at_ms, r.id LIMIT $3";

/* One run, as it is judged. */
struct judged {
	struct store *store;
	struct arena *arena;
	int64_t pipeline_id, run_id;
	int64_t at_ms;	  /* started, or queued */
	int64_t asked_ms; /* when its tool last said so */
};

static bool query(const struct judged *j, const char *sql, const struct value *params, size_t n,
	struct result *rows, struct err *err)
{
	return store_query(j->store, sql, params, n, j->arena, rows, err);
}

/* How long the step waited at most of late; 0: nobody knows. */
static bool find_longest_wait(const struct judged *j, const char *step, int64_t *out, struct err *err)
{
	const struct value params[] = {value_int(j->pipeline_id), value_text(step), value_int(HISTORY)};
	return store_exec_id(j->store,
		"SELECT coalesce(max(started_ms - queued_ms), 0) FROM (SELECT started_ms, queued_ms FROM step_run"
		" WHERE pipeline_id = $1 AND step = $2 AND started_ms IS NOT NULL AND queued_ms IS NOT NULL"
		" ORDER BY at_ms DESC, id DESC LIMIT $3) w",
		params, ARRAY_LEN(params), out, err);
}

/* The step that is queued since *SINCE_MS; NULL: none is, or one runs, or waits for its retry. */
static bool find_queued_step(
	const struct judged *j, const char **step, const char **index, int64_t *since_ms, struct err *err)
{
	struct result all, first;
	const struct value params[] = {value_int(j->run_id)};
	*step = *index = NULL;
	if (!query(j,
		    "SELECT count(*) FILTER (WHERE state = 'running' OR tool_state = 'up_for_retry'),"
		    " max(coalesce(ended_ms, started_ms)) FROM step_run WHERE run_id = $1 AND is_newest = 1 AND gone = 0",
		    params, 1, &all, err) ||
		!query(j,
			"SELECT step, nullif(idx, ''), queued_ms FROM step_run WHERE run_id = $1 AND is_newest = 1"
			" AND gone = 0 AND state = 'queued' ORDER BY CASE tool_state WHEN 'queued' THEN 0"
			" WHEN 'scheduled' THEN 1 ELSE 2 END, id LIMIT 1",
			params, 1, &first, err))
		return false;
	if (result_int(&all, 0, 0, 0) || !first.n_rows)
		return true;
	*step = result_text(&first, 0, 0);
	*index = result_text(&first, 0, 1);
	*since_ms = j->at_ms;
	if (result_int(&all, 0, 1, 0) > *since_ms) /* it was not its turn before */
		*since_ms = result_ms(&all, 0, 1);
	if (result_int(&first, 0, 2, 0) > *since_ms)
		*since_ms = result_ms(&first, 0, 2);
	return true;
}

static bool judge_queue(const struct judged *j, const char *state, struct late *out, struct err *err)
{
	const char *step = NULL, *index = NULL;
	int64_t since_ms = j->at_ms, longest_ms = 0;
	bool is_queued = !strcmp(state, "queued");
	if (!is_queued && !find_queued_step(j, &step, &index, &since_ms, err))
		return false;
	if (!is_queued && !step)
		return true;
	if (step && !find_longest_wait(j, step, &longest_ms, err))
		return false;
	int64_t waited_ms = j->asked_ms - since_ms;
	if (waited_ms < SLOW_GRACE_MS || waited_ms < 2 * longest_ms)
		return true;
	out->step = step;
	out->index = index;
	out->at_ms = since_ms;
	out->title = arena_printf(j->arena, "%s%squeued since %s, and nothing takes it", step ? step : "",
		step ? " is " : "", when_local(j->arena, since_ms));
	return true;
}

static const char *duration(struct arena *arena, int64_t ms)
{
	struct buf text;
	buf_init(&text, 0);
	when_add_duration(&text, ms);
	return arena_take(arena, &text);
}

static bool judge_past(const struct judged *j, struct late *out, struct err *err)
{
	struct result past;
	const struct value params[] = {value_int(j->pipeline_id), value_int(HISTORY)};
	if (!query(j,
		    "SELECT count(*), max(duration_ms) FROM (SELECT duration_ms FROM run WHERE pipeline_id = $1"
		    " AND state = 'success' AND gone = 0 AND duration_ms IS NOT NULL"
		    " ORDER BY at_ms DESC, id DESC LIMIT $2) g",
		    params, ARRAY_LEN(params), &past, err))
		return false;
	int64_t n = result_int(&past, 0, 0, 0), longest_ms = result_int(&past, 0, 1, 0);
	int64_t more_ms = longest_ms / 2 > SLOW_GRACE_MS ? longest_ms / 2 : SLOW_GRACE_MS;
	if (n < LEAST_HISTORY || j->asked_ms - j->at_ms < longest_ms + more_ms)
		return true;
	out->at_ms = j->at_ms + longest_ms;
	out->title = arena_printf(j->arena, "running since %s; its last %lld green runs took %s at most",
		when_local(j->arena, j->at_ms), (long long)n, duration(j->arena, longest_ms));
	return true;
}

/* OUT has a title where it is stuck or slow. */
static bool judge(struct store *store, int64_t now_ms, const struct result *rows, size_t row,
	struct late *out, struct err *err)
{
	int64_t synced_ms = result_ms(rows, row, SYNCED);
	const struct judged j = {.store = store,
		.arena = rows->arena,
		.pipeline_id = result_int(rows, row, PIPELINE_ID, 0),
		.run_id = result_int(rows, row, RUN_ID, 0),
		.at_ms = result_ms(rows, row, AT),
		.asked_ms = synced_ms != TIME_NONE && synced_ms < now_ms ? synced_ms : now_ms};
	const char *state = result_text(rows, row, STATE);
	*out = (struct late){.source = result_text(rows, row, SOURCE),
		.pipeline = result_text(rows, row, PIPELINE),
		.owner = result_text(rows, row, OWNER),
		.pipeline_id = j.pipeline_id,
		.run = result_text(rows, row, RUN),
		.due_ms = TIME_NONE,
		.is_held = result_int(rows, row, HELD, 0) != 0};
	return judge_queue(&j, state, out, err) &&
	       (out->title || strcmp(state, "running") || judge_past(&j, out, err));
}

/* Late already, by its due time or its schedule: what runs or waits says more than that. */
static void merge(struct arena *arena, struct late *into, const struct late *slow)
{
	if (into->run)
		return;
	into->run = slow->run;
	into->step = slow->step;
	into->index = slow->index;
	into->title = arena_printf(arena, "due %s; %s", when_local(arena, into->due_ms), slow->title);
}

static void add(struct arena *arena, struct late *lates, size_t *n, const struct late *slow)
{
	for (size_t i = 0; i < *n; i++) {
		if (lates[i].pipeline_id != slow->pipeline_id)
			continue;
		merge(arena, &lates[i], slow);
		return;
	}
	lates[(*n)++] = *slow;
}

bool slow_find(struct store *store, int64_t now_ms, struct arena *arena, struct late *lates, size_t *n,
	struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(now_ms - SLOW_DAYS * DAY_MS),
		value_int(now_ms - SLOW_GRACE_MS), value_int(SLOW_MOST)};
	if (!store_query(store, under_way_sql, params, ARRAY_LEN(params), arena, &rows, err))
		return false;
	for (size_t row = 0; row < rows.n_rows; row++) {
		struct late slow;
		if (!judge(store, now_ms, &rows, row, &slow, err))
			return false;
		if (slow.title)
			add(arena, lates, n, &slow);
	}
	return true;
}
