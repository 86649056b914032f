/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was reported of a run besides its steps, as facts. Nothing is added where nothing was. */
#ifndef VIEWS_REPORTED_H
#define VIEWS_REPORTED_H

#include "views/view.h"

/* Its data checks: each that did not pass on a line of its own, the others by their names. STEP narrows them
 * to those of one step; NULL: all. RUN names a run. */
bool reported_add_checks(struct view_data *data, struct store *store, struct block *facts,
	const struct ref *run, const char *step, struct err *err);
/* What it read. */
bool reported_add_inputs(
	struct view_data *data, struct store *store, struct block *facts, int64_t run_id, struct err *err);
/* The models that it made, each a link. */
bool reported_add_models(struct view_data *data, struct store *store, struct block *facts,
	const struct ref *run, int64_t source_id, struct err *err);

#endif
