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
 * - A model's last_updated_timestamp moves with its versions' stages and deletions, a version's with its
 *   own stage and description; neither moves with an alias or a tag, and no filter knows them: the
 *   registry is read by newest change first, and once an hour as a whole. Aliases are the model's.
 * - A metric that is not a number is the text "NaN"; the SQL store keeps infinities as +-DBL_MAX.
 * - Times are ms since the epoch. `end_time` is absent until set, and stays when a run is reopened.
 */
#include "client/sources/mlflow.h"

#include "client/base/mem.h"
#include "client/sources/adapters.h"

enum {
	MOST_LIVING = 2000,
	MOST_TOLD = 200000, /* beyond, a run that two lists hold is told twice, and no run is held purged */
	MOST_CURSOR = 8 << 20,
	CONCURRENCY = 2,
	LANES = 4, /* lists of a first pull for each request that may be under way */
	SWEEP_MS = 48 * 60 * 60 * 1000,
	QUIET_MS =
		24 * 60 * 60 * 1000, /* a run under way that told nothing for so long is left to the sweep */
};

/* --- the state of a pull ------------------------------------------------------------------ */

static struct mlflow_experiment *experiment_of(struct pull *pull, struct str id)
{
	struct mlflow *m = pull_state(pull);
	struct mlflow_experiment *experiment = idmap_get(&m->experiments, id);

	if (experiment)
		return experiment;
	experiment = arena_new_of(pull_arena(pull), struct mlflow_experiment);
	experiment->id = arena_dup(pull_arena(pull), id);
	idmap_put(&m->experiments, id, experiment);
	*m->last = experiment;
	m->last = &experiment->next;
	return experiment;
}

bool mlflow_is_changed(const struct mlflow_experiment *experiment)
{
	return !experiment->old_name || experiment->is_deleted ||
	       strcmp(experiment->name, experiment->old_name) != 0;
}

bool mlflow_is_there(const struct mlflow *m, const struct mlflow_experiment *experiment)
{
	return experiment->name && (experiment->is_listed || !m->is_whole);
}

static struct mlflow_living *add_living(
	struct pull *pull, struct mlflow_living *next, struct str run, struct mlflow_experiment *experiment)
{
	struct mlflow_living *living = arena_new_of(pull_arena(pull), struct mlflow_living);

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
	recall_time(json_get(root, "m"), &m->models_ms);
	while (json_each(json_get(root, "e"), &it)) {
		struct mlflow_experiment *experiment = experiment_of(pull, it.key);

		if (json_str(it.value).n)
			experiment->name = experiment->old_name =
				arena_dup(pull_arena(pull), json_str(it.value));
	}
	it = (struct json_iter){0};
	while (json_each(json_get(root, "r"), &it)) {
		struct mlflow_experiment *experiment = idmap_get(&m->experiments, json_str(it.value));

		if (experiment && experiment->name && mlflow_is_plain_id(it.key))
			m->before = add_living(pull, m->before, it.key, experiment);
	}
	json_free(doc);
	m->has_cursor = m->from_ms != TIME_NONE;
	return true;
}

/* --- experiments -------------------------------------------------------------------------- */

static void take_experiment(struct pull *pull, const struct json *row)
{
	struct str id = json_get_str(row, "experiment_id"), name = json_get_str(row, "name");
	struct record record = record_new(RECORD_PIPELINE);
	struct mlflow_experiment *experiment;

	if (!id.n) {
		pull_note(pull, "an experiment without its id was left out");
		return;
	}
	experiment = experiment_of(pull, id);
	experiment->name = arena_dup(pull_arena(pull), name.n ? name : id);
	experiment->is_listed = true;
	experiment->is_deleted = str_is(json_get_str(row, "lifecycle_stage"), "deleted");
	if (experiment->is_deleted)
		return; /* told at the end */
	record.pipeline.pipeline = experiment->name;
	record.pipeline.id = mlflow_text(pull, id);
	record.pipeline.kind = "experiment";
	record.pipeline.url = mlflow_web_url(pull, experiment, STR(""));
	pull_emit(pull, &record);
}

static void plan_runs(struct pull *pull);

/* Only the answer tells what time it is there: then all experiments may be due. */
static void end_experiments(struct pull *pull)
{
	struct mlflow *m = pull_state(pull);
	static const struct mlflow_list all = {.path = MLFLOW_API "experiments/search",
		.member = "experiments",
		.view = "view_type",
		.order = "experiment_id",
		.at = TIME_NONE,
		.row = take_experiment,
		.end = end_experiments};

	if (m->is_whole || (m->date_ms != TIME_NONE && m->date_ms - m->swept_ms < MLFLOW_SWEEP_EVERY_MS)) {
		plan_runs(pull);
		return;
	}
	m->is_whole = true;
	mlflow_ask_list(pull, &all);
}

