/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sources/mlflow.h"

#include "client/base/mem.h"
#include "client/sources/percent.h"

/* A version knows its run but not the run's experiment, and not its aliases, which are the model's. What is
 * unknown of a page's rows is asked for first, and the page then once more: nothing is held meanwhile. */

enum {
	FEW = 5,    /* rows of the first page where nothing may have changed */
	MORE = 100, /* of the next ones */
};

struct alias {
	const char *alias, *version;
};

struct model {
	struct alias *aliases;
	size_t n;
};

/* The run behind a version; EXPERIMENT is NULL where nobody knows it. */
struct maker {
	struct mlflow_experiment *experiment;
};

struct mlflow_registry {
	bool all;
	struct idmap models, makers; /* by name, by run */
	const char *token;	     /* of the page that is read */
	int size, pages;
	int n_missing; /* answers that the page waits for */
};

static void ask_versions(struct pull *pull, struct mlflow_registry *r);

/* --- asking ------------------------------------------------------------------------------- */

/* Whether less is to be asked for: what REQUEST_SHRINKS hands over. */
static bool shrinks(struct mlflow_registry *r, const struct response *response)
{
	int status = response->status;

	if (r->size == 1 ||
		!(status == 0 || status == 413 || status == 500 || status == 502 || status == 504))
		return false;
	r->size /= 2;
	return true;
}

/* Asks for what SIZE and TOKEN say. */
static void ask_page(struct pull *pull, struct mlflow_registry *r, const char *path, handler_fn handler)
{
	struct request request = {
		.flags = REQUEST_JSON | REQUEST_READ | REQUEST_ANY_STATUS |
			 (r->size > 1 ? REQUEST_SHRINKS : 0),
		.handler = handler,
		.ctx = r,
	};
	struct buf text;

	buf_init(&text, 0);
	buf_addf(&text, "%s%cmax_results=%d", path, strchr(path, '?') ? '&' : '?', r->size);
	if (r->token) {
		buf_addz(&text, "&page_token=");
		percent_add_url(&text, str_of(r->token));
	}
	request.path = text.p;
	pull_ask(pull, &request);
	buf_fini(&text);
}

/* Not every server has a registry, nor lets everybody see it: the runs come all the same. */
static bool is_refused(struct pull *pull, const struct response *response, const struct mlflow_registry *r)
{
	if (response->status <= 299)
		return false;
	if (r->all)
		pull_note(pull, "HTTP %d from the model registry: models are left out", response->status);
	return true;
}

/* --- models ------------------------------------------------------------------------------- */

static void take_model(struct pull *pull, struct mlflow_registry *r, const struct json *row)
{
	struct arena *arena = pull_arena(pull);
	struct str name = json_get_str(row, "name");
	const struct json *aliases = json_get(row, "aliases");
	struct model *model = idmap_get(&r->models, name);

	if (!name.n)
		return;
	if (!model) {
		model = arena_new_of(arena, struct model);
		idmap_put(&r->models, name, model);
	}
	model->aliases = arena_array(arena, struct alias, json_len(aliases) + 1);
	model->n = 0;
	for (size_t i = 0; i < json_len(aliases); i++) {
		struct str alias = json_get_str(json_at(aliases, i), "alias");

		if (alias.n)
			model->aliases[model->n++] = (struct alias){arena_dup(arena, alias),
				arena_dup(arena, json_get_str(json_at(aliases, i), "version"))};
	}
}

#define MODELS	 MLFLOW_API "registered-models/search"
#define VERSIONS MLFLOW_API "model-versions/search?order_by=last_updated_timestamp%20DESC"

static bool take_models(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct mlflow_registry *r = ctx;
	const struct json *rows = json_get(response->json, "registered_models");

	if (shrinks(r, response)) {
		ask_page(pull, r, MODELS, take_models);
		return true;
	}
	if (is_refused(pull, response, r))
		return true;
	if (!mlflow_is_page(response->json, "registered_models"))
		return mlflow_no_page("registered_models", err);
	for (size_t i = 0; i < json_len(rows); i++)
		take_model(pull, r, json_at(rows, i));
	if (mlflow_next_token(pull, response->json, "registered_models", &r->token, &r->pages, err)) {
		ask_page(pull, r, MODELS, take_models);
		return true;
	}
	if (err->code)
		return false;
	r->token = NULL;
	ask_versions(pull, r);
	return true;
}

