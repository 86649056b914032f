/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/idset.h"

#include "client/base/err.h"
#include "client/base/mem.h"

#include <string.h>

enum { PIECE_IDS = 1 << 16, WORD_BITS = 64 };

struct idset_piece {
	uint64_t words[PIECE_IDS / WORD_BITS];
};

static struct idset_piece *piece_of(struct idset *set, size_t at)
{
	if (at >= set->n_pieces) {
		size_t n = at + 1;
		set->pieces = x_realloc(set->pieces, n, sizeof *set->pieces);
		memset(set->pieces + set->n_pieces, 0, (n - set->n_pieces) * sizeof *set->pieces);
		set->n_pieces = n;
	}
	if (!set->pieces[at])
		set->pieces[at] = x_new(struct idset_piece);
	return set->pieces[at];
}

bool idset_add(struct idset *set, int64_t id)
{
	BUG_ON(id < 0);
	struct idset_piece *piece = piece_of(set, (size_t)id / PIECE_IDS);
	uint64_t *word = &piece->words[id % PIECE_IDS / WORD_BITS];
	uint64_t bit = UINT64_C(1) << id % WORD_BITS;
	bool is_new = !(*word & bit);
	*word |= bit;
	return is_new;
}

bool idset_has(const struct idset *set, int64_t id)
{
	size_t at = (size_t)id / PIECE_IDS;
	if (at >= set->n_pieces || !set->pieces[at])
		return false;
	return set->pieces[at]->words[id % PIECE_IDS / WORD_BITS] >> id % WORD_BITS & 1;
}

void idset_clear(struct idset *set)
{
	for (size_t i = 0; i < set->n_pieces; i++)
		x_free(set->pieces[i]);
	x_free(set->pieces);
	*set = (struct idset){0};
}
