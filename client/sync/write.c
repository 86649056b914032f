/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/write.h"

#include "client/base/mem.h"
#include "client/catalogue/run_text.h"
#include "client/sync/idset.h"
#include "client/sync/links.h"
#include "client/sync/pairs.h"
#include "client/sync/rename.h"

#include <math.h>

/* A commit writes each page that its batch touched once, and a batch of runs of many pipelines touches many:
 * so batches are long, and a cursor does not end one. Readers do not wait for them, and what they have not
 * seen is half a second old. */
enum { BATCH_ROWS = 25000, BATCH_MS = 1000 };
enum { PLACES = 1024, SWEEP_PAGE = 10000 };
enum { RESERVED_IDS = 1000, SEEN_BITS = 1 << 26, MOST_RUN = 256 };

/* A pipeline that was asked for lately. */
struct place {
	char *pipeline; /* NULL: a free slot */
	int64_t source_id, id;
	bool is_dirty; /* its newest run is to be looked for */
};

/* Where the store waits for ids, runs that are surely new are numbered here: those of a source that had none,
 * and that did not name them before. */
struct fresh {
	struct fresh *next;
	int64_t source_id;
	bool is_fresh;
	struct idset seen; /* a bit of each run that was named: some share one, and count as seen */
};

/* A complete pull under way: what of its source was seen so far. */
struct full {
	struct full *next;
	int64_t source_id;
	struct idset pipelines, runs, models;
};

struct writer {
	struct store *store;
	struct arena *scratch; /* of one record */
	bool is_open, was_open;
	int64_t opened_ms; /* monotonic */
	int n_pending;
	int64_t now_ms;
	int64_t newest_run;	/* the greatest id */
	bool last_was_new;	/* the run that came last */
	int64_t next_id, n_ids; /* of new runs: those that are left of what was reserved */
	struct {
		int64_t pipeline_id, id; /* 0: none */
		char run[MOST_RUN];
	} last;		   /* the run that came last: its steps follow it */
	int64_t dirty_run; /* whose count of failed steps is to be made anew; 0: none */
	struct place places[PLACES];
	struct full *fulls;
	struct fresh *fresh;
};

struct writer *writer_new(struct store *store)
{
	struct writer *w = x_new(struct writer);
	w->store = store;
	w->scratch = arena_new();
	return w;
}

static void forget_places(struct writer *w)
{
	for (size_t i = 0; i < PLACES; i++) {
		x_free(w->places[i].pipeline);
		w->places[i] = (struct place){0};
	}
	w->last.id = 0;
}

static void free_fresh(struct writer *w)
{
	while (w->fresh) {
		struct fresh *fresh = w->fresh;
		w->fresh = fresh->next;
		idset_clear(&fresh->seen);
		x_free(fresh);
	}
}

static void free_full(struct full *full)
{
	idset_clear(&full->pipelines);
	idset_clear(&full->runs);
	idset_clear(&full->models);
	x_free(full);
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	if (w->is_open)
		store_rollback(w->store);
	while (w->fulls) {
		struct full *full = w->fulls;
		w->fulls = full->next;
		free_full(full);
	}
	free_fresh(w);
	forget_places(w);
	arena_free(w->scratch);
	x_free(w);
}

static bool begin(struct writer *w, struct err *err)
{
	if (w->is_open)
		return true;
	if (!store_begin_batch(w->store, err))
		return false;
	w->is_open = true;
	w->opened_ms = clock_mono_ms();
	w->now_ms = clock_now_ms();
	if (w->was_open)
		return true;
	w->was_open = true;
	return store_exec_id(w->store, "SELECT coalesce(max(id), 0) FROM run", NULL, 0, &w->newest_run, err);
}

static bool exec(struct writer *w, const char *sql, const struct value *params, size_t n, struct err *err)
{
	return store_exec(w->store, sql, params, n, NULL, err);
}

/* Counts anew what a run keeps about its steps, once all of a stretch of its steps are in. */
static bool settle_run(struct writer *w, struct err *err)
{
	if (!w->dirty_run)
		return true;
	const struct value params[] = {value_int(w->dirty_run)};
	w->dirty_run = 0;
	return exec(w,
		"UPDATE run SET failed_steps = (SELECT count(*) FROM step_run t WHERE t.run_id = run.id"
		" AND t.is_newest = 1 AND t.state = 'failed' AND t.gone = 0) WHERE id = $1",
		params, 1, err);
}

/* A pipeline shows its newest run: looked for once all of a batch are in. */
static bool settle_place(struct writer *w, struct place *place, struct err *err)
{
	if (!place->is_dirty)
		return true;
	const struct value params[] = {value_int(place->id)};
	place->is_dirty = false;
	return exec(w,
		"UPDATE pipeline SET (last_run_id, last_state, last_run_ms) = (SELECT r.id, r.state, r.at_ms FROM run r"
		" WHERE r.pipeline_id = pipeline.id AND r.gone = 0 ORDER BY r.at_ms DESC, r.id DESC LIMIT 1)"
		" WHERE id = $1",
		params, 1, err);
}

