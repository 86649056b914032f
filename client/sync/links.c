/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/links.h"

#include "client/base/mem.h"
#include "client/catalogue/ref.h"

/* Under which names a run says where it comes from, best first. */
static const struct rule {
	const char *pipeline, *run, *step;
} rules[] = {
	{"airflow.dag_id", "airflow.dag_run_id", "airflow.task_id"},
	/* Airflow puts these into the environment of each task; people copy them as they are */
	{"AIRFLOW_CTX_DAG_ID", "AIRFLOW_CTX_DAG_RUN_ID", "AIRFLOW_CTX_TASK_ID"},
	{"dag_id", "dag_run_id", "task_id"},
	{"dag_id", "run_id", "task_id"}, /* the names of Airflow's task context */
};
static const char ref_key[] = "porthole.run";

/* A run, or a step of it, by its names. */
struct target {
	const char *source; /* NULL: any other */
	const char *pipeline, *run, *step, *rule;
};

static const char *text_in(const struct record_pair *pairs, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(pairs[i].key, key))
			return pairs[i].text;
	return NULL;
}

static const char *text_of(const struct record_run *run, const char *key)
{
	const char *text = text_in(run->tags, run->n_tags, key);
	if (!text)
		text = text_in(run->params, run->n_params, key);
	return text && *text ? text : NULL;
}

static bool find_by_ref(const struct record_run *run, struct arena *arena, struct target *out)
{
	struct ref ref;
	const char *text = text_of(run, ref_key);
	if (!text || !ref_parse(arena, str_of(text), &ref, NULL) ||
		(ref.kind != REF_RUN && ref.kind != REF_STEP))
		return false;
	*out = (struct target){ref.source, ref.pipeline, ref.run, ref.step, ref_key};
	return true;
}

static bool find_by_rule(const struct record_run *run, struct target *out)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const char *pipeline = text_of(run, rules[i].pipeline);
		const char *id = pipeline ? text_of(run, rules[i].run) : NULL;
		if (!id)
			continue;
		*out = (struct target){NULL, pipeline, id, text_of(run, rules[i].step), rules[i].run};
		return true;
	}
	return false;
}

/* What the run named before. */
static bool forget(struct store *store, int64_t run_id, struct err *err)
{
	const struct value params[] = {value_int(run_id)};
	return store_exec(store, "DELETE FROM run_link WHERE run_id = $1", params, 1, NULL, err) &&
	       store_exec(store, "DELETE FROM run_link_open WHERE run_id = $1", params, 1, NULL, err);
}

bool links_note(struct store *store, int64_t run_id, bool is_new, const struct record_run *run,
	struct arena *arena, struct err *err)
{
	struct target target = {0};
	bool names_one = find_by_ref(run, arena, &target) || find_by_rule(run, &target);
	bool says_all = run->tags && run->params; /* else what it says no more may only be left out */
	if (!is_new && (names_one || says_all) && !forget(store, run_id, err))
		return false;
	if (!names_one)
		return true;
	const struct value params[] = {value_int(run_id), value_text(target.source),
		value_text(target.pipeline), value_text(target.run),
		value_text(target.step ? target.step : ""), value_text(target.rule)};
	return store_exec(store,
		"INSERT INTO run_link_open (run_id, to_source, to_pipeline, to_run, to_step, rule)"
		" VALUES ($1, $2, $3, $4, $5, $6)",
		params, ARRAY_LEN(params), NULL, err);
}

/* --- resolving ---------------------------------------------------------------------- */

/* Those that were never tried, and those whose run may be among the new ones. */
static bool find_open(
	struct store *store, int64_t since_run, struct arena *arena, struct result *out, struct err *err)
{
	const struct value params[] = {value_int(since_run)};
	return store_query(store,
		"SELECT run_id, to_source, to_pipeline, to_run, to_step, rule FROM run_link_open WHERE tried = 0"
		" UNION SELECT o.run_id, o.to_source, o.to_pipeline, o.to_run, o.to_step, o.rule FROM run r"
		" JOIN run_link_open o ON o.to_run = r.run WHERE r.id > $1 AND o.tried = 1",
		params, 1, arena, out, err);
}

