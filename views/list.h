/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists: a definition, a filter and a scope become one query with keyset paging. */
#ifndef VIEWS_LIST_H
#define VIEWS_LIST_H

#include "client/catalogue/find.h"
#include "views/view.h"

/* Sorting by metrics.K or params.K ranks the newest LIST_MOST_RANKED runs, unless scope or filter (since:,
 * source:, pipeline:, project:) narrow the list. */
enum { LIST_MOST_RANKED = 200000 };

/* Loads the rows of LIST that ARGS asks for into TABLE, in ARENA. SCOPE (may be NULL) narrows it to what lies
 * under those ids. ERR_USAGE where the filter names a key that the list has not. */
bool list_load(struct store *store, const struct list_def *list, const struct view_args *args,
	const struct found *scope, struct arena *arena, struct table *table, struct err *err);
/* The SQL and parameters of the same, for the query-plan test. */
struct list_query {
	const char *sql;
	struct value *params;
	size_t n_params;
	bool is_bounded; /* by words.h: fewer rows than asked for are not the answer */
};
bool list_query(const struct list_def *list, const struct view_args *args, const struct found *scope,
	struct arena *arena, struct list_query *out, struct err *err);

#endif