static bool settle(struct writer *w, struct err *err)
{
	for (size_t i = 0; i < PLACES; i++)
		if (!settle_place(w, &w->places[i], err))
			return false;
	return settle_run(w, err);
}

/* What was written since the last commit is gone, and with it the rows that we think we know. */
static void roll_back(struct writer *w)
{
	store_rollback(w->store);
	forget_places(w);
	w->dirty_run = 0;
	w->was_open = false;
}

bool writer_commit(struct writer *w, struct err *err)
{
	if (!w->is_open)
		return true;
	bool ok = settle(w, err) && run_text_update(w->store, w->newest_run, err) &&
		  store_commit(w->store, err);
	if (!ok)
		roll_back(w);
	w->is_open = false;
	w->n_pending = 0;
	return ok;
}

static struct full *full_of(struct writer *w, int64_t source_id)
{
	struct full *full = w->fulls;
	while (full && full->source_id != source_id)
		full = full->next;
	return full;
}

/* In a complete pull: what is not marked by its end is gone in the tool. */
static void mark_run(struct writer *w, int64_t source_id, int64_t run_id)
{
	struct full *full = full_of(w, source_id);
	if (full)
		idset_add(&full->runs, run_id);
}

static bool mark_pipeline(struct writer *w, int64_t source_id, int64_t pipeline_id, struct err *err)
{
	const struct value params[] = {value_int(pipeline_id)};
	struct full *full = full_of(w, source_id);
	return !full || !idset_add(&full->pipelines, pipeline_id) ||
	       exec(w, "UPDATE pipeline SET gone = 0 WHERE id = $1 AND gone = 1", params, 1, err);
}

static void mark_model(struct writer *w, int64_t source_id, int64_t model_id)
{
	struct full *full = full_of(w, source_id);
	if (full)
		idset_add(&full->models, model_id);
}

/* The slot of a pipeline; where it holds another one, that is settled and forgotten. */
static bool take_place(
	struct writer *w, int64_t source_id, const char *pipeline, struct place **out, struct err *err)
{
	uint64_t hash = (uint64_t)source_id;
	for (const char *c = pipeline; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	struct place *place = *out = &w->places[(hash ^ hash >> 32) % PLACES];
	if (place->pipeline && place->source_id == source_id && !strcmp(place->pipeline, pipeline))
		return true;
	if (!settle_place(w, place, err))
		return false;
	x_free(place->pipeline);
	*place = (struct place){.source_id = source_id};
	return true;
}

/* The row of a pipeline, made where there is none. */
static bool look_up_pipeline(
	struct writer *w, int64_t source_id, const char *pipeline, int64_t *id, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(pipeline), value_int(w->now_ms)};
	if (store_exec_id(w->store, "SELECT id FROM pipeline WHERE source_id = $1 AND pipeline = $2", params,
		    2, id, err))
		return true;
	return err->code == ERR_NOT_FOUND &&
	       store_exec_id(w->store,
		       "INSERT INTO pipeline (source_id, pipeline, seen_ms) VALUES ($1, $2, $3) RETURNING id",
		       params, 3, id, err);
}

static bool find_pipeline(
	struct writer *w, int64_t source_id, const char *pipeline, struct place **out, struct err *err)
{
	if (!take_place(w, source_id, pipeline, out, err))
		return false;
	struct place *place = *out;
	if (!place->pipeline) {
		if (!look_up_pipeline(w, source_id, pipeline, &place->id, err))
			return false;
		place->pipeline = x_strdup(pipeline);
	}
	return mark_pipeline(w, source_id, place->id, err);
}

static bool put_step(struct writer *w, int64_t pipeline_id, const struct record_step *step, size_t position,
	struct err *err)
{
	const struct value params[] = {value_int(pipeline_id), value_text(step->step),
		value_text(step->label), value_text(step->operator_name), value_int((int64_t)position)};
	if (!exec(w,
		    "INSERT INTO step (pipeline_id, step, label, operator, position) VALUES ($1, $2, $3, $4, $5)"
		    " ON CONFLICT (pipeline_id, step) DO UPDATE SET label = excluded.label, operator = excluded.operator,"
		    " position = excluded.position",
		    params, ARRAY_LEN(params), err))
		return false;
	for (size_t i = 0; i < step->n_upstream; i++) {
		const struct value edge[] = {
			value_int(pipeline_id), value_text(step->step), value_text(step->upstream[i])};
		if (!exec(w,
			    "INSERT INTO step_edge (pipeline_id, step, upstream) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
			    edge, ARRAY_LEN(edge), err))
			return false;
	}
	return true;
}

/* The definition as it is now: steps and edges of an older one go. */
static bool put_steps(struct writer *w, int64_t pipeline_id, const struct record_pipeline *p, struct err *err)
{
	const struct value params[] = {value_int(pipeline_id)};
	if (!exec(w, "DELETE FROM step_edge WHERE pipeline_id = $1", params, 1, err) ||
		!exec(w, "DELETE FROM step WHERE pipeline_id = $1", params, 1, err))
		return false;
	for (size_t i = 0; i < p->n_steps; i++)
		if (p->steps[i].step && !put_step(w, pipeline_id, &p->steps[i], i, err))
			return false;
	return true;
}

