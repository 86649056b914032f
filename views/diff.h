/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What differs between runs of a pipeline, or between attempts of a step (triage/changed.h), as tables. */
#ifndef VIEWS_DIFF_H
#define VIEWS_DIFF_H

#include "client/triage/changed.h"
#include "views/view.h"

enum { DIFF_MOST_RUNS = CHANGED_MOST_RUNS };

struct diff {
	struct changed changed;
	/* Columns kind key (NULL: of the whole run) before after unusual ref: of each run but the first, what
	 * differs from the first; what is most unusual comes first within its kind. */
	struct table table;
	/* The same for more than two runs: kind, key, then a column a run. */
	struct table beside;
	const char *title;	/* "A → B" */
	const char *summary;	/* how much of what was reported differs */
	const char *unreported; /* the kinds that no run says anything of, in words; or NULL */
};

/* Compares REFS as changed_load does. */
bool diff_load(struct store *store, const struct ref *refs, size_t n_refs, struct arena *arena,
	struct diff *out, struct err *err);

/* How a person reads the key of a change, what a run says, and how unusual that is ("": nobody knows). */
const char *diff_key(const struct change *change);
const char *diff_value(struct arena *arena, const struct change *change, size_t run);
const char *diff_judgement(struct arena *arena, const struct change *change, size_t run);
/* Adds "before → after" of two runs to LINE, each cut to COLUMNS; what is unusual stands out. */
void diff_add_spans(struct view_data *data, struct line *line, const struct change *change, size_t columns);

#endif
