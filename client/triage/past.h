/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was before: whether a rerun helped after the same cause, what did, similar problems, and how often the
 * step fails. All from the catalogue and the team store.
 *
 * - A rerun is, after an attempt that failed with the fingerprint, the next attempt of the same instance; and
 *   after a run that stands in the problem, the next run with the same inputs, where they are reported.
 *   Of what was tried again before anybody read its log, the cause of the next one counts.
 * - An episode goes from a problem's `opened` or `returned` to its `resolved`, in its timeline.
 * - What helped is the last action on the problem's pipeline that was done before the episode ended, and the
 *   notes of people in it.
 */
#ifndef CLIENT_TRIAGE_PAST_H
#define CLIENT_TRIAGE_PAST_H

#include "client/base/arena.h"
#include "client/catalogue/ref.h"
#include "client/catalogue/store.h"
#include "client/stats/failures.h"

enum { PAST_MOST_HELPED = 5, PAST_MOST_SIMILAR = 5, PAST_MOST_ATTEMPTS = 200, PAST_MOST_EPISODES = 8 };

struct past_helped {
	const char *verb;	/* NULL: a note */
	const char *object_ref; /* of a verb: what it was done to */
	const char *text; /* of a verb its arguments, JSON, but for its nonce and note; NULL: none; of a note
			   * what it says */
	const char *who;
	int64_t at_ms, took_ms; /* from then until the problem was over */
	int64_t tried,
		passed; /* of a verb with these arguments: in how many episodes it was, and was the last */
};

struct past_similar {
	int64_t problem, last_ms;
	const char *title, *state;
	bool is_same_cause; /* the fingerprint; else its words are alike */
};

struct past {
	int64_t rerun_tried, rerun_passed;
	int64_t input_tried, input_passed;	     /* of those: as runs with the same inputs */
	size_t n_episodes;			     /* that are over */
	struct past_helped helped[PAST_MOST_HELPED]; /* the newest first, actions before notes */
	size_t n_helped;
	struct past_similar similar[PAST_MOST_SIMILAR];
	size_t n_similar;
	/* Of the step (of a run without: of the pipeline), over its last PAST_MOST_ATTEMPTS; in ms. */
	struct stats_failures failures;
	bool has_rate_change; /* from CHANGED_RUN on it fails more, or less, often */
	const char *changed_run;
	int64_t changed_ms;
	double rate_before, rate_after;
	bool has_new_duration; /* green ones take another time since DURATION_MS_SINCE */
	int64_t duration_since_ms;
	double duration_before_ms, duration_after_ms;
};

/* Of the problem with that ID, FINGERPRINT (may be NULL) and TITLE, at PLACE: its newest occurrence. */
struct past_of {
	int64_t id;
	const char *fingerprint, *title;
	const struct ref *place;
};
bool past_load(struct store *store, const struct past_of *of, int64_t now_ms, struct arena *arena,
	struct past *out, struct err *err);

/* The arguments of a verb as people read them: "memory=12g, depth=7"; "" where there are none. In ARENA. */
const char *past_args(const struct past_helped *helped, struct arena *arena);

#endif
