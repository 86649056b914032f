/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/peer.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/protocol/ahead.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	READ_CHUNK = 64 << 10,
	WRITE_ROUND = 256 << 10, /* bytes written before others get their turn */
	MOST_BACKLOG = 64 << 20, /* an end that takes nothing is given up at this */
	KEEP_BUFFER = 1 << 20,	 /* a larger buffer is freed when it is empty */
};

/* One of our requests under way. */
struct ask {
	struct ask *next;
	int64_t id;
	peer_reply_fn fn;
	void *ctx;
};

struct peer {
	struct loop *loop;
	const struct peer_ops *ops;
	void *ctx;
	int in, out;
	struct loop_fd *in_watch, *out_watch; /* NULL once closed */
	struct loop_timer *kick;	      /* work that needs no byte from outside */

	struct buf input;    /* from the start of the line that is not complete */
	struct ahead *ahead; /* NULL until much came in at once */
	bool is_ahead;	     /* with the lines that are being served */
	size_t scanned;	     /* bytes of it known to hold no line end */
	struct buf output;   /* lines not taken; the first `sent` bytes are gone already */
	size_t sent;
	int64_t heard_ms, next_id;
	uint64_t line_no;
	struct ask *asks;

	struct err broken; /* why it must close, found where no callback may run */
	bool is_closed, is_paused;
	bool is_serving; /* inside something that calls back: peer_free leaves the rest to `leave` */
	bool is_freed;
};

/* The one table between the protocol's errors and ours; the first row that fits is taken. */
static const struct {
	enum rpc_error rpc;
	enum err_code code;
} codes[] = {
	{RPC_FAILED, ERR_FAILED},
	{RPC_INVALID_PARAMS, ERR_USAGE},
	{RPC_NOT_FOUND, ERR_NOT_FOUND},
	{RPC_NO_METHOD, ERR_NOT_FOUND}, /* "this source has no logs" is an answer, not a failure */
	{RPC_REFUSED, ERR_REFUSED},
	{RPC_AUTH, ERR_AUTH},
	{RPC_UNAVAILABLE, ERR_UNAVAILABLE},
	{RPC_CANCELLED, ERR_CANCELLED},
};

static enum err_code code_of(int64_t rpc)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].rpc == rpc)
			return codes[i].code;
	return ERR_FAILED;
}

static enum rpc_error rpc_of(enum err_code code)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return codes[i].rpc;
	return RPC_FAILED;
}

/* --- life ----------------------------------------------------------------- */

static void on_readable(void *ctx, int events);
static void on_writable(void *ctx, int events);

struct peer *peer_new(struct loop *loop, int in, int out, const struct peer_ops *ops, void *ctx)
{
	struct peer *peer = x_new(struct peer);
	*peer = (struct peer){.loop = loop, .ops = ops, .ctx = ctx, .in = in, .out = out, .next_id = 1};
	peer->heard_ms = clock_mono_ms();
	buf_init(&peer->input, PEER_MOST_LINE + READ_CHUNK);
	buf_init(&peer->output, MOST_BACKLOG);
	peer->in_watch = loop_watch(loop, in, LOOP_READ, on_readable, peer);
	peer->out_watch = loop_watch(loop, out, 0, on_writable, peer);
	return peer;
}

static void stop_watching(struct peer *peer)
{
	loop_unwatch(peer->in_watch);
	loop_unwatch(peer->out_watch);
	loop_cancel(peer->kick);
	peer->in_watch = peer->out_watch = NULL;
	peer->kick = NULL;
}

/* The lines are not where they were, or not for serving, from here on. */
static void stop_ahead(struct peer *peer)
{
	if (peer->is_ahead)
		ahead_end(peer->ahead);
	peer->is_ahead = false;
}

static void destroy(struct peer *peer)
{
	ahead_free(peer->ahead);
	while (peer->asks) {
		struct ask *ask = peer->asks;
		peer->asks = ask->next;
		x_free(ask);
	}
	buf_fini(&peer->input);
	buf_fini(&peer->output);
	x_free(peer);
}