/* What we know of names is not true any more once one of them changed. */
static bool follow_rename(
	struct writer *w, int64_t source_id, const struct record_pipeline *p, struct err *err)
{
	bool is_renamed;
	if (!p->id)
		return true;
	arena_reset(w->scratch);
	if (!rename_follow(w->store, source_id, p->id, p->pipeline, w->scratch, &is_renamed, err) ||
		(is_renamed && !settle(w, err)))
		return false;
	if (is_renamed)
		forget_places(w);
	for (struct fresh *fresh = w->fresh; is_renamed && fresh; fresh = fresh->next)
		fresh->is_fresh = false; /* what was seen of it was of another pipeline */
	return true;
}

static bool put_pipeline(
	struct writer *w, int64_t source_id, const struct record_pipeline *p, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(p->pipeline), value_text(p->title),
		value_text(p->kind), value_text(p->owner), value_text(p->schedule),
		p->paused < 0 ? value_text(NULL) : value_int(p->paused), value_ms(p->next_due_ms),
		value_text(p->url), value_text(p->version), value_int(w->now_ms), value_text(p->id)};
	int64_t id;
	if (!follow_rename(w, source_id, p, err))
		return false;
	if (!store_exec_id(w->store,
		    "INSERT INTO pipeline (source_id, pipeline, title, kind, owner, schedule, paused, next_due_ms, url, version,"
		    " seen_ms, tool_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
		    " ON CONFLICT (source_id, pipeline) DO UPDATE SET title = excluded.title, kind = excluded.kind,"
		    " owner = excluded.owner, schedule = excluded.schedule, paused = excluded.paused,"
		    " next_due_ms = excluded.next_due_ms, url = excluded.url, version = excluded.version,"
		    " seen_ms = excluded.seen_ms, gone = 0, tool_id = coalesce(excluded.tool_id, pipeline.tool_id)"
		    " RETURNING id",
		    params, ARRAY_LEN(params), &id, err))
		return false;
	return mark_pipeline(w, source_id, id, err) && (!p->has_steps || put_steps(w, id, p, err));
}

static bool drop_pipeline(struct writer *w, int64_t source_id, const char *pipeline, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(pipeline)};
	return exec(w,
		       "UPDATE run SET gone = 1 WHERE gone = 0 AND pipeline_id = (SELECT id FROM pipeline"
		       " WHERE source_id = $1 AND pipeline = $2)",
		       params, 2, err) &&
	       exec(w, "UPDATE pipeline SET gone = 1 WHERE source_id = $1 AND pipeline = $2", params, 2, err);
}

static int64_t duration_of(int64_t started_ms, int64_t ended_ms)
{
	return started_ms == TIME_NONE || ended_ms == TIME_NONE || ended_ms < started_ms
		       ? TIME_NONE
		       : ended_ms - started_ms;
}

static int64_t first_of(int64_t a, int64_t b, int64_t c)
{
	return a != TIME_NONE ? a : b != TIME_NONE ? b : c;
}

static void note_last(struct writer *w, const struct place *place, const char *run, int64_t id)
{
	size_t n = strlen(run);
	w->last.pipeline_id = place->id;
	w->last.id = n < MOST_RUN ? id : 0;
	if (n < MOST_RUN)
		memcpy(w->last.run, run, n + 1);
}

static bool look_up_run(
	struct writer *w, const struct place *place, const char *run, int64_t *id, struct err *err)
{
	if (w->last.id && w->last.pipeline_id == place->id && !strcmp(w->last.run, run)) {
		*id = w->last.id;
		return true;
	}
	const struct value params[] = {value_int(place->id), value_text(run)};
	return store_exec_id(w->store, "SELECT id FROM run WHERE pipeline_id = $1 AND run = $2", params,
		ARRAY_LEN(params), id, err);
}

static bool add_run(
	struct writer *w, const char *sql, const struct value *params, size_t n, int64_t *id, struct err *err)
{
	if (!store_insert(w->store, sql, params, n, id, err))
		return false;
	w->newest_run = *id > w->newest_run ? *id : w->newest_run;
	return true;
}

#define RUN_COLUMNS                                                                                          \
	"pipeline_id, source_id, run, name, kind, state, tool_state, at_ms, started_ms, ended_ms,"           \
	" duration_ms, queued_ms, heartbeat_ms, user_name, parent, url, note, version"
#define RUN_VALUES "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18"

static const char add_run_sql[] = "INSERT INTO run (" RUN_COLUMNS ") VALUES (" RUN_VALUES ")"
				  " ON CONFLICT (pipeline_id, run) DO NOTHING";

/* Of a run that is surely new. */
static const char add_numbered_run_sql[] =
	"INSERT INTO run (" RUN_COLUMNS ", id) VALUES (" RUN_VALUES ", $19)";

