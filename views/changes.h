/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed since the last green run, in a few lines, what stands out most first. */
#ifndef VIEWS_CHANGES_H
#define VIEWS_CHANGES_H

#include "views/view.h"

enum { CHANGES_MOST = 8 };

/* Adds them as a block, of a run or a step. Where nothing can be compared it says why. Of a run that IS_OPEN
 * (queued or running) what it has not reported yet is no change. */
bool changes_add(
	struct view_data *data, struct store *store, const struct ref *ref, bool is_open, struct err *err);

#endif
