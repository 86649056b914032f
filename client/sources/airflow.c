/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Airflow 3 through its REST API v2. Measured on 3.3.2; answers captured from it are in
 * tests/fixtures/airflow.
 *
 * - POST /auth/token buys a JWT for a day. A token that does not verify is 403 with "Invalid JWT
 *   token", any other 403 means not allowed.
 * - `~` stands for all DAGs in dagRuns, for all DAGs and runs in taskInstances.
 * - `limit` above 100 is cut to 100 without a word, so pages are counted by what came. dagRuns and
 *   taskInstances page by `cursor` (empty first, then next_cursor); servers that do not know it
 *   leave next_cursor out and page by offset.
 * - Rows do not carry updated_at, but it can be filtered by: the clock is the server's Date.
 *   A time without a zone is answered with 500.
 * - Deleted runs never show up in an increment: only a pull without a cursor is complete.
 * - Times are RFC 3339 in UTC. A state may be null (not scheduled yet), try_number 0 (never started).
 * - Logs: see airflow_tail.c.
 */
#include "client/sources/adapters.h"

#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/protocol/state.h"
#include "client/sources/airflow_act.h"
#include "client/sources/airflow_tail.h"
#include "client/sources/percent.h"

#include <stdio.h>

enum {
	PAGE = 100,
	MOST_PAGES = 100000,
	OVERLAP_MS = 60000,
	VERSION_TAIL = 12, /* of a version's UUID: its random end */
	DAG_BUCKETS = 1024,
};

/* --- values --------------------------------------------------------------------------- */

/* Texts go into records as they are; what shows them cleans them. NULL for null and for "". */
static const char *text_in(struct pull *pull, const struct json *object, const char *key)
{
	struct str text = json_get_str(object, key);

	return text.n ? arena_dup(pull_scratch(pull), text) : NULL;
}

static int64_t time_in(const struct json *object, const char *key)
{
	int64_t ms = TIME_NONE;

	when_parse(json_get_str(object, key), &ms);
	return ms;
}

static const struct {
	const char *word;
	enum state state;
} states[] = {
	{"scheduled", STATE_QUEUED},
	{"queued", STATE_QUEUED},
	{"up_for_retry", STATE_QUEUED},
	{"running", STATE_RUNNING},
	{"deferred", STATE_RUNNING},
	{"up_for_reschedule", STATE_RUNNING},
	{"restarting", STATE_RUNNING},
	{"success", STATE_SUCCESS},
	{"failed", STATE_FAILED},
	{"skipped", STATE_SKIPPED},
	{"upstream_failed", STATE_SKIPPED},
	{"removed", STATE_SKIPPED},
};

/* No state at all means that nobody scheduled it yet. */
static enum state state_in(const struct json *object)
{
	const struct json *value = json_get(object, "state");

	if (json_type(value) == JSON_NULL)
		return STATE_QUEUED;
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (str_is(json_str(value), states[i].word))
			return states[i].state;
	return STATE_UNKNOWN;
}

/* The address of a DAG or, with RUN, of a run, for a person's browser. */
static const char *web_url(struct pull *pull, struct str dag, struct str run)
{
	struct str base = str_of(pull_source(pull)->url);
	struct buf url;
	const char *copy;

	while (str_ends(base, STR("/")))
		base.n--;
	buf_init(&url, 0);
	buf_add(&url, base);
	buf_addz(&url, "/dags/");
	percent_add_url(&url, dag);
	if (run.n) {
		buf_addz(&url, "/runs/");
		percent_add_url(&url, run);
	}
	copy = arena_take(pull_scratch(pull), &url);
	return copy;
}

/* --- the state of a pull ----------------------------------------------------------------- */

/* A DAG, and the newest of its versions that we heard of. */
struct dag {
	struct dag *next_in_bucket, *next;
	const char *id;
	struct record_pipeline pipeline; /* texts in the pull's arena */
	bool is_listed;			 /* `pipeline` is filled */
	int64_t version;
	char tail[VERSION_TAIL + 1], known_tail[VERSION_TAIL + 1];
	bool is_known; /* its steps were told in an earlier pull, at known_tail */
};

