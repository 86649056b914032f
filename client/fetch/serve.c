/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/serve.h"

#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/fetch/engine.h"
#include "client/fetch/files.h"
#include "client/fetch/http.h"
#include "client/protocol/peer.h"

#include <stdio.h>
#include <unistd.h>

enum { PROTOCOL = 1, TEXT_MOST = 256 << 10 };

struct serve {
	struct loop *loop;
	struct peer *peer;
	struct config *config; /* of hello; NULL where the source was given */
	const struct config_source *source;
	const struct adapter *adapter;
	struct engine *engine;
	struct ask *asks;
	struct buf line;
};

/* A pull or log under way. */
struct ask {
	struct serve *serve;
	struct ask *next;
	int64_t id;
	bool is_log;
	struct pull *pull;
};

static void ask_free(struct ask *ask)
{
	struct ask **at = &ask->serve->asks;

	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
	x_free(ask);
}

static struct ask *ask_new(struct serve *serve, int64_t id, bool is_log)
{
	struct ask *ask = x_new(struct ask);

	ask->serve = serve;
	ask->id = id;
	ask->is_log = is_log;
	ask->next = serve->asks;
	serve->asks = ask;
	return ask;
}

static void fail(struct serve *serve, int64_t id, enum err_code code, const char *message)
{
	struct err err;

	err_set(&err, code, "%s", message);
	peer_fail(serve->peer, id, &err);
}

/* --- from the engine --------------------------------------------------------------- */

static void send_record(void *ctx, const struct record *record)
{
	struct ask *ask = ctx;
	struct buf *line = &ask->serve->line;

	buf_reset(line);
	record_write(line, record);
	if (!line->is_over)
		peer_send_line(ask->serve->peer, buf_str(line));
}

/* As much of TEXT as one message carries: to a line's end, or at least no split character. */
static size_t message_of(struct str text)
{
	const char *end;
	size_t n = TEXT_MOST;

	if (text.n <= TEXT_MOST)
		return text.n;
	end = memrchr(text.p, '\n', TEXT_MOST);
	if (end)
		return (size_t)(end + 1 - text.p);
	while (n > TEXT_MOST - 4 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void send_text(void *ctx, struct str text)
{
	struct ask *ask = ctx;
	struct buf *params = &ask->serve->line;

	do {
		struct json_writer w = {.out = params};
		struct str part = {text.p, message_of(text)};

		buf_reset(params);
		json_open(&w, '{');
		json_key(&w, "id");
		json_put_int(&w, ask->id);
		json_key(&w, "text");
		json_put_str(&w, part);
		json_close(&w, '}');
		peer_tell(ask->serve->peer, "log", buf_str(params));
		text = str_slice(text, part.n, text.n);
	} while (text.n > 0);
}

/* Our standard error may be a terminal. */
static void say(const char *name, const char *message)
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

	say(ask->serve->source->name, message);
}

static size_t backlog(void *ctx)
{
	struct ask *ask = ctx;

	return peer_backlog(ask->serve->peer);
}

static void write_end(struct json_writer *w, const struct ask *ask, const struct pull_end *end)
{
	json_open(w, '{');
	if (ask->is_log) {
		json_key(w, "offset");
		json_put_int(w, end->log_offset);
		json_key(w, "complete");
		json_put_bool(w, end->is_log_complete);
	} else {
		json_key(w, "cursor");
		if (end->cursor)
			json_put_str(w, str_of(end->cursor));
		else
			json_put_null(w);
	}
	json_close(w, '}');
}

static void send_done(void *ctx, const struct pull_end *end, const struct err *err)
{
	struct ask *ask = ctx;
	struct serve *serve = ask->serve;
	struct json_writer w = {.out = &serve->line};

	if (err) {
		peer_fail(serve->peer, ask->id, err);
	} else {
		buf_reset(&serve->line);
		write_end(&w, ask, end);
		peer_reply(serve->peer, ask->id, buf_str(&serve->line));
	}
	ask_free(ask);
}

static const struct engine_sink sink = {
	.record = send_record,
	.text = send_text,
	.note = send_note,
	.done = send_done,
	.backlog = backlog,
};

/* --- the source ---------------------------------------------------------------------- */

/* The section of hello as a configuration of one source: JSON is YAML, so the one reader of
 * configurations checks it. */
static const struct config_source *read_section(
	struct serve *serve, const struct json *section, struct err *err)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_addz(&text, "{\"sources\": [");
	json_add(&text, section);
	buf_addz(&text, "]}");
	serve->config = config_parse("config of hello", NULL, buf_str(&text), err);
	buf_fini(&text);
	if (!serve->config)
		return NULL;
	if (serve->config->n_sources == 1)
		return &serve->config->sources[0];
	err_set(err, ERR_USAGE, "hello names no source");
	return NULL;
}

