/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/late.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/triage/cron.h"
#include "client/triage/slow.h"

#include <time.h>

/* HOUR:MINUTE of that day; mktime normalises, also over a clock change. */
static time_t local_clock(struct tm day, int hour, int minute)
{
	day.tm_hour = hour;
	day.tm_min = minute;
	day.tm_sec = 0;
	day.tm_isdst = -1;
	return mktime(&day);
}

static bool read_clock(const char *text, int *hour, int *minute)
{
	int64_t h, m;
	struct str s = str_of(text);
	size_t colon = str_find(s, STR(":"), 0);
	if (colon == SIZE_MAX || !str_to_int(str_slice(s, 0, colon), 0, 23, &h) ||
		!str_to_int(str_slice(s, colon + 1, s.n), 0, 59, &m))
		return false;
	*hour = (int)h;
	*minute = (int)m;
	return true;
}

/* The time of day on the first day from DAYS on that lies after AT_MS, or (is_last) on the last day up to
 * DAYS that does not. */
static int64_t clock_near(const char *clock, int64_t at_ms, bool is_last)
{
	int hour, minute;
	time_t at = (time_t)(at_ms / 1000);
	struct tm tm;
	if (!clock || !read_clock(clock, &hour, &minute) || !localtime_r(&at, &tm))
		return TIME_NONE;
	time_t found = local_clock(tm, hour, minute);
	if (is_last ? found > at : found <= at) {
		tm.tm_mday += is_last ? -1 : 1;
		found = local_clock(tm, hour, minute);
	}
	return found == (time_t)-1 ? TIME_NONE : (int64_t)found * 1000;
}

int64_t late_next_clock(const char *clock, int64_t at_ms)
{
	return clock_near(clock, at_ms, false);
}

int64_t late_last_clock(const char *clock, int64_t at_ms)
{
	return clock_near(clock, at_ms, true);
}

/* One pipeline, as it is judged. */
struct judged {
	struct store *store;
	struct arena *arena;
	int64_t now_ms, pipeline_id;
	const char *clock; /* of its project's `due:`, or NULL */
	struct cron cron;
	bool has_cron;
	int64_t next_due_ms, last_run_ms, synced_ms;
};

/* What there is of the result that was due: a green run, one that failed, one that runs still. */
static bool find_result(
	const struct judged *j, int64_t since_ms, const char **state, int64_t *at_ms, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(j->pipeline_id), value_int(since_ms)};
	if (!store_query(j->store,
		    "SELECT state, at_ms FROM run WHERE pipeline_id = $1 AND at_ms > $2 AND gone = 0"
		    " ORDER BY CASE state WHEN 'success' THEN 0 ELSE 1 END, at_ms DESC, id DESC LIMIT 1",
		    params, ARRAY_LEN(params), j->arena, &rows, err))
		return false;
	*state = rows.n_rows ? result_text(&rows, 0, 0) : NULL;
	*at_ms = rows.n_rows ? result_ms(&rows, 0, 1) : TIME_NONE;
	return true;
}

static bool says(const char *state, const char *words)
{
	struct str rest = str_of(words), word;
	while (state && str_next(&rest, ' ', &word))
		if (str_is(word, state))
			return true;
	return false;
}

static bool find_green(const struct judged *j, int64_t *at_ms, struct err *err)
{
	const struct value params[] = {value_int(j->pipeline_id)};
	return store_exec_id(j->store,
		"SELECT coalesce((SELECT at_ms FROM run WHERE pipeline_id = $1 AND state = 'success' AND gone = 0"
		" ORDER BY at_ms DESC, id DESC LIMIT 1), -1)",
		params, 1, at_ms, err);
}

/* When the pipeline first ran. */
static bool find_first(const struct judged *j, int64_t *at_ms, struct err *err)
{
	const struct value params[] = {value_int(j->pipeline_id)};
	return store_exec_id(j->store,
		"SELECT coalesce((SELECT at_ms FROM run WHERE pipeline_id = $1 AND gone = 0 ORDER BY at_ms, id LIMIT 1), 0)",
		params, 1, at_ms, err);
}

/* From when on a run counts for what is due at DUE_MS: where its schedule fires last before that (its zone is
 * not known, so the earlier of two readings), else since the due time before it. TIME_NONE: nothing is asked.
 */
static int64_t counted_since(const struct judged *j, int64_t due_ms)
{
	int64_t before_ms = late_last_clock(j->clock, due_ms - 1000);
	if (!j->has_cron)
		return before_ms;
	int64_t local = cron_last(&j->cron, due_ms, before_ms, false);
	int64_t utc = cron_last(&j->cron, due_ms, before_ms, true);
	if (local == TIME_NONE || utc == TIME_NONE)
		return local == utc ? TIME_NONE : before_ms;
	return (local < utc ? local : utc) - LATE_GRACE_MS;
}

