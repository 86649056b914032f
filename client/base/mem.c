/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"

#include "client/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *x_calloc(size_t n, size_t size)
{
	void *ptr = calloc(n ? n : 1, size ? size : 1);
	if (!ptr)
		die("out of memory");
	return ptr;
}

void *x_realloc(void *ptr, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		die("out of memory");
	ptr = realloc(ptr, bytes ? bytes : 1);
	if (!ptr)
		die("out of memory");
	return ptr;
}

char *x_strdup(const char *text)
{
	size_t n = strlen(text) + 1;
	return memcpy(x_calloc(n, 1), text, n);
}

char *x_printf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = NULL;
	if (vasprintf(&text, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	return text;
}

void x_free(void *ptr)
{
	free(ptr);
}