/* --- runs --------------------------------------------------------------------------------- */

static void emit_gone(struct pull *pull, const char *pipeline, struct str run)
{
	struct record record = record_new(RECORD_GONE);

	record.gone.pipeline = pipeline;
	record.gone.run = mlflow_text(pull, run);
	pull_emit(pull, &record);
}

/* When a run last told something. */
static int64_t heard_ms(const struct json *row)
{
	const struct json *metrics = json_get(json_get(row, "data"), "metrics");
	int64_t newest = mlflow_time_in(row, "start_time"), ms;

	for (size_t i = 0; i < json_len(metrics); i++)
		if (json_int(json_get(json_at(metrics, i), "timestamp"), &ms) && ms > newest)
			newest = ms;
	return newest;
}

static void remember_living(
	struct pull *pull, const struct json *row, struct str id, struct mlflow_experiment *experiment)
{
	struct mlflow *m = pull_state(pull);

	if (!mlflow_is_living(mlflow_state_in(row)) || !mlflow_is_plain_id(id) || m->n_living == MOST_LIVING)
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
	struct str id = mlflow_run_id(row);
	struct mlflow_experiment *experiment =
		idmap_get(&m->experiments, json_get_str(info, "experiment_id"));
	bool is_deleted = str_is(json_get_str(info, "lifecycle_stage"), "deleted");

	if (!id.n || !experiment || !experiment->name) {
		pull_note(pull, "a run without its id or experiment was left out");
		return;
	}
	if (m->runs.n < MOST_TOLD ? !idmap_put(&m->runs, id, experiment) : !!idmap_get(&m->runs, id))
		return;
	if (experiment->old_name && mlflow_is_changed(experiment))
		emit_gone(pull, experiment->old_name, id);
	if (experiment->is_deleted)
		return;
	if (!is_deleted || !m->has_cursor)
		mlflow_emit_run(pull, row, id, experiment);
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
	int64_t back_ms = wanted & WANTED_SWEEP && strcmp(search->column, "start_time") == 0
				  ? SWEEP_MS
				  : MLFLOW_OVERLAP_MS;

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
		struct mlflow_list list = {.path = MLFLOW_API "runs/search",
			.member = "runs",
			.view = "run_view_type",
			.experiment_ids = experiment_ids,
			.filter = search->filter,
			.order = search->order,
			.column = search->column,
			.at = start_of(pull_state(pull), search, wanted),
			.row = take_run};

		if (search->wanted & wanted)
			mlflow_ask_list(pull, &list);
	}
}

static bool is_searched(const struct mlflow *m, const struct mlflow_experiment *e, bool changed)
{
	return mlflow_is_there(m, e) && mlflow_is_changed(e) == changed && !(e->is_deleted && !e->old_name);
}

/* Of how many experiments a list is. What is read from the beginning is split, for lists run side by side and
 * the pages of each one after the other. */
static size_t list_size(struct pull *pull, bool changed)
{
	const struct mlflow *m = pull_state(pull);
	int64_t lanes = pull_source(pull)->concurrency ? pull_source(pull)->concurrency : CONCURRENCY;
	size_t n = 0;

	if (!changed || lanes == 1)
		return MLFLOW_MOST_EXPERIMENTS;
	for (const struct mlflow_experiment *e = m->first; e; e = e->next)
		n += is_searched(m, e, changed);
	n = n / (size_t)(lanes * LANES) + 1;
	return n < MLFLOW_MOST_EXPERIMENTS ? n : MLFLOW_MOST_EXPERIMENTS;
}

