/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pipeline over its last runs: the strip of runs, their durations, and each step's row below the steps that
 * it waits for. Steps of one group ("group.step") that went well are folded into a row of their group. */
#ifndef VIEWS_MATRIX_H
#define VIEWS_MATRIX_H

#include "views/view.h"

/* Adds facts on the runs (strip, duration) to FACTS, and the block of steps where there are any. */
bool matrix_add(struct view_data *data, struct store *store, const struct view_args *args,
	int64_t pipeline_id, struct block *facts, struct err *err);

#endif
