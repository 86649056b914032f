/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/keys.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
	STEP_KEYS = 8, /* that are looked up at once */
	STEP = STEP_KEYS * KEY_STRIDE,
	LANES = 4, /* keys of a half */
	STEP_READS = STEP / 2 + 16,
};

/* One by one from I on. */
static size_t pass_rest(const struct keys *keys, struct str s, size_t i)
{
	while (i + KEY_BYTES <= s.n && !keys_have(keys, s.p + i))
		i += KEY_STRIDE;
	return i;
}

static size_t pass_plain(const struct keys *keys, struct str s, size_t i)
{
	for (; i + STEP_READS <= s.n; i += STEP) {
		bool any = false;
#pragma GCC unroll 8
		for (size_t k = 0; k < STEP_KEYS; k++)
			any |= keys_have(keys, s.p + i + k * KEY_STRIDE);
		if (__builtin_expect(any, 0))
			break;
	}
	return pass_rest(keys, s, i);
}

#if defined(__x86_64__)
/* The same, eight keys at a time. */
__attribute__((target("avx2"))) static size_t pass_avx2(const struct keys *keys, struct str s, size_t i)
{
	const __m256i spread = _mm256_setr_epi8(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12, 0, 1, 2, 3,
		3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12);
	const __m256i fold = _mm256_set1_epi32(KEY_MASK);
	const __m256i factor = _mm256_set1_epi32((int)KEY_FACTOR);
	for (; i + STEP_READS <= s.n; i += STEP) {
		__m128i low = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i));
		__m128i high = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i + LANES * KEY_STRIDE));
		__m256i text = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
		__m256i folded = _mm256_and_si256(_mm256_shuffle_epi8(text, spread), fold);
		__m256i mixed = _mm256_mullo_epi32(folded, factor);
		__m256i word = _mm256_srli_epi32(mixed, 32 - KEY_BITS + 5);
		__m256i bits = _mm256_i32gather_epi32((const int *)(const void *)keys->bits, word, 4);
		__m256i bit =
			_mm256_and_si256(_mm256_srli_epi32(mixed, 32 - KEY_BITS), _mm256_set1_epi32(31));
		__m256i found = _mm256_slli_epi32(_mm256_srlv_epi32(bits, bit), 31);
		int mask = _mm256_movemask_ps(_mm256_castsi256_ps(found));
		if (__builtin_expect(mask, 0))
			return i + (size_t)__builtin_ctz((unsigned)mask) * KEY_STRIDE;
	}
	return pass_rest(keys, s, i);
}
#endif

void keys_init_plain(struct keys *keys)
{
	*keys = (struct keys){.pass = pass_plain};
}

void keys_init(struct keys *keys)
{
	keys_init_plain(keys);
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		keys->pass = pass_avx2;
#endif
}
