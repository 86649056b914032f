/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MLflow through its REST API 2.0: an experiment is a pipeline, by its name, and its runs are the
 * runs. Measured on 3.17.2; answers captured from it are in tests/fixtures/mlflow.
 *
 * - experiments/search and runs/search are POST. `experiment_ids` are texts and required: integers
 *   and unknown ones are answered with 200 and {}. `max_results` is required of experiments. An empty
 *   page has no `experiments` or `runs` at all.
 * - A page token is an offset in disguise, without a snapshot. Runs are paged by the time that they
 *   are ordered by, the next page starting at the last one's, so that no run is missed when others
 *   vanish; the token is for a page that is all of one time.
 * - 500 runs are some 1.6 MB, params, tags and metrics always come along, nothing is compressed. A
 *   worker that is busy for too long is killed (closed connection): smaller pages then.
 * - Filters know AND only, no IS NULL of a time, IN of run ids only. `start_time` and `end_time` are
 *   the client's word and may lie far behind or ahead; a run without a start has 0.
 * - Runs have no "updated at": new ones are found by start, ended ones by end, those under way by
 *   their ids, and reopened ones because they are RUNNING with the end of before. A tag, metric or
 *   deletion later on is found by the sweep of recent runs, or by the pull of everything.
 * - An experiment's last_update_time moves when it is made, renamed, deleted and restored, not with
 *   its runs. Deleting one deletes its runs.
 * - A metric that is not a number is the text "NaN"; the SQL store keeps infinities as +-DBL_MAX.
 * - Times are ms since the epoch. `end_time` is absent until set, and stays when a run is reopened.
 */
#include "client/sources/adapters.h"

#include "client/base/mem.h"
#include "client/protocol/state.h"
#include "client/sources/idmap.h"
#include "client/sources/percent.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#define API "/api/2.0/mlflow/"

enum {
	PAGE = 500,
	MOST_PAGES = 100000,
	MOST_EXPERIMENTS = 500, /* of one search: a database takes only so many parameters */
	MOST_IDS = 100,
	MOST_LIVING = 2000,
	MOST_CURSOR = 8 << 20,
	OVERLAP_MS = 10 * 60 * 1000,
	SWEEP_EVERY_MS = 60 * 60 * 1000,
	SWEEP_MS = 48 * 60 * 60 * 1000,
	QUIET_MS =
		24 * 60 * 60 * 1000, /* a run under way that told nothing for so long is left to the sweep */
};

/* --- the state of a pull ------------------------------------------------------------------ */

struct experiment {
	struct experiment *next;
	const char *id, *name;
	const char *old_name; /* what the pull before called it; NULL: it did not know it */
	bool is_listed, is_deleted;
};

/* A run under way. */
struct living {
	struct living *next;
	const char *run;
	struct experiment *experiment;
};

struct mlflow {
	int64_t from_ms; /* changes since; TIME_NONE: everything */
	int64_t since_ms;
	int64_t date_ms; /* the server's clock when this pull began */
	int64_t swept_ms;
	bool has_cursor;
	bool is_whole;			/* all experiments are asked for, not only those that changed */
	int page;			/* rows asked for at a time: less once that was too much */
	struct idmap experiments, runs; /* runs: those that were told already */
	struct experiment *first, **last;
	struct living *before, *living; /* as the pull before knew them; as this one does */
	size_t n_living;
};

static struct experiment *experiment_of(struct pull *pull, struct str id)
{
	struct mlflow *m = pull_state(pull);
	struct experiment *experiment = idmap_get(&m->experiments, id);

	if (experiment)
		return experiment;
	experiment = arena_new_of(pull_arena(pull), struct experiment);
	experiment->id = arena_dup(pull_arena(pull), id);
	idmap_put(&m->experiments, id, experiment);
	*m->last = experiment;
	m->last = &experiment->next;
	return experiment;
}

/* Whether its runs are to be read anew, all of them. */
static bool is_changed(const struct experiment *experiment)
{
	return !experiment->old_name || experiment->is_deleted ||
	       strcmp(experiment->name, experiment->old_name) != 0;
}