struct airflow {
	int64_t from_ms; /* changes since; TIME_NONE: everything */
	int64_t date_ms; /* the server's clock when this pull began */
	struct dag *buckets[DAG_BUCKETS];
	struct dag *dags, **last_dag;
	/* Components of import errors: those of the pull before, those of this one. */
	const char **imports_before, **imports;
	size_t n_before, n_imports, cap_imports;
	bool has_imports; /* the list was to be had */
};

static size_t bucket_of(struct str id)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < id.n; i++)
		hash = (hash ^ (unsigned char)id.p[i]) * 16777619u;
	return hash % DAG_BUCKETS;
}

static struct dag *dag_of(struct pull *pull, struct str id)
{
	struct airflow *a = pull_state(pull);
	struct dag **bucket = &a->buckets[bucket_of(id)], *dag;

	for (dag = *bucket; dag; dag = dag->next_in_bucket)
		if (str_is(id, dag->id))
			return dag;
	dag = arena_new_of(pull_arena(pull), struct dag);
	dag->id = arena_dup(pull_arena(pull), id);
	dag->next_in_bucket = *bucket;
	*bucket = dag;
	*a->last_dag = dag;
	a->last_dag = &dag->next;
	return dag;
}

static void take_version(struct pull *pull, struct str dag_id, const struct json *version)
{
	struct str id = json_get_str(version, "id");
	struct dag *dag;
	int64_t number;

	if (!dag_id.n || !id.n || !json_int(json_get(version, "version_number"), &number))
		return;
	dag = dag_of(pull, dag_id);
	if (number < dag->version)
		return;
	dag->version = number;
	id = str_slice(id, id.n > VERSION_TAIL ? id.n - VERSION_TAIL : 0, id.n);
	snprintf(dag->tail, sizeof(dag->tail), "%.*s", STR_FMT(id));
}

/* A value of the cursor's "v": "3:ba1ae346950c". */
static void recall_dag(struct pull *pull, struct str id, struct str version)
{
	struct dag *dag = dag_of(pull, id);
	size_t colon = str_find(version, STR(":"), 0);
	struct str tail = str_slice(version, colon == SIZE_MAX ? version.n : colon + 1, version.n);

	dag->is_known = str_to_int(str_slice(version, 0, colon), 0, INT32_MAX, &dag->version);
	snprintf(dag->known_tail, sizeof(dag->known_tail), "%.*s", STR_FMT(tail));
	memcpy(dag->tail, dag->known_tail, sizeof(dag->tail));
}

static void recall_imports(struct pull *pull, const struct json *names)
{
	struct airflow *a = pull_state(pull);

	a->imports_before = arena_array(pull_arena(pull), const char *, json_len(names) + 1);
	for (size_t i = 0; i < json_len(names); i++) {
		struct str name = json_str(json_at(names, i));

		if (name.n)
			a->imports_before[a->n_before++] = arena_dup(pull_arena(pull), name);
	}
}

static bool recall(struct pull *pull, const char *cursor, struct err *err)
{
	struct airflow *a = pull_state(pull);
	struct json_doc *doc = json_parse(str_of(cursor), err);
	const struct json *root = json_root(doc);
	struct json_iter it = {0};

	if (!doc)
		return err_wrap(err, "cursor");
	json_int(json_get(root, "t"), &a->from_ms);
	while (json_each(json_get(root, "v"), &it))
		recall_dag(pull, it.key, json_str(it.value));
	recall_imports(pull, json_get(root, "i"));
	json_free(doc);
	return true;
}

/* --- asking -------------------------------------------------------------------------------- */

static void ask(struct pull *pull, const char *path, int flags, handler_fn handler, void *ctx)
{
	struct request request = {
		.path = path,
		.flags = REQUEST_JSON | REQUEST_READ | flags,
		.handler = handler,
		.ctx = ctx,
	};

	pull_ask(pull, &request);
}

