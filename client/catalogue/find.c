/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/find.h"

#include "client/base/mem.h"

static bool not_found(struct err *err, const char *what, const char *name, const char *where)
{
	return err_set(
		err, ERR_NOT_FOUND, "no %s '%s' in %s; 'porthole search' looks for names", what, name, where);
}

static bool find_attempt(struct store *store, const struct ref *ref, struct found *out, struct err *err)
{
	const struct value params[] = {
		value_int(out->run_id), value_text(ref->step), value_text(ref->index ? ref->index : "")};
	if (!store_exec_id(store,
		    "SELECT attempt FROM step_run WHERE run_id = $1 AND step = $2 AND idx = $3"
		    " ORDER BY is_newest DESC, attempt DESC LIMIT 1",
		    params, ARRAY_LEN(params), &out->attempt, err))
		return err->code == ERR_NOT_FOUND ? not_found(err, "step", ref->step, ref->run) : false;
	if (ref->attempt > out->attempt)
		return err_set(err, ERR_NOT_FOUND,
			"no attempt %lld of step '%s' is known: the newest is %lld", (long long)ref->attempt,
			ref->step, (long long)out->attempt);
	out->names_attempt = ref->attempt > 0;
	if (out->names_attempt)
		out->attempt = ref->attempt;
	out->step = ref->step;
	out->index = ref->index ? ref->index : "";
	return true;
}

static bool find_model(struct store *store, const struct ref *ref, struct found *out, struct err *err)
{
	int64_t id;
	const struct value params[] = {
		value_int(out->source_id), value_text(ref->name), value_text(ref->version)};
	out->model = ref->name;
	out->version = ref->version;
	const char *sql =
		ref->version ? "SELECT id FROM model_version WHERE source_id = $1 AND model = $2"
			       " AND version = $3"
			     : "SELECT id FROM model_version WHERE source_id = $1 AND model = $2 LIMIT 1";
	if (store_exec_id(store, sql, params, ref->version ? 3 : 2, &id, err))
		return true;
	if (err->code != ERR_NOT_FOUND)
		return false;
	return ref->version ? not_found(err, "version", ref->version, ref->name)
			    : not_found(err, "model", ref->name, ref->source);
}

/* By its name, and an experiment of MLflow also by its id, which its address ends with. */
static bool find_pipeline(struct store *store, const struct ref *ref, struct found *out, struct err *err)
{
	const struct value params[] = {value_int(out->source_id), value_text(ref->pipeline)};
	if (store_exec_id(store, "SELECT id FROM pipeline WHERE source_id = $1 AND pipeline = $2", params, 2,
		    &out->pipeline_id, err))
		return true;
	if (err->code != ERR_NOT_FOUND)
		return false;
	if (store_exec_id(store,
		    "SELECT p.id FROM pipeline p JOIN source s ON s.id = p.source_id WHERE p.source_id = $1"
		    " AND s.kind = 'mlflow' AND p.url = s.url || '/#/experiments/' || $2 LIMIT 1",
		    params, 2, &out->pipeline_id, err))
		return true;
	return err->code == ERR_NOT_FOUND ? not_found(err, "pipeline", ref->pipeline, ref->source) : false;
}

bool find_ref(struct store *store, const struct ref *ref, struct found *out, struct err *err)
{
	*out = (struct found){0};
	BUG_ON(!ref->source);
	const struct value source[] = {value_text(ref->source)};
	if (!store_exec_id(store, "SELECT id FROM source WHERE name = $1", source, 1, &out->source_id, err))
		return err->code == ERR_NOT_FOUND ? not_found(err, "source", ref->source, "the catalogue")
						  : false;
	if (ref->kind == REF_MODEL)
		return find_model(store, ref, out, err);
	if (!ref->pipeline)
		return true;
	if (!find_pipeline(store, ref, out, err))
		return false;
	if (!ref->run)
		return true;
	const struct value run[] = {value_int(out->pipeline_id), value_text(ref->run)};
	if (!store_exec_id(store, "SELECT id FROM run WHERE pipeline_id = $1 AND run = $2", run, 2,
		    &out->run_id, err))
		return err->code == ERR_NOT_FOUND ? not_found(err, "run", ref->run, ref->pipeline) : false;
	return ref->step ? find_attempt(store, ref, out, err) : true;
}

bool find_url(struct store *store, struct arena *arena, struct str address, struct ref *out, struct err *err)
{
	struct result rows;
	/* a tool's own address of a run starts with the one we stored; what follows is a tab or a step */
	const struct value params[] = {value_str(address)};
	if (!store_query(store,
		    "SELECT s.name, p.pipeline, r.run, length(r.url) AS n FROM run r"
		    " JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = p.source_id"
		    " WHERE r.url IS NOT NULL AND substr($1, 1, length(r.url)) = r.url"
		    " UNION ALL SELECT s.name, p.pipeline, NULL, length(p.url) FROM pipeline p"
		    " JOIN source s ON s.id = p.source_id"
		    " WHERE p.url IS NOT NULL AND substr($1, 1, length(p.url)) = p.url"
		    " ORDER BY 4 DESC LIMIT 1",
		    params, 1, arena, &rows, err))
		return false;
	if (!rows.n_rows)
		return err_set(err, ERR_NOT_FOUND, "no source knows the address '%.*s'", STR_FMT(address));
	*out = (struct ref){.source = result_text(&rows, 0, 0),
		.pipeline = result_text(&rows, 0, 1),
		.run = result_text(&rows, 0, 2)};
	out->kind = out->run ? REF_RUN : REF_PIPELINE;
	return true;
}
