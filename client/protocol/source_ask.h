/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is asked of a source. For client/protocol/source.c, which carries requests
 * to the process and back, and source_ask.c, which knows what each method says.
 */
#ifndef CLIENT_PROTOCOL_SOURCE_ASK_H
#define CLIENT_PROTOCOL_SOURCE_ASK_H

#include "client/protocol/source.h"

enum ask_phase {
	ASK_QUEUED,
	ASK_SENT,
	ASK_DROPPED, /* a pull that was cancelled and has not answered: its records still come */
	ASK_REFUSED, /* for a method that the source does not have: told, not sent */
	ASK_GREETED, /* nothing is to be sent: it is told as it is */
};

struct ask {
	struct ask *next;
	struct source *source;
	int64_t id, peer_id;
	enum ask_phase phase;
	const struct ask_method *method;
	struct buf params;
	union {
		const struct source_pull_ops *pull;
		const struct source_log_ops *log;
		const struct source_series_ops *series;
		const struct source_artifacts_ops *artifacts;
		const struct source_artifact_ops *artifact;
		source_acted_fn acted;
		source_over over;
	} to; /* by the method */
	void *ctx;
	bool is_follow;
	struct err breach; /* what was wrong with something it said; its end is then a failure */
	bool *is_gone;	   /* set when it is freed, for who calls it more than once */
};

struct ask_method {
	const char *name;
	/* The notification that bears its id, and who reads that. BREACH says what is wrong with it. */
	const char *notice;
	void (*hear)(const struct ask *ask, const struct json *params, struct err *breach);
	/* What the result holds besides the end; it calls as long as *ASK's `is_gone` is not set. */
	void (*unpack)(const struct ask *ask, const struct json *result, const bool *is_gone);
	/* The end. RESULT is NULL where ERR is not; WAS_SENT: the source may have done something. */
	void (*end)(const struct ask *ask, const struct json *result, bool was_sent, const struct err *err);
};

extern const struct ask_method ask_pull, ask_log, ask_series, ask_artifacts, ask_artifact, ask_act, ask_greet;

/* Source.c's part: a request of METHOD in the list, to be filled; then sent when it may be. */
struct ask *source_add_ask(struct source *source, const struct ask_method *method, void *ctx);
int64_t source_send_ask(struct source *source, struct ask *ask);

#endif
