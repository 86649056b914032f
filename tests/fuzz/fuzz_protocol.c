/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes from the other end of a conversation: through the peer, and what parses through
 * the records, written and read again. */
#include "client/base/mem.h"
#include "client/protocol/peer.h"
#include "client/protocol/record.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct scene {
	struct peer *peer;
	bool is_closed;
};

/* Reads PARAMS as KIND; what was written of it must read again. */
static void try_record(enum record_kind kind, const struct json *params)
{
	struct arena *arena = arena_new();
	struct record record, again;
	struct err err = {0};
	struct buf line;
	buf_init(&line, 0);
	if (record_read(arena, kind, params, &record, &err)) {
		record_write(&line, &record);
		struct json_doc *doc = json_parse(buf_str(&line), &err);
		BUG_ON(!doc || line.p[line.n - 1] != '\n');
		BUG_ON(!record_read(arena, kind, json_get(json_root(doc), "params"), &again, &err));
		json_free(doc);
	}
	buf_fini(&line);
	arena_free(arena);
}

static void on_request(void *ctx, int64_t id, struct str method, const struct json *params)
{
	struct scene *scene = ctx;
	(void)params;
	peer_fail_method(scene->peer, id, method);
}

static void on_notify(void *ctx, struct str method, const struct json *params)
{
	(void)ctx;
	(void)method;
	for (int kind = 0; kind < RECORD_KINDS; kind++)
		try_record((enum record_kind)kind, params);
}

static void on_closed(void *ctx, const struct err *err)
{
	struct scene *scene = ctx;
	BUG_ON(scene->is_closed || !err->code);
	scene->is_closed = true;
}

static void on_reply(void *ctx, const struct json *result, const struct err *err)
{
	int *n_left = ctx;
	BUG_ON(result && err);
	BUG_ON((*n_left)-- <= 0);
}

static const struct peer_ops ops = {.request = on_request, .notify = on_notify, .closed = on_closed};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { ASKS = 3 };
	int ends[2], n_left = ASKS;
	struct scene scene = {0};
	if (size > 32768 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return 0;
	signal(SIGPIPE, SIG_IGN);
	struct loop *loop = loop_new();
	scene.peer = peer_new(loop, ends[0], ends[0], &ops, &scene);
	for (int i = 0; i < ASKS; i++)
		peer_ask(scene.peer, "a", (struct str){0}, on_reply, &n_left);
	BUG_ON(write(ends[1], data, size) != (ssize_t)size);
	loop_step(loop, 0);
	close(ends[1]);
	while (!scene.is_closed)
		loop_step(loop, -1);
	BUG_ON(n_left);
	peer_free(scene.peer);
	loop_free(loop);
	close(ends[0]);
	return 0;
}
