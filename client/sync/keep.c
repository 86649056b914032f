/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/keep.h"

#include "client/base/mem.h"
#include "client/catalogue/log_cache.h"
#include "client/sync/batches.h"

#include <stdio.h>

/* Of the runs in a stretch of time those that may go: not the newest of its pipeline, nor what still runs,
 * nor what an open problem points to. */
#define OLD_RUNS                                                                                             \
	"SELECT r.id FROM run r JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = r.source_id" \
	" WHERE (r.at_ms, r.id) > ($1, $2) AND (r.at_ms, r.id) <= ($3, $4)"                                  \
	" AND (p.last_run_id IS NULL OR p.last_run_id <> r.id) AND r.state NOT IN ('queued', 'running')"     \
	" AND NOT EXISTS (SELECT 1 FROM team.occurrence o JOIN team.problem b ON b.id = o.problem_id"        \
	" WHERE o.source = s.name AND o.pipeline = p.pipeline AND o.run = r.run"                             \
	" AND b.state NOT IN ('resolved', 'ignored'))"                                                       \
	" AND NOT EXISTS (SELECT 1 FROM team.problem b WHERE b.state NOT IN ('resolved', 'ignored')"         \
	" AND b.source = s.name AND b.pipeline = p.pipeline AND b.run = r.run)"

static const char delete_runs[] = "DELETE FROM run WHERE id IN (" OLD_RUNS ")";
static const char delete_steps[] = "DELETE FROM step_run WHERE run_id IN (" OLD_RUNS ")";

/* A walk over the runs that began before CUTOFF_MS, oldest first, a stretch at a time. */
struct walk {
	struct store *store;
	int64_t cutoff_ms;
	int64_t from_ms, from_id, to_ms, to_id; /* the stretch: behind the first, up to the second */
	struct batch batch;
};

/* The end of the next stretch: *IS_LAST where it is that of the walk. */
static bool next_stretch(struct walk *walk, struct arena *arena, bool *is_last, struct err *err)
{
	const struct value params[] = {value_int(walk->from_ms), value_int(walk->from_id),
		value_int(walk->cutoff_ms), value_int(walk->batch.n)};
	struct result row;
	if (!store_query(walk->store,
		    "SELECT at_ms, id FROM run WHERE (at_ms, id) > ($1, $2) AND at_ms < $3"
		    " ORDER BY at_ms, id LIMIT 1 OFFSET $4",
		    params, ARRAY_LEN(params), arena, &row, err))
		return false;
	*is_last = row.n_rows == 0;
	walk->to_ms = *is_last ? walk->cutoff_ms - 1 : result_ms(&row, 0, 0);
	walk->to_id = *is_last ? INT64_MAX : result_int(&row, 0, 1, 0);
	return true;
}

static bool clear_stretch(struct walk *walk, const char *sql, int64_t *n, struct err *err)
{
	const struct value params[] = {value_int(walk->from_ms), value_int(walk->from_id),
		value_int(walk->to_ms), value_int(walk->to_id)};
	int64_t changed;
	if (!batch_run(&walk->batch, walk->store, sql, params, ARRAY_LEN(params), &changed, err))
		return false;
	*n += changed;
	walk->from_ms = walk->to_ms;
	walk->from_id = walk->to_id;
	return true;
}

static bool clear_before(struct store *store, const char *sql, int64_t cutoff_ms, int64_t *n, struct err *err)
{
	struct walk walk = {.store = store,
		.cutoff_ms = cutoff_ms,
		.from_ms = INT64_MIN,
		.from_id = INT64_MIN,
		.batch = {.n = BATCH_FIRST}};
	struct arena *arena = arena_new();
	bool is_last = false, ok = true;
	while (ok && !is_last) {
		arena_reset(arena);
		ok = next_stretch(&walk, arena, &is_last, err) && clear_stretch(&walk, sql, n, err);
	}
	arena_free(arena);
	return ok;
}

/* --- once an hour -------------------------------------------------------------------- */

static bool is_due(struct store *store, int64_t now_ms, bool *out, struct err *err)
{
	struct arena *arena = arena_new();
	struct result row;
	int64_t last_ms = 0;
	bool ok =
		store_query(store, "SELECT value FROM meta WHERE key = 'kept_ms'", NULL, 0, arena, &row, err);
	if (ok && row.n_rows && result_text(&row, 0, 0))
		str_to_int(str_of(result_text(&row, 0, 0)), 0, INT64_MAX, &last_ms);
	*out = last_ms > now_ms || now_ms - last_ms >= KEEP_EVERY_MS;
	arena_free(arena);
	return ok;
}

static bool note_done(struct store *store, int64_t now_ms, struct err *err)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)now_ms);
	const struct value value = value_text(text);
	return store_exec(store,
		"INSERT INTO meta (key, value) VALUES ('kept_ms', $1)"
		" ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		&value, 1, NULL, err);
}

bool keep_round(struct store *store, const struct config *config, const char *log_dir, int64_t now_ms,
	struct kept *out, struct err *err)
{
	const struct config_keep *keep = &config->keep;
	bool due;
	*out = (struct kept){0};
	if (!is_due(store, now_ms, &due, err))
		return false;
	if (!due)
		return true;
	if ((keep->runs_ms && !clear_before(store, delete_runs, now_ms - keep->runs_ms, &out->runs, err)) ||
		(keep->step_runs_ms &&
			!clear_before(store, delete_steps, now_ms - keep->step_runs_ms, &out->steps, err)))
		return err_wrap(err, "keep");
	out->log_bytes = log_cache_trim(log_dir, keep->cache_bytes);
	return note_done(store, now_ms, err);
}

/* --- what is not worth storing --------------------------------------------------------- */

int64_t keep_since(const struct config_keep *keep, int64_t since_ms, int64_t now_ms)
{
	int64_t oldest_ms = keep->runs_ms ? now_ms - keep->runs_ms : TIME_NONE;
	return oldest_ms > since_ms ? oldest_ms : since_ms; /* TIME_NONE is before all */
}

bool keep_refuses(const struct config_keep *keep, const struct record *record, int64_t now_ms)
{
	if (record->kind != RECORD_STEP_RUN || !keep->step_runs_ms)
		return false;
	int64_t ended_ms = record->step_run.ended_ms;
	return ended_ms != TIME_NONE && ended_ms < now_ms - keep->step_runs_ms;
}
