/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source's conversation seen from close by, for the conformance test: every line
 * is judged, and what client/protocol/source.c would put right is told. One request
 * at a time. It blocks: for commands, never for the portal.
 */
#ifndef CLIENT_PROTOCOL_PROBE_H
#define CLIENT_PROTOCOL_PROBE_H

#include "client/base/json.h"
#include "client/config/config.h"

struct probe;

struct probe_ops {
	/* A notification; PARAMS dies on return. */
	void (*notify)(void *ctx, struct str method, const struct json *params);
	/* A line of its standard error, as it came. */
	void (*said)(void *ctx, struct str line);
};

/* Starts the source's process. SILENCE_MS without a byte ends a wait. OPS is borrowed. */
struct probe *probe_open(const struct config *config, const struct config_source *source, int silence_ms,
	const struct probe_ops *ops, void *ctx, struct err *err);
/* Ends the process. NULL is nothing. */
void probe_close(struct probe *probe);

/* Sends a request; PARAMS is the JSON text of an object. Returns its id. */
int64_t probe_ask(struct probe *probe, const char *method, struct str params);
/* Tells it to end the request ID. */
void probe_cancel(struct probe *probe, int64_t id);

struct probe_answer {
	struct json_doc *doc;	   /* json_free it */
	const struct json *result; /* NULL where it is an error */
	int64_t code;		   /* of an error; 0: none */
	struct str message;
};
/* Waits for the answer to ID. False with ERR: silence, an end, or a line that ends the conversation. */
bool probe_wait(struct probe *probe, int64_t id, struct probe_answer *out, struct err *err);
/* Closes its input and waits at most WAIT_MS for its end; *STATUS is as of proc_end. */
bool probe_end(struct probe *probe, int wait_ms, int *status);
/* The first thing that was wrong with a line, whoever asked; "" for nothing. */
const char *probe_fault(const struct probe *probe);

#endif
