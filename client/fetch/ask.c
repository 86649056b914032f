/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/ask.h"

#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/fetch/message.h"

#include <stdio.h>

enum {
	MOST_ENTRIES = 15 << 20, /* bytes of a folder's entries: they go as one line */
	MOST_METRICS = 10000,
};

/* A request under way. */
struct ask {
	struct asks *asks;
	struct ask *next;
	int64_t id;
	const struct method *method;
	struct pull *pull;
	struct buf entries; /* of `artifacts`: JSON text */
	bool is_dry_run;    /* of `act` */
};

/* What can be asked of a source; the table is at the end. */
struct method {
	const char *name;
	/* Starts it; NULL with ERR where PARAMS do not say what. Texts may be taken from ARENA. */
	struct pull *(*start)(
		struct ask *ask, const struct json *params, struct arena *arena, struct err *err);
	/* Whether the adapter can; NULL: each can. */
	bool (*is_offered)(const struct adapter *adapter);
	/* The result, into OUT. */
	void (*put_end)(struct buf *out, const struct ask *ask, const struct pull_end *end);
};

static void ask_free(struct ask *ask)
{
	struct ask **at = &ask->asks->first;

	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
	buf_fini(&ask->entries);
	x_free(ask);
}

static struct ask *ask_new(struct asks *asks, int64_t id, const struct method *method)
{
	struct ask *ask = x_new(struct ask);

	ask->asks = asks;
	ask->id = id;
	ask->method = method;
	buf_init(&ask->entries, MOST_ENTRIES);
	ask->next = asks->first;
	asks->first = ask;
	return ask;
}

/* --- from the engine --------------------------------------------------------------- */

static void send_record(void *ctx, const struct record *record)
{
	struct ask *ask = ctx;
	struct buf *line = &ask->asks->line;

	buf_reset(line);
	record_write(line, record);
	if (!line->is_over)
		peer_send_line(ask->asks->peer, buf_str(line));
}

static void send_text(void *ctx, struct str text)
{
	struct ask *ask = ctx;
	struct asks *asks = ask->asks;

	do {
		message_text(&asks->line, ask->id, message_cut_text(&text));
		peer_tell(asks->peer, "log", buf_str(&asks->line));
	} while (text.n > 0);
}

static void send_point(void *ctx, const struct source_point *point)
{
	struct ask *ask = ctx;
	struct asks *asks = ask->asks;

	message_point(&asks->line, ask->id, point);
	if (!asks->line.is_over)
		peer_tell(asks->peer, "point", buf_str(&asks->line));
}

static void take_entry(void *ctx, const struct source_entry *entry)
{
	struct ask *ask = ctx;

	message_add_entry(&ask->entries, entry);
}

static void send_bytes(void *ctx, struct str bytes)
{
	struct ask *ask = ctx;
	struct asks *asks = ask->asks;

	do {
		message_chunk(&asks->line, ask->id, message_cut_bytes(&bytes));
		peer_tell(asks->peer, "chunk", buf_str(&asks->line));
	} while (bytes.n > 0);
}

/* Our standard error may be a terminal. */
void asks_say(const char *name, const char *message)
{
	struct buf clean;

	buf_init(&clean, 8192);
	clean_add(&clean, str_of(message), CLEAN_NAME);
	fprintf(stderr, "porthole-source: %s%s%.*s\n", name ? name : "", name ? ": " : "",
		STR_FMT(buf_str(&clean)));
	buf_fini(&clean);
}

static void send_note(void *ctx, const char *message)
{
	struct ask *ask = ctx;

	asks_say(ask->asks->source->name, message);
}

static size_t backlog(void *ctx)
{
	struct ask *ask = ctx;

	return peer_backlog(ask->asks->peer);
}

static struct pull *start_act(
	struct ask *ask, const struct json *params, struct arena *arena, struct err *err);

/* Whether ERR says clearly that the tool did nothing, and why. */
static bool is_refusal(const struct pull_end *end, const struct err *err)
{
	return !end->was_tried && (err->code == ERR_REFUSED || err->code == ERR_NOT_FOUND ||
					  err->code == ERR_AUTH || err->code == ERR_USAGE);
}

static void send_done(void *ctx, const struct pull_end *end, const struct err *err)
{
	struct ask *ask = ctx;
	struct asks *asks = ask->asks;
	struct err failure;

	if (!err && ask->entries.is_over) {
		err_set(&failure, ERR_FAILED, "the folder has more entries than an answer can carry");
		err = &failure;
	}
	if (err && ask->method->start == start_act && !ask->is_dry_run && !is_refusal(end, err)) {
		message_unacted(&asks->line, end, err);
		peer_reply(asks->peer, ask->id, buf_str(&asks->line));
	} else if (err) {
		peer_fail(asks->peer, ask->id, err);
	} else {
		ask->method->put_end(&asks->line, ask, end);
		peer_reply(asks->peer, ask->id, buf_str(&asks->line));
	}
	ask_free(ask);
}