void peer_free(struct peer *peer)
{
	if (!peer)
		return;
	stop_watching(peer);
	peer->is_freed = true;
	if (!peer->is_serving)
		destroy(peer);
}

/* Around everything that calls back. */
static void enter(struct peer *peer)
{
	BUG_ON(peer->is_serving);
	peer->is_serving = true;
}

static void leave(struct peer *peer)
{
	peer->is_serving = false;
	if (peer->is_freed)
		destroy(peer);
}

/* Answers the requests of now with ERR; what a callback asks meanwhile waits for its own turn. */
static void fail_asks(struct peer *peer, const struct err *err)
{
	int64_t first_new = peer->next_id;
	while (!peer->is_freed && peer->asks && peer->asks->id < first_new) {
		struct ask *ask = peer->asks;
		peer->asks = ask->next;
		ask->fn(ask->ctx, NULL, err);
		x_free(ask);
	}
}

static void close_peer(struct peer *peer, const struct err *why)
{
	struct err told = *why;
	stop_watching(peer);
	peer->is_closed = true;
	peer->broken = told;
	peer->broken.code = ERR_UNAVAILABLE;
	stop_ahead(peer);
	buf_fini(&peer->input);
	buf_fini(&peer->output);
	peer->sent = 0;

	fail_asks(peer, &peer->broken);
	if (!peer->is_freed && peer->ops->closed)
		peer->ops->closed(peer->ctx, &told);
}

static void serve_lines(struct peer *peer);

/* What had to wait for the loop: a breach found while sending, lines read before a pause,
 * requests made after the end. */
static void on_kick(void *ctx)
{
	struct peer *peer = ctx;
	peer->kick = NULL;
	enter(peer);
	if (peer->is_closed)
		fail_asks(peer, &peer->broken);
	else if (peer->broken.code)
		close_peer(peer, &peer->broken);
	else
		serve_lines(peer);
	leave(peer);
}

static void kick(struct peer *peer)
{
	if (!peer->kick && !peer->is_freed)
		peer->kick = loop_after(peer->loop, 0, on_kick, peer);
}

/* --- what comes in -------------------------------------------------------- */

static void breach(struct peer *peer, const char *what)
{
	struct err err = {0};
	err_set(&err, ERR_FAILED, "line %llu %s", (unsigned long long)peer->line_no, what);
	close_peer(peer, &err);
}

/* An error object as ERR. */
static void read_error(const struct json *error, struct err *err)
{
	int64_t code = RPC_FAILED, retry_ms = 0;
	struct str message = json_get_str(error, "message");
	json_int(json_get(error, "code"), &code);
	json_int(json_get(json_get(error, "data"), "retry_after_ms"), &retry_ms);
	if (message.n)
		err_set(err, code_of(code), "%.*s",
			(int)(message.n < sizeof err->msg ? message.n : sizeof err->msg), message.p);
	else
		err_set(err, code_of(code), "error %lld without a message", (long long)code);
	err->retry_after_ms = retry_ms > 0 ? retry_ms : 0;
}

static struct ask *take_ask(struct peer *peer, int64_t id)
{
	for (struct ask **at = &peer->asks; *at; at = &(*at)->next) {
		struct ask *ask = *at;
		if (ask->id != id)
			continue;
		*at = ask->next;
		return ask;
	}
	return NULL;
}

/* An answer to nothing is an answer to something that was cancelled. */
static void serve_answer(struct peer *peer, const struct json *root)
{
	int64_t id;
	struct ask *ask = json_int(json_get(root, "id"), &id) ? take_ask(peer, id) : NULL;
	if (!ask)
		return;
	const struct json *error = json_get(root, "error");
	struct err err = {0};
	if (json_type(error) > JSON_NULL)
		read_error(error, &err);
	ask->fn(ask->ctx, err.code ? NULL : json_get(root, "result"), err.code ? &err : NULL);
	x_free(ask);
}