static bool open_source(struct serve *serve, const struct config_source *source, struct err *err)
{
	struct transport *transports[REQUEST_KINDS] = {0};

	serve->source = source;
	serve->adapter = adapter_find(source->kind);
	if (!serve->adapter)
		return err_set(err, ERR_USAGE, "no adapter for kind '%s' of source '%s'", source->kind,
			source->name);
	if (source->url) {
		transports[REQUEST_HTTP] = http_new(serve->loop, source, err);
		if (!transports[REQUEST_HTTP])
			return false;
	}
	if (source->path)
		transports[REQUEST_FILE] = transports[REQUEST_DIR] = files_new(serve->loop, source->path);
	serve->engine = engine_new(serve->loop, serve->adapter, source, transports, NULL);
	return true;
}

/* --- from the peer --------------------------------------------------------------------- */

static void reply_hello(struct serve *serve, int64_t id)
{
	struct json_writer w = {.out = &serve->line};

	buf_reset(&serve->line);
	json_open(&w, '{');
	json_key(&w, "protocol");
	json_put_int(&w, PROTOCOL);
	json_key(&w, "name");
	json_put_str(&w, str_of(serve->adapter->summary));
	json_key(&w, "methods");
	json_open(&w, '[');
	json_put_str(&w, STR("pull"));
	if (serve->adapter->log)
		json_put_str(&w, STR("log"));
	json_close(&w, ']');
	json_key(&w, "verbs");
	json_open(&w, '[');
	json_close(&w, ']');
	json_close(&w, '}');
	peer_reply(serve->peer, id, buf_str(&serve->line));
}

static void on_hello(struct serve *serve, int64_t id, const struct json *params)
{
	const struct config_source *source = serve->source;
	struct err err = {0};
	int64_t protocol = PROTOCOL;

	json_int(json_get(params, "protocol"), &protocol);
	if (protocol != PROTOCOL) {
		fail(serve, id, ERR_USAGE, "this is protocol 1");
		return;
	}
	if (!serve->engine) {
		source = read_section(serve, json_get(params, "config"), &err);
		if (!source || !open_source(serve, source, &err)) {
			peer_fail(serve->peer, id, &err);
			config_free(serve->config);
			serve->config = NULL;
			return;
		}
	}
	reply_hello(serve, id);
}

static void on_pull(struct serve *serve, int64_t id, const struct json *params)
{
	struct str cursor = json_get_str(params, "cursor");
	int64_t since_ms = TIME_NONE;
	char *text = cursor.p ? x_printf("%.*s", STR_FMT(cursor)) : NULL;
	struct ask *ask = ask_new(serve, id, false);

	json_int(json_get(params, "since_ms"), &since_ms);
	if (since_ms == TIME_NONE && !text)
		since_ms = serve->source->since_ms;
	ask->pull = engine_pull(serve->engine, text, since_ms, &sink, ask);
	x_free(text);
}

static const char *text_of(struct arena *arena, const struct json *params, const char *key)
{
	struct str text = json_get_str(params, key);

	return text.p ? arena_dup(arena, text) : NULL;
}