/* By the project's promise. */
static bool judge_due(const struct judged *j, struct late *late, struct err *err)
{
	int64_t due_ms = late_last_clock(j->clock, j->now_ms), at_ms, green_ms, first_ms = 0;
	const char *state;
	if (due_ms == TIME_NONE)
		return true;
	int64_t since_ms = counted_since(j, due_ms);
	if (since_ms == TIME_NONE)
		return true;
	if (!find_result(j, since_ms, &state, &at_ms, err))
		return false;
	if (says(state, "success failed lost"))
		return true;
	if (state && !find_first(j, &first_ms, err))
		return false;
	if (state && first_ms > due_ms)
		return true;
	if (!find_green(j, &green_ms, err))
		return false;
	late->due_ms = due_ms;
	if (says(state, "running queued"))
		late->title = arena_printf(
			j->arena, "due %s, %s since %s", j->clock, state, when_local(j->arena, at_ms));
	else if (green_ms < 0)
		late->title = arena_printf(j->arena, "due %s, no green run is known", j->clock);
	else
		late->title = arena_printf(
			j->arena, "due %s, no green run since %s", j->clock, when_local(j->arena, green_ms));
	return true;
}

/* When a run should have come, by the tool, else by the cron expression in whichever zone is kinder: its
 * own is not known. */
static int64_t expected_ms(const struct judged *j, int64_t by_ms)
{
	if (j->next_due_ms != TIME_NONE)
		return j->next_due_ms <= by_ms ? j->next_due_ms : TIME_NONE;
	if (!j->has_cron || j->last_run_ms == TIME_NONE)
		return TIME_NONE;
	int64_t local = cron_last(&j->cron, by_ms, j->last_run_ms, false);
	int64_t utc = cron_last(&j->cron, by_ms, j->last_run_ms, true);
	if (local == TIME_NONE || utc == TIME_NONE)
		return TIME_NONE;
	return local > utc ? local : utc;
}

static void judge_schedule(const struct judged *j, struct late *late)
{
	int64_t asked_ms = j->synced_ms < j->now_ms && !late->is_held ? j->synced_ms : j->now_ms;
	if (late->due_ms != TIME_NONE || asked_ms == TIME_NONE)
		return;
	int64_t due_ms = expected_ms(j, asked_ms - LATE_GRACE_MS);
	if (due_ms == TIME_NONE || (j->last_run_ms != TIME_NONE && j->last_run_ms >= due_ms))
		return;
	late->due_ms = due_ms;
	late->title = arena_printf(j->arena, "no run has come since %s", when_local(j->arena, due_ms));
}

enum { SOURCE, PIPELINE, OWNER, ID, SCHEDULE, NEXT_DUE, LAST_RUN, SYNCED, HELD };

/* Held is what nobody can run now, or what its source could not be asked for. */
static const char pipelines_sql[] =
	"SELECT s.name, p.pipeline, p.owner, p.id, p.schedule, p.next_due_ms, p.last_run_ms, s.synced_ms,"
	" CASE WHEN s.state <> 'ok' OR " LATE_DOWN_SQL " THEN 1 ELSE 0 END"
	" FROM pipeline p JOIN source s ON s.id = p.source_id WHERE p.gone = 0 AND coalesce(p.paused, 0) = 0"
	" ORDER BY s.name, p.pipeline";

static bool judge(struct store *store, const struct config *config, int64_t now_ms, const struct result *rows,
	size_t row, struct late *late, struct err *err)
{
	*late = (struct late){.source = result_text(rows, row, SOURCE),
		.pipeline = result_text(rows, row, PIPELINE),
		.owner = result_text(rows, row, OWNER),
		.pipeline_id = result_int(rows, row, ID, 0),
		.due_ms = TIME_NONE,
		.is_held = result_int(rows, row, HELD, 0) != 0};
	struct judged j = {.store = store,
		.arena = rows->arena,
		.now_ms = now_ms,
		.pipeline_id = late->pipeline_id,
		.next_due_ms = result_ms(rows, row, NEXT_DUE),
		.last_run_ms = result_ms(rows, row, LAST_RUN),
		.synced_ms = result_ms(rows, row, SYNCED)};
	const struct config_project *project = config_project_of(config, late->source, late->pipeline);
	j.clock = project ? config_due(project, late->source, late->pipeline) : NULL;
	const char *schedule = result_text(rows, row, SCHEDULE);
	j.has_cron = schedule && cron_parse(schedule, &j.cron);
	if (j.clock && !judge_due(&j, late, err))
		return false;
	judge_schedule(&j, late);
	return true;
}

bool late_find(struct store *store, const struct config *config, int64_t now_ms, struct arena *arena,
	struct late **out, size_t *n, struct err *err)
{
	struct result rows;
	if (!store_query(store, pipelines_sql, NULL, 0, arena, &rows, err))
		return false;
	*out = arena_array(arena, struct late, rows.n_rows + SLOW_MOST);
	*n = 0;
	for (size_t row = 0; row < rows.n_rows; row++) {
		struct late *late = &(*out)[*n];
		if (!judge(store, config, now_ms, &rows, row, late, err))
			return false;
		late->at_ms = late->due_ms;
		*n += late->due_ms != TIME_NONE;
	}
	return slow_find(store, now_ms, arena, *out, n, err);
}
