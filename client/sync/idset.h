/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A set of row ids: a bit each, in pieces that are made where an id falls. The ids of a table are dense, so
 * that a million take some 130 kB; what a complete pull has seen is kept so, where a temporary table would
 * cost as much as the rows themselves.
 */
#ifndef CLIENT_SYNC_IDSET_H
#define CLIENT_SYNC_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is the empty set. */
struct idset {
	struct idset_piece **pieces;
	size_t n_pieces;
};

/* Adds ID, 0 and up; false where it was there already. */
bool idset_add(struct idset *set, int64_t id);
bool idset_has(const struct idset *set, int64_t id);
/* Empties it. */
void idset_clear(struct idset *set);

#endif