/* An experiment that went for good is missing where all are listed. */
static bool is_there(const struct mlflow *m, const struct experiment *experiment)
{
	return experiment->name && (experiment->is_listed || !m->is_whole);
}

/* Ids go into filters between quotes. */
static bool is_plain_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    c == '-' || c == '_'))
			return false;
	}
	return id.n > 0 && id.n <= 64;
}

static struct living *add_living(
	struct pull *pull, struct living *next, struct str run, struct experiment *experiment)
{
	struct living *living = arena_new_of(pull_arena(pull), struct living);

	living->run = arena_dup(pull_arena(pull), run);
	living->experiment = experiment;
	living->next = next;
	return living;
}

static void recall_time(const struct json *value, int64_t *ms)
{
	int64_t said;

	if (json_int(value, &said) && said >= 0)
		*ms = said;
}

static bool recall(struct pull *pull, const char *cursor, struct err *err)
{
	struct mlflow *m = pull_state(pull);
	struct json_doc *doc = json_parse(str_of(cursor), err);
	const struct json *root = json_root(doc);
	struct json_iter it = {0};

	if (!doc)
		return err_wrap(err, "cursor");
	recall_time(json_get(root, "t"), &m->from_ms);
	recall_time(json_get(root, "s"), &m->swept_ms);
	while (json_each(json_get(root, "e"), &it)) {
		struct experiment *experiment = experiment_of(pull, it.key);

		if (json_str(it.value).n)
			experiment->name = experiment->old_name =
				arena_dup(pull_arena(pull), json_str(it.value));
	}
	it = (struct json_iter){0};
	while (json_each(json_get(root, "r"), &it)) {
		struct experiment *experiment = idmap_get(&m->experiments, json_str(it.value));

		if (experiment && experiment->name && is_plain_id(it.key))
			m->before = add_living(pull, m->before, it.key, experiment);
	}
	json_free(doc);
	m->has_cursor = m->from_ms != TIME_NONE;
	return true;
}

/* --- asking ------------------------------------------------------------------------------- */

/* A list that is read page by page. */
struct list {
	const char *path, *member, *view; /* member: the array's name in the answer */
	const char *experiment_ids;	  /* a JSON array, or NULL */
	const char *filter;		  /* NULL: none */
	const char *order;		  /* NULL: whatever comes; else an attribute */
	const char *column;		  /* its name in a run's `info`, where it is a time to page by */
	int64_t at;			  /* from this time on; TIME_NONE: from the beginning */
	void (*row)(struct pull *pull, const struct json *row);
	void (*end)(struct pull *pull); /* all pages were read; may be NULL */
	const char *token;
	int size, pages;
};

static void put_filter(struct json_writer *w, const struct list *list)
{
	struct buf text;

	if (!list->filter && list->at == TIME_NONE)
		return;
	buf_init(&text, 0);
	if (list->filter)
		buf_addz(&text, list->filter);
	if (list->at != TIME_NONE)
		buf_addf(&text, "%s%s >= %lld", text.n ? " AND " : "", list->order, (long long)list->at);
	json_key(w, "filter");
	json_put_str(w, buf_str(&text));
	buf_fini(&text);
}

static void put_query(struct buf *out, const struct list *list)
{
	struct json_writer w = {.out = out};
	char order[64];

	json_open(&w, '{');
	if (list->experiment_ids) {
		json_key(&w, "experiment_ids");
		json_put_raw(&w, str_of(list->experiment_ids));
	}
	put_filter(&w, list);
	json_key(&w, list->view);
	json_put_str(&w, STR("ALL"));
	json_key(&w, "max_results");
	json_put_int(&w, list->size);
	if (list->order) {
		snprintf(order, sizeof(order), "%s ASC", list->order);
		json_key(&w, "order_by");
		json_open(&w, '[');
		json_put_str(&w, str_of(order));
		json_close(&w, ']');
	}
	if (list->token) {
		json_key(&w, "page_token");
		json_put_str(&w, str_of(list->token));
	}
	json_close(&w, '}');
}

static bool take_page(struct pull *pull, const struct response *response, void *ctx, struct err *err);

