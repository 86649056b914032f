/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From one store to another, whole: every table of catalogue and team, page by
 * page, ids as they are. While it is under way the target bears a mark; a mark that
 * is left means that it broke off: such a target is not used, and not moved to again.
 */
#ifndef CLIENT_CATALOGUE_MOVE_H
#define CLIENT_CATALOGUE_MOVE_H

#include "client/catalogue/tables.h"

struct move_ops {
	/* After each page; may be NULL. */
	void (*progress)(void *ctx, const struct store_table *table, int64_t rows, int64_t total);
	void *ctx;
};

/* Copies all that FROM holds into TO (STORE_SYNC), which is empty: ERR_REFUSED where it is not. ROWS gets the
 * number of rows. Nothing in FROM is changed. */
bool move_all(
	struct store *from, struct store *to, const struct move_ops *ops, int64_t *rows, struct err *err);

/* Whether STORE is whole; ERR_UNAVAILABLE where a move into it broke off. */
bool move_check(struct store *store, struct err *err);

#endif