static const struct engine_sink sink = {
	.record = send_record,
	.text = send_text,
	.point = send_point,
	.entry = take_entry,
	.bytes = send_bytes,
	.note = send_note,
	.done = send_done,
	.backlog = backlog,
};

/* --- starting -------------------------------------------------------------------------- */

static const char *text_of(struct arena *arena, const struct json *params, const char *key)
{
	struct str text = json_get_str(params, key);

	return text.p ? arena_dup(arena, text) : NULL;
}

static struct pull *start_pull(
	struct ask *ask, const struct json *params, struct arena *arena, struct err *err)
{
	const char *cursor = text_of(arena, params, "cursor");
	int64_t since_ms = TIME_NONE;

	(void)err;
	json_int(json_get(params, "since_ms"), &since_ms);
	if (since_ms == TIME_NONE && !cursor)
		since_ms = ask->asks->source->since_ms;
	return engine_pull(ask->asks->engine, cursor, since_ms, &sink, ask);
}

static void put_cursor(struct buf *out, const struct ask *ask, const struct pull_end *end)
{
	(void)ask;
	message_cursor(out, end->cursor);
}

static void put_offset(struct buf *out, const struct ask *ask, const struct pull_end *end)
{
	(void)ask;
	message_offset(out, end->offset, end->is_complete);
}

static void put_entries(struct buf *out, const struct ask *ask, const struct pull_end *end)
{
	(void)end;
	message_entries(out, buf_str(&ask->entries));
}

static void put_nothing(struct buf *out, const struct ask *ask, const struct pull_end *end)
{
	(void)ask;
	(void)end;
	buf_reset(out);
	buf_addz(out, "{}");
}

static struct pull *start_log(
	struct ask *ask, const struct json *params, struct arena *arena, struct err *err)
{
	struct log_request request = {
		.step = {.pipeline = text_of(arena, params, "pipeline"),
			.run = text_of(arena, params, "run"),
			.step = text_of(arena, params, "step"),
			.index = text_of(arena, params, "index")},
	};

	json_int(json_get(params, "attempt"), &request.step.attempt);
	json_int(json_get(params, "offset"), &request.offset);
	json_bool(json_get(params, "follow"), &request.follow);
	if (request.step.pipeline && request.step.run && request.step.step && request.offset >= 0)
		return engine_log(ask->asks->engine, &request, &sink, ask);
	err_set(err, ERR_USAGE, "log wants pipeline, run, step, and an offset that is not negative");
	return NULL;
}

static struct pull *start_series(
	struct ask *ask, const struct json *params, struct arena *arena, struct err *err)
{
	const struct json *metrics = json_get(params, "metrics");
	size_t n = json_len(metrics) < MOST_METRICS ? json_len(metrics) : MOST_METRICS;
	const char **names = arena_array(arena, const char *, n);
	struct series_request request = {.pipeline = text_of(arena, params, "pipeline"),
		.run = text_of(arena, params, "run"),
		.metrics = names};

	for (size_t i = 0; i < n; i++) {
		struct str name = json_str(json_at(metrics, i));

		if (name.n)
			names[request.n_metrics++] = arena_dup(arena, name);
	}
	json_int(json_get(params, "max_points"), &request.max_points);
	if (request.pipeline && request.run && request.max_points >= 0)
		return engine_series(ask->asks->engine, &request, &sink, ask);
	err_set(err, ERR_USAGE, "series wants pipeline, run, and max_points that are not negative");
	return NULL;
}

static struct pull *start_artifacts(
	struct ask *ask, const struct json *params, struct arena *arena, struct err *err)
{
	const struct artifacts_request request = {.pipeline = text_of(arena, params, "pipeline"),
		.run = text_of(arena, params, "run"),
		.path = arena_dup(arena, json_get_str(params, "path"))};

	if (request.pipeline && request.run)
		return engine_artifacts(ask->asks->engine, &request, &sink, ask);
	err_set(err, ERR_USAGE, "artifacts wants pipeline and run");
	return NULL;
}

static struct pull *start_artifact(
	struct ask *ask, const struct json *params, struct arena *arena, struct err *err)
{
	struct artifact_request request = {.pipeline = text_of(arena, params, "pipeline"),
		.run = text_of(arena, params, "run"),
		.path = text_of(arena, params, "path")};

	json_int(json_get(params, "offset"), &request.offset);
	if (request.pipeline && request.run && request.path)
		return engine_artifact(ask->asks->engine, &request, &sink, ask);
	err_set(err, ERR_USAGE, "artifact wants pipeline, run and path");
	return NULL;
}

static bool is_verb(const struct adapter *adapter, const char *verb)
{
	struct str rest = str_of(adapter->verbs), word;

	while (str_next(&rest, ' ', &word))
		if (str_is(word, verb))
			return true;
	return false;
}

