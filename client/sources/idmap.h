/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects by the tool's own id, for as long as a pull: nothing is ever taken out. */
#ifndef CLIENT_SOURCES_IDMAP_H
#define CLIENT_SOURCES_IDMAP_H

#include "client/base/arena.h"

struct idmap {
	struct arena *arena; /* set by the owner: keys and table are taken from it */
	struct idmap_slot *slots;
	size_t n, cap;
};

/* What ID stands for; NULL where nobody put anything. */
void *idmap_get(const struct idmap *map, struct str id);
/* Puts VALUE (not NULL), unless something is there already: then false. */
bool idmap_put(struct idmap *map, struct str id, void *value);

#endif
