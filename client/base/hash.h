/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FNV-1a, 64 bits (draft-eastlake-fnv): a short name for a text. It withstands nobody who looks for
 * collisions. */
#ifndef CLIENT_BASE_HASH_H
#define CLIENT_BASE_HASH_H

#include "client/base/str.h"

#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* Goes on from HASH over the bytes of S. */
static inline uint64_t hash_add(uint64_t hash, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		hash = (hash ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