static void ask_page(struct pull *pull, struct list *list)
{
	const struct mlflow *m = pull_state(pull);
	struct request request = {
		.method = "POST",
		.path = list->path,
		.flags = REQUEST_JSON | REQUEST_READ,
		.handler = take_page,
		.ctx = list,
	};
	struct buf body;

	list->size = m->page;
	if (list->size > 1)
		request.flags |= REQUEST_SHRINKS;
	buf_init(&body, 0);
	put_query(&body, list);
	request.body = buf_str(&body);
	pull_ask(pull, &request);
	buf_fini(&body);
}

static int64_t time_in(const struct json *run, const char *column)
{
	int64_t ms = TIME_NONE;

	json_int(json_get(json_get(run, "info"), column), &ms);
	return ms;
}

/* Whether there is a next page, which LIST then stands at. */
static bool next_page(struct pull *pull, struct list *list, const struct json *page, struct err *err)
{
	const struct json *rows = json_get(page, list->member);
	struct str token = json_get_str(page, "next_page_token");
	size_t n = json_len(rows);
	int64_t last_ms = list->column && n ? time_in(json_at(rows, n - 1), list->column) : TIME_NONE;

	if (!token.n)
		return false;
	if (++list->pages >= MOST_PAGES)
		return err_set(err, ERR_FAILED, "'%s' does not end after %d pages", list->member, MOST_PAGES);
	if (list->token && str_is(token, list->token))
		return err_set(err, ERR_FAILED, "'%s': the same page again and again", list->member);
	if (last_ms > 0 && last_ms > list->at) {
		list->at = last_ms;
		list->token = NULL;
	} else {
		list->token = arena_dup(pull_arena(pull), token);
	}
	return true;
}

static bool is_page(const struct json *page, const char *member)
{
	return json_type(page) == JSON_OBJECT &&
	       (json_type(json_get(page, member)) == JSON_ARRAY || json_len(page) == 0 ||
		       json_get(page, "next_page_token"));
}

static bool take_page(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct mlflow *m = pull_state(pull);
	struct list *list = ctx;
	const struct json *rows = json_get(response->json, list->member);

	if (response->status == 0 || response->status > 299) {
		if (m->page > list->size / 2)
			m->page = list->size / 2;
		ask_page(pull, list);
		return true;
	}
	if (!is_page(response->json, list->member))
		return err_set(err, ERR_FAILED, "answer without '%s': not the API of MLflow", list->member);
	if (m->date_ms == TIME_NONE)
		m->date_ms = response->date_ms;
	for (size_t i = 0; i < json_len(rows); i++)
		list->row(pull, json_at(rows, i));
	if (next_page(pull, list, response->json, err))
		ask_page(pull, list);
	else if (err->code)
		return false;
	else if (list->end)
		list->end(pull);
	return true;
}

static void ask_list(struct pull *pull, const struct list *list)
{
	struct list *copy = arena_new_of(pull_arena(pull), struct list);

	*copy = *list;
	ask_page(pull, copy);
}

/* --- values ------------------------------------------------------------------------------- */

/* Texts go into records as they are; what shows them cleans them. NULL for null and for "". */
static const char *text_of(struct pull *pull, struct str text)
{
	return text.n ? arena_dup(pull_scratch(pull), text) : NULL;
}

/* The address of an experiment or, with RUN, of a run, for a person's browser. */
static const char *web_url(struct pull *pull, const struct experiment *experiment, struct str run)
{
	struct str base = str_of(pull_source(pull)->url);
	struct buf url;
	const char *copy;

	while (str_ends(base, STR("/")))
		base.n--;
	buf_init(&url, 0);
	buf_add(&url, base);
	buf_addz(&url, "/#/experiments/");
	percent_add_url(&url, str_of(experiment->id));
	if (run.n) {
		buf_addz(&url, "/runs/");
		percent_add_url(&url, run);
	}
	copy = arena_dup(pull_scratch(pull), buf_str(&url));
	buf_fini(&url);
	return copy;
}

static enum state state_in(struct str word)
{
	static const struct {
		const char *word;
		enum state state;
	} states[] = {
		{"SCHEDULED", STATE_QUEUED},
		{"RUNNING", STATE_RUNNING},
		{"FINISHED", STATE_SUCCESS},
		{"FAILED", STATE_FAILED},
		{"KILLED", STATE_CANCELLED},
	};

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (str_is(word, states[i].word))
			return states[i].state;
	return STATE_UNKNOWN;
}