/* A list that is read page by page. */
struct list {
	const char *path, *member; /* with its query; the array's name in the answer */
	bool (*row)(struct pull *pull, const struct json *row, struct err *err);
	void (*end)(struct pull *pull); /* all pages were read; may be NULL */
	bool has_cursor;
	int flags;
	int64_t offset;
	int pages;
	const char *cursor;
};

static bool take_page(struct pull *pull, const struct response *response, void *ctx, struct err *err);

static void ask_page(struct pull *pull, struct list *list)
{
	struct buf path;

	buf_init(&path, 0);
	buf_addz(&path, list->path);
	buf_addf(&path, "%climit=%d", strchr(list->path, '?') ? '&' : '?', PAGE);
	if (list->has_cursor) {
		buf_addz(&path, "&cursor=");
		percent_add_url(&path, str_of(list->cursor));
	} else if (list->offset) {
		buf_addf(&path, "&offset=%lld", (long long)list->offset);
	}
	ask(pull, path.p, list->flags, take_page, list);
	buf_fini(&path);
}

/* Whether there is a next page, which LIST then stands at. */
static bool next_page(
	struct pull *pull, struct list *list, const struct json *page, size_t n, struct err *err)
{
	const struct json *next = json_get(page, "next_cursor");
	struct str cursor = json_str(next);
	int64_t total = INT64_MAX;

	if (++list->pages >= MOST_PAGES)
		return err_set(err, ERR_FAILED, "'%s' does not end after %d pages", list->member, MOST_PAGES);
	if (list->has_cursor && next) {
		if (!cursor.n)
			return false;
		if (list->cursor && str_is(cursor, list->cursor))
			return err_set(err, ERR_FAILED, "'%s': the same page again and again", list->member);
		list->cursor = arena_dup(pull_arena(pull), cursor);
		return true;
	}
	list->has_cursor = false;
	list->offset += (int64_t)n;
	json_int(json_get(page, "total_entries"), &total);
	return n > 0 && list->offset < total;
}

