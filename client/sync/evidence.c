/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/evidence.h"

#include "client/base/mem.h"
#include "client/catalogue/log_cache.h"
#include "client/sync/hide.h"
#include "client/triage/explain_json.h"
#include "client/triage/problems.h"

struct evidence_job {
	struct store *store;
	struct source *source;
	struct mask *mask;
	const char *name, *cache_dir;
	void (*done)(void *ctx, int64_t logs, const struct err *err);
	void *ctx;
	struct arena *arena;
	struct result todo; /* pipeline, run, step, idx, attempt */
	size_t next;
	int64_t logs;
	/* the attempt under way */
	struct ref ref;
	struct explainer *explainer;
	struct log_cache_writer *cache;
	int64_t request, bytes;
};

static void read_next(struct evidence_job *job);

static void end_attempt(struct evidence_job *job, bool is_complete)
{
	explain_free(job->explainer);
	job->explainer = NULL;
	if (job->cache) /* a cache that cannot be written costs the next reader time, nothing else */
		(void)log_cache_end(job->cache, is_complete, NULL);
	job->cache = NULL;
}

void evidence_free(struct evidence_job *job)
{
	if (!job)
		return;
	if (job->explainer) {
		source_cancel(job->source, job->request);
		end_attempt(job, false);
	}
	arena_free(job->arena);
	x_free(job);
}

/* Stores what the log said, or why it could not be had. */
static bool store_evidence(
	struct evidence_job *job, const struct explanation *e, const char *error, struct err *err)
{
	struct buf candidates, excerpt;
	buf_init(&candidates, 0);
	buf_init(&excerpt, 0);
	explain_put_candidates(&(struct json_writer){.out = &candidates}, e);
	explain_put_excerpt(&(struct json_writer){.out = &excerpt}, e);
	const struct ref *r = &job->ref;
	bool has_cause = e->n_candidates > 0;
	const struct value params[] = {value_text(r->source), value_text(r->pipeline), value_text(r->run),
		value_text(r->step), value_text(r->index ? r->index : ""), value_int(r->attempt),
		value_text(has_cause ? e->fingerprint : NULL),
		has_cause ? value_int(e->candidates[0].line) : value_text(NULL),
		value_text(has_cause ? e->candidates[0].text : NULL), value_str(buf_str(&candidates)),
		value_str(buf_str(&excerpt)), value_int(e->excerpt_line), value_int(clock_now_ms()),
		value_text(error)};
	bool ok = store_exec(job->store,
		"INSERT INTO team.evidence (source, pipeline, run, step, idx, attempt, fingerprint, cause_line, cause,"
		" candidates, excerpt, excerpt_line, found_ms, error)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
		" ON CONFLICT (source, pipeline, run, step, idx, attempt) DO UPDATE SET fingerprint = excluded.fingerprint,"
		" cause_line = excluded.cause_line, cause = excluded.cause, candidates = excluded.candidates,"
		" excerpt = excluded.excerpt, excerpt_line = excluded.excerpt_line, found_ms = excluded.found_ms,"
		" error = excluded.error",
		params, ARRAY_LEN(params), NULL, err);
	buf_fini(&candidates);
	buf_fini(&excerpt);
	return ok;
}

/* The log is read, or as much of it as can be had: stores what it says and goes on to the next. */
static void finish_attempt(struct evidence_job *job, bool is_whole, const struct err *err)
{
	struct arena *arena = arena_new();
	struct explanation found = explain_finish(job->explainer, arena);
	hide_explanation(job->mask, arena, &found);
	end_attempt(job, is_whole);
	job->logs++;
	struct err failure = {0};
	bool is_later = err && (err->code == ERR_UNAVAILABLE || err->code == ERR_AUTH);
	bool ok = is_later || store_evidence(job, &found, err ? err->msg : NULL, &failure);
	arena_free(arena);
	if (!ok) {
		job->done(job->ctx, job->logs, &failure);
		return;
	}
	if (is_later) /* the rest would fare alike; the next round tries again */
		job->next = job->todo.n_rows;
	read_next(job);
}

static void on_text(void *ctx, struct str text)
{
	struct evidence_job *job = ctx;
	job->bytes += (int64_t)text.n;
	if (job->bytes > EVIDENCE_MOST_BYTES) {
		source_cancel(job->source, job->request);
		finish_attempt(job, false, NULL);
		return;
	}
	explain_feed(job->explainer, text);
	if (job->cache && !log_cache_append(job->cache, text, NULL)) {
		(void)log_cache_end(job->cache, false, NULL);
		job->cache = NULL;
	}
}

static void on_done(void *ctx, int64_t offset, bool complete, const struct err *err)
{
	(void)offset;
	finish_attempt(ctx, complete && !err, err);
}

static void read_next(struct evidence_job *job)
{
	static const struct source_log_ops ops = {.text = on_text, .done = on_done};
	if (job->next == job->todo.n_rows) {
		job->done(job->ctx, job->logs, NULL);
		return;
	}
	size_t row = job->next++;
	const char *index = result_text(&job->todo, row, 3);
	job->ref = (struct ref){.kind = REF_STEP,
		.source = job->name,
		.pipeline = result_text(&job->todo, row, 0),
		.run = result_text(&job->todo, row, 1),
		.step = result_text(&job->todo, row, 2),
		.index = index && *index ? index : NULL,
		.attempt = result_int(&job->todo, row, 4, 0)};
	const struct source_step step = {
		job->ref.pipeline, job->ref.run, job->ref.step, job->ref.index, job->ref.attempt};
	job->bytes = 0;
	job->explainer = explain_new();
	job->cache = log_cache_begin(job->cache_dir, &job->ref, 0, NULL);
	job->request = source_log(job->source, &step, 0, false, &ops, job);
}

void evidence_progress(const struct evidence_job *job, int64_t *n, int64_t *total)
{
	*n = job->logs;
	*total = (int64_t)job->todo.n_rows;
}

struct evidence_job *evidence_start(struct store *store, struct source *source, const char *source_name,
	int64_t source_id, struct mask *mask, const char *cache_dir,
	void (*done)(void *ctx, int64_t logs, const struct err *err), void *ctx)
{
	struct evidence_job *job = x_new(struct evidence_job);
	*job = (struct evidence_job){.store = store,
		.source = source,
		.mask = mask,
		.name = source_name,
		.cache_dir = cache_dir,
		.done = done,
		.ctx = ctx,
		.arena = arena_new()};
	struct err err = {0};
	if (!problems_unexplained(
		    store, source_id, clock_now_ms(), EVIDENCE_MOST_LOGS, job->arena, &job->todo, &err)) {
		done(ctx, 0, &err);
		return job;
	}
	read_next(job);
	return job;
}