/* --- what a page's rows need --------------------------------------------------------------- */

/* The page is asked for again once all that it waits for is there. */
static void found(struct pull *pull, struct mlflow_registry *r)
{
	if (--r->n_missing == 0)
		ask_versions(pull, r);
}

static bool take_one_model(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	(void)err;
	take_model(pull, ctx, json_get(response->json, "registered_model"));
	found(pull, ctx);
	return true;
}

static void ask_model(struct pull *pull, struct mlflow_registry *r, struct str name)
{
	struct request request = {
		.flags = REQUEST_JSON | REQUEST_READ | REQUEST_ANY_STATUS,
		.handler = take_one_model,
		.ctx = r,
	};
	struct buf path;

	idmap_put(&r->models, name, arena_new_of(pull_arena(pull), struct model));
	buf_init(&path, 0);
	buf_addz(&path, MLFLOW_API "registered-models/get?name=");
	percent_add_url(&path, name);
	request.path = path.p;
	r->n_missing++;
	pull_ask(pull, &request);
	buf_fini(&path);
}

static void take_maker(struct pull *pull, const struct json *row)
{
	const struct mlflow *m = pull_state(pull);
	struct maker *maker = idmap_get(&m->registry->makers, mlflow_run_id(row));

	if (maker)
		maker->experiment =
			idmap_get(&m->experiments, json_get_str(json_get(row, "info"), "experiment_id"));
}

static void end_makers(struct pull *pull)
{
	const struct mlflow *m = pull_state(pull);

	found(pull, m->registry);
}

static void ask_makers_in(struct pull *pull, struct mlflow_ids *experiments, struct str runs)
{
	const struct mlflow *m = pull_state(pull);

	m->registry->n_missing++;
	mlflow_ask_runs(pull, mlflow_ids_take(pull, experiments), runs, take_maker, end_makers);
}

/* RUNS, which may be of any experiment that is there. */
static void ask_makers(struct pull *pull, struct str runs)
{
	const struct mlflow *m = pull_state(pull);
	struct mlflow_ids ids;

	mlflow_ids_init(&ids);
	for (const struct mlflow_experiment *e = m->first; e; e = e->next) {
		if (!mlflow_is_there(m, e) || e->is_deleted)
			continue;
		mlflow_ids_add(&ids, e->id);
		if (ids.n == MLFLOW_MOST_EXPERIMENTS)
			ask_makers_in(pull, &ids, runs);
	}
	if (ids.n)
		ask_makers_in(pull, &ids, runs);
	buf_fini(&ids.text);
}

static void ask_missing_makers(struct pull *pull, const struct json *rows, size_t n_rows)
{
	const struct mlflow *m = pull_state(pull);
	struct idmap *makers = &m->registry->makers;
	struct buf runs;
	size_t n = 0;

	buf_init(&runs, 0);
	for (size_t i = 0; i < n_rows; i++) {
		struct str run = json_get_str(json_at(rows, i), "run_id");

		if (!mlflow_is_plain_id(run) || idmap_get(&m->runs, run) ||
			!idmap_put(makers, run, arena_new_of(pull_arena(pull), struct maker)))
			continue;
		buf_addf(&runs, "%s'%.*s'", runs.n ? "," : "", STR_FMT(run));
		if (++n % MLFLOW_MOST_IDS == 0) {
			ask_makers(pull, buf_str(&runs));
			buf_reset(&runs);
		}
	}
	if (runs.n)
		ask_makers(pull, buf_str(&runs));
	buf_fini(&runs);
}

/* Whether the page has to wait for it. */
static bool ask_missing(struct pull *pull, struct mlflow_registry *r, const struct json *rows, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++) {
		struct str name = json_get_str(json_at(rows, i), "name");

		if (name.n && !idmap_get(&r->models, name))
			ask_model(pull, r, name);
	}
	ask_missing_makers(pull, rows, n_rows);
	return r->n_missing > 0;
}

/* --- versions ----------------------------------------------------------------------------- */

