/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/post.h"

#include "client/base/mem.h"
#include "client/fetch/http.h"

#include <stdio.h>
#include <stdlib.h>

enum { POST_DEADLINE_MS = 8000, POST_MOST_ANSWER = 64 << 10 };

/* Kept until the process ends, which is soon: a transport cannot go from within its own callback. */
struct post {
	struct post *next;
	struct posts *posts;
	int64_t id;
	struct config_source source;
	char *name, *address, *body;
	struct transport *transport;
	struct transfer *transfer; /* NULL: over */
};

static void answer(
	struct post *post, const char *done, bool retry, int64_t retry_after_ms, const char *message)
{
	struct buf line;

	buf_init(&line, 0);
	struct json_writer w = {.out = &line};
	json_open(&w, '{');
	json_key(&w, "done");
	json_put_str(&w, str_of(done));
	json_key(&w, "retry");
	json_put_bool(&w, retry);
	json_key(&w, "retry_after_ms");
	json_put_int(&w, retry_after_ms);
	json_key(&w, "message");
	json_put_str(&w, str_of(message));
	json_close(&w, '}');
	peer_reply(post->posts->peer, post->id, buf_str(&line));
	buf_fini(&line);
}

static bool is_worth_another_try(int status)
{
	return status == 408 || status == 429 || status >= 500;
}

static void done(void *ctx, const struct transfer_end *end, const struct err *err)
{
	struct post *post = ctx;
	char message[128];

	post->transfer = NULL;
	snprintf(message, sizeof message, "HTTP %d", end->status);
	if (end->status >= 200 && end->status < 300) /* whatever became of the rest of the answer */
		answer(post, "yes", false, 0, message);
	else if (end->status)
		answer(post, "no", is_worth_another_try(end->status), end->retry_after_ms, message);
	else
		answer(post, end->is_unsent ? "no" : "unknown", end->is_unsent, 0,
			err ? err->msg : "no answer");
}

static void take_nothing(void *ctx, int status, struct str bytes)
{
	(void)ctx;
	(void)status;
	(void)bytes;
}

static void send_body(struct post *post)
{
	static const struct transfer_ops ops = {.body = take_nothing, .done = done};
	size_t n = strlen(post->address);

	while (n > 0 && post->address[n - 1] == '/')
		n--;
	const struct request request = {.kind = REQUEST_HTTP,
		.flags = REQUEST_ACTS | REQUEST_ANY_STATUS | REQUEST_NO_AUTH,
		.method = "POST",
		.path = post->address + n, /* the slashes that the transport took off */
		.body = str_of(post->body),
		.content_type = "application/json"};
	const struct transfer_request ask = {
		.request = &request, .deadline_ms = POST_DEADLINE_MS, .most_bytes = POST_MOST_ANSWER};
	post->transfer = post->transport->ops->start(post->transport, &ask, &ops, post);
}

static struct post *post_new(struct posts *posts, int64_t id, const struct json *params)
{
	struct post *post = x_new(struct post);
	struct str name = json_get_str(params, "address_env"), body = json_get_str(params, "body");

	post->posts = posts;
	post->id = id;
	post->name = x_printf("%.*s", STR_FMT(name));
	post->body = x_printf("%.*s", STR_FMT(body));
	post->next = posts->first;
	posts->first = post;
	const char *address = getenv(post->name);
	post->address = x_strdup(address ? address : "");
	/* the address is the secret: it goes nowhere in the clear, and into no message */
	post->source =
		(struct config_source){.name = post->name, .url = post->address, .token.env = post->name};
	return post;
}

void posts_start(struct posts *posts, int64_t id, const struct json *params)
{
	struct post *post = post_new(posts, id, params);
	struct err err;
	char message[300];

	if (!*post->address) {
		snprintf(message, sizeof message, "the variable %.100s is not set where sync runs",
			post->name);
		answer(post, "no", true, 0, message);
		return;
	}
	post->transport = http_new(posts->loop, &post->source, &err);
	if (post->transport)
		send_body(post);
	else
		answer(post, "no", true, 0, err.msg);
}

void posts_fini(struct posts *posts)
{
	for (struct post *post = posts->first, *next; post; post = next) {
		next = post->next;
		if (post->transfer)
			post->transport->ops->cancel(post->transfer);
		if (post->transport)
			post->transport->ops->free(post->transport);
		x_free(post->name);
		x_free(post->address);
		x_free(post->body);
		x_free(post);
	}
	posts->first = NULL;
}
