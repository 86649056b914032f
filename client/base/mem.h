/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heap, for the long-lived few. Never returns NULL: out of memory dies after
 * the terminal is restored. What came from here goes to x_free, never to an arena. */
#ifndef CLIENT_BASE_MEM_H
#define CLIENT_BASE_MEM_H

#include <stddef.h>

/* Zeroed storage for N objects of SIZE bytes; the product is checked. */
void *x_calloc(size_t n, size_t size) __attribute__((malloc, warn_unused_result));
/* PTR grown or shrunk to N objects of SIZE bytes; new bytes are not zeroed. */
void *x_realloc(void *ptr, size_t n, size_t size) __attribute__((warn_unused_result));
/* A copy of TEXT that the caller frees. */
char *x_strdup(const char *text) __attribute__((malloc, warn_unused_result, nonnull));
/* Text made as by printf, that the caller frees. */
char *x_printf(const char *fmt, ...) __attribute__((malloc, format(printf, 1, 2), warn_unused_result));
void x_free(void *ptr);

#define x_new(type) ((type *)x_calloc(1, sizeof(type)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