static bool is_living(enum state state)
{
	return state == STATE_QUEUED || state == STATE_RUNNING;
}

/* --- experiments -------------------------------------------------------------------------- */

static void take_experiment(struct pull *pull, const struct json *row)
{
	struct str id = json_get_str(row, "experiment_id"), name = json_get_str(row, "name");
	struct record record = record_new(RECORD_PIPELINE);
	struct experiment *experiment;

	if (!id.n) {
		pull_note(pull, "an experiment without its id was left out");
		return;
	}
	experiment = experiment_of(pull, id);
	experiment->name = arena_dup(pull_arena(pull), name.n ? name : id);
	experiment->is_listed = true;
	experiment->is_deleted = str_is(json_get_str(row, "lifecycle_stage"), "deleted");
	if (experiment->is_deleted)
		return; /* its runs are told as gone, and a pipeline goes with its last run */
	record.pipeline.pipeline = experiment->name;
	record.pipeline.kind = "experiment";
	record.pipeline.url = web_url(pull, experiment, STR(""));
	pull_emit(pull, &record);
}

static void plan_runs(struct pull *pull);

/* Only the answer tells what time it is there: then all experiments may be due. */
static void end_experiments(struct pull *pull)
{
	struct mlflow *m = pull_state(pull);
	static const struct list all = {.path = API "experiments/search",
		.member = "experiments",
		.view = "view_type",
		.order = "experiment_id",
		.at = TIME_NONE,
		.row = take_experiment,
		.end = end_experiments};

	if (m->is_whole || (m->date_ms != TIME_NONE && m->date_ms - m->swept_ms < SWEEP_EVERY_MS)) {
		plan_runs(pull);
		return;
	}
	m->is_whole = true;
	ask_list(pull, &all);
}

/* --- runs --------------------------------------------------------------------------------- */

static struct str tag_in(const struct json *tags, const char *key)
{
	for (size_t i = 0; i < json_len(tags); i++)
		if (str_is(json_get_str(json_at(tags, i), "key"), key))
			return json_get_str(json_at(tags, i), "value");
	return (struct str){0};
}

/* The first of two that says something. */
static const char *text_or(struct pull *pull, struct str text, struct str other)
{
	return text_of(pull, text.n ? text : other);
}

static struct record_pair *texts_in(struct pull *pull, const struct json *rows, size_t *n_out)
{
	struct arena *arena = pull_scratch(pull);
	struct record_pair *pairs = arena_array(arena, struct record_pair, json_len(rows) + 1);

	for (size_t i = 0; i < json_len(rows); i++) {
		struct str key = json_get_str(json_at(rows, i), "key");
		const char *text = text_of(pull, json_get_str(json_at(rows, i), "value"));

		if (key.n)
			pairs[(*n_out)++] =
				(struct record_pair){.key = arena_dup(arena, key), .text = text ? text : ""};
	}
	return pairs;
}

static struct record_pair *metrics_in(struct pull *pull, const struct json *rows, size_t *n_out)
{
	struct arena *arena = pull_scratch(pull);
	struct record_pair *pairs = arena_array(arena, struct record_pair, json_len(rows) + 1);

	for (size_t i = 0; i < json_len(rows); i++) {
		struct str key = json_get_str(json_at(rows, i), "key");
		double value;

		if (!key.n || !json_num(json_get(json_at(rows, i), "value"), &value))
			continue;
		if (fabs(value) >= DBL_MAX)
			value = copysign(INFINITY, value);
		pairs[(*n_out)++] = (struct record_pair){.key = arena_dup(arena, key), .number = value};
	}
	return pairs;
}

static void emit_run(
	struct pull *pull, const struct json *row, struct str id, const struct experiment *experiment)
{
	const struct json *info = json_get(row, "info"), *data = json_get(row, "data");
	const struct json *tags = json_get(data, "tags");
	enum state state = state_in(json_get_str(info, "status"));
	struct record record = record_new(RECORD_RUN);
	struct record_run *run = &record.run;

