/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/log.h"

#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "views/evidence.h"

static bool fill(struct log_target *t, struct store *store, const char *sql, const struct value *params,
	size_t n, struct err *err)
{
	struct result row;
	if (!store_query(store, sql, params, n, t->arena, &row, err))
		return false;
	if (!row.n_rows || !result_text(&row, 0, 3))
		return err_set(err, ERR_NOT_FOUND, "there is no log: nothing of it has run");
	const char *index = result_text(&row, 0, 4);
	t->ref = (struct ref){.kind = REF_STEP,
		.source = result_text(&row, 0, 0),
		.pipeline = result_text(&row, 0, 1),
		.run = result_text(&row, 0, 2),
		.step = result_text(&row, 0, 3),
		.index = index && *index ? index : NULL,
		.attempt = result_int(&row, 0, 5, 0)};
	return true;
}

static bool of_problem(struct log_target *t, struct store *store, const char *id, struct err *err)
{
	int64_t n;
	if (!str_to_int(str_of(id), 1, INT64_MAX, &n))
		return err_set(err, ERR_USAGE, "'problem:%s' is no problem", id);
	const struct value params[] = {value_int(n)};
	return fill(t, store,
		"SELECT source, pipeline, run, step, step_index, attempt FROM team.problem WHERE id = $1 AND run IS NOT NULL",
		params, 1, err);
}

#define STEP_SQL                                                                                             \
	"SELECT s.name, p.pipeline, r.run, t.step, t.idx, t.attempt FROM step_run t JOIN run r ON r.id = "   \
	"t.run_id"                                                                                           \
	" JOIN pipeline p ON p.id = t.pipeline_id JOIN source s ON s.id = p.source_id"                       \
	" WHERE t.is_newest = 1 AND t.attempt > 0 AND "
#define STEP_ORDER                                                                                           \
	" ORDER BY CASE t.state WHEN 'failed' THEN 0 WHEN 'running' THEN 1 ELSE 2 END, t.at_ms DESC LIMIT 1"

static bool of_run(struct log_target *t, struct store *store, int64_t run_id, struct err *err)
{
	const struct value params[] = {value_int(run_id)};
	return fill(t, store, STEP_SQL "t.run_id = $1" STEP_ORDER, params, 1, err);
}

static bool of_ref(struct log_target *t, struct store *store, const struct ref *ref, struct err *err)
{
	struct found found;
	if (ref->kind == REF_PROBLEM)
		return of_problem(t, store, ref->name, err);
	if (!ref->pipeline)
		return err_set(err, ERR_NOT_FOUND, "no log belongs to this");
	if (!find_ref(store, ref, &found, err))
		return false;
	const struct value params[] = {value_int(found.pipeline_id)};
	if (!found.run_id &&
		!store_exec_id(store, "SELECT coalesce(last_run_id, 0) FROM pipeline WHERE id = $1", params,
			1, &found.run_id, err))
		return false;
	if (!ref->step)
		return of_run(t, store, found.run_id, err);
	t->ref = (struct ref){.kind = REF_STEP,
		.source = arena_dupz(t->arena, ref->source),
		.pipeline = arena_dupz(t->arena, ref->pipeline),
		.run = arena_dupz(t->arena, ref->run),
		.step = arena_dupz(t->arena, ref->step),
		.index = arena_dupz(t->arena, ref->index),
		.attempt = found.attempt};
	return found.attempt > 0 ||
	       err_set(err, ERR_NOT_FOUND, "there is no log: '%s' never started", ref->step);
}

static void keep_excerpt(struct log_target *t, const struct config *config, const struct evidence *evidence)
{
	struct arena *arena = arena_new();
	struct view_data *data = arena_new_of(arena, struct view_data);
	data->arena = arena;
	data->title = "evidence";
	data->as_of_ms = TIME_NONE;
	evidence_block(data, config, evidence, NULL);
	if (data->n_blocks)
		t->excerpt = data;
	else
		view_data_free(data);
}

struct log_target *log_target_find(
	struct store *store, const struct config *config, const struct ref *ref, struct err *err)
{
	struct evidence evidence;
	struct log_target *t = x_new(struct log_target);
	t->arena = arena_new();
	if (!of_ref(t, store, ref, err) || !evidence_load(store, &t->ref, t->arena, &evidence, err)) {
		log_target_free(t);
		return NULL;
	}
	t->n_causes = evidence_causes(&evidence, t->causes, LOG_MOST_CAUSES);
	keep_excerpt(t, config, &evidence);
	return t;
}

void log_target_free(struct log_target *target)
{
	if (!target)
		return;
	view_data_free(target->excerpt);
	arena_free(target->arena);
	x_free(target);
}