static bool take_page(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct list *list = ctx;
	struct airflow *a = pull_state(pull);
	const struct json *rows = json_get(response->json, list->member);

	if (response->status > 299) {
		pull_note(pull, "no %s: HTTP %d", list->member, response->status);
		return true;
	}
	if (json_type(rows) != JSON_ARRAY)
		return err_set(
			err, ERR_FAILED, "answer without '%s': not the API of Airflow 3", list->member);
	if (a->date_ms == TIME_NONE || (response->date_ms != TIME_NONE && response->date_ms < a->date_ms))
		a->date_ms = response->date_ms;
	for (size_t i = 0; i < json_len(rows); i++)
		if (!list->row(pull, json_at(rows, i), err))
			return false;
	if (next_page(pull, list, response->json, json_len(rows), err))
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

/* --- DAGs -------------------------------------------------------------------------------------- */

static const char *keep(struct pull *pull, const struct json *object, const char *key)
{
	struct str text = json_get_str(object, key);

	return text.n ? arena_dup(pull_arena(pull), text) : NULL;
}

static const char *owners_in(struct pull *pull, const struct json *dag)
{
	const struct json *owners = json_get(dag, "owners");
	struct buf text;
	const char *copy = NULL;

	buf_init(&text, 0);
	for (size_t i = 0; i < json_len(owners); i++) {
		if (text.n)
			buf_addz(&text, ", ");
		buf_add(&text, json_str(json_at(owners, i)));
	}
	if (text.n)
		copy = arena_dup(pull_arena(pull), buf_str(&text));
	buf_fini(&text);
	return copy;
}

static bool take_dag(struct pull *pull, const struct json *row, struct err *err)
{
	struct str id = json_get_str(row, "dag_id"), title = json_get_str(row, "dag_display_name");
	struct record record = record_new(RECORD_PIPELINE);
	struct record_pipeline *p = &record.pipeline;
	struct dag *dag;
	bool is_paused;

	(void)err;
	if (!id.n)
		return true;
	dag = dag_of(pull, id);
	p->pipeline = dag->id;
	p->kind = "dag";
	p->title = str_eq(id, title) ? NULL : keep(pull, row, "dag_display_name");
	p->schedule = keep(pull, row, "timetable_summary");
	if (!p->schedule)
		p->schedule = keep(pull, row, "timetable_description");
	p->owner = owners_in(pull, row);
	p->next_due_ms = time_in(row, "next_dagrun_run_after");
	if (json_bool(json_get(row, "is_paused"), &is_paused))
		p->paused = is_paused;
	dag->pipeline = *p;
	dag->is_listed = true;
	return true;
}

/* --- runs ---------------------------------------------------------------------------------------- */

/* `conf`, one level deep: objects and lists stay JSON text. */
static void params_in(struct pull *pull, const struct json *conf, struct record_run *run)
{
	struct arena *arena = pull_scratch(pull);
	struct json_iter it = {0};
	struct buf text;

	if (json_type(conf) != JSON_OBJECT || json_len(conf) == 0)
		return;
	run->params = arena_array(arena, struct record_pair, json_len(conf));
	buf_init(&text, 0);
	while (json_each(conf, &it)) {
		struct record_pair *pair = &run->params[run->n_params++];

		buf_reset(&text);
		if (json_type(it.value) == JSON_TEXT)
			buf_add(&text, json_str(it.value));
		else
			json_add(&text, it.value);
		pair->key = arena_dup(arena, it.key);
		pair->text = arena_dup(arena, buf_str(&text));
	}
	buf_fini(&text);
}

static bool take_run(struct pull *pull, const struct json *row, struct err *err)
{
	struct str dag = json_get_str(row, "dag_id"), id = json_get_str(row, "dag_run_id");
	const struct json *versions = json_get(row, "dag_versions");
	const struct json *version = json_at(versions, json_len(versions) ? json_len(versions) - 1 : 0);
	struct record record = record_new(RECORD_RUN);
	struct record_run *run = &record.run;
	int64_t number;

	(void)err;
	if (!dag.n || !id.n) {
		pull_note(pull, "a run without its name was left out");
		return true;
	}
	take_version(pull, dag, version);
	run->pipeline = text_in(pull, row, "dag_id");
	run->run = text_in(pull, row, "dag_run_id");
	run->kind = text_in(pull, row, "run_type");
	run->state = state_word(state_in(row));
	run->tool_state = text_in(pull, row, "state");
	run->queued_ms = time_in(row, "queued_at");
	run->started_ms = time_in(row, "start_date");
	run->ended_ms = time_in(row, "end_date");
	run->user = text_in(pull, row, "triggering_user_name");
	run->note = text_in(pull, row, "note");
	run->url = web_url(pull, dag, id);
	if (json_int(json_get(version, "version_number"), &number))
		run->version = arena_printf(pull_scratch(pull), "%lld", (long long)number);
	params_in(pull, json_get(row, "conf"), run);
	pull_emit(pull, &record);
	return true;
}

/* --- step runs --------------------------------------------------------------------------------------- */

static void emit_step(struct pull *pull, const struct json *row, int64_t attempt)
{
	struct record record = record_new(RECORD_STEP_RUN);
	struct record_step_run *step = &record.step_run;
	int64_t map_index = -1;

	step->pipeline = text_in(pull, row, "dag_id");
	step->run = text_in(pull, row, "dag_run_id");
	step->step = text_in(pull, row, "task_id");
	if (json_int(json_get(row, "map_index"), &map_index) && map_index >= 0)
		step->index = arena_printf(pull_scratch(pull), "%lld", (long long)map_index);
	step->label = text_in(pull, row, "rendered_map_index");
	step->attempt = attempt;
	step->state = state_word(state_in(row));
	step->tool_state = text_in(pull, row, "state");
	step->operator_name = text_in(pull, row, "operator_name");
	step->note = text_in(pull, row, "note");
	step->queued_ms = time_in(row, "queued_when");
	/* As the tool says: a blocked step, attempt 0, has the moment it was given up as both. */
	step->started_ms = time_in(row, "start_date");
	step->ended_ms = time_in(row, "end_date");
	pull_emit(pull, &record);
}

/* Earlier attempts of one step; CTX is the number of the attempt that the list told already. */
static bool take_tries(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct json *rows = json_get(response->json, "task_instances");
	int64_t newest = (int64_t)(intptr_t)ctx, attempt;

	(void)err;
	if (response->status > 299)
		return true; /* deleted meanwhile */
	for (size_t i = 0; i < json_len(rows); i++) {
		const struct json *row = json_at(rows, i);

		if (json_int(json_get(row, "try_number"), &attempt) && attempt > 0 && attempt < newest &&
			json_get_str(row, "task_id").n && json_get_str(row, "dag_run_id").n &&
			json_get_str(row, "dag_id").n)
			emit_step(pull, row, attempt);
	}
	return true;
}

static void ask_tries(struct pull *pull, const struct json *row, int64_t attempt)
{
	char index[24] = "";
	struct buf path;
	int64_t map_index;

	if (json_int(json_get(row, "map_index"), &map_index) && map_index >= 0)
		snprintf(index, sizeof(index), "%lld", (long long)map_index);
	buf_init(&path, 0);
	airflow_add_instance(&path, json_get_str(row, "dag_id"), json_get_str(row, "dag_run_id"),
		json_get_str(row, "task_id"), str_of(index));
	buf_addz(&path, "/tries");
	ask(pull, path.p, REQUEST_ANY_STATUS, take_tries, (void *)(intptr_t)attempt);
	buf_fini(&path);
}

static bool take_instance(struct pull *pull, const struct json *row, struct err *err)
{
	struct str dag = json_get_str(row, "dag_id");
	int64_t attempt = 0;

	(void)err;
	if (!dag.n || !json_get_str(row, "dag_run_id").n || !json_get_str(row, "task_id").n) {
		pull_note(pull, "a task instance without its name was left out");
		return true;
	}
	if (!json_int(json_get(row, "try_number"), &attempt) || attempt < 0)
		attempt = 0;
	take_version(pull, dag, json_get(row, "dag_version"));
	emit_step(pull, row, attempt);
	if (attempt > 1)
		ask_tries(pull, row, attempt);
	return true;
}

/* --- health ------------------------------------------------------------------------------------------- */

static void emit_health(
	struct pull *pull, const char *component, const char *state, int64_t since_ms, const char *message)
{
	struct record record = record_new(RECORD_HEALTH);

	record.health.component = component;
	record.health.state = state;
	record.health.since_ms = since_ms;
	record.health.message = message;
	pull_emit(pull, &record);
}

/* The keys of monitor/health, and where each one's heartbeat stands. */
static const struct component {
	const char *key, *name, *heartbeat;
} components[] = {
	{"metadatabase", "metadatabase", NULL},
	{"scheduler", "scheduler", "latest_scheduler_heartbeat"},
	{"triggerer", "triggerer", "latest_triggerer_heartbeat"},
	{"dag_processor", "dag-processor", "latest_dag_processor_heartbeat"},
};

static const char *heartbeat_message(struct pull *pull, int64_t ms)
{
	struct buf text;
	const char *copy;

	if (ms == TIME_NONE)
		return "no heartbeat";
	buf_init(&text, 0);
	buf_addz(&text, "silent, last heartbeat ");
	when_add_rfc3339(&text, ms);
	copy = arena_take(pull_scratch(pull), &text);
	return copy;
}

static void take_component(struct pull *pull, const struct component *c, const struct json *said)
{
	struct str status = json_get_str(said, "status");
	int64_t heartbeat = c->heartbeat ? time_in(said, c->heartbeat) : TIME_NONE;

	if (str_is(status, "healthy"))
		emit_health(pull, c->name, "ok", TIME_NONE, NULL);
	else if (status.n)
		emit_health(pull, c->name, "failed", heartbeat,
			c->heartbeat ? heartbeat_message(pull, heartbeat)
				     : arena_dup(pull_scratch(pull), status));
	else
		emit_health(
			pull, c->name, "unknown", TIME_NONE, "never started"); /* a triggerer is optional */
}

/* Answered with 200 also when all is down: read what it says. */
static bool take_health(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	(void)ctx;
	(void)err;
	for (size_t i = 0; response->json && i < ARRAY_LEN(components); i++)
		take_component(pull, &components[i], json_get(response->json, components[i].key));
	return true;
}

/* The last line of a traceback, which names the exception. */
static struct str last_line(struct str text)
{
	const char *end;

	text = str_trim(text);
	end = text.n ? memrchr(text.p, '\n', text.n) : NULL;
	return end ? str_trim(str_slice(text, (size_t)(end - text.p) + 1, text.n)) : text;
}

static void remember_import(struct pull *pull, const char *component)
{
	struct airflow *a = pull_state(pull);

	if (a->n_imports == a->cap_imports) {
		const char **grown;

		a->cap_imports = a->cap_imports ? a->cap_imports * 2 : 16;
		grown = arena_array(pull_arena(pull), const char *, a->cap_imports);
		for (size_t i = 0; i < a->n_imports; i++)
			grown[i] = a->imports[i];
		a->imports = grown;
	}
	a->imports[a->n_imports++] = component;
}

static bool take_import_error(struct pull *pull, const struct json *row, struct err *err)
{
	struct str bundle = json_get_str(row, "bundle_name"), file = json_get_str(row, "filename");
	struct str cause = last_line(json_get_str(row, "stack_trace"));
	const char *component;

	(void)err;
	component = arena_printf(pull_arena(pull), "import %.*s/%.*s", STR_FMT(bundle), STR_FMT(file));
	remember_import(pull, component);
	emit_health(pull, component, "failed", time_in(row, "timestamp"),
		cause.n ? arena_dup(pull_scratch(pull), cause) : NULL);
	return true;
}

static bool is_told(const struct airflow *a, const char *component)
{
	for (size_t i = 0; i < a->n_imports; i++)
		if (strcmp(component, a->imports[i]) == 0)
			return true;
	return false;
}

/* What the pull before told and this one did not is over. */
static void end_imports(struct pull *pull)
{
	struct airflow *a = pull_state(pull);

	a->has_imports = true;
	for (size_t i = 0; i < a->n_before; i++)
		if (!is_told(a, a->imports_before[i]))
			emit_health(pull, a->imports_before[i], "gone", TIME_NONE, NULL);
}

/* --- steps of a DAG, and the end of a pull ---------------------------------------------------------- */

static void emit_dag(
	struct pull *pull, const struct dag *dag, struct record_step *steps, size_t n_steps, bool has_steps)
{
	struct record record = record_new(RECORD_PIPELINE);

	record.pipeline = dag->pipeline;
	record.pipeline.url = web_url(pull, str_of(dag->id), STR(""));
	if (dag->version)
		record.pipeline.version = arena_printf(pull_scratch(pull), "%lld", (long long)dag->version);
	record.pipeline.steps = steps;
	record.pipeline.n_steps = n_steps;
	record.pipeline.has_steps = has_steps;
	pull_emit(pull, &record);
}

static bool has_member(const struct json *array, struct str text)
{
	for (size_t i = 0; i < json_len(array); i++)
		if (str_eq(json_str(json_at(array, i)), text))
			return true;
	return false;
}

/* Tasks name what follows them; steps name what comes before. */
static void invert_edges(struct pull *pull, const struct json *tasks, struct record_step *step)
{
	size_t n = json_len(tasks);

	step->upstream = arena_array(pull_scratch(pull), const char *, n ? n : 1);
	for (size_t i = 0; i < n; i++) {
		const struct json *task = json_at(tasks, i);
		struct str id = json_get_str(task, "task_id");

		if (id.n && has_member(json_get(task, "downstream_task_ids"), str_of(step->step)))
			step->upstream[step->n_upstream++] = arena_dup(pull_scratch(pull), id);
	}
}

static bool take_tasks(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct dag *dag = ctx;
	const struct json *tasks = json_get(response->json, "tasks");
	size_t n = json_len(tasks), n_steps = 0;
	struct record_step *steps = arena_array(pull_scratch(pull), struct record_step, n ? n : 1);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct json *task = json_at(tasks, i);
		struct record_step *step = &steps[n_steps];
		struct str id = json_get_str(task, "task_id");

		if (!id.n)
			continue;
		n_steps++;
		step->step = text_in(pull, task, "task_id");
		step->operator_name = text_in(pull, task, "operator_name");
		if (!str_eq(id, json_get_str(task, "task_display_name")))
			step->label = text_in(pull, task, "task_display_name");
		invert_edges(pull, tasks, step);
	}
	/* 404: the DAG is listed but gone from the parser (stale). */
	emit_dag(pull, dag, steps, n_steps, json_type(tasks) == JSON_ARRAY);
	return true;
}

