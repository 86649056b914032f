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

/* Says what it is called now, where it had that name once. */
static bool no_pipeline(struct store *store, const struct ref *ref, int64_t source_id, struct err *err)
{
	struct result row;
	struct arena *arena = arena_new();
	const struct value params[] = {value_int(source_id), value_text(ref->pipeline)};
	bool ok =
		store_query(store, "SELECT pipeline FROM pipeline WHERE source_id = $1 AND was = $2 LIMIT 1",
			params, ARRAY_LEN(params), arena, &row, err);
	if (ok && row.n_rows)
		ok = err_set(err, ERR_NOT_FOUND, "'%s' of %s is called '%s' now", ref->pipeline, ref->source,
			result_text(&row, 0, 0));
	else if (ok)
		ok = not_found(err, "pipeline", ref->pipeline, ref->source);
	arena_free(arena);
	return ok;
}

/* By its name, or by the tool's own id. */
static bool find_pipeline(struct store *store, const struct ref *ref, struct found *out, struct err *err)
{
	const struct value params[] = {value_int(out->source_id), value_text(ref->pipeline)};
	if (store_exec_id(store, "SELECT id FROM pipeline WHERE source_id = $1 AND pipeline = $2", params, 2,
		    &out->pipeline_id, err))
		return true;
	if (err->code != ERR_NOT_FOUND)
		return false;
	if (store_exec_id(store, "SELECT id FROM pipeline WHERE source_id = $1 AND tool_id = $2", params, 2,
		    &out->pipeline_id, err))
		return true;
	return err->code == ERR_NOT_FOUND && no_pipeline(store, ref, out->source_id, err);
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

bool find_named(struct store *store, struct arena *arena, struct ref *ref, struct err *err)
{
	struct result row;
	const struct value params[] = {value_text(ref->source), value_text(ref->pipeline)};
	if (!ref->source || !ref->pipeline)
		return true;
	if (!store_query(store,
		    "SELECT p.pipeline FROM pipeline p JOIN source s ON s.id = p.source_id WHERE s.name = $1"
		    " AND p.tool_id = $2 AND NOT EXISTS (SELECT 1 FROM pipeline q WHERE q.source_id = s.id AND q.pipeline = $2)",
		    params, ARRAY_LEN(params), arena, &row, err))
		return false;
	if (row.n_rows)
		ref->pipeline = result_text(&row, 0, 0);
	return true;
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