/* A run that is as it was is left alone: its row is in many indexes. */
static const char change_run_sql[] =
	"UPDATE run SET name = $4, kind = $5, state = $6, tool_state = $7, at_ms = coalesce($9, $12, at_ms),"
	" started_ms = $9, ended_ms = $10, duration_ms = $11, queued_ms = $12, heartbeat_ms = $13, user_name = $14,"
	" parent = $15, url = $16, note = $17, version = $18, gone = 0"
	" WHERE id = $8 AND (gone = 1 OR state <> $6 OR name IS DISTINCT FROM $4 OR kind IS DISTINCT FROM $5"
	" OR tool_state IS DISTINCT FROM $7 OR started_ms IS DISTINCT FROM $9 OR ended_ms IS DISTINCT FROM $10"
	" OR queued_ms IS DISTINCT FROM $12 OR heartbeat_ms IS DISTINCT FROM $13"
	" OR user_name IS DISTINCT FROM $14 OR parent IS DISTINCT FROM $15 OR url IS DISTINCT FROM $16"
	" OR note IS DISTINCT FROM $17 OR version IS DISTINCT FROM $18)";

/* Whether the source is fresh; asked once. */
static bool fresh_of(struct writer *w, int64_t source_id, struct fresh **out, struct err *err)
{
	int64_t has_runs;
	const struct value params[] = {value_int(source_id)};
	for (*out = w->fresh; *out; *out = (*out)->next)
		if ((*out)->source_id == source_id)
			return true;
	if (!store_exec_id(w->store,
		    "SELECT CASE WHEN EXISTS (SELECT 1 FROM run WHERE source_id = $1) THEN 1 ELSE 0 END",
		    params, 1, &has_runs, err))
		return false;
	struct fresh *fresh = *out = x_new(struct fresh);
	*fresh = (struct fresh){.next = w->fresh, .source_id = source_id, .is_fresh = !has_runs};
	w->fresh = fresh;
	return true;
}

