/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of four-byte keys, and how text is passed over that shows none of them.
 * Case does not matter, and a few other keys (one in a hundred) count as in the
 * set. */
#ifndef CLIENT_TRIAGE_KEYS_H
#define CLIENT_TRIAGE_KEYS_H

#include "client/base/str.h"

enum {
	KEY_BYTES = 4,
	KEY_STRIDE = 3, /* between the keys of a text that are looked up */
	KEY_BITS = 18,
};

struct keys {
	uint32_t bits[(1 << KEY_BITS) / 32];
	/* The first offset of S, a multiple of KEY_STRIDE, whose key is in the set,
	 * or that has no whole key any more. */
	size_t (*pass)(const struct keys *keys, struct str s);
};

/* An empty set. */
void keys_init(struct keys *keys);

/* Four bytes, the case bit set, mixed: equal for what differs in case alone. */
static inline uint32_t key_of(const char *p)
{
	uint32_t x;
	memcpy(&x, p, sizeof(x));
	return (x | 0x20202020u) * 2654435761u;
}

static inline bool keys_have(const struct keys *keys, const char *p)
{
	uint32_t key = key_of(p) >> (32 - KEY_BITS);
	return keys->bits[key / 32] >> (key % 32) & 1;
}

static inline void keys_add(struct keys *keys, const char *p)
{
	uint32_t key = key_of(p) >> (32 - KEY_BITS);
	keys->bits[key / 32] |= UINT32_C(1) << (key % 32);
}

#endif