static void add_error(struct peer *peer, const char *id, enum rpc_error rpc, const struct err *err);

static void serve_question(struct peer *peer, struct str method, const struct json *root)
{
	const struct json *params = json_get(root, "params"), *id = json_get(root, "id");
	int64_t number;
	if (json_type(id) <= JSON_NULL) {
		if (peer->ops->notify)
			peer->ops->notify(peer->ctx, method, params);
	} else if (json_type(id) != JSON_INT || !json_int(id, &number)) {
		struct err err = {.msg = "the id of a request must be a whole number"};
		add_error(peer, "null", RPC_INVALID_REQUEST, &err);
	} else if (peer->ops->request) {
		peer->ops->request(peer->ctx, number, method, params);
	} else {
		peer_fail_method(peer, number, method);
	}
}

static void serve_object(struct peer *peer, const struct json *root)
{
	struct str method = json_get_str(root, "method");
	bool is_answer = json_get(root, "result") || json_get(root, "error");
	if (json_type(root) == JSON_ARRAY)
		breach(peer, "is a batch: send one object a line");
	else if (!str_is(json_get_str(root, "jsonrpc"), "2.0") || (!method.n && !is_answer))
		breach(peer, "is JSON but no JSON-RPC 2.0");
	else if (method.n)
		serve_question(peer, method, root);
	else
		serve_answer(peer, root);
}

static void serve_line(struct peer *peer, struct str line)
{
	peer->line_no++;
	if (line.n > PEER_MOST_LINE) {
		breach(peer, "is longer than 16 MiB");
		return;
	}
	if (!str_trim(line).n)
		return;
	struct json_doc *own = peer->is_ahead ? NULL : json_parse(line, NULL);
	const struct json_doc *doc = peer->is_ahead ? ahead_take(peer->ahead) : own;
	if (doc)
		serve_object(peer, json_root(doc));
	else
		breach(peer, "is no JSON");
	json_free(own);
}

/* Cuts the next whole line behind *FROM bytes of the input. */
static bool next_line(struct peer *peer, size_t *from, struct str *line)
{
	struct buf *input = &peer->input;
	size_t start = *from > peer->scanned ? *from : peer->scanned;
	const char *end = start < input->n ? memchr(input->p + start, '\n', input->n - start) : NULL;
	if (!end) {
		peer->scanned = input->n;
		return false;
	}
	*line = (struct str){input->p + *from, (size_t)(end - input->p) - *from};
	*from += line->n + 1;
	return true;
}

/* Has the lines that were read parsed ahead, where they are many; the first may be one of 16 MB. */
static void start_ahead(struct peer *peer)
{
	const struct buf *input = &peer->input;
	const char *end = input->n >= AHEAD_LEAST_BYTES ? memrchr(input->p, '\n', input->n) : NULL;
	size_t n = end ? (size_t)(end + 1 - input->p) : 0;
	if (n < AHEAD_LEAST_BYTES || n > 2 * READ_CHUNK || (!peer->ahead && !(peer->ahead = ahead_new())))
		return;
	ahead_begin(peer->ahead, (struct str){input->p, n});
	peer->is_ahead = true;
}

/* Serves the whole lines that were read, until somebody pauses, closes or frees. */
static void serve_lines(struct peer *peer)
{
	size_t from = 0;
	struct str line;
	if (!peer->is_paused)
		start_ahead(peer);
	while (!peer->is_freed && !peer->is_closed && !peer->is_paused && next_line(peer, &from, &line))
		serve_line(peer, line);
	stop_ahead(peer);
	if (peer->is_freed || peer->is_closed)
		return;
	buf_drop(&peer->input, from);
	peer->scanned = peer->scanned > from ? peer->scanned - from : 0;
	if (!peer->is_paused && peer->input.n > PEER_MOST_LINE) {
		peer->line_no++;
		breach(peer, "is longer than 16 MiB");
		return;
	}
	loop_fd_events(peer->in_watch, peer->is_paused ? 0 : LOOP_READ);
	if (!peer->input.n && peer->input.cap > KEEP_BUFFER) {
		buf_fini(&peer->input);
		buf_init(&peer->input, PEER_MOST_LINE + READ_CHUNK);
	}
}