static uint64_t hash_of_run(const struct place *place, const char *run)
{
	uint64_t hash = (uint64_t)place->id * UINT64_C(0x9e3779b97f4a7c15);
	for (const char *c = run; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

/* Whether RUN is known to be new without a look; from now on it is not. */
static bool is_surely_new(
	struct writer *w, const struct place *place, const char *run, bool *answer, struct err *err)
{
	struct fresh *fresh;
	*answer = false;
	if (!store_waits_for_ids(w->store))
		return true;
	if (!fresh_of(w, place->source_id, &fresh, err))
		return false;
	*answer = fresh->is_fresh && idset_add(&fresh->seen, (int64_t)(hash_of_run(place, run) % SEEN_BITS));
	return true;
}

static bool take_id(struct writer *w, int64_t *id, struct err *err)
{
	if (!w->n_ids) {
		if (!store_reserve_ids(w->store, "run", RESERVED_IDS, &w->next_id, err))
			return false;
		w->n_ids = RESERVED_IDS;
	}
	w->n_ids--;
	*id = w->next_id++;
	return true;
}

/* Nobody waits for it. */
static bool add_numbered_run(
	struct writer *w, struct place *place, struct value *params, size_t n, int64_t *id, struct err *err)
{
	if (!take_id(w, id, err))
		return false;
	params[n] = value_int(*id);
	w->last_was_new = place->is_dirty = true;
	return exec(w, add_numbered_run_sql, params, n + 1, err);
}

enum { RUN_AT = 7 }; /* of the values below: at_ms, or in a change the id */

static bool change_run(
	struct writer *w, struct place *place, struct value *params, size_t n, int64_t id, struct err *err)
{
	int64_t changed;
	params[RUN_AT] = value_int(id);
	if (!store_exec(w->store, change_run_sql, params, n, &changed, err))
		return false;
	place->is_dirty |= changed > 0;
	return true;
}

/* New runs come in stretches, and so do those that are known: what the one before was is tried first. */
static bool put_run_row(struct writer *w, struct place *place, const struct record_run *r, int64_t *id,
	bool *is_new, struct err *err)
{
	struct value params[] = {value_int(place->id), value_int(place->source_id), value_text(r->run),
		value_text(r->name), value_text(r->kind), value_text(r->state), value_text(r->tool_state),
		[RUN_AT] = value_int(first_of(r->started_ms, r->queued_ms, w->now_ms)),
		value_ms(r->started_ms), value_ms(r->ended_ms),
		value_ms(duration_of(r->started_ms, r->ended_ms)), value_ms(r->queued_ms),
		value_ms(r->heartbeat_ms), value_text(r->user), value_text(r->parent), value_text(r->url),
		value_text(r->note), value_text(r->version), value_int(0)};
	const size_t n = ARRAY_LEN(params) - 1;
	if (!is_surely_new(w, place, r->run, is_new, err))
		return false;
	if (*is_new)
		return add_numbered_run(w, place, params, n, id, err);
	*is_new = w->last_was_new;
	if (!*is_new && !look_up_run(w, place, r->run, id, err)) {
		if (err->code != ERR_NOT_FOUND)
			return false;
		*is_new = true;
	}
	if (*is_new && add_run(w, add_run_sql, params, n, id, err)) {
		w->last_was_new = place->is_dirty = true;
		return true;
	}
	if (*is_new && (err->code != ERR_NOT_FOUND || !look_up_run(w, place, r->run, id, err)))
		return false;
	w->last_was_new = *is_new = false;
	return change_run(w, place, params, n, *id, err);
}

static bool put_run(struct writer *w, int64_t source_id, const struct record_run *r, struct err *err)
{
	struct place *place;
	int64_t id;
	bool is_new;
	if (!find_pipeline(w, source_id, r->pipeline, &place, err) ||
		!put_run_row(w, place, r, &id, &is_new, err))
		return false;
	mark_run(w, source_id, id);
	note_last(w, place, r->run, id);
	arena_reset(w->scratch);
	bool is_changed = false, is_other = false;
	return pairs_put(w->store, PAIRS_PARAM, id, is_new, r->params, r->n_params, &is_changed, w->scratch,
		       err) &&
	       pairs_put(w->store, PAIRS_TAG, id, is_new, r->tags, r->n_tags, &is_changed, w->scratch, err) &&
	       pairs_put(w->store, PAIRS_METRIC, id, is_new, r->metrics, r->n_metrics, &is_other, w->scratch,
		       err) &&
	       (!is_changed || links_note(w->store, id, is_new, r, w->scratch, err));
}

/* A step (or an input) of a run nobody named yet makes it, in a state that nobody knows. */
static bool find_run(struct writer *w, int64_t source_id, const char *pipeline, const char *run,
	int64_t at_ms, int64_t *pipeline_id, int64_t *run_id, struct err *err)
{
	struct place *place;
	if (!find_pipeline(w, source_id, pipeline, &place, err))
		return false;
	*pipeline_id = place->id;
	if (look_up_run(w, place, run, run_id, err))
		return true;
	const struct value params[] = {
		value_int(place->id), value_text(run), value_int(source_id), value_int(at_ms)};
	bool is_sure;
	place->is_dirty = true;
	if (err->code != ERR_NOT_FOUND || !is_surely_new(w, place, run, &is_sure, err))
		return false;
	return add_run(w,
		"INSERT INTO run (pipeline_id, run, source_id, state, at_ms) VALUES ($1, $2, $3, 'unknown', $4)",
		params, ARRAY_LEN(params), run_id, err);
}

/* Only the newest attempt stands for its step; the "never started" one goes once another is known. */
static bool settle_attempts(
	struct writer *w, int64_t run_id, const struct record_step_run *s, struct err *err)
{
	int64_t n;
	const struct value params[] = {
		value_int(run_id), value_text(s->step), value_text(s->index ? s->index : "")};
	if (!store_exec_id(w->store,
		    "SELECT count(*) FROM step_run WHERE run_id = $1 AND step = $2 AND idx = $3", params, 3,
		    &n, err))
		return false;
	if (n == 1)
		return true;
	return exec(w,
		       "DELETE FROM step_run WHERE run_id = $1 AND step = $2 AND idx = $3 AND attempt = 0"
		       " AND EXISTS (SELECT 1 FROM step_run t WHERE t.run_id = $1 AND t.step = $2 AND t.idx = $3"
		       " AND t.attempt > 0)",
		       params, 3, err) &&
	       exec(w,
		       "UPDATE step_run SET is_newest = 1 - is_newest WHERE run_id = $1 AND step = $2 AND idx = $3"
		       " AND is_newest <> CASE WHEN attempt = (SELECT max(t.attempt) FROM step_run t"
		       " WHERE t.run_id = $1 AND t.step = $2 AND t.idx = $3) THEN 1 ELSE 0 END",
		       params, 3, err);
}

static bool put_step_run(
	struct writer *w, int64_t source_id, const struct record_step_run *s, struct err *err)
{
	int64_t pipeline_id, run_id;
	int64_t at_ms = first_of(s->started_ms, s->queued_ms, w->now_ms);
	if (!find_run(w, source_id, s->pipeline, s->run, at_ms, &pipeline_id, &run_id, err))
		return false;
	if (w->dirty_run != run_id && !settle_run(w, err))
		return false;
	w->dirty_run = run_id;
	mark_run(w, source_id, run_id); /* a run that only its steps tell of is there too */
	const struct value params[] = {value_int(run_id), value_int(pipeline_id), value_text(s->step),
		value_text(s->index ? s->index : ""), value_text(s->label), value_int(s->attempt),
		value_text(s->state), value_text(s->tool_state), value_text(s->operator_name),
		value_text(s->note), value_int(at_ms), value_ms(s->started_ms), value_ms(s->ended_ms),
		value_ms(duration_of(s->started_ms, s->ended_ms)), value_ms(s->queued_ms)};
	return exec(w,
		       "INSERT INTO step_run (run_id, pipeline_id, step, idx, label, attempt, state, tool_state, operator, note,"
		       " at_ms, started_ms, ended_ms, duration_ms, queued_ms)"
		       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
		       " ON CONFLICT (run_id, step, idx, attempt) DO UPDATE SET label = excluded.label, state = excluded.state,"
		       " tool_state = excluded.tool_state, operator = excluded.operator, note = excluded.note,"
		       " at_ms = coalesce(excluded.started_ms, excluded.queued_ms, step_run.at_ms),"
		       " started_ms = excluded.started_ms, ended_ms = excluded.ended_ms, duration_ms = excluded.duration_ms,"
		       " queued_ms = excluded.queued_ms, gone = 0",
		       params, ARRAY_LEN(params), err) &&
	       settle_attempts(w, run_id, s, err);
}

static bool put_health(struct writer *w, int64_t source_id, const struct record_health *h, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(h->component), value_text(h->state),
		value_ms(h->since_ms), value_text(h->message), value_int(w->now_ms)};
	if (h->state && !strcmp(h->state, "gone"))
		return exec(w, "DELETE FROM health WHERE source_id = $1 AND component = $2", params, 2, err);
	return exec(w,
		"INSERT INTO health (source_id, component, state, since_ms, message, seen_ms) VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (source_id, component) DO UPDATE SET state = excluded.state, since_ms = excluded.since_ms,"
		" message = excluded.message, seen_ms = excluded.seen_ms",
		params, ARRAY_LEN(params), err);
}

static int64_t position_of(const char *version)
{
	int64_t position;
	return str_to_int(str_of(version), 0, INT64_MAX, &position) ? position : 0;
}

static bool put_aliases(struct writer *w, int64_t model_id, const struct record_model *m, struct err *err)
{
	const struct value params[] = {value_int(model_id)};
	if (!exec(w, "DELETE FROM model_alias WHERE model_version_id = $1", params, 1, err))
		return false;
	for (size_t i = 0; i < m->n_aliases; i++) {
		const struct value alias[] = {value_int(model_id), value_text(m->aliases[i])};
		if (!exec(w,
			    "INSERT INTO model_alias (model_version_id, alias) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			    alias, ARRAY_LEN(alias), err))
			return false;
	}
	return true;
}

static bool put_model(struct writer *w, int64_t source_id, const struct record_model *m, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(m->model), value_text(m->version),
		value_int(position_of(m->version)), value_text(m->stage), value_text(m->pipeline),
		value_text(m->run), value_int(first_of(m->created_ms, w->now_ms, 0)), value_ms(m->created_ms),
		value_text(m->url), value_text(m->note)};
	int64_t id;
	if (!store_exec_id(w->store,
		    "INSERT INTO model_version (source_id, model, version, position, stage, pipeline, run, at_ms, created_ms,"
		    " url, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
		    " ON CONFLICT (source_id, model, version) DO UPDATE SET stage = excluded.stage,"
		    " pipeline = excluded.pipeline, run = excluded.run,"
		    " at_ms = coalesce(excluded.created_ms, model_version.at_ms), created_ms = excluded.created_ms,"
		    " url = excluded.url, note = excluded.note, gone = 0 RETURNING id",
		    params, ARRAY_LEN(params), &id, err))
		return false;
	mark_model(w, source_id, id);
	return put_aliases(w, id, m, err);
}

static bool put_input(struct writer *w, int64_t source_id, const struct record_input *i, struct err *err)
{
	int64_t pipeline_id, run_id;
	if (!find_run(w, source_id, i->pipeline, i->run, w->now_ms, &pipeline_id, &run_id, err))
		return false;
	const struct value params[] = {value_int(run_id), value_text(i->name),
		value_text(i->version ? i->version : ""),
		i->rows < 0 ? value_text(NULL) : value_int(i->rows)};
	return exec(w,
		"INSERT INTO input (run_id, name, version, rows) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (run_id, name, version) DO UPDATE SET rows = excluded.rows",
		params, ARRAY_LEN(params), err);
}

/* Rows of the team store bear the source's name: they outlive a rebuilt catalogue. */
#define SOURCE_NAME "(SELECT name FROM source WHERE id = $1)"

static struct value value_number(double n)
{
	return isfinite(n) ? value_real(n) : value_text(NULL);
}

static bool put_check(struct writer *w, int64_t source_id, const struct record_check *c, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(c->pipeline), value_text(c->run),
		value_text(c->step), value_text(c->check), value_text(c->state), value_number(c->observed),
		value_number(c->lower), value_number(c->upper), value_int(first_of(c->at_ms, w->now_ms, 0))};
	return exec(w,
		"INSERT INTO team.data_check (source, pipeline, run, step, name, state, observed, lower_bound, upper_bound, at_ms)"
		" VALUES (" SOURCE_NAME ", $2, $3, $4, $5, $6, $7, $8, $9, $10)"
		" ON CONFLICT (source, pipeline, run, step, name) DO UPDATE SET state = excluded.state,"
		" observed = excluded.observed, lower_bound = excluded.lower_bound, upper_bound = excluded.upper_bound,"
		" at_ms = excluded.at_ms",
		params, ARRAY_LEN(params), err);
}

static bool put_alert(struct writer *w, int64_t source_id, const struct record_alert *a, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(a->monitor),
		value_int(first_of(a->opened_ms, w->now_ms, 0)), value_ms(a->closed_ms), value_text(a->state),
		value_number(a->value), value_number(a->lower), value_number(a->upper),
		value_text(a->pipeline), value_text(a->run)};
	return exec(w,
		"INSERT INTO team.alert (source, monitor, opened_ms, closed_ms, state, value, lower_bound, upper_bound, pipeline, run)"
		" VALUES (" SOURCE_NAME ", $2, $3, $4, $5, $6, $7, $8, $9, $10)"
		" ON CONFLICT (source, monitor, opened_ms) DO UPDATE SET closed_ms = excluded.closed_ms, state = excluded.state,"
		" value = excluded.value, lower_bound = excluded.lower_bound, upper_bound = excluded.upper_bound,"
		" pipeline = excluded.pipeline, run = excluded.run",
		params, ARRAY_LEN(params), err);
}

