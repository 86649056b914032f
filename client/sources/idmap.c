/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sources/idmap.h"

enum { FIRST_CAP = 64 };

struct idmap_slot {
	struct str id;
	uint32_t hash;
	void *value; /* NULL: free */
};

static uint32_t hash_of(struct str id)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < id.n; i++)
		hash = (hash ^ (unsigned char)id.p[i]) * 16777619u;
	return hash;
}

/* The slot of ID, or the free one where it would stand. */
static struct idmap_slot *slot_of(const struct idmap *map, struct str id, uint32_t hash)
{
	size_t at = hash & (map->cap - 1);

	while (map->slots[at].value && (map->slots[at].hash != hash || !str_eq(map->slots[at].id, id)))
		at = (at + 1) & (map->cap - 1);
	return &map->slots[at];
}

/* At most half full: the tables left behind add up to one more. */
static void grow(struct idmap *map)
{
	struct idmap old = *map;

	map->cap = old.cap ? old.cap * 2 : FIRST_CAP;
	map->slots = arena_array(map->arena, struct idmap_slot, map->cap);
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].value)
			*slot_of(map, old.slots[i].id, old.slots[i].hash) = old.slots[i];
}

void *idmap_get(const struct idmap *map, struct str id)
{
	return map->cap ? slot_of(map, id, hash_of(id))->value : NULL;
}

bool idmap_put(struct idmap *map, struct str id, void *value)
{
	uint32_t hash = hash_of(id);
	struct idmap_slot *slot;

	if (map->n * 2 >= map->cap)
		grow(map);
	slot = slot_of(map, id, hash);
	if (slot->value)
		return false;
	*slot = (struct idmap_slot){{arena_dup(map->arena, id), id.n}, hash, value};
	map->n++;
	return true;
}