	run->pipeline = experiment->name;
	run->run = text_of(pull, id);
	run->name = text_or(pull, json_get_str(info, "run_name"), tag_in(tags, "mlflow.runName"));
	run->kind = text_of(pull, tag_in(tags, "mlflow.source.type"));
	run->state = state_word(state);
	run->tool_state = text_of(pull, json_get_str(info, "status"));
	run->user = text_or(pull, tag_in(tags, "mlflow.user"), json_get_str(info, "user_id"));
	run->parent = text_of(pull, tag_in(tags, "mlflow.parentRunId"));
	run->note = text_of(pull, tag_in(tags, "mlflow.note.content"));
	run->version = text_of(pull, tag_in(tags, "mlflow.source.git.commit"));
	run->url = web_url(pull, experiment, id);
	run->started_ms = time_in(row, "start_time");
	if (!is_living(state)) /* a reopened run still has the end of before */
		run->ended_ms = time_in(row, "end_time");
	run->params = texts_in(pull, json_get(data, "params"), &run->n_params);
	run->metrics = metrics_in(pull, json_get(data, "metrics"), &run->n_metrics);
	run->tags = texts_in(pull, tags, &run->n_tags);
	pull_emit(pull, &record);
}

static void emit_gone(struct pull *pull, const char *pipeline, struct str run)
{
	struct record record = record_new(RECORD_GONE);

	record.gone.pipeline = pipeline;
	record.gone.run = text_of(pull, run);
	pull_emit(pull, &record);
}

/* When a run last told something. */
static int64_t heard_ms(const struct json *row)
{
	const struct json *metrics = json_get(json_get(row, "data"), "metrics");
	int64_t newest = time_in(row, "start_time"), ms;

	for (size_t i = 0; i < json_len(metrics); i++)
		if (json_int(json_get(json_at(metrics, i), "timestamp"), &ms) && ms > newest)
			newest = ms;
	return newest;
}

static void remember_living(
	struct pull *pull, const struct json *row, struct str id, struct experiment *experiment)
{
	struct mlflow *m = pull_state(pull);
	struct str status = json_get_str(json_get(row, "info"), "status");

	if (!is_living(state_in(status)) || !is_plain_id(id) || m->n_living == MOST_LIVING)
		return;
	if (m->date_ms != TIME_NONE && heard_ms(row) < m->date_ms - QUIET_MS)
		return;
	m->living = add_living(pull, m->living, id, experiment);
	m->n_living++;
}

/* A deleted run is told before it is told as gone where the catalogue may not know it. */
static void take_run(struct pull *pull, const struct json *row)
{
	struct mlflow *m = pull_state(pull);
	const struct json *info = json_get(row, "info");
	struct str run_id = json_get_str(info, "run_id"),
		   id = run_id.n ? run_id : json_get_str(info, "run_uuid");
	struct experiment *experiment = idmap_get(&m->experiments, json_get_str(info, "experiment_id"));
	bool is_deleted = str_is(json_get_str(info, "lifecycle_stage"), "deleted");

	if (!id.n || !experiment || !experiment->name) {
		pull_note(pull, "a run without its id or experiment was left out");
		return;
	}
	if (!idmap_put(&m->runs, id, experiment))
		return;
	if (experiment->old_name && is_changed(experiment))
		emit_gone(pull, experiment->old_name, id);
	if (experiment->is_deleted)
		return;
	if (!is_deleted || !m->has_cursor)
		emit_run(pull, row, id, experiment);
	if (is_deleted)
		emit_gone(pull, experiment->name, id);
	else
		remember_living(pull, row, id, experiment);
}

/* --- which runs are asked for ------------------------------------------------------------- */

enum wanted {
	WANTED_ALL = 1,	    /* of an experiment that is new, renamed or deleted */
	WANTED_SINCE = 2,   /* the same where nothing older is read */
	WANTED_CHANGES = 4, /* of one that is known */
	WANTED_SWEEP = 8,   /* besides, now and then */
};

