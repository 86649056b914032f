/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One end of a JSON-RPC 2.0 conversation, an object a line (contracts.md section
 * 6), over two descriptors watched on a loop. The same code serves both ends: the
 * portal, and porthole-source.
 */
#ifndef CLIENT_PROTOCOL_PEER_H
#define CLIENT_PROTOCOL_PEER_H

#include "client/base/json.h"
#include "client/base/loop.h"

enum { PEER_MOST_LINE = 16 << 20 };

enum rpc_error {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_NO_METHOD = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_FAILED = -32603,
	RPC_CANCELLED = -32800,
	RPC_AUTH = -32001,
	RPC_NOT_FOUND = -32002,
	RPC_UNAVAILABLE = -32003,
	RPC_REFUSED = -32004,
};

struct peer;

struct peer_ops {
	/* They ask; answer with peer_reply or peer_fail, now or later. PARAMS dies on return. */
	void (*request)(void *ctx, int64_t id, struct str method, const struct json *params);
	/* They tell. */
	void (*notify)(void *ctx, struct str method, const struct json *params);
	/* The conversation is over: end of file, a broken pipe (ERR_UNAVAILABLE) or a line that is
	 * no JSON-RPC (ERR_FAILED). Requests under way were answered with ERR_UNAVAILABLE before.
	 * Told once; what is sent afterwards goes nowhere. */
	void (*closed)(void *ctx, const struct err *err);
};

/* The answer to one of our requests: RESULT, or ERR where it failed; both die on return. */
typedef void (*peer_reply_fn)(void *ctx, const struct json *result, const struct err *err);

/* IN and OUT are borrowed (and may be the same), their mode is left alone: a write follows a
 * poll that allows it and is at most PIPE_BUF, so that it does not wait. SIGPIPE must be
 * ignored. OPS is static. */
struct peer *peer_new(struct loop *loop, int in, int out, const struct peer_ops *ops, void *ctx);
/* May be called from within a callback of this peer. Requests under way are forgotten without a call. */
void peer_free(struct peer *peer);

/* Asks; PARAMS is the JSON text of an object. Returns the request's id. */
int64_t peer_ask(struct peer *peer, const char *method, struct str params, peer_reply_fn fn, void *ctx);
/* Sends `cancel` for it and forgets it: FN will not be called. */
void peer_cancel(struct peer *peer, int64_t id);
/* A notification whose whole line (with its end) is LINE; see record_write. */
void peer_send_line(struct peer *peer, struct str line);
void peer_tell(struct peer *peer, const char *method, struct str params);
void peer_reply(struct peer *peer, int64_t id, struct str result);
void peer_fail(struct peer *peer, int64_t id, const struct err *err);
/* Answers a request for a method that we do not have. */
void peer_fail_method(struct peer *peer, int64_t id, struct str method);
/* Bytes not yet taken by the other end: a producer stops above a mark of its own. */
size_t peer_backlog(const struct peer *peer);
/* Stops and resumes reading: for a consumer that is behind. */
void peer_pause(struct peer *peer, bool is_paused);
/* When the last byte came (clock_mono_ms), for who watches over silence. */
int64_t peer_heard_ms(const struct peer *peer);
/* Whether the conversation is over: inside a reply, whether ERR is ours and not theirs. */
bool peer_is_closed(const struct peer *peer);

#endif
