/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sources/mlflow.h"

#include "client/base/mem.h"
#include "client/sources/percent.h"

#include <float.h>
#include <math.h>

/* Texts go into records as they are; what shows them cleans them. */
const char *mlflow_text(struct pull *pull, struct str text)
{
	return text.n ? arena_dup(pull_scratch(pull), text) : NULL;
}

void mlflow_add_base(struct pull *pull, struct buf *url)
{
	struct str base = str_of(pull_source(pull)->url);

	while (str_ends(base, STR("/")))
		base.n--;
	buf_add(url, base);
}

const char *mlflow_web_url(struct pull *pull, const struct mlflow_experiment *experiment, struct str run)
{
	struct buf url;
	const char *copy;

	buf_init(&url, 0);
	mlflow_add_base(pull, &url);
	buf_addz(&url, "/#/experiments/");
	percent_add_url(&url, str_of(experiment->id));
	if (run.n) {
		buf_addz(&url, "/runs/");
		percent_add_url(&url, run);
	}
	copy = arena_take(pull_scratch(pull), &url);
	return copy;
}

bool mlflow_is_plain_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    c == '-' || c == '_'))
			return false;
	}
	return id.n > 0 && id.n <= 64;
}

struct str mlflow_run_id(const struct json *row)
{
	const struct json *info = json_get(row, "info");
	struct str id = json_get_str(info, "run_id");

	return id.n ? id : json_get_str(info, "run_uuid");
}

int64_t mlflow_time_in(const struct json *row, const char *column)
{
	int64_t ms = TIME_NONE;

	json_int(json_get(json_get(row, "info"), column), &ms);
	return ms;
}

enum state mlflow_state_in(const struct json *row)
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
	struct str word = json_get_str(json_get(row, "info"), "status");

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (str_is(word, states[i].word))
			return states[i].state;
	return STATE_UNKNOWN;
}

bool mlflow_is_living(enum state state)
{
	return state == STATE_QUEUED || state == STATE_RUNNING;
}

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
	return mlflow_text(pull, text.n ? text : other);
}

static struct record_pair *texts_in(struct pull *pull, const struct json *rows, size_t *n_out)
{
	struct arena *arena = pull_scratch(pull);
	struct record_pair *pairs = arena_array(arena, struct record_pair, json_len(rows) + 1);

	for (size_t i = 0; i < json_len(rows); i++) {
		struct str key = json_get_str(json_at(rows, i), "key");
		const char *text = mlflow_text(pull, json_get_str(json_at(rows, i), "value"));

		if (key.n)
			pairs[(*n_out)++] =
				(struct record_pair){.key = arena_dup(arena, key), .text = text ? text : ""};
	}
	return pairs;
}

bool mlflow_number(const struct json *value, double *out)
{
	if (!json_num(value, out))
		return false;
	if (fabs(*out) >= DBL_MAX)
		*out = copysign(INFINITY, *out);
	return true;
}

static struct record_pair *metrics_in(struct pull *pull, const struct json *rows, size_t *n_out)
{
	struct arena *arena = pull_scratch(pull);
	struct record_pair *pairs = arena_array(arena, struct record_pair, json_len(rows) + 1);

	for (size_t i = 0; i < json_len(rows); i++) {
		struct str key = json_get_str(json_at(rows, i), "key");
		double value;

		if (!key.n || !mlflow_number(json_get(json_at(rows, i), "value"), &value))
			continue;
		pairs[(*n_out)++] = (struct record_pair){.key = arena_dup(arena, key), .number = value};
	}
	return pairs;
}

/* --- what it read ------------------------------------------------------------------------- */

/* The rows that TEXT, a profile or schema, counts; -1: none. pandas, polars and Hugging Face say num_rows,
 * Spark approx_count, numpy a shape, TensorFlow a cardinality (below 0: endless, unknown). */
static int64_t rows_in(struct str text)
{
	static const char *const keys[] = {"num_rows", "approx_count", "features_cardinality"};
	struct json_doc *doc = text.n ? json_parse(text, NULL) : NULL;
	const struct json *root = json_root(doc);
	int64_t rows = -1;
	size_t i = 0;

	while (i < ARRAY_LEN(keys) && !json_int(json_get(root, keys[i]), &rows))
		i++;
	if (i == ARRAY_LEN(keys))
		json_int(json_at(json_get(root, "features_shape"), 0), &rows);
	json_free(doc);
	return rows < 0 ? -1 : rows;
}

static void emit_inputs(struct pull *pull, const struct json *row, const struct record_run *run)
{
	const struct json *inputs = json_get(json_get(row, "inputs"), "dataset_inputs");
	struct record record = record_new(RECORD_INPUT);

	record.input.pipeline = run->pipeline;
	record.input.run = run->run;
	for (size_t i = 0; i < json_len(inputs); i++) {
		const struct json *dataset = json_get(json_at(inputs, i), "dataset");

		record.input.name = mlflow_text(pull, json_get_str(dataset, "name"));
		record.input.version = mlflow_text(pull, json_get_str(dataset, "digest"));
		record.input.rows = rows_in(json_get_str(dataset, "profile"));
		if (record.input.rows < 0)
			record.input.rows = rows_in(json_get_str(dataset, "schema"));
		if (record.input.name)
			pull_emit(pull, &record);
	}
}

/* --- the run ------------------------------------------------------------------------------ */

void mlflow_emit_run(
	struct pull *pull, const struct json *row, struct str id, const struct mlflow_experiment *experiment)
{
	const struct json *info = json_get(row, "info"), *data = json_get(row, "data");
	const struct json *tags = json_get(data, "tags");
	enum state state = mlflow_state_in(row);
	struct record record = record_new(RECORD_RUN);
	struct record_run *run = &record.run;

	run->pipeline = experiment->name;
	run->run = mlflow_text(pull, id);
	run->name = text_or(pull, json_get_str(info, "run_name"), tag_in(tags, "mlflow.runName"));
	run->kind = mlflow_text(pull, tag_in(tags, "mlflow.source.type"));
	run->state = state_word(state);
	run->tool_state = mlflow_text(pull, json_get_str(info, "status"));
	run->user = text_or(pull, tag_in(tags, "mlflow.user"), json_get_str(info, "user_id"));
	run->parent = mlflow_text(pull, tag_in(tags, "mlflow.parentRunId"));
	run->note = mlflow_text(pull, tag_in(tags, "mlflow.note.content"));
	run->version = mlflow_text(pull, tag_in(tags, "mlflow.source.git.commit"));
	run->url = mlflow_web_url(pull, experiment, id);
	run->started_ms = mlflow_time_in(row, "start_time");
	if (!mlflow_is_living(state)) /* a reopened run still has the end of before */
		run->ended_ms = mlflow_time_in(row, "end_time");
	run->params = texts_in(pull, json_get(data, "params"), &run->n_params);
	run->metrics = metrics_in(pull, json_get(data, "metrics"), &run->n_metrics);
	run->tags = texts_in(pull, tags, &run->n_tags);
	pull_emit(pull, &record);
	emit_inputs(pull, row, run);
}