static const struct search {
	int wanted; /* for any of these */
	const char *order, *column, *filter;
} searches[] = {
	{WANTED_ALL, "attributes.start_time", "start_time", NULL},
	{WANTED_SINCE | WANTED_CHANGES, "attributes.start_time", "start_time", NULL},
	{WANTED_SINCE | WANTED_CHANGES, "attributes.end_time", "end_time", NULL},
	{WANTED_SINCE | WANTED_SWEEP, "attributes.start_time", "start_time", "attributes.status = 'RUNNING'"},
	{WANTED_SINCE | WANTED_SWEEP, "attributes.start_time", "start_time",
		"attributes.status = 'SCHEDULED'"},
	{WANTED_CHANGES, "attributes.start_time", "start_time",
		"attributes.status = 'RUNNING' AND attributes.end_time > 0"},
};

/* Where SEARCH begins; runs under way are asked for whenever they began. */
static int64_t start_of(const struct mlflow *m, const struct search *search, int wanted)
{
	int64_t back_ms =
		wanted & WANTED_SWEEP && strcmp(search->column, "start_time") == 0 ? SWEEP_MS : OVERLAP_MS;

	if (search->filter || wanted & WANTED_ALL)
		return TIME_NONE;
	if (wanted & WANTED_SINCE)
		return m->since_ms > 0 ? m->since_ms : 0;
	return m->from_ms > back_ms ? m->from_ms - back_ms : 0;
}

static void ask_searches(struct pull *pull, const char *experiment_ids, int wanted)
{
	for (size_t i = 0; i < ARRAY_LEN(searches); i++) {
		const struct search *search = &searches[i];
		struct list list = {.path = API "runs/search",
			.member = "runs",
			.view = "run_view_type",
			.experiment_ids = experiment_ids,
			.filter = search->filter,
			.order = search->order,
			.column = search->column,
			.at = start_of(pull_state(pull), search, wanted),
			.row = take_run};

		if (search->wanted & wanted)
			ask_list(pull, &list);
	}
}

/* Ids as a JSON array, for a search of some experiments. */
struct ids {
	struct buf text;
	struct json_writer w;
	size_t n;
};

static void ids_init(struct ids *ids)
{
	buf_init(&ids->text, 0);
	ids->w = (struct json_writer){.out = &ids->text};
	ids->n = 0;
	json_open(&ids->w, '[');
}

/* The array; the next id starts another. */
static const char *ids_take(struct pull *pull, struct ids *ids)
{
	const char *array;

	json_close(&ids->w, ']');
	array = arena_dup(pull_arena(pull), buf_str(&ids->text));
	buf_fini(&ids->text);
	ids_init(ids);
	return array;
}

static void ids_add(struct ids *ids, const char *id)
{
	json_put_str(&ids->w, str_of(id));
	ids->n++;
}

/* Searches what is WANTED of the experiments that are changed, or of the others. */
static void search_experiments(struct pull *pull, bool changed, int wanted)
{
	const struct mlflow *m = pull_state(pull);
	struct ids ids;

	ids_init(&ids);
	for (const struct experiment *e = m->first; e; e = e->next) {
		if (!is_there(m, e) || is_changed(e) != changed || (e->is_deleted && !e->old_name))
			continue;
		ids_add(&ids, e->id);
		if (ids.n == MOST_EXPERIMENTS)
			ask_searches(pull, ids_take(pull, &ids), wanted);
	}
	if (ids.n)
		ask_searches(pull, ids_take(pull, &ids), wanted);
	buf_fini(&ids.text);
}

static void plan_runs(struct pull *pull)
{
	const struct mlflow *m = pull_state(pull);

	search_experiments(pull, true, m->since_ms == TIME_NONE ? WANTED_ALL : WANTED_SINCE);
	search_experiments(pull, false, WANTED_CHANGES | (m->is_whole ? WANTED_SWEEP : 0));
}

/* --- the end of a pull -------------------------------------------------------------------- */

