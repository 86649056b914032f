/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/json.h"

#include "client/base/mem.h"
#include "views/list.h"
#include "views/lists.h"
#include "views/why_json.h"

void json_put_value(struct json_writer *w, const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		json_put_null(w);
		break;
	case VALUE_INT:
		json_put_int(w, value->i);
		break;
	case VALUE_REAL:
		json_put_num(w, value->r);
		break;
	case VALUE_TEXT:
		json_put_str(w, value->s);
		break;
	}
}

static void put_cell(struct json_writer *w, const struct column *column, const struct value *value)
{
	if (column->type == COLUMN_LIST) {
		json_open(w, '[');
		struct str rest = value->type == VALUE_TEXT ? value->s : (struct str){0}, piece;
		while (str_next(&rest, '\x1f', &piece))
			json_put_str(w, piece);
		json_close(w, ']');
		return;
	}
	if (value->type == VALUE_INT && column->type == COLUMN_BOOL)
		json_put_bool(w, value->i != 0);
	else
		json_put_value(w, value);
}

/* The members of one row, without brackets. */
static void put_row(struct json_writer *w, const struct table *table, size_t row)
{
	for (size_t c = 0; c < table->n_columns; c++) {
		if (table->columns[c].flags & COLUMN_NO_KEY)
			continue;
		json_key(w, table->columns[c].key);
		put_cell(w, &table->columns[c], result_at(&table->result, row, c));
	}
}

void json_add_rows(struct buf *out, const struct table *table)
{
	for (size_t row = 0; row < table->result.n_rows; row++) {
		struct json_writer w = {.out = out};
		json_open(&w, '{');
		put_row(&w, table, row);
		json_close(&w, '}');
		buf_addc(out, '\n');
	}
}

struct object {
	struct store *store;
	struct arena *arena;
	const struct view_args *args;
	const struct found *found;
	int64_t run_id; /* of a run, or the one that made a model's version; 0: none */
	struct json_writer *w;
};

/* {"k": value, …} of a run, from a query of key, value, special. */
static bool put_pairs(struct object *o, const char *key, const char *sql, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(o->run_id)};
	if (!store_query(o->store, sql, params, 1, o->arena, &rows, err))
		return false;
	json_key(o->w, key);
	json_open(o->w, '{');
	for (size_t i = 0; i < rows.n_rows; i++) {
		const struct value *value = result_at(&rows, i, 1);
		json_key_str(o->w, result_at(&rows, i, 0)->s);
		put_cell(o->w, &(struct column){.type = COLUMN_TEXT},
			value->type == VALUE_NULL ? result_at(&rows, i, 2) : value);
	}
	json_close(o->w, '}');
	return true;
}

static void put_rows(struct json_writer *w, const char *key, const struct table *table)
{
	json_key(w, key);
	json_open(w, '[');
	for (size_t row = 0; row < table->result.n_rows; row++) {
		json_open(w, '{');
		put_row(w, table, row);
		json_close(w, '}');
	}
	json_close(w, ']');
}

/* SORT is as in struct view_args. */
static bool put_list(struct object *o, const char *key, const struct list_def *list,
	const struct found *scope, const char *filter, const char *sort, struct err *err)
{
	const struct view_args args = {
		.config = o->args->config, .filter = filter, .sort = sort, .now_ms = o->args->now_ms};
	struct table table = {0};
	if (scope && !list_load(o->store, list, &args, scope, o->arena, &table, err))
		return false;
	put_rows(o->w, key, &table);
	return true;
}

/* [{at_ms who verb text}] of a problem: its timeline. */
static bool put_timeline(struct object *o, struct err *err)
{
	static const struct column columns[] = {
		{.key = "at_ms"}, {.key = "who"}, {.key = "verb"}, {.key = "text"}};
	struct table table = {.columns = columns, .n_columns = ARRAY_LEN(columns)};
	const struct value params[] = {value_text(o->args->ref.name)};
	if (!store_query(o->store,
		    "SELECT at_ms, who, verb, text FROM team.problem_event WHERE problem_id = CAST($1 AS BIGINT)"
		    " ORDER BY id",
		    params, 1, o->arena, &table.result, err))
		return false;
	put_rows(o->w, "notes", &table);
	return true;
}

static void put_note(struct object *o, const struct table *table)
{
	json_key(o->w, "notes");
	json_open(o->w, '[');
	for (size_t c = 0; c < table->n_columns; c++)
		if (!strcmp(table->columns[c].key, "note") && result_text(&table->result, 0, c))
			json_put_str(o->w, str_of(result_text(&table->result, 0, c)));
	json_close(o->w, ']');
}

