/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Search over everything that has a name: pipelines, runs, steps, problems, views. */
#ifndef VIEWS_SEARCH_H
#define VIEWS_SEARCH_H

#include "views/view.h"

/* Fills TABLE (columns type ref title excerpt score) with what ARGS->filter's words match, best first. */
bool search_load(struct store *store, const struct view_args *args, struct arena *arena, struct table *table,
	struct err *err);

/* The same as a view: its filter is the words. It is no list over one query, so `lists.h` does not have it.
 */
extern const struct view_def view_search;

#endif
