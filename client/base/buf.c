/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/buf.h"

#include "client/base/err.h"
#include "client/base/mem.h"

#include <stdarg.h>
#include <stdio.h>

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){.max = max ? max : (size_t)64 << 20};
}

void buf_fini(struct buf *buf)
{
	x_free(buf->p);
	*buf = (struct buf){0};
}

void buf_reset(struct buf *buf)
{
	buf->n = 0;
	buf->is_over = false;
	if (buf->p)
		buf->p[0] = 0;
}

char *buf_reserve(struct buf *buf, size_t n)
{
	BUG_ON(!buf->max);
	if (n > buf->max || buf->n > buf->max - n) {
		buf->is_over = true;
		return NULL;
	}
	size_t need = buf->n + n + 1;
	if (need > buf->cap) {
		size_t cap = buf->cap ? buf->cap : 256;
		while (cap < need)
			cap *= 2;
		buf->p = x_realloc(buf->p, cap, 1);
		buf->cap = cap;
	}
	return buf->p + buf->n;
}

void buf_add(struct buf *buf, struct str s)
{
	char *at = buf_reserve(buf, s.n);
	if (!at)
		return;
	if (s.n)
		memcpy(at, s.p, s.n);
	buf->n += s.n;
	buf->p[buf->n] = 0;
}

void buf_addz(struct buf *buf, const char *text)
{
	buf_add(buf, str_of(text));
}

void buf_addc(struct buf *buf, char c)
{
	buf_add(buf, (struct str){&c, 1});
}

void buf_addf(struct buf *buf, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	BUG_ON(n < 0);
	char *at = buf_reserve(buf, (size_t)n);
	if (at) {
		vsnprintf(at, (size_t)n + 1, fmt, again);
		buf->n += (size_t)n;
	}
	va_end(again);
}

void buf_drop(struct buf *buf, size_t n)
{
	if (n >= buf->n) {
		buf_reset(buf);
		return;
	}
	memmove(buf->p, buf->p + n, buf->n - n + 1);
	buf->n -= n;
}
