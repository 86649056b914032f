/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/watch.h"

#include "client/base/mem.h"
#include "client/triage/team.h"
#include "tui/app.h"
#include "tui/screen.h"

struct watch_job {
	struct arena *arena;
	bool has_mark;
	int64_t mark, newest, n;
	const char *what; /* the last of them */
};

static bool find_news(struct store *store, struct watch_job *job, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(job->mark), value_int(job->newest)};
	if (!store_query(store,
		    "SELECT CASE e.verb WHEN 'opened' THEN 'new' WHEN 'woke' THEN 'snooze over' ELSE e.verb END,"
		    " coalesce(b.pipeline, b.source) || coalesce(' ▸ ' || nullif(b.step, ''), ''), b.title"
		    " FROM team.problem_event e JOIN team.problem b ON b.id = e.problem_id"
		    " WHERE e.id > $1 AND e.id <= $2 AND e.who = 'sync' AND e.verb IN ('opened', 'returned', 'grew', 'woke')"
		    " AND b.severity = 'production' AND b.state IN ('open', 'acknowledged') ORDER BY e.id DESC LIMIT 100",
		    params, ARRAY_LEN(params), job->arena, &rows, err))
		return false;
	job->n = (int64_t)rows.n_rows;
	if (job->n)
		job->what = arena_printf(job->arena, "%s: %s: %s", result_text(&rows, 0, 0),
			result_text(&rows, 0, 1), result_text(&rows, 0, 2));
	return true;
}

static bool run_job(struct store *store, void *ctx, struct err *err)
{
	struct watch_job *job = ctx;
	return team_version(store, &job->newest, err) && (!job->has_mark || find_news(store, job, err));
}

static void drop_job(void *ctx)
{
	struct watch_job *job = ctx;
	arena_free(job->arena);
}

static void job_done(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	struct watch_job *job = result;
	app->watch.ticket = NULL;
	if (!err) {
		app->watch.mark = job->newest;
		app->watch.has_mark = true;
	}
	if (!err && job->n) {
		if (app->has_screen)
			screen_bell();
		if (job->n > 1)
			app_say(app, ROLE_LATE, "%s, and %lld more", job->what, (long long)job->n - 1);
		else
			app_say(app, ROLE_LATE, "%s", job->what);
	}
	drop_job(job);
}

void watch_look(struct app *app)
{
	static const struct store_job what = {.run = run_job, .done = job_done, .drop = drop_job};
	if (app->watch.ticket)
		return;
	struct arena *arena = arena_new();
	struct watch_job *job = arena_new_of(arena, struct watch_job);
	job->arena = arena;
	job->has_mark = app->watch.has_mark;
	job->mark = app->watch.mark;
	app->watch.ticket = store_thread_run(app->store, &what, job, app);
}
