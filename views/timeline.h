/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people and sync did about a problem, newest first. */
#ifndef VIEWS_TIMELINE_H
#define VIEWS_TIMELINE_H

#include "views/compose.h"

/* Adds it to DATA, whose first block are facts: what a person did last is one of them. Nothing is added where
 * all that happened is that the problem was opened. */
bool timeline_add(struct view_data *data, struct store *store, const struct view_args *args, int64_t problem,
	struct err *err);

#endif
