/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whom to tell what, and the queue of it in the team store. A notice is added in the transaction of what it
 * tells of: a problem that is new, returns, comes back from a snooze or grows (team.h), or a question. Sync
 * sends it (client/sync/notices.h).
 *
 * None is sent twice: it is claimed before, in a transaction of its own, and goes back to the queue only
 * where the other end surely did not take it (no connection; an answer that says no; a command that says so).
 * Where that is not known (the answer was lost, or we were killed between sending and noting it) it is
 * `unknown` and stays so: told in doubt is left to people. No queue can know better without the receiver's
 * help, which has the notice's id to tell doubles by.
 */
#ifndef CLIENT_TRIAGE_NOTIFY_H
#define CLIENT_TRIAGE_NOTIFY_H

#include "client/catalogue/store.h"
#include "client/config/config.h"

enum {
	NOTIFY_MOST_SINGLE = 5, /* of one pass to one target; more of them go as one */
	NOTIFY_FIRST_PAUSE_MS = 30 * 1000,
	NOTIFY_MOST_PAUSE_MS = 60 * 60 * 1000,
	NOTIFY_GIVE_UP_MS = 24 * 60 * 60 * 1000,
	NOTIFY_CLAIM_MS = 10 * 60 * 1000, /* who sends for longer has died */
};

/* Where the questions to OWNER ("@data-eng", may be NULL) go: the entry that lists it, else the one with its
 * name (with or without "@"). NULL: nobody said. */
const struct config_notify *notify_target_of(const struct config *config, const char *owner);

/* Queues what the events of sync behind event MARK tell of, to all who want it. In the transaction that
 * added them. */
bool notify_queue(
	struct store *store, const struct config *config, int64_t now_ms, int64_t mark, struct err *err);
/* Queues the question of EVENT to TARGET. */
bool notify_ask(struct store *store, const struct config *config, const char *target, int64_t event,
	int64_t now_ms, struct err *err);

struct notice {
	int64_t id, at_ms, tries;
	const struct config_notify *target;
	const char *body; /* JSON, see notify.c */
};

/* Claims at most MOST notices whose time has come, for targets that CONFIG knows; in ARENA. */
bool notify_claim(struct store *store, const struct config *config, int64_t now_ms, struct arena *arena,
	struct notice *out, size_t most, size_t *n, struct err *err);

enum notify_outcome {
	NOTIFY_SENT,
	NOTIFY_LATER,	/* surely not taken: again, later and later */
	NOTIFY_REFUSED, /* surely not taken, and will not be */
	NOTIFY_UNKNOWN,
};
/* How it went. RETRY_AFTER_MS 0: as ever; ERROR is without secrets, NULL: none. *GAVE_UP (may be NULL): it is
 * not tried again, and did not surely arrive. */
bool notify_end(struct store *store, const struct notice *notice, enum notify_outcome outcome,
	int64_t retry_after_ms, const char *error, int64_t now_ms, bool *gave_up, struct err *err);

/* A webhook's body in the form that its target wants. */
void notify_add_body(struct buf *out, const struct notice *notice);
/* The argv of its command, with {title} {ref} {text} {event} {severity} {owner} {pipeline} put in. A text
 * from outside never becomes an option: where it would stand first with a dash, a blank stands before it. */
const char *const *notify_argv(struct arena *arena, const struct notice *notice);

#endif