static void write_cursor(struct pull *pull, struct buf *out)
{
	struct airflow *a = pull_state(pull);
	struct json_writer w = {.out = out};

	json_open(&w, '{');
	json_key(&w, "t");
	json_put_ms(&w, a->date_ms == TIME_NONE ? a->from_ms : a->date_ms - OVERLAP_MS);
	json_key(&w, "v");
	json_open(&w, '{');
	for (const struct dag *dag = a->dags; dag; dag = dag->next) {
		char version[48];

		if (!dag->is_listed)
			continue;
		snprintf(version, sizeof(version), "%lld:%s", (long long)dag->version, dag->tail);
		json_key(&w, dag->id);
		json_put_str(&w, str_of(version));
	}
	json_close(&w, '}');
	json_key(&w, "i");
	json_open(&w, '[');
	for (size_t i = 0; i < a->n_imports; i++)
		json_put_str(&w, str_of(a->imports[i]));
	for (size_t i = 0; !a->has_imports && i < a->n_before; i++)
		json_put_str(&w, str_of(a->imports_before[i]));
	json_close(&w, ']');
	json_close(&w, '}');
}

static bool end_pull(struct pull *pull, struct err *err)
{
	struct record record = record_new(RECORD_CURSOR);
	struct buf text;

	(void)err;
	buf_init(&text, 0);
	write_cursor(pull, &text);
	record.cursor.cursor = text.p;
	pull_emit(pull, &record);
	buf_fini(&text);
	return true;
}