static void on_log(struct serve *serve, int64_t id, const struct json *params)
{
	struct arena *arena = arena_new();
	struct log_request request = {
		.step = {.pipeline = text_of(arena, params, "pipeline"),
			.run = text_of(arena, params, "run"),
			.step = text_of(arena, params, "step"),
			.index = text_of(arena, params, "index")},
	};
	struct ask *ask;

	json_int(json_get(params, "attempt"), &request.step.attempt);
	json_int(json_get(params, "offset"), &request.offset);
	json_bool(json_get(params, "follow"), &request.follow);
	if (!request.step.pipeline || !request.step.run || !request.step.step || request.offset < 0) {
		fail(serve, id, ERR_USAGE,
			"log wants pipeline, run, step, and an offset that is not negative");
	} else {
		ask = ask_new(serve, id, true);
		ask->pull = engine_log(serve->engine, &request, &sink, ask);
	}
	arena_free(arena);
}

static void cancel(struct serve *serve, const struct json *params)
{
	struct ask *ask = serve->asks;
	int64_t id;

	if (!json_int(json_get(params, "id"), &id))
		return;
	while (ask && ask->id != id)
		ask = ask->next;
	if (!ask)
		return;
	engine_cancel(ask->pull);
	fail(serve, id, ERR_CANCELLED, "cancelled");
	ask_free(ask);
}

static const struct method {
	const char *name;
	void (*fn)(struct serve *serve, int64_t id, const struct json *params);
	bool wants_source;
} methods[] = {
	{.name = "hello", .fn = on_hello},
	{.name = "pull", .fn = on_pull, .wants_source = true},
	{.name = "log", .fn = on_log, .wants_source = true},
};

/* An answer of its own: no code of ours means it. */
static void no_method(struct serve *serve, int64_t id)
{
	struct json_writer w = {.out = &serve->line};

	buf_reset(&serve->line);
	json_open(&w, '{');
	json_key(&w, "jsonrpc");
	json_put_str(&w, STR("2.0"));
	json_key(&w, "id");
	json_put_int(&w, id);
	json_key(&w, "error");
	json_open(&w, '{');
	json_key(&w, "code");
	json_put_int(&w, RPC_NO_METHOD);
	json_key(&w, "message");
	json_put_str(&w, STR("no such method"));
	json_close(&w, '}');
	json_close(&w, '}');
	buf_addc(&serve->line, '\n');
	peer_send_line(serve->peer, buf_str(&serve->line));
}

static void request(void *ctx, int64_t id, struct str method, const struct json *params)
{
	struct serve *serve = ctx;

	if (str_is(method, "cancel")) {
		cancel(serve, params);
		peer_reply(serve->peer, id, STR("{}"));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (!str_is(method, methods[i].name))
			continue;
		if (methods[i].wants_source && !serve->engine)
			fail(serve, id, ERR_USAGE, "say hello first");
		else
			methods[i].fn(serve, id, params);
		return;
	}
	no_method(serve, id);
}

static void notify(void *ctx, struct str method, const struct json *params)
{
	if (str_is(method, "cancel"))
		cancel(ctx, params);
}

static void closed(void *ctx, const struct err *err)
{
	struct serve *serve = ctx;

	/* That the other end went away is how we are ended. */
	if (err && err->code == ERR_FAILED)
		say(serve->source ? serve->source->name : NULL, err->msg);
	loop_stop(serve->loop);
}

static const struct peer_ops peer_ops = {.request = request, .notify = notify, .closed = closed};

bool serve(struct loop *loop, int in, int out, const struct config_source *source, struct err *err)
{
	struct serve serve = {.loop = loop};
	bool ok = true;

	buf_init(&serve.line, PEER_MOST_LINE);
	if (source)
		ok = open_source(&serve, source, err);
	if (ok) {
		serve.peer = peer_new(loop, in, out, &peer_ops, &serve);
		loop_run(loop);
	}
	engine_free(serve.engine);
	while (serve.asks)
		ask_free(serve.asks);
	if (serve.peer)
		peer_free(serve.peer);
	config_free(serve.config);
	buf_fini(&serve.line);
	return ok;
}