static bool put_cost(struct writer *w, int64_t source_id, const struct record_cost *c, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(c->pipeline), value_text(c->month),
		value_number(c->amount), value_text(c->currency ? c->currency : ""),
		value_int(c->estimate > 0)};
	if (!isfinite(c->amount))
		return true; /* no sum to keep */
	return exec(w,
		"INSERT INTO team.cost (source, pipeline, month, amount, currency, is_estimate)"
		" VALUES (" SOURCE_NAME ", $2, $3, $4, $5, $6)"
		" ON CONFLICT (source, pipeline, month, currency) DO UPDATE SET amount = excluded.amount,"
		" is_estimate = excluded.is_estimate",
		params, ARRAY_LEN(params), err);
}

/* The newest run of a pipeline is looked for again when one is gone. */
static bool forget_newest(struct writer *w, int64_t source_id, struct err *err)
{
	const struct value params[] = {value_int(source_id)};
	return exec(w,
		"UPDATE pipeline SET (last_run_id, last_state, last_run_ms) = (SELECT r.id, r.state, r.at_ms FROM run r"
		" WHERE r.pipeline_id = pipeline.id AND r.gone = 0 ORDER BY r.at_ms DESC, r.id DESC LIMIT 1)"
		" WHERE source_id = $1 AND last_run_id IN (SELECT id FROM run WHERE gone = 1)",
		params, 1, err);
}