/* All DAGs and the versions of this round are known: steps are asked for where they may be new. */
static bool end_rows(struct pull *pull, struct err *err)
{
	struct airflow *a = pull_state(pull);
	struct buf path;

	(void)err;
	buf_init(&path, 0);
	for (struct dag *dag = a->dags; dag; dag = dag->next) {
		if (!dag->is_listed)
			continue;
		if (dag->is_known && strcmp(dag->tail, dag->known_tail) == 0) {
			emit_dag(pull, dag, NULL, 0, false);
			continue;
		}
		buf_reset(&path);
		buf_addz(&path, "/api/v2/dags/");
		percent_add_url(&path, str_of(dag->id));
		buf_addz(&path, "/tasks");
		ask(pull, path.p, REQUEST_ANY_STATUS, take_tasks, dag);
	}
	buf_fini(&path);
	pull_at_end(pull, end_pull);
	return true;
}

/* --- pull ---------------------------------------------------------------------------------------------- */

static void ask_changes(struct pull *pull, const char *path, const char *order, const char *member,
	bool (*row)(struct pull *, const struct json *, struct err *))
{
	const struct airflow *a = pull_state(pull);
	struct list list = {.member = member, .row = row, .has_cursor = true};
	struct buf query;

	buf_init(&query, 0);
	buf_addf(&query, "%s?%s", path, order);
	if (a->from_ms != TIME_NONE) {
		struct buf time;

		buf_init(&time, 0);
		when_add_rfc3339(&time, a->from_ms);
		buf_addz(&query, *order ? "&updated_at_gte=" : "updated_at_gte=");
		percent_add_url(&query, buf_str(&time));
		buf_fini(&time);
	}
	list.path = arena_take(pull_arena(pull), &query);
	ask_list(pull, &list);
}