/* The runs of other sources that answer to the names in ROW. */
static bool find_targets(struct store *store, const struct result *open, size_t row, struct arena *arena,
	struct result *out, struct err *err)
{
	const struct value *cells = result_at(open, row, 0);
	return store_query(store,
		"SELECT r.id, EXISTS (SELECT 1 FROM step_run t WHERE t.run_id = r.id AND t.step = $5)"
		" OR EXISTS (SELECT 1 FROM step d WHERE d.pipeline_id = p.id AND d.step = $5)"
		" FROM pipeline p JOIN source s ON s.id = p.source_id JOIN run r ON r.pipeline_id = p.id AND r.run = $4"
		" WHERE p.pipeline = $3 AND r.id <> $1 AND CASE WHEN CAST($2 AS TEXT) IS NULL THEN"
		" s.id <> (SELECT own.source_id FROM run own WHERE own.id = $1) ELSE s.name = $2 END LIMIT 2",
		cells, 5, arena, out, err);
}

/* A step that the other tool does not know leaves the link to its run. */
static bool link_run(struct store *store, const struct result *open, size_t row, const struct result *targets,
	struct err *err)
{
	const struct value *cells = result_at(open, row, 0), *has_step = result_at(targets, 0, 1);
	const struct value params[] = {cells[0], *result_at(targets, 0, 0),
		has_step->type == VALUE_INT && has_step->i ? cells[4] : value_text(""), cells[5]};
	return store_exec(store,
		       "INSERT INTO run_link (run_id, to_run_id, to_step, rule) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		       params, ARRAY_LEN(params), NULL, err) &&
	       store_exec(store, "DELETE FROM run_link_open WHERE run_id = $1", cells, 1, NULL, err);
}

static bool resolve(struct store *store, const struct result *open, struct err *err)
{
	struct arena *arena = arena_new();
	bool ok = true;
	for (size_t row = 0; ok && row < open->n_rows; row++) {
		struct result targets;
		arena_reset(arena);
		ok = find_targets(store, open, row, arena, &targets, err) &&
		     (targets.n_rows != 1 || link_run(store, open, row, &targets, err));
	}
	arena_free(arena);
	return ok;
}

/* The greatest run when links were made last. */
static bool read_mark(struct store *store, int64_t *mark, struct err *err)
{
	*mark = 0;
	return store_exec_id(store, "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'links_until'", NULL,
		       0, mark, err) ||
	       err->code == ERR_NOT_FOUND;
}

static bool set_mark(struct store *store, struct err *err)
{
	return store_exec(store,
		       "INSERT INTO meta (key, value) SELECT 'links_until', CAST(coalesce(max(id), 0) AS TEXT) FROM run"
		       " WHERE true ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		       NULL, 0, NULL, err) &&
	       store_exec(store, "UPDATE run_link_open SET tried = 1 WHERE tried = 0", NULL, 0, NULL, err);
}

static bool update(struct store *store, struct arena *arena, struct err *err)
{
	int64_t mark, is_open;
	struct result open;
	if (!store_exec_id(store, "SELECT count(*) FROM (SELECT 1 FROM run_link_open LIMIT 1) o", NULL, 0,
		    &is_open, err))
		return false;
	if (is_open && (!read_mark(store, &mark, err) || !find_open(store, mark, arena, &open, err) ||
			       !resolve(store, &open, err)))
		return false;
	return set_mark(store, err);
}

bool links_update(struct store *store, struct err *err)
{
	struct arena *arena = arena_new();
	bool ok = store_begin(store, err);
	if (ok) {
		ok = update(store, arena, err) && store_commit(store, err);
		if (!ok)
			store_rollback(store);
	}
	arena_free(arena);
	return ok || err_wrap(err, "links between runs");
}