static bool put_gone(struct writer *w, int64_t source_id, const struct record_gone *g, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(g->pipeline), value_text(g->run)};
	return exec(w,
		       "UPDATE run SET gone = 1 WHERE pipeline_id = (SELECT id FROM pipeline WHERE source_id = $1"
		       " AND pipeline = $2) AND run = $3",
		       params, 3, err) &&
	       forget_newest(w, source_id, err);
}

static bool put_cursor(struct writer *w, int64_t source_id, const struct record_cursor *c, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(c->cursor)};
	return exec(w, "UPDATE source SET cursor = $2 WHERE id = $1", params, 2, err);
}

static bool put(struct writer *w, int64_t source_id, const struct record *record, struct written *totals,
	struct err *err)
{
	switch (record->kind) {
	case RECORD_PIPELINE:
		totals->pipelines++;
		return record->pipeline.gone > 0 ? drop_pipeline(w, source_id, record->pipeline.pipeline, err)
						 : put_pipeline(w, source_id, &record->pipeline, err);
	case RECORD_RUN:
		totals->runs++;
		return put_run(w, source_id, &record->run, err);
	case RECORD_STEP_RUN:
		totals->steps++;
		return put_step_run(w, source_id, &record->step_run, err);
	case RECORD_HEALTH:
		return put_health(w, source_id, &record->health, err);
	case RECORD_MODEL:
		totals->models++;
		return put_model(w, source_id, &record->model, err);
	case RECORD_CHECK:
		totals->checks++;
		return put_check(w, source_id, &record->check, err);
	case RECORD_ALERT:
		totals->alerts++;
		return put_alert(w, source_id, &record->alert, err);
	case RECORD_COST:
		return put_cost(w, source_id, &record->cost, err);
	case RECORD_INPUT:
		return put_input(w, source_id, &record->input, err);
	case RECORD_GONE:
		totals->gone++;
		return put_gone(w, source_id, &record->gone, err);
	case RECORD_CURSOR:
		return put_cursor(w, source_id, &record->cursor, err);
	case RECORD_KINDS:
		break;
	}
	BUG_ON(true);
	return false;
}

bool writer_put(struct writer *w, int64_t source_id, const struct record *record, struct written *totals,
	struct err *err)
{
	struct written nobody = {0};
	if (!begin(w, err) || !put(w, source_id, record, totals ? totals : &nobody, err))
		return false;
	return ++w->n_pending < BATCH_ROWS ? writer_tick(w, err) : writer_commit(w, err);
}

