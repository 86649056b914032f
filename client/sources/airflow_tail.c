/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a log from Airflow 3. Measured on 3.3.2:
 *
 * - A log comes whole or not at all: no tail, no range, and asking again with the continuation
 *   token gives all of it again. So what the reader has is skipped here.
 * - `Accept: application/x-ndjson` gives a record a line; text/plain is 406.
 * - map_index goes into the query of logs, but into the path of the task instance.
 * - A try too high is 404; a step that was blocked has a log at try 0.
 */
#include "client/sources/airflow_tail.h"

#include "client/base/mem.h"
#include "client/sources/airflow_log.h"
#include "client/sources/percent.h"

enum {
	FOLLOW_MS = 2000,
	FOLLOW_MOST_MS = 10000, /* the reader gives up after 15 s of silence */
};

void airflow_add_instance(struct buf *path, struct str dag, struct str run, struct str task, struct str index)
{
	buf_addz(path, "/api/v2/dags/");
	percent_add_url(path, dag);
	buf_addz(path, "/dagRuns/");
	percent_add_url(path, run);
	buf_addz(path, "/taskInstances/");
	percent_add_url(path, task);
	if (index.n) {
		buf_addc(path, '/');
		percent_add_url(path, index);
	}
}

static bool is_over(struct str state)
{
	static const char *const words[] = {
		"success", "failed", "skipped", "upstream_failed", "removed", "up_for_retry"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(state, words[i]))
			return true;
	return false;
}

struct log {
	const char *path, *logs_path; /* of the task instance, of its logs */
	const char *events_query;
	int64_t attempt, index; /* -1: not mapped */
	bool follow, is_over, is_failed;
	int64_t told; /* rendered bytes that the reader has */
	int64_t at;   /* rendered bytes of this reading */
	struct airflow_log log;
};

static void ask_instance(struct pull *pull, struct log *log, int64_t delay_ms);

/* Renders whole lines, and tells what lies behind what the reader has. */
static void tell(struct pull *pull, struct log *log, struct str lines)
{
	struct buf text;
	size_t known;

	buf_init(&text, (size_t)1 << 30);
	airflow_log_lines(&log->log, &text, lines);
	known = log->told > log->at ? (size_t)(log->told - log->at) : 0;
	if (known < text.n)
		pull_log_text(pull, str_slice(buf_str(&text), known, text.n));
	log->at += (int64_t)text.n;
	buf_fini(&text);
}

/* The scheduler's word as a record of the log. */
static void write_event(struct buf *line, const struct json *event)
{
	struct json_writer w = {.out = line};
	struct str extra = json_get_str(event, "extra");
	struct buf text;

	buf_init(&text, 0);
	buf_addz(&text, extra.n ? "heartbeat timeout: " : "heartbeat timeout");
	buf_add(&text, extra);
	json_open(&w, '{');
	json_key(&w, "timestamp");
	json_put_str(&w, json_get_str(event, "when"));
	json_key(&w, "level");
	json_put_str(&w, STR("error"));
	json_key(&w, "event");
	json_put_str(&w, buf_str(&text));
	json_close(&w, '}');
	buf_fini(&text);
}

/* Adds what the scheduler saw, as the log's last line. */
static bool take_events(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct log *log = ctx;
	const struct json *event = json_at(json_get(response->json, "event_logs"), 0);
	struct buf line;

	(void)err;
	if (!event)
		return true;
	buf_init(&line, 0);
	write_event(&line, event);
	tell(pull, log, buf_str(&line));
	buf_fini(&line);
	pull_log_end(pull, log->at > log->told ? log->at : log->told, true);
	return true;
}

/* The log of a worker that was killed with its task just ends: only the event log says why. */
static void ask_events(struct pull *pull, struct log *log)
{
	struct request request = {
		.flags = REQUEST_JSON | REQUEST_READ | REQUEST_ANY_STATUS,
		.handler = take_events,
		.ctx = log,
	};
	struct buf path;

	buf_init(&path, 0);
	buf_addz(&path, "/api/v2/eventLogs?limit=1&event=heartbeat%20timeout&");
	buf_addz(&path, log->events_query);
	request.path = path.p;
	pull_ask(pull, &request);
	buf_fini(&path);
}