static bool start(struct pull *pull, const char *cursor, int64_t since_ms, struct err *err)
{
	static const struct list dags = {.path = "/api/v2/dags?exclude_stale=false&order_by=dag_id",
		.member = "dags",
		.row = take_dag};
	static const struct list imports = {.path = "/api/v2/importErrors",
		.member = "import_errors",
		.row = take_import_error,
		.end = end_imports,
		.flags = REQUEST_ANY_STATUS};
	struct airflow *a = arena_new_of(pull_arena(pull), struct airflow);

	pull_set_state(pull, a);
	a->from_ms = a->date_ms = TIME_NONE;
	a->last_dag = &a->dags;
	if (cursor && !recall(pull, cursor, err))
		return false;
	if (since_ms != TIME_NONE && (a->from_ms == TIME_NONE || since_ms < a->from_ms))
		a->from_ms = since_ms;
	ask(pull, "/api/v2/monitor/health", REQUEST_NO_AUTH | REQUEST_ANY_STATUS, take_health, NULL);
	ask_list(pull, &dags);
	ask_list(pull, &imports);
	ask_changes(pull, "/api/v2/dags/~/dagRuns", "order_by=updated_at", "dag_runs", take_run);
	ask_changes(pull, "/api/v2/dags/~/dagRuns/~/taskInstances", "", "task_instances", take_instance);
	pull_at_end(pull, end_rows);
	return true;
}