static void end_of_file(struct peer *peer, int error)
{
	struct err err = {0};
	if (error)
		err_set(&err, ERR_UNAVAILABLE, "cannot read: %s", strerror(error));
	else if (peer->input.n)
		err_set(&err, ERR_UNAVAILABLE, "ended in the middle of a line");
	else
		err_set(&err, ERR_UNAVAILABLE, "ended the conversation");
	close_peer(peer, &err);
}

static void on_readable(void *ctx, int events)
{
	(void)events;
	struct peer *peer = ctx;
	char *at = buf_reserve(&peer->input, READ_CHUNK);
	BUG_ON(!at); /* serve_lines keeps less than a chunk over the longest line */
	ssize_t n = read(peer->in, at, READ_CHUNK);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	enter(peer);
	if (n <= 0) {
		end_of_file(peer, n < 0 ? errno : 0);
	} else {
		peer->heard_ms = clock_mono_ms();
		peer->input.n += (size_t)n;
		serve_lines(peer);
	}
	leave(peer);
}

void peer_pause(struct peer *peer, bool is_paused)
{
	if (peer->is_closed || peer->is_paused == is_paused)
		return;
	peer->is_paused = is_paused;
	if (is_paused)
		loop_fd_events(peer->in_watch, 0);
	else
		kick(peer); /* what was read comes first, then serve_lines reads on */
}

/* --- what goes out -------------------------------------------------------- */

/* Writes while the other end takes it. Poll's word holds for PIPE_BUF bytes of a pipe, and so
 * no write waits although the descriptor may be one that we share with a shell. */
static bool flush(struct peer *peer)
{
	struct buf *output = &peer->output;
	for (size_t done = 0; peer->sent < output->n && done < WRITE_ROUND;) {
		struct pollfd pfd = {.fd = peer->out, .events = POLLOUT};
		if (poll(&pfd, 1, 0) <= 0)
			return true;
		size_t left = output->n - peer->sent;
		ssize_t n = write(peer->out, output->p + peer->sent, left < PIPE_BUF ? left : PIPE_BUF);
		if (n < 0)
			return errno == EINTR || errno == EAGAIN;
		peer->sent += (size_t)n;
		done += (size_t)n;
	}
	return true;
}

static void on_writable(void *ctx, int events)
{
	(void)events;
	struct peer *peer = ctx;
	if (!flush(peer)) {
		struct err err = {0};
		err_set(&err, ERR_UNAVAILABLE, "cannot write: %s", strerror(errno));
		enter(peer);
		close_peer(peer, &err);
		leave(peer);
		return;
	}
	if (peer->sent < peer->output.n)
		return;
	peer->sent = 0;
	buf_reset(&peer->output);
	if (peer->output.cap > KEEP_BUFFER) {
		buf_fini(&peer->output);
		buf_init(&peer->output, MOST_BACKLOG);
	}
	loop_fd_events(peer->out_watch, 0);
}

/* Ends a message that was put into the output; what did not fit breaks the conversation. */
static void end_message(struct peer *peer)
{
	if (peer->output.is_over && !peer->broken.code) {
		err_set(&peer->broken, ERR_FAILED, "more than %d MiB wait to be taken", MOST_BACKLOG >> 20);
		kick(peer);
	}
	loop_fd_events(peer->out_watch, LOOP_WRITE);
}

