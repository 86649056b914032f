/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/scan.h"

enum { LANES = 16, BLOCK = 8 * LANES };

/* What compilers make one instruction of, or a few. */
typedef uint8_t lanes_type __attribute__((vector_size(LANES)));
typedef uint64_t halves_type __attribute__((vector_size(LANES)));

/* How often C stands in the BLOCK bytes at P. */
static inline size_t count_block(const char *p, char c)
{
	lanes_type sum = {0};
	lanes_type want = sum + (uint8_t)c;
#pragma GCC unroll 8
	for (size_t i = 0; i < BLOCK; i += LANES) {
		lanes_type at;
		memcpy(&at, p + i, sizeof(at));
		sum -= (lanes_type)(at == want);
	}
	/* No lane holds more than 8: eight lanes are added up by a product. */
	halves_type halves = (halves_type)sum * UINT64_C(0x0101010101010101) >> 56;
	return (size_t)(halves[0] + halves[1]);
}

size_t scan_count(struct str s, char c)
{
	size_t i = 0, n = 0;
	for (; i + BLOCK <= s.n; i += BLOCK)
		n += count_block(s.p + i, c);
	for (; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

size_t scan_skip(struct str s, char c, size_t n)
{
	size_t i = 0;
	while (i + BLOCK <= s.n) {
		size_t some = count_block(s.p + i, c);
		if (some >= n)
			break;
		n -= some;
		i += BLOCK;
	}
	for (; n > 0 && i < s.n; i++)
		n -= s.p[i] == c;
	return i;
}
