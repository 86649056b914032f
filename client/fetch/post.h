/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One POST of JSON to an address that only the environment knows: how the notices of sync reach a webhook.
 * Asked by the method `notify {address_env body}`, with or without a hello. Answered by {done retry
 * retry_after_ms message}: `yes`; `no`, it was surely not taken, and whether another try makes sense; or
 * `unknown`. It goes out once: another try is the asker's to decide.
 */
#ifndef CLIENT_FETCH_POST_H
#define CLIENT_FETCH_POST_H

#include "client/protocol/peer.h"

struct post;

struct posts {
	struct loop *loop;
	struct peer *peer;
	struct post *first;
};

void posts_start(struct posts *posts, int64_t id, const struct json *params);
/* Ends those under way without an answer. */
void posts_fini(struct posts *posts);

#endif
