/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What differs between runs of a pipeline, or between attempts of a step: what was reported of each is
 * gathered per kind (param metric check input step duration code environment upstream), and put side by side
 * by key.
 */
#ifndef VIEWS_DIFF_H
#define VIEWS_DIFF_H

#include "views/view.h"

enum { DIFF_MOST_RUNS = 8, DIFF_HISTORY = 30, DIFF_LEAST_HISTORY = 5 };

struct diff {
	/* Columns kind key (NULL: of the whole run) before after unusual ref: of each run but the first, what
	 * differs from the first; what is most unusual comes first within its kind. `unusual` is how far
	 * AFTER lies outside of what the DIFF_HISTORY green runs before it reported, in widths of their
	 * range; 0 inside, NULL where fewer than DIFF_LEAST_HISTORY say anything or it is no number. */
	struct table table;
	/* Of each row of TABLE how much it stands out: infinite where something went wrong, else UNUSUAL;
	 * below 0 where it is the usual or a duration that nobody can judge. */
	const double *weights;
	/* The same for more than two runs: kind, key, then a column a run. */
	struct table beside;
	const struct ref *refs;	  /* the runs, the one that the others are compared with first */
	const char *const *names; /* of each, as short as it is distinct */
	size_t n_refs;
	const char *title;	/* "A → B" */
	const char *summary;	/* how much of what was reported differs */
	const char *unreported; /* the kinds that no run says anything of, or NULL */
};

/* Compares REFS, of runs or of steps. A single run is compared with the last green run of its pipeline before
 * it; a single step with its attempt before, else with itself in that run. ERR_NOT_FOUND where there is none.
 */
bool diff_load(struct store *store, const struct view_args *args, const struct ref *refs, size_t n_refs,
	struct arena *arena, struct diff *out, struct err *err);

#endif