/* Searches what is WANTED of the experiments that are changed, or of the others. */
static void search_experiments(struct pull *pull, bool changed, int wanted)
{
	const struct mlflow *m = pull_state(pull);
	size_t size = list_size(pull, changed);
	struct mlflow_ids ids;

	mlflow_ids_init(&ids);
	for (const struct mlflow_experiment *e = m->first; e; e = e->next) {
		if (!is_searched(m, e, changed))
			continue;
		mlflow_ids_add(&ids, e->id);
		if (ids.n == size)
			ask_searches(pull, mlflow_ids_take(pull, &ids), wanted);
	}
	if (ids.n)
		ask_searches(pull, mlflow_ids_take(pull, &ids), wanted);
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
	json_key(&w, "m");
	json_put_ms(&w, m->models_ms);
	json_key(&w, "e");
	json_open(&w, '{');
	for (const struct mlflow_experiment *e = m->first; e; e = e->next) {
		if (!mlflow_is_there(m, e) || e->is_deleted)
			continue;
		json_key(&w, e->id);
		json_put_str(&w, str_of(e->name));
	}
	json_close(&w, '}');
	json_key(&w, "r");
	json_open(&w, '{');
	for (const struct mlflow_living *l = m->living; l; l = l->next) {
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

	for (const struct mlflow_living *l = m->before; l && m->runs.n < MOST_TOLD; l = l->next)
		if (!idmap_get(&m->runs, str_of(l->run)))
			emit_gone(pull, l->experiment->old_name, str_of(l->run));
}

/* Names that no experiment has any more: renamed, deleted, purged. */
static void emit_dropped(struct pull *pull)
{
	const struct mlflow *m = pull_state(pull);
	struct record record = record_new(RECORD_PIPELINE);
	struct idmap names = {.arena = pull_scratch(pull)};

	for (struct mlflow_experiment *e = m->first; e; e = e->next)
		if (mlflow_is_there(m, e) && !e->is_deleted)
			idmap_put(&names, str_of(e->name), e);
	record.pipeline.gone = 1;
	for (const struct mlflow_experiment *e = m->first; e; e = e->next) {
		record.pipeline.pipeline = e->old_name;
		if (e->old_name && !idmap_get(&names, str_of(e->old_name)))
			pull_emit(pull, &record);
	}
}

static bool end_pull(struct pull *pull, struct err *err)
{
	struct record record = record_new(RECORD_CURSOR);
	struct buf text;

	(void)err;
	emit_purged(pull);
	emit_dropped(pull);
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

static void ask_living(struct pull *pull, struct mlflow_ids *experiments, struct buf *runs)
{
	mlflow_ask_runs(pull, mlflow_ids_take(pull, experiments), buf_str(runs), take_run, NULL);
	buf_reset(runs);
}

/* An alias moves without a trace of when; a model's run is known by its experiment's name. */
static bool is_registry_due(const struct mlflow *m)
{
	if (!m->has_cursor || m->date_ms == TIME_NONE || m->date_ms - m->models_ms >= MLFLOW_SWEEP_EVERY_MS)
		return true;
	for (const struct mlflow_experiment *e = m->first; e; e = e->next)
		if (e->name && e->old_name && strcmp(e->name, e->old_name) != 0)
			return true;
	return false;
}

static bool end_runs(struct pull *pull, struct err *err)
{
	(void)err;
	mlflow_ask_models(pull, is_registry_due(pull_state(pull)));
	pull_at_end(pull, end_pull);
	return true;
}

/* Runs that the pull before saw under way and no list told of. */
static bool end_lists(struct pull *pull, struct err *err)
{
	const struct mlflow *m = pull_state(pull);
	struct mlflow_ids ids;
	struct buf runs;

	(void)err;
	mlflow_ids_init(&ids);
	buf_init(&runs, 0);
	for (const struct mlflow_living *l = m->before; l; l = l->next) {
		if (idmap_get(&m->runs, str_of(l->run)))
			continue;
		buf_addf(&runs, "%s'%s'", runs.n ? "," : "", l->run);
		mlflow_ids_add(&ids, l->experiment->id);
		if (ids.n == MLFLOW_MOST_IDS)
			ask_living(pull, &ids, &runs);
	}
	if (ids.n)
		ask_living(pull, &ids, &runs);
	buf_fini(&runs);
	buf_fini(&ids.text);
	pull_at_end(pull, end_runs);
	return true;
}

static bool start(struct pull *pull, const char *cursor, int64_t since_ms, struct err *err)
{
	struct mlflow *m = arena_new_of(pull_arena(pull), struct mlflow);
	struct mlflow_list changed = {.path = MLFLOW_API "experiments/search",
		.member = "experiments",
		.view = "view_type",
		.order = "last_update_time",
		.row = take_experiment,
		.end = end_experiments};

	pull_set_state(pull, m);
	m->from_ms = m->date_ms = TIME_NONE;
	m->since_ms = since_ms;
	m->page = MLFLOW_PAGE;
	m->last = &m->first;
	m->experiments.arena = m->runs.arena = pull_arena(pull);
	if (cursor && !recall(pull, cursor, err))
		return false;
	pull_at_end(pull, end_lists);
	changed.at = m->from_ms > MLFLOW_OVERLAP_MS ? m->from_ms - MLFLOW_OVERLAP_MS : 0;
	if (m->has_cursor)
		mlflow_ask_list(pull, &changed);
	else
		end_experiments(pull);
	return true;
}

const struct adapter mlflow_adapter = {
	.kind = "mlflow",
	.summary = "MLflow tracking (REST API 2.0)",
	.options =
		"url username password_env password_file password_command token_env token_file token_command headers ca_file client_cert proxy since concurrency rate actions",
	.concurrency = CONCURRENCY,
	.start = start,
	.series = mlflow_series,
	.artifacts = mlflow_artifacts,
	.artifact = mlflow_artifact,
	.act = mlflow_act,
	.verbs = MLFLOW_VERBS,
};
