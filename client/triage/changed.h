/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What changed: what was reported of runs, or of the attempts of a step, is gathered by kind (code param
 * input environment upstream check step metric duration) and key, and put side by side. How unusual a value
 * is, is measured by the green runs before it:
 *
 *     a number   robust standard deviations from their median (stats/robust.h)
 *     a text     how many runs it stands from one change to the next: 30 where it never changed in 30 runs,
 *                1 where each run has another
 *
 * so that both say about the same, and from CHANGED_UNUSUAL on something is worth a look.
 */
#ifndef CLIENT_TRIAGE_CHANGED_H
#define CLIENT_TRIAGE_CHANGED_H

#include "client/catalogue/ref.h"
#include "client/catalogue/store.h"

enum { CHANGED_MOST_RUNS = 8, CHANGED_HISTORY = 30, CHANGED_LEAST_HISTORY = 5, CHANGED_UNUSUAL = 3 };

/* How a person reads the values. */
enum changed_type { CHANGED_TEXT, CHANGED_CAUSE, CHANGED_NUMBER, CHANGED_COUNT, CHANGED_DURATION };

/* What the runs say under one key. */
struct change {
	size_t group;
	const char *kind; /* as in `diff` */
	const char *key;  /* "": of the whole run */
	enum changed_type type;
	struct value values[CHANGED_MOST_RUNS];	 /* a run each; NULL: it reported none */
	struct value unusual[CHANGED_MOST_RUNS]; /* of each value; NULL where too few runs tell */
	bool differs;				 /* from run to run */
	size_t n_before, n_changed; /* of a text: the green runs that had it, and its changes among them */
	/* Of the last run, to sort by: infinite where something went wrong, else how unusual it is (at most
	 * CHANGED_HISTORY); below 0 where it is the usual, or a duration that nobody can judge. */
	double weight;
};

/* What belongs together, "2 of 117 params differ". */
struct changed_group {
	const char *kind, *what; /* WHAT: how messages name it; NULL: it goes with another */
	size_t n, n_differing;
};

struct changed {
	struct change *changes; /* by group; within it by weight, then key */
	size_t n;
	struct changed_group *groups;
	size_t n_groups;
	struct ref refs[CHANGED_MOST_RUNS];   /* the one first that the others are compared with */
	const char *names[CHANGED_MOST_RUNS]; /* of each, as short as it is distinct */
	size_t n_refs;
	const char *unreported; /* what no run says anything of: "code, inputs"; NULL: nothing */
};

/* Compares REFS, of runs or of steps. A single run is compared with the last green run of its pipeline before
 * it; a single step with its attempt before, else with itself in that run. ERR_NOT_FOUND where there is none.
 */
bool changed_load(struct store *store, const struct ref *refs, size_t n_refs, struct arena *arena,
	struct changed *out, struct err *err);

/* Whether two values are the same: 1 and 1.0 are. */
bool changed_is_same(const struct value *a, const struct value *b);

/*
 * What may be why REF, a run or a step of one, failed: its run against the last one that went well (of a
 * step: in which it did), only what differs, what is most unusual first. Left out is what follows from the
 * failure: that steps failed or were not reached, and what it broke off before reporting. False with
 * ERR_NOT_FOUND where it never went well.
 */
bool changed_since_green(struct store *store, const struct ref *ref, struct arena *arena, struct changed *out,
	struct err *err);

#endif
