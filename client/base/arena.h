/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory by lifetime: everything of one result, response, paint or configuration
 * is taken from one arena and freed with it. Never returns NULL. Not thread-safe:
 * an arena belongs to one thread at a time. */
#ifndef CLIENT_BASE_ARENA_H
#define CLIENT_BASE_ARENA_H

#include "client/base/buf.h"

#include <stdarg.h>

struct arena;

struct arena *arena_new(void) __attribute__((warn_unused_result));
/* Frees it and all that was taken from it. NULL is nothing. */
void arena_free(struct arena *arena);
/* Forgets all that was taken, keeps the first block for reuse. */
void arena_reset(struct arena *arena);
/* Bytes held from the system, for caps. */
size_t arena_size(const struct arena *arena);

/* N zeroed objects of SIZE bytes, aligned for any type. */
void *arena_get(struct arena *arena, size_t n, size_t size) __attribute__((warn_unused_result));
/* A NUL-terminated copy of S. */
char *arena_dup(struct arena *arena, struct str s) __attribute__((warn_unused_result));
/* What BUF holds, NUL-terminated in ARENA; BUF is ended. */
char *arena_take(struct arena *arena, struct buf *buf) __attribute__((warn_unused_result));
/* The same as arena_dup for a NUL-terminated text; NULL stays NULL. */
char *arena_dupz(struct arena *arena, const char *text) __attribute__((warn_unused_result));
/* Text made as by printf. */
char *arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0), warn_unused_result));

#define arena_new_of(arena, type)   ((type *)arena_get((arena), 1, sizeof(type)))
#define arena_array(arena, type, n) ((type *)arena_get((arena), (n), sizeof(type)))

#endif
