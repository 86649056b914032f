/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of both stores, for what copies them whole: backup, restore, move.
 * Parents stand before their children. What is derived from other tables (indexes
 * of text) is not among them, nor are the facts about a store (meta).
 */
#ifndef CLIENT_CATALOGUE_TABLES_H
#define CLIENT_CATALOGUE_TABLES_H

#include "client/catalogue/store.h"

enum { TABLE_MOST_KEY = 6, TABLE_PAGE = 1000 };

struct store_table {
	const char *name;	    /* as SQL names it: "run", "team.problem" */
	const char *const *columns; /* the primary key first */
	size_t n_columns, n_key;
};

/* All of them, the catalogue's first. */
const struct store_table *store_tables(size_t *n);
/* The one called NAME, or NULL. */
const struct store_table *store_table(struct str name);
bool store_table_is_team(const struct store_table *table);

bool store_table_count(struct store *store, const struct store_table *table, int64_t *out, struct err *err);
/* Whether no table of the catalogue or, with TEAM, of the team store holds a row. */
bool store_is_empty(struct store *store, bool team, bool *out, struct err *err);

/* Walks a table by its key, a page at a time: what others add behind it is seen, what stands is seen once. */
struct table_walk {
	struct store *store;
	const struct store_table *table;
	struct arena *pages[2]; /* the page at hand, and the one before: it holds where this one started */
	struct value after[TABLE_MOST_KEY];
	int turn;
	bool is_begun;
};
void table_walk_init(struct table_walk *walk, struct store *store, const struct store_table *table);
/* The next page; without rows it is the end. It lives until the next call. */
bool table_walk_next(struct table_walk *walk, struct result *out, struct err *err);
void table_walk_fini(struct table_walk *walk);

#endif