/* [{name version rows}] of a run. */
static bool put_inputs(struct object *o, struct err *err)
{
	static const struct column columns[] = {{.key = "name"}, {.key = "version"}, {.key = "rows"}};
	struct table table = {.columns = columns, .n_columns = ARRAY_LEN(columns)};
	const struct value params[] = {value_int(o->run_id)};
	if (!store_query(o->store,
		    "SELECT name, nullif(version, ''), rows FROM input WHERE run_id = $1 ORDER BY name, version",
		    params, 1, o->arena, &table.result, err))
		return false;
	put_rows(o->w, "inputs", &table);
	return true;
}

static void put_ref(struct json_writer *w, const struct ref *ref)
{
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, ref);
	json_put_str(w, buf_str(&text));
	buf_fini(&text);
}

/* The runs of other tools that belong together with this one, whichever of the two says so. */
static bool put_linked_runs(struct object *o, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(o->run_id)};
	if (!store_query(o->store,
		    "SELECT s.name, p.pipeline, r.run, l.to_step, r.at_ms FROM run_link l JOIN run r ON r.id = l.to_run_id"
		    " JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = r.source_id WHERE l.run_id = $1"
		    " UNION SELECT s.name, p.pipeline, r.run, '', r.at_ms FROM run_link l JOIN run r ON r.id = l.run_id"
		    " JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = r.source_id WHERE l.to_run_id = $1"
		    " ORDER BY 5, 1, 2, 3, 4",
		    params, 1, o->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const char *step = result_text(&rows, i, 3);
		const bool has_step = step && *step;
		const struct ref ref = {.kind = has_step ? REF_STEP : REF_RUN,
			.source = result_text(&rows, i, 0),
			.pipeline = result_text(&rows, i, 1),
			.run = result_text(&rows, i, 2),
			.step = has_step ? step : NULL};
		put_ref(o->w, &ref);
	}
	return true;
}