static void end_reading(struct pull *pull, struct log *log)
{
	int64_t delay_ms = FOLLOW_MS + log->at / 1024; /* the server pays for the whole log each time */

	if (log->at > log->told)
		log->told = log->at;
	pull_log_end(pull, log->told, log->is_over);
	if (log->is_over && log->is_failed && !log->log.has_end)
		ask_events(pull, log);
	if (!log->follow || log->is_over)
		return;
	pull_log_text(pull, STR("")); /* a sign of life */
	ask_instance(pull, log, delay_ms < FOLLOW_MOST_MS ? delay_ms : FOLLOW_MOST_MS);
}

static bool take_log(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct log *log = ctx;

	if (response->status == 404)
		return err_set(err, ERR_NOT_FOUND, "log not written yet");
	if (response->status > 299)
		return err_set(err, ERR_REFUSED, "log: HTTP %d", response->status);
	tell(pull, log, response->body);
	if (response->is_last)
		end_reading(pull, log);
	return true;
}

static void ask_log(struct pull *pull, struct log *log)
{
	struct request request = {
		.flags = REQUEST_STREAM | REQUEST_READ | REQUEST_ANY_STATUS,
		.accept = "application/x-ndjson",
		.handler = take_log,
		.ctx = log,
		.most_bytes = (int64_t)1 << 30,
	};

	log->at = 0;
	log->log = (struct airflow_log){0};
	request.path = arena_printf(pull_scratch(pull), "%s/logs/%lld?map_index=%lld", log->logs_path,
		(long long)log->attempt, (long long)log->index);
	pull_ask(pull, &request);
}

/* The instance is asked first: only what was over before its log was read is complete. */
static bool take_instance_state(
	struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct log *log = ctx;
	struct str state = json_get_str(response->json, "state");
	int64_t newest = 0;

	if (response->status == 404)
		return err_set(err, ERR_NOT_FOUND, "log not written yet: no such step run");
	if (response->status > 299)
		return err_set(err, ERR_REFUSED, "task instance: HTTP %d", response->status);
	json_int(json_get(response->json, "try_number"), &newest);
	if (log->attempt <= 0)
		log->attempt = newest;
	log->is_over = log->attempt < newest || is_over(state);
	log->is_failed = log->attempt == newest && str_is(state, "failed");
	ask_log(pull, log);
	return true;
}

static void ask_instance(struct pull *pull, struct log *log, int64_t delay_ms)
{
	struct request request = {
		.path = log->path,
		.flags = REQUEST_JSON | REQUEST_READ | REQUEST_ANY_STATUS,
		.handler = take_instance_state,
		.ctx = log,
		.delay_ms = delay_ms,
	};

	pull_ask(pull, &request);
}

static void add_parameter(struct buf *query, const char *key, const char *value)
{
	buf_addf(query, "%s=", key);
	percent_add_url(query, str_of(value));
	buf_addc(query, '&');
}

bool airflow_log_start(struct pull *pull, const struct log_request *ask_for, struct err *err)
{
	const struct source_step *step = &ask_for->step;
	struct log *log = arena_new_of(pull_arena(pull), struct log);
	struct buf path;

	log->index = -1;
	if (step->index && !str_to_int(str_of(step->index), 0, INT32_MAX, &log->index))
		return err_set(err, ERR_USAGE, "'%.100s' is no map index", step->index);
	buf_init(&path, 0);
	airflow_add_instance(&path, str_of(step->pipeline), str_of(step->run), str_of(step->step), STR(""));
	log->logs_path = arena_dup(pull_arena(pull), buf_str(&path));
	buf_reset(&path);
	airflow_add_instance(
		&path, str_of(step->pipeline), str_of(step->run), str_of(step->step), str_of(step->index));
	log->path = arena_dup(pull_arena(pull), buf_str(&path));
	buf_reset(&path);
	add_parameter(&path, "dag_id", step->pipeline);
	add_parameter(&path, "run_id", step->run);
	add_parameter(&path, "task_id", step->step);
	buf_addf(&path, "map_index=%lld", (long long)log->index);
	log->events_query = arena_take(pull_arena(pull), &path);
	log->attempt = step->attempt;
	log->follow = ask_for->follow;
	log->told = ask_for->offset;
	ask_instance(pull, log, 0);
	return true;
}