static void write_cursor(const struct mlflow *m, struct buf *out)
{
	struct json_writer w = {.out = out};

	json_open(&w, '{');
	json_key(&w, "t");
	json_put_ms(&w, m->date_ms == TIME_NONE ? m->from_ms : m->date_ms);
	json_key(&w, "s");
	json_put_ms(&w, m->is_whole ? m->date_ms : m->swept_ms);
	json_key(&w, "e");
	json_open(&w, '{');
	for (const struct experiment *e = m->first; e; e = e->next) {
		if (!is_there(m, e) || e->is_deleted)
			continue;
		json_key(&w, e->id);
		json_put_str(&w, str_of(e->name));
	}
	json_close(&w, '}');
	json_key(&w, "r");
	json_open(&w, '{');
	for (const struct living *l = m->living; l; l = l->next) {
		json_key(&w, l->run);
		json_put_str(&w, str_of(l->experiment->id));
	}
	json_close(&w, '}');
	json_close(&w, '}');
}

/* What was under way and is not to be found by its id was purged. */
static void emit_purged(struct pull *pull)
{
	const struct mlflow *m = pull_state(pull);

	for (const struct living *l = m->before; l; l = l->next)
		if (!idmap_get(&m->runs, str_of(l->run)))
			emit_gone(pull, l->experiment->old_name, str_of(l->run));
}

static bool end_pull(struct pull *pull, struct err *err)
{
	struct record record = record_new(RECORD_CURSOR);
	struct buf text;

	(void)err;
	emit_purged(pull);
	buf_init(&text, 0);
	write_cursor(pull_state(pull), &text);
	record.cursor.cursor = text.p;
	if (text.n <= MOST_CURSOR)
		pull_emit(pull, &record);
	else
		pull_note(pull, "too many experiments to remember: the next pull reads everything");
	buf_fini(&text);
	return true;
}

static void ask_living(struct pull *pull, const char *experiment_ids, struct buf *runs)
{
	struct list list = {.path = API "runs/search",
		.member = "runs",
		.view = "run_view_type",
		.experiment_ids = experiment_ids,
		.at = TIME_NONE,
		.row = take_run};

	list.filter = arena_printf(pull_arena(pull), "attributes.run_id IN (%.*s)", STR_FMT(buf_str(runs)));
	buf_reset(runs);
	ask_list(pull, &list);
}

/* Runs that the pull before saw under way and no list told of. */
static bool end_lists(struct pull *pull, struct err *err)
{
	const struct mlflow *m = pull_state(pull);
	struct ids ids;
	struct buf runs;

	(void)err;
	ids_init(&ids);
	buf_init(&runs, 0);
	for (const struct living *l = m->before; l; l = l->next) {
		if (idmap_get(&m->runs, str_of(l->run)))
			continue;
		buf_addf(&runs, "%s'%s'", runs.n ? "," : "", l->run);
		ids_add(&ids, l->experiment->id);
		if (ids.n == MOST_IDS)
			ask_living(pull, ids_take(pull, &ids), &runs);
	}
	if (ids.n)
		ask_living(pull, ids_take(pull, &ids), &runs);
	buf_fini(&runs);
	buf_fini(&ids.text);
	pull_at_end(pull, end_pull);
	return true;
}

static bool start(struct pull *pull, const char *cursor, int64_t since_ms, struct err *err)
{
	struct mlflow *m = arena_new_of(pull_arena(pull), struct mlflow);
	struct list changed = {.path = API "experiments/search",
		.member = "experiments",
		.view = "view_type",
		.order = "last_update_time",
		.row = take_experiment,
		.end = end_experiments};

	pull_set_state(pull, m);
	m->from_ms = m->date_ms = TIME_NONE;
	m->since_ms = since_ms;
	m->page = PAGE;
	m->last = &m->first;
	m->experiments.arena = m->runs.arena = pull_arena(pull);
	if (cursor && !recall(pull, cursor, err))
		return false;
	pull_at_end(pull, end_lists);
	changed.at = m->from_ms > OVERLAP_MS ? m->from_ms - OVERLAP_MS : 0;
	if (m->has_cursor)
		ask_list(pull, &changed);
	else
		end_experiments(pull);
	return true;
}

const struct adapter mlflow_adapter = {
	.kind = "mlflow",
	.summary = "MLflow tracking (REST API 2.0)",
	.options =
		"url username password_env password_file password_command token_env token_file token_command headers ca_file client_cert proxy since concurrency rate",
	.concurrency = 2,
	.start = start,
};