/* The versions that the run made. */
static bool put_made_models(struct object *o, struct err *err)
{
	struct result rows;
	const struct ref *ref = &o->args->ref;
	const struct value params[] = {
		value_int(o->found->source_id), value_text(ref->run), value_text(ref->pipeline)};
	if (ref->kind != REF_RUN)
		return true;
	if (!store_query(o->store,
		    "SELECT model, version FROM model_version WHERE source_id = $1 AND run = $2"
		    " AND coalesce(pipeline, $3) = $3 AND gone = 0 ORDER BY model, position, version",
		    params, ARRAY_LEN(params), o->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		put_ref(o->w, &(struct ref){.kind = REF_MODEL,
				      .source = ref->source,
				      .name = result_text(&rows, i, 0),
				      .version = result_text(&rows, i, 1)});
	return true;
}

/* The tool's own address, then what belongs to it: refs. */
static bool put_links(struct object *o, const struct table *table, struct err *err)
{
	const char *url = table_text(table, 0, "url");
	const char *run_ref = o->args->ref.kind == REF_MODEL ? table_text(table, 0, "run_ref") : NULL;
	json_key(o->w, "links");
	json_open(o->w, '[');
	if (url)
		json_put_str(o->w, str_of(url));
	if (run_ref)
		json_put_str(o->w, str_of(run_ref));
	bool ok = put_linked_runs(o, err) && put_made_models(o, err);
	json_close(o->w, ']');
	return ok;
}

/* The one row of the object, as its list has it. */
static bool load_row(struct object *o, const struct view_def *view, struct table *table, struct err *err)
{
	const struct ref *ref = &o->args->ref;
	int64_t id = 0;
	if (ref->kind == REF_PROBLEM && !str_to_int(str_of(ref->name), 1, INT64_MAX, &id))
		return err_set(err, ERR_USAGE, "'problem:%s' is no problem: its id is a number", ref->name);
	const struct view_args args = {.config = o->args->config,
		.filter = id ? arena_printf(o->arena, "id=%lld", (long long)id) : "deleted:yes",
		.ref = *ref,
		.now_ms = o->args->now_ms,
		.limit = 1};
	if (!list_load(o->store, view->list, &args, o->found, o->arena, table, err))
		return false;
	if (table->result.n_rows)
		return true;
	if (ref->kind == REF_PROBLEM || ref->kind == REF_PROJECT)
		return err_set(err, ERR_NOT_FOUND, "no %s %s; 'porthole %s' lists them", view->name,
			ref->name, id ? "problems" : "projects");
	return err_set(err, ERR_NOT_FOUND, "it is not there any more");
}

/* A run's steps; a pipeline's are those of its newest run. */
static bool put_steps(struct object *o, struct err *err)
{
	struct found scope = *o->found;
	const struct value params[] = {value_int(scope.pipeline_id)};
	enum ref_kind kind = o->args->ref.kind;
	if (kind == REF_PIPELINE &&
		!store_exec_id(o->store, "SELECT coalesce(last_run_id, 0) FROM pipeline WHERE id = $1",
			params, 1, &scope.run_id, err))
		return false;
	bool has_steps = (kind == REF_RUN || kind == REF_PIPELINE) && scope.run_id;
	return put_list(o, "steps", &list_steps, has_steps ? &scope : NULL, "", NULL, err);
}

static bool put_children(struct object *o, struct err *err)
{
	const struct found source = {.source_id = o->found->source_id};
	const char *run = o->args->ref.run;
	bool is_run = o->args->ref.kind == REF_RUN && !strchr(run, '"');
	return put_list(o, "children", &list_runs, is_run ? &source : NULL,
		is_run ? arena_printf(o->arena, "parent=\"%s\"", run) : NULL, "-started_ms", err);
}

static void put_pairs_of(struct object *o, const char *key, const struct config_pair *pairs, size_t n)
{
	json_key(o->w, key);
	json_open(o->w, '{');
	for (size_t i = 0; i < n; i++) {
		json_key(o->w, pairs[i].key);
		json_put_str(o->w, str_of(pairs[i].value));
	}
	json_close(o->w, '}');
}

static void put_member(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_put_str(w, text ? str_of(text) : (struct str){0});
}

/* What a project promised, and to whom. */
static void put_project(struct object *o)
{
	const struct config *config = o->args->config;
	size_t at = 0;
	while (strcmp(config->projects[at].name, o->args->ref.name))
		at++;
	const struct config_project *p = &config->projects[at];
	put_pairs_of(o, "owners", p->owners, p->n_owners);
	put_pairs_of(o, "due", p->due, p->n_due);
	put_member(o->w, "fallback", p->fallback);
	put_member(o->w, "baseline", p->baseline);
	json_key(o->w, "consumers");
	json_open(o->w, '[');
	for (size_t i = 0; i < p->n_consumers; i++) {
		json_open(o->w, '{');
		put_member(o->w, "name", p->consumers[i].name);
		put_member(o->w, "contact", p->consumers[i].contact);
		put_member(o->w, "promise", p->consumers[i].promise);
		json_close(o->w, '}');
	}
	json_close(o->w, ']');
	json_key(o->w, "docs");
	json_open(o->w, '[');
	for (size_t i = 0; i < p->n_docs; i++)
		json_put_str(o->w, str_of(p->docs[i]));
	json_close(o->w, ']');
}

/* The run whose pairs are shown: of a model's version the one that made it, where it is known. */
static bool find_run(struct object *o, const struct table *table, struct err *err)
{
	struct found found;
	struct err absent = {0};
	o->run_id = o->args->ref.kind == REF_RUN ? o->found->run_id : 0;
	if (o->args->ref.kind != REF_MODEL || !table_text(table, 0, "run_ref"))
		return true;
	const struct ref ref = {.kind = REF_RUN,
		.source = o->args->ref.source,
		.pipeline = table_text(table, 0, "pipeline"),
		.run = table_text(table, 0, "run")};
	if (find_ref(o->store, &ref, &found, &absent))
		o->run_id = found.run_id;
	else if (absent.code != ERR_NOT_FOUND)
		return err_set(err, absent.code, "%s", absent.msg);
	return true;
}

static bool put_versions(struct object *o, struct err *err)
{
	const struct found all = {.source_id = o->found->source_id, .model = o->found->model};
	return o->args->ref.kind != REF_MODEL || put_list(o, "versions", &list_models, &all, "", NULL, err);
}

static bool put_members(struct object *o, const struct view_def *view, struct err *err)
{
	struct table table;
	if (!load_row(o, view, &table, err) || !find_run(o, &table, err))
		return false;
	put_row(o->w, &table, 0);
	if (o->args->ref.kind == REF_PROJECT)
		put_project(o);
	if (!put_pairs(
		    o, "params", "SELECT key, value, NULL FROM param WHERE run_id = $1 ORDER BY key", err) ||
		!put_pairs(o, "metrics",
			"SELECT key, value, special FROM metric WHERE run_id = $1 ORDER BY key", err) ||
		!put_pairs(
			o, "tags", "SELECT key, value, NULL FROM tag WHERE run_id = $1 ORDER BY key", err) ||
		!put_inputs(o, err) || !put_steps(o, err) || !put_children(o, err) || !put_versions(o, err))
		return false;
	if (o->args->ref.kind == REF_PROBLEM) {
		if (!put_timeline(o, err))
			return false;
	} else {
		put_note(o, &table);
	}
	return put_links(o, &table, err);
}

bool json_add_object(struct buf *out, struct store *store, const struct config *config, const struct ref *ref,
	int64_t now_ms, struct err *err)
{
	const struct view_def *view = view_for_ref(ref->kind);
	struct found found = {0};
	if (!view)
		return err_set(err, ERR_USAGE, "nothing of this kind can be shown yet");
	if (ref->source && !find_ref(store, ref, &found, err))
		return false;
	struct arena *arena = arena_new();
	struct view_args args = {.config = config, .ref = *ref, .now_ms = now_ms};
	struct buf text; /* what fails half-way leaves nothing in OUT */
	buf_init(&text, 0);
	struct json_writer w = {.out = &text};
	struct object object = {.store = store, .arena = arena, .args = &args, .found = &found, .w = &w};
	json_open(&w, '{');
	bool ok = find_named(store, arena, &args.ref, err) && put_members(&object, view, err);
	json_close(&w, '}');
	buf_addc(&text, '\n');
	if (ok)
		buf_add(out, buf_str(&text));
	buf_fini(&text);
	arena_free(arena);
	return ok;
}

static void put_stored(struct json_writer *w, const char *key, const char *json)
{
	json_key(w, key);
	if (json)
		json_put_raw(w, str_of(json));
	else {
		json_open(w, '[');
		json_close(w, ']');
	}
}

static void put_evidence(struct json_writer *w, const struct ref *ref, const struct evidence *e)
{
	json_key(w, "ref");
	put_ref(w, ref);
	json_key(w, "attempt");
	json_put_int(w, e->attempt);
	json_key(w, "fingerprint");
	json_put_str(w, e->fingerprint ? str_of(e->fingerprint) : (struct str){0});
	json_key(w, "cause");
	if (e->cause) {
		json_open(w, '{');
		json_key(w, "line");
		json_put_int(w, e->cause_line);
		json_key(w, "text");
		json_put_str(w, str_of(e->cause));
		json_close(w, '}');
	} else {
		json_put_null(w);
	}
	put_stored(w, "candidates", e->candidates);
	put_stored(w, "excerpt", e->excerpt);
}

void json_add_evidence(struct buf *out, const struct ref *ref, const struct evidence *evidence)
{
	struct json_writer w = {.out = out};
	json_open(&w, '{');
	put_evidence(&w, ref, evidence);
	json_close(&w, '}');
	buf_addc(out, '\n');
}

/* {text[]} for what has no log of its own: what is said of it, and what is late because of it. */
static bool put_said(struct json_writer *w, struct store *store, const struct why *why, struct arena *arena,
	struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(why->id)};
	if (!store_query(store,
		    "SELECT source || '/' || pipeline FROM team.problem_pipeline WHERE problem_id = $1 ORDER BY 1 LIMIT 100",
		    params, 1, arena, &rows, err))
		return false;
	json_open(w, '{');
	json_key(w, "text");
	json_open(w, '[');
	json_put_str(w, str_of(why->title));
	for (size_t i = 0; !strcmp(why->kind, "platform") && i < rows.n_rows; i++)
		json_put_str(w, str_of(arena_printf(arena, "late: %s", result_text(&rows, i, 0))));
	json_close(w, ']');
	json_close(w, '}');
	return true;
}

static bool put_triage(struct json_writer *w, struct store *store, const struct table *table, size_t row,
	const struct why *why, struct arena *arena, struct err *err)
{
	struct evidence evidence = {0};
	struct ref ref = why->place;
	if (ref.run && !evidence_load(store, &ref, arena, &evidence, err))
		return false;
	ref.attempt = 0; /* that is a key of its own */
	json_open(w, '{');
	put_row(w, table, row);
	put_member(w, "owner", why->owner);
	put_member(w, "oncall", why->oncall);
	json_key(w, "blocked_steps");
	json_put_int(w, why->wait.blocked_steps);
	why_put_json(w, why);
	json_key(w, "evidence");
	if (evidence.is_found) {
		json_open(w, '{');
		put_evidence(w, &ref, &evidence);
		json_close(w, '}');
	} else if (!put_said(w, store, why, arena, err)) {
		return false;
	}
	json_close(w, '}');
	return true;
}

bool json_add_triage(struct buf *out, struct store *store, const struct config *config,
	const struct table *table, size_t row, int64_t now_ms, struct err *err)
{
	int64_t id;
	struct why why;
	struct buf text; /* what fails half-way leaves nothing in OUT */
	struct arena *arena = arena_new();
	buf_init(&text, 0);
	BUG_ON(!str_to_int(str_of(table_text(table, row, "id")), 1, INT64_MAX, &id));
	bool ok = why_load(store, config, id, now_ms, arena, &why, err) &&
		  put_triage(&(struct json_writer){.out = &text}, store, table, row, &why, arena, err);
	if (ok) {
		buf_addc(&text, '\n');
		buf_add(out, buf_str(&text));
	}
	buf_fini(&text);
	arena_free(arena);
	return ok;
}