/* --- signing in ------------------------------------------------------------------------------------------
 */

static bool take_token(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct str token = json_get_str(response->json, "access_token");

	(void)ctx;
	if (!token.n)
		return err_set(err, ERR_AUTH, "POST /auth/token: answer without a token");
	for (size_t i = 0; i < token.n; i++)
		if ((unsigned char)token.p[i] <= ' ' || (unsigned char)token.p[i] >= 0x7f)
			return err_set(err, ERR_AUTH, "POST /auth/token: the token is damaged");
	pull_set_token(pull, token);
	return true;
}

static bool login(struct pull *pull, const char *username, const char *password, struct err *err)
{
	struct request request = {
		.method = "POST",
		.path = "/auth/token",
		.flags = REQUEST_JSON | REQUEST_NO_AUTH | REQUEST_READ,
		.handler = take_token,
	};
	struct buf body;
	struct json_writer w = {.out = &body};

	(void)err;
	buf_init(&body, 0);
	json_open(&w, '{');
	json_key(&w, "username");
	json_put_str(&w, str_of(username));
	json_key(&w, "password");
	json_put_str(&w, str_of(password));
	json_close(&w, '}');
	request.body = buf_str(&body);
	pull_ask(pull, &request);
	explicit_bzero(body.p, body.n);
	buf_fini(&body);
	return true;
}

static bool is_signed_out(int status, struct str body)
{
	return status == 401 || (status == 403 && str_has(body, STR("Invalid JWT")));
}

static const struct adapter_auth auth = {.login = login, .is_signed_out = is_signed_out};

const struct adapter airflow_adapter = {
	.kind = "airflow",
	.summary = "Apache Airflow 3 (REST API v2)",
	.options =
		"url username password_env password_file password_command token_env token_file token_command headers ca_file client_cert proxy since concurrency rate actions",
	.concurrency = 2,
	.auth = &auth,
	.start = start,
	.log = airflow_log_start,
	.act = airflow_act,
	.verbs = AIRFLOW_VERBS,
};