/* Makes room at the front, where most of the output is gone already. */
static bool begin_message(struct peer *peer)
{
	if (peer->is_closed || peer->is_freed || peer->broken.code)
		return false;
	if (peer->sent > KEEP_BUFFER && peer->sent > peer->output.n / 2) {
		buf_drop(&peer->output, peer->sent);
		peer->sent = 0;
	}
	return true;
}

static void send_message(struct peer *peer, int64_t id, const char *method, struct str params)
{
	BUG_ON(params.n && memchr(params.p, '\n', params.n));
	if (!begin_message(peer))
		return;
	struct buf *output = &peer->output;
	buf_addz(output, "{\"jsonrpc\":\"2.0\"");
	if (id)
		buf_addf(output, ",\"id\":%lld", (long long)id);
	buf_addf(output, ",\"method\":\"%s\"", method);
	if (params.n) {
		buf_addz(output, ",\"params\":");
		buf_add(output, params);
	}
	buf_addz(output, "}\n");
	end_message(peer);
}

int64_t peer_ask(struct peer *peer, const char *method, struct str params, peer_reply_fn fn, void *ctx)
{
	struct ask *ask = x_new(struct ask);
	*ask = (struct ask){.id = peer->next_id++, .fn = fn, .ctx = ctx};
	struct ask **end = &peer->asks;
	while (*end)
		end = &(*end)->next;
	*end = ask;
	if (peer->is_closed)
		kick(peer);
	else
		send_message(peer, ask->id, method, params);
	return ask->id;
}

void peer_cancel(struct peer *peer, int64_t id)
{
	struct ask *ask = take_ask(peer, id);
	if (!ask)
		return;
	x_free(ask);
	struct buf params;
	buf_init(&params, 0);
	buf_addf(&params, "{\"id\":%lld}", (long long)id);
	peer_tell(peer, "cancel", buf_str(&params));
	buf_fini(&params);
}

void peer_tell(struct peer *peer, const char *method, struct str params)
{
	send_message(peer, 0, method, params);
}

void peer_send_line(struct peer *peer, struct str line)
{
	BUG_ON(!line.n || line.p[line.n - 1] != '\n');
	if (!begin_message(peer))
		return;
	buf_add(&peer->output, line);
	end_message(peer);
}

void peer_reply(struct peer *peer, int64_t id, struct str result)
{
	if (!begin_message(peer))
		return;
	buf_addf(&peer->output, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":", (long long)id);
	buf_add(&peer->output, result.n ? result : STR("null"));
	buf_addz(&peer->output, "}\n");
	end_message(peer);
}

static void add_error(struct peer *peer, const char *id, enum rpc_error rpc, const struct err *err)
{
	if (!begin_message(peer))
		return;
	struct buf *output = &peer->output;
	struct json_writer w = {.out = output};
	buf_addf(output, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":%d,\"message\":", id, (int)rpc);
	json_put_str(&w, str_of(err->msg));
	if (err->retry_after_ms > 0)
		buf_addf(output, ",\"data\":{\"retry_after_ms\":%lld}", (long long)err->retry_after_ms);
	buf_addz(output, "}}\n");
	end_message(peer);
}

static void fail_with(struct peer *peer, int64_t id, enum rpc_error rpc, const struct err *err)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)id);
	add_error(peer, text, rpc, err);
}

void peer_fail(struct peer *peer, int64_t id, const struct err *err)
{
	fail_with(peer, id, rpc_of(err->code), err);
}

void peer_fail_method(struct peer *peer, int64_t id, struct str method)
{
	struct err err = {0};
	err_set(&err, ERR_NOT_FOUND, "no method '%.*s'", (int)(method.n < 64 ? method.n : 64), method.p);
	fail_with(peer, id, RPC_NO_METHOD, &err);
}

size_t peer_backlog(const struct peer *peer)
{
	return peer->output.n - peer->sent;
}

int64_t peer_heard_ms(const struct peer *peer)
{
	return peer->heard_ms;
}

bool peer_is_closed(const struct peer *peer)
{
	return peer->is_closed;
}