/* A second lock behind the portal's own: a source that allows no actions takes none from anybody. */
static bool check_act(const struct asks *asks, const struct act_request *request, struct err *err)
{
	if (!request->verb || !request->pipeline)
		return err_set(err, ERR_USAGE, "act wants a verb and a ref below the source");
	if (!is_verb(asks->adapter, request->verb))
		return err_set(err, ERR_REFUSED, "sources of kind '%s' have no verb '%.60s'",
			asks->adapter->kind, request->verb);
	return asks->source->actions ||
	       err_set(err, ERR_REFUSED, "source '%s' allows no actions", asks->source->name);
}

static struct pull *start_act(
	struct ask *ask, const struct json *params, struct arena *arena, struct err *err)
{
	struct act_request request = {
		.verb = text_of(arena, params, "verb"), .args = json_get(params, "args")};

	json_bool(json_get(params, "dry_run"), &request.is_dry_run);
	ask->is_dry_run = request.is_dry_run;
	message_read_ref(arena, json_get_str(params, "ref"), &request);
	if (!check_act(ask->asks, &request, err))
		return NULL;
	return engine_act(ask->asks->engine, &request, &sink, ask);
}

static void put_acted(struct buf *out, const struct ask *ask, const struct pull_end *end)
{
	message_acted(out, end, ask->is_dry_run);
}

static bool has_act(const struct adapter *adapter)
{
	return adapter->act;
}

static bool has_log(const struct adapter *adapter)
{
	return adapter->log;
}

static bool has_series(const struct adapter *adapter)
{
	return adapter->series;
}

static bool has_artifacts(const struct adapter *adapter)
{
	return adapter->artifacts;
}

static bool has_artifact(const struct adapter *adapter)
{
	return adapter->artifact;
}

static const struct method methods[] = {
	{.name = "pull", .start = start_pull, .put_end = put_cursor},
	{.name = "log", .start = start_log, .put_end = put_offset, .is_offered = has_log},
	{.name = "series", .start = start_series, .put_end = put_nothing, .is_offered = has_series},
	{.name = "artifacts", .start = start_artifacts, .put_end = put_entries, .is_offered = has_artifacts},
	{.name = "artifact", .start = start_artifact, .put_end = put_offset, .is_offered = has_artifact},
	{.name = "act", .start = start_act, .put_end = put_acted, .is_offered = has_act},
};

static bool offers(const struct adapter *adapter, const struct method *method)
{
	return !method->is_offered || method->is_offered(adapter);
}

void asks_put_methods(
	struct json_writer *w, const struct config_source *source, const struct adapter *adapter)
{
	json_open(w, '[');
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (offers(adapter, &methods[i]) && (source->actions || methods[i].start != start_act))
			json_put_str(w, str_of(methods[i].name));
	json_close(w, ']');
}

void asks_put_verbs(struct json_writer *w, const struct config_source *source, const struct adapter *adapter)
{
	struct str rest = str_of(source->actions && adapter->verbs ? adapter->verbs : ""), word;

	json_open(w, '[');
	while (rest.n && str_next(&rest, ' ', &word))
		json_put_str(w, word);
	json_close(w, ']');
}

static void fail(struct asks *asks, int64_t id, enum err_code code, const char *message)
{
	struct err err;

	err_set(&err, code, "%s", message);
	peer_fail(asks->peer, id, &err);
}

static void start(struct asks *asks, int64_t id, const struct method *method, const struct json *params)
{
	struct arena *arena = arena_new();
	struct ask *ask = ask_new(asks, id, method);
	struct err err = {0};

	ask->pull = method->start(ask, params, arena, &err);
	if (!ask->pull) {
		peer_fail(asks->peer, id, &err);
		ask_free(ask);
	}
	arena_free(arena);
}

static const struct method *find_method(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (str_is(name, methods[i].name))
			return &methods[i];
	return NULL;
}

void asks_start(struct asks *asks, int64_t id, struct str name, const struct json *params)
{
	const struct method *method = find_method(name);

	if (!method || (asks->engine && !offers(asks->adapter, method)))
		peer_fail_method(asks->peer, id, name);
	else if (!asks->engine)
		fail(asks, id, ERR_USAGE, "say hello first");
	else
		start(asks, id, method, params);
}

void asks_cancel(struct asks *asks, int64_t id)
{
	struct ask *ask = asks->first;

	while (ask && ask->id != id)
		ask = ask->next;
	if (!ask)
		return;
	engine_cancel(ask->pull);
	fail(asks, id, ERR_CANCELLED, "cancelled");
	ask_free(ask);
}

void asks_init(struct asks *asks)
{
	*asks = (struct asks){0};
	buf_init(&asks->line, PEER_MOST_LINE);
}

void asks_fini(struct asks *asks)
{
	while (asks->first)
		ask_free(asks->first);
	buf_fini(&asks->line);
}
