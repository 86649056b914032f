/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of four-byte keys that is asked for every third byte of a log. Case does not matter; a few other
 * keys (one in two hundred) count as in the set. */
#ifndef CLIENT_TRIAGE_KEYS_H
#define CLIENT_TRIAGE_KEYS_H

#include "client/base/str.h"

enum {
	KEY_BYTES = 4,
	KEY_STRIDE = 3, /* between the keys of a text that are looked up */
	KEY_BITS = 18,
	KEY_LETTERS = 32, /* that a key tells apart: a byte counts by its last five bits */
	KEY_MASK = 0x1f1f1f1f,
};

#define KEY_FACTOR 2654435761u

struct keys {
	uint32_t bits[(1 << KEY_BITS) / 32];
	/* The first offset of S from I on, in steps of KEY_STRIDE, whose key is in the set, or where no whole
	 * key is left. */
	size_t (*pass)(const struct keys *keys, struct str s, size_t i);
};

/* An empty set. */
void keys_init(struct keys *keys);
/* The same search without the processor's own instructions, for a test. */
void keys_init_plain(struct keys *keys);

/* Mixed bits: equal for what differs in case alone. */
static inline uint32_t key_of(const char *p)
{
	uint32_t x;
	memcpy(&x, p, sizeof(x));
	return (x & KEY_MASK) * KEY_FACTOR;
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