static const char *version_url(struct pull *pull, struct str name, struct str version)
{
	struct buf url;
	const char *copy;

	buf_init(&url, 0);
	mlflow_add_base(pull, &url);
	buf_addz(&url, "/#/models/");
	percent_add_url(&url, name);
	buf_addz(&url, "/versions/");
	percent_add_url(&url, version);
	copy = arena_take(pull_scratch(pull), &url);
	return copy;
}

static void put_aliases(struct pull *pull, const struct model *model, struct record_model *out)
{
	size_t n = model ? model->n : 0;

	out->aliases = arena_array(pull_scratch(pull), const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(model->aliases[i].version, out->version))
			out->aliases[out->n_aliases++] = model->aliases[i].alias;
}

/* A run whose experiment is not there leads nowhere. */
static void put_maker(struct pull *pull, struct str run, struct record_model *out)
{
	const struct mlflow *m = pull_state(pull);
	const struct maker *maker = idmap_get(&m->registry->makers, run);
	const struct mlflow_experiment *e = maker ? maker->experiment : idmap_get(&m->runs, run);

	if (!e || !mlflow_is_there(m, e) || e->is_deleted)
		return;
	out->pipeline = e->name;
	out->run = mlflow_text(pull, run);
}

static void emit_version(struct pull *pull, const struct mlflow_registry *r, const struct json *row)
{
	struct str name = json_get_str(row, "name"), version = json_get_str(row, "version");
	struct str stage = json_get_str(row, "current_stage");
	struct record record = record_new(RECORD_MODEL);

	if (!name.n || !version.n) {
		pull_note(pull, "a model version without its name was left out");
		return;
	}
	record.model.model = mlflow_text(pull, name);
	record.model.version = mlflow_text(pull, version);
	record.model.stage = str_is(stage, "None") ? NULL : mlflow_text(pull, stage);
	record.model.url = version_url(pull, name, version);
	record.model.note = mlflow_text(pull, json_get_str(row, "description"));
	json_int(json_get(row, "creation_timestamp"), &record.model.created_ms);
	put_aliases(pull, idmap_get(&r->models, name), &record.model);
	put_maker(pull, json_get_str(row, "run_id"), &record.model);
	pull_emit(pull, &record);
}

/* How many of ROWS, newest change first, changed since the pull before. */
static size_t count_news(const struct mlflow *m, const struct json *rows)
{
	size_t n = 0;
	int64_t ms;

	if (m->registry->all)
		return json_len(rows);
	while (n < json_len(rows)) {
		const struct json *at = json_get(json_at(rows, n), "last_updated_timestamp");

		if (json_int(at, &ms) && ms < m->from_ms - MLFLOW_OVERLAP_MS)
			break;
		n++;
	}
	return n;
}

static bool take_versions(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct mlflow *m = pull_state(pull);
	struct mlflow_registry *r = ctx;
	const struct json *rows = json_get(response->json, "model_versions");
	size_t n;

	if (shrinks(r, response)) {
		ask_versions(pull, r);
		return true;
	}
	if (is_refused(pull, response, r))
		return true;
	if (!mlflow_is_page(response->json, "model_versions"))
		return mlflow_no_page("model_versions", err);
	n = count_news(m, rows);
	if (ask_missing(pull, r, rows, n))
		return true;
	for (size_t i = 0; i < n; i++)
		emit_version(pull, r, json_at(rows, i));
	if (n == json_len(rows) &&
		mlflow_next_token(pull, response->json, "model_versions", &r->token, &r->pages, err)) {
		r->size = r->size == FEW ? MORE : r->size;
		ask_versions(pull, r);
		return true;
	}
	if (err->code)
		return false;
	if (r->all && m->date_ms != TIME_NONE)
		m->models_ms = m->date_ms;
	return true;
}

static void ask_versions(struct pull *pull, struct mlflow_registry *r)
{
	ask_page(pull, r, VERSIONS, take_versions);
}

void mlflow_ask_models(struct pull *pull, bool all)
{
	struct mlflow *m = pull_state(pull);
	struct mlflow_registry *r = arena_new_of(pull_arena(pull), struct mlflow_registry);

	r->all = all;
	r->models.arena = r->makers.arena = pull_arena(pull);
	m->registry = r;
	r->size = all ? m->page : FEW;
	if (all)
		ask_page(pull, r, MODELS, take_models);
	else
		ask_versions(pull, r);
}