bool writer_tick(struct writer *w, struct err *err)
{
	bool is_due = w->is_open && clock_mono_ms() - w->opened_ms >= BATCH_MS;
	return !is_due || writer_commit(w, err);
}

bool writer_begin_full(struct writer *w, int64_t source_id, struct err *err)
{
	if (!writer_commit(w, err))
		return false;
	struct full *full = full_of(w, source_id);
	if (!full) {
		full = x_new(struct full);
		*full = (struct full){.next = w->fulls, .source_id = source_id};
		w->fulls = full;
	}
	idset_clear(&full->pipelines);
	idset_clear(&full->runs);
	idset_clear(&full->models);
	return true;
}

static void end_full(struct writer *w, struct full *full)
{
	struct full **at = &w->fulls;
	while (*at != full)
		at = &(*at)->next;
	*at = full->next;
	free_full(full);
}

/* Runs SQL with $1 for each id of ROWS that is not in SEEN; adds to *CHANGED. */
static bool sweep_rows(struct writer *w, const struct result *rows, const struct idset *seen, const char *sql,
	struct value since, int64_t *changed, struct err *err)
{
	for (size_t row = 0; row < rows->n_rows; row++) {
		int64_t id = result_int(rows, row, 0, 0), n;
		const struct value params[] = {value_int(id), since};
		if (idset_has(seen, id))
			continue;
		if (!store_exec(w->store, sql, params, ARRAY_LEN(params), &n, err))
			return false;
		*changed += n;
	}
	return true;
}

/* Page after page of an index. A run without a start may be older than we know: only a pull of everything
 * tells. */
static bool sweep_runs(
	struct writer *w, const struct full *full, int64_t since_ms, int64_t *gone, struct err *err)
{
	struct value params[] = {value_int(full->source_id),
		value_int(since_ms == TIME_NONE ? INT64_MIN : since_ms), value_int(0), value_int(SWEEP_PAGE)};
	struct result rows;
	do {
		arena_reset(w->scratch);
		if (!store_query(w->store,
			    "SELECT id, at_ms FROM run WHERE source_id = $1 AND (at_ms, id) > ($2, $3)"
			    " ORDER BY at_ms, id LIMIT $4",
			    params, ARRAY_LEN(params), w->scratch, &rows, err) ||
			!sweep_rows(w, &rows, &full->runs,
				"UPDATE run SET gone = 1 WHERE id = $1 AND gone = 0 AND (CAST($2 AS BIGINT) IS NULL OR started_ms >= $2)",
				value_ms(since_ms), gone, err))
			return false;
		if (rows.n_rows) {
			params[1] = *result_at(&rows, rows.n_rows - 1, 1);
			params[2] = *result_at(&rows, rows.n_rows - 1, 0);
		}
	} while (rows.n_rows == SWEEP_PAGE);
	return true;
}

static bool sweep_pipelines(struct writer *w, const struct full *full, struct err *err)
{
	const struct value params[] = {value_int(full->source_id)};
	struct result rows;
	int64_t gone = 0;
	arena_reset(w->scratch);
	return store_query(w->store, "SELECT id FROM pipeline WHERE source_id = $1 AND gone = 0", params, 1,
		       w->scratch, &rows, err) &&
	       sweep_rows(w, &rows, &full->pipelines,
		       "UPDATE pipeline SET gone = 1 WHERE id = $1"
		       " AND NOT EXISTS (SELECT 1 FROM run r WHERE r.pipeline_id = $1 AND r.gone = 0)",
		       value_text(NULL), &gone, err);
}

static bool sweep_models(
	struct writer *w, const struct full *full, int64_t since_ms, int64_t *gone, struct err *err)
{
	const struct value params[] = {value_int(full->source_id)};
	struct result rows;
	arena_reset(w->scratch);
	return store_query(w->store, "SELECT id FROM model_version WHERE source_id = $1 AND gone = 0", params,
		       1, w->scratch, &rows, err) &&
	       sweep_rows(w, &rows, &full->models,
		       "UPDATE model_version SET gone = 1 WHERE id = $1 AND (CAST($2 AS BIGINT) IS NULL OR created_ms >= $2)",
		       value_ms(since_ms), gone, err);
}

/* What was not seen is gone. */
static bool sweep(
	struct writer *w, const struct full *full, int64_t since_ms, struct written *totals, struct err *err)
{
	int64_t runs = 0, models = 0;
	if (!begin(w, err) || !settle(w, err) || !sweep_runs(w, full, since_ms, &runs, err) ||
		(runs && !forget_newest(w, full->source_id, err)) ||
		!sweep_models(w, full, since_ms, &models, err))
		return false;
	bool ok = since_ms != TIME_NONE || sweep_pipelines(w, full, err);
	totals->gone += runs + models;
	return ok && writer_commit(w, err);
}

bool writer_end_full(
	struct writer *w, int64_t source_id, int64_t since_ms, struct written *totals, struct err *err)
{
	struct full *full = full_of(w, source_id);
	BUG_ON(!full);
	bool ok = sweep(w, full, since_ms, totals, err);
	end_full(w, full);
	return ok;
}
