/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/act_helped.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/triage/team.h"

struct job {
	struct arena *arena;
	struct ref ref;
	struct past past;
	act_helped_fn fn;
};

static bool run_job(struct store *store, void *ptr, struct err *err)
{
	struct job *job = ptr;
	struct result row;
	int64_t id;
	if (!team_problem_of(store, &job->ref, &id, err))
		return false;
	const struct value params[] = {value_int(id)};
	if (!store_query(store, "SELECT fingerprint, title FROM team.problem WHERE id = $1", params, 1,
		    job->arena, &row, err) ||
		!row.n_rows)
		return false;
	const struct past_of of = {.id = id,
		.fingerprint = result_text(&row, 0, 0),
		.title = result_text(&row, 0, 1),
		.place = &job->ref};
	return past_load(store, &of, clock_now_ms(), job->arena, &job->past, err);
}

static void drop_job(void *ptr)
{
	struct job *job = ptr;
	arena_free(job->arena);
	x_free(job);
}

static void job_done(void *ctx, void *ptr, const struct err *err)
{
	struct job *job = ptr;
	const struct past_helped *found = NULL;
	for (size_t i = 0; !err && !found && i < job->past.n_helped; i++) {
		const struct past_helped *helped = &job->past.helped[i];
		if (helped->verb && helped->text && !strcmp(helped->verb, "trigger"))
			found = helped;
	}
	job->fn(ctx, found);
	drop_job(job);
}

struct ticket *act_helped(struct store_thread *store, const struct ref *ref, act_helped_fn fn, void *ctx)
{
	static const struct store_job what = {.run = run_job, .done = job_done, .drop = drop_job};
	struct job *job = x_new(struct job);
	job->arena = arena_new();
	job->ref = ref_dup(job->arena, ref);
	job->fn = fn;
	return store_thread_run(store, &what, job, ctx);
}
