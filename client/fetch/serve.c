/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/serve.h"

#include "client/base/mem.h"
#include "client/fetch/ask.h"
#include "client/fetch/files.h"
#include "client/fetch/http.h"
#include "client/fetch/post.h"

enum { PROTOCOL = 1 };

struct serve {
	struct loop *loop;
	struct config *config; /* of hello; NULL where the source was given */
	struct asks asks;      /* and the source, its adapter and engine */
	struct posts posts;    /* of no source */
};

static void fail(struct serve *serve, int64_t id, enum err_code code, const char *message)
{
	struct err err;

	err_set(&err, code, "%s", message);
	peer_fail(serve->asks.peer, id, &err);
}

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
	const struct adapter *adapter = adapter_find(source->kind);

	serve->asks.source = source;
	serve->asks.adapter = adapter;
	if (!adapter)
		return err_set(err, ERR_USAGE, "no adapter for kind '%s' of source '%s'", source->kind,
			source->name);
	if (source->url) {
		transports[REQUEST_HTTP] = http_new(serve->loop, source, err);
		if (!transports[REQUEST_HTTP])
			return false;
	}
	if (source->path)
		transports[REQUEST_FILE] = transports[REQUEST_DIR] = files_new(serve->loop, source->path);
	serve->asks.engine = engine_new(serve->loop, adapter, source, transports, NULL);
	return true;
}

/* --- from the peer --------------------------------------------------------------------- */

static void reply_hello(struct serve *serve, int64_t id)
{
	const struct adapter *adapter = serve->asks.adapter;
	struct buf *line = &serve->asks.line;
	struct json_writer w = {.out = line};

	buf_reset(line);
	json_open(&w, '{');
	json_key(&w, "protocol");
	json_put_int(&w, PROTOCOL);
	json_key(&w, "name");
	json_put_str(&w, str_of(adapter->summary));
	json_key(&w, "methods");
	asks_put_methods(&w, serve->asks.source, adapter);
	json_key(&w, "verbs");
	asks_put_verbs(&w, serve->asks.source, adapter);
	json_close(&w, '}');
	peer_reply(serve->asks.peer, id, buf_str(line));
}

static void on_hello(struct serve *serve, int64_t id, const struct json *params)
{
	const struct config_source *source = serve->asks.source;
	struct err err = {0};
	int64_t protocol = PROTOCOL;

	json_int(json_get(params, "protocol"), &protocol);
	if (protocol != PROTOCOL) {
		fail(serve, id, ERR_USAGE, "this is protocol 1");
		return;
	}
	if (!serve->asks.engine) {
		source = read_section(serve, json_get(params, "config"), &err);
		if (!source || !open_source(serve, source, &err)) {
			peer_fail(serve->asks.peer, id, &err);
			serve->asks.source = NULL;
			config_free(serve->config);
			serve->config = NULL;
			return;
		}
	}
	reply_hello(serve, id);
}

static void cancel(struct serve *serve, const struct json *params)
{
	int64_t id;

	if (json_int(json_get(params, "id"), &id))
		asks_cancel(&serve->asks, id);
}

static void request(void *ctx, int64_t id, struct str method, const struct json *params)
{
	struct serve *serve = ctx;

	if (str_is(method, "hello")) {
		on_hello(serve, id, params);
	} else if (str_is(method, "cancel")) {
		cancel(serve, params);
		peer_reply(serve->asks.peer, id, STR("{}"));
	} else if (str_is(method, "notify")) {
		posts_start(&serve->posts, id, params);
	} else {
		asks_start(&serve->asks, id, method, params);
	}
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
		asks_say(serve->asks.source ? serve->asks.source->name : NULL, err->msg);
	loop_stop(serve->loop);
}

static const struct peer_ops peer_ops = {.request = request, .notify = notify, .closed = closed};

bool serve(struct loop *loop, int in, int out, const struct config_source *source, struct err *err)
{
	struct serve serve = {.loop = loop};
	bool ok = true;

	asks_init(&serve.asks);
	if (source)
		ok = open_source(&serve, source, err);
	if (ok) {
		serve.asks.peer = peer_new(loop, in, out, &peer_ops, &serve);
		serve.posts = (struct posts){.loop = loop, .peer = serve.asks.peer};
		loop_run(loop);
	}
	engine_free(serve.asks.engine);
	posts_fini(&serve.posts);
	peer_free(serve.asks.peer);
	asks_fini(&serve.asks);
	config_free(serve.config);
	return ok;
}
