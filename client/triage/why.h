/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All that is to be known of one problem at night: its cause and kind, what changed, whether it can wait,
 * whether a rerun helps, what to do next. From the catalogue and the team store alone; a few milliseconds.
 */
#ifndef CLIENT_TRIAGE_WHY_H
#define CLIENT_TRIAGE_WHY_H

#include "client/triage/changed.h"
#include "client/triage/next.h"
#include "client/triage/wait.h"

/* One data check, and what it said before. */
struct why_check {
	const char *name, *state;
	double observed, lower, upper; /* NAN: none */
	double *before;		       /* the oldest first */
	size_t n_before;
	int64_t since_ms; /* of the oldest of these */
};

struct why {
	int64_t id;
	const char *kind, *key, *title, *state, *assignee, *known, *owner, *oncall, *fingerprint, *label;
	int64_t count, first_ms, last_ms, closed_ms;
	/* Its newest occurrence; of what has no run, the pipeline or the source. `subject` is the component
	 * of a platform problem. */
	struct ref place;
	const char *subject;
	const char *text; /* the cause, or the title where none was found */
	bool has_cause;
	const struct cause *cause;
	const char *cause_kind; /* a person's word, else the cause's */
	const char *cause_why;	/* why it is that */
	struct wait wait;
	bool has_changed;
	struct changed changed;	       /* where HAS_CHANGED: since_green */
	const char *unchanged_because; /* else why nothing can be said; NULL: nothing was asked */
	bool is_past_unknown; /* this is a mirror, which has no history: PAST is empty, nothing has CHANGED */
	struct past past;
	struct next next;
	const char *runbook;	 /* a page; NULL: none */
	struct why_check *check; /* the worst of its step in its run; NULL: none is known */
};

/* ERR_NOT_FOUND where there is no problem ID. */
bool why_load(struct store *store, const struct config *config, int64_t id, int64_t now_ms,
	struct arena *arena, struct why *out, struct err *err);

#endif
