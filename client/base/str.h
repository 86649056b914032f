/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text inside the program: a pointer and a length, borrowed, not NUL-terminated.
 * NUL bytes are legal inside: text after a NUL must stay visible. */
#ifndef CLIENT_BASE_STR_H
#define CLIENT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* For printf: `"%.*s", STR_FMT(s)`. */
#define STR_FMT(s) (int)(s).n, (s).p

/* The bytes of a NUL-terminated text; NULL gives the empty text. */
static inline struct str str_of(const char *text)
{
	return text ? (struct str){text, strlen(text)} : (struct str){"", 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
	return str_eq(a, str_of(text));
}

/* Whether two texts, either of which may be missing (NULL), say the same. */
static inline bool str_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline bool str_starts(struct str a, struct str head)
{
	return a.n >= head.n && memcmp(a.p, head.p, head.n) == 0;
}

static inline bool str_ends(struct str a, struct str tail)
{
	return a.n >= tail.n && memcmp(a.p + a.n - tail.n, tail.p, tail.n) == 0;
}

/* Bytes FROM to TO (exclusive), both clamped to the text. */
struct str str_slice(struct str s, size_t from, size_t to);
/* Without blanks and line ends on both sides. */
struct str str_trim(struct str s);
/* Where NEEDLE starts in S at or after FROM, or SIZE_MAX. */
size_t str_find(struct str s, struct str needle, size_t from);
static inline bool str_has(struct str s, struct str needle)
{
	return str_find(s, needle, 0) != SIZE_MAX;
}
/* Cuts the next piece of REST up to SEP, and moves REST behind it. False at the
 * end; an empty piece between two separators is a piece. */
bool str_next(struct str *rest, char sep, struct str *piece);
/* A whole decimal number, nothing around it, within MIN..MAX. */
bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *out);
/* A whole finite decimal number, read the same in every locale. */
bool str_to_double(struct str s, double *out);
/* Whether S matches the glob PATTERN (`*` any run, `?` one byte). */
bool str_glob(struct str pattern, struct str s);
/* Edit distance, at most LIMIT + 1: for "nearest known key". */
size_t str_distance(struct str a, struct str b, size_t limit);

#endif
