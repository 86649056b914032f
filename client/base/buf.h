/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A buffer that grows up to a maximum. Past the maximum nothing is added and
 * `is_over` is set: the writer goes on, the owner asks once at the end. */
#ifndef CLIENT_BASE_BUF_H
#define CLIENT_BASE_BUF_H

#include "client/base/str.h"

struct buf {
	char *p; /* always NUL-terminated behind `n` once something was added */
	size_t n, cap, max;
	bool is_over;
};

/* MAX is the most bytes it will ever hold; 0 means 64 MiB. */
void buf_init(struct buf *buf, size_t max);
void buf_fini(struct buf *buf);
/* Empties it, keeps the storage. */
void buf_reset(struct buf *buf);

void buf_add(struct buf *buf, struct str s);
void buf_addz(struct buf *buf, const char *text);
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Removes the first N bytes (at most all). */
void buf_drop(struct buf *buf, size_t n);
/* Room for N more bytes at buf->p + buf->n, for read(2); NULL when over the
 * maximum. The caller adds what it wrote to `n`. */
char *buf_reserve(struct buf *buf, size_t n);

static inline struct str buf_str(const struct buf *buf)
{
	return (struct str){buf->p ? buf->p : "", buf->n};
}

#endif
