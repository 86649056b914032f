/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/arena.h"

#include "client/base/err.h"
#include "client/base/mem.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *blocks; /* the newest first; its `bytes` are carved */
	size_t held;
};

enum { FIRST_BLOCK = 4096 - sizeof(struct block), MOST_BLOCK = 1 << 20 };

struct arena *arena_new(void)
{
	return x_new(struct arena);
}

static void free_blocks(struct block *block)
{
	while (block) {
		struct block *next = block->next;
		x_free(block);
		block = next;
	}
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	free_blocks(arena->blocks);
	x_free(arena);
}

void arena_reset(struct arena *arena)
{
	if (!arena->blocks)
		return;
	free_blocks(arena->blocks->next);
	arena->blocks->next = NULL;
	arena->blocks->used = 0;
	arena->held = arena->blocks->size;
}

size_t arena_size(const struct arena *arena)
{
	return arena->held;
}

static struct block *add_block(struct arena *arena, size_t bytes)
{
	size_t size = arena->blocks ? arena->blocks->size * 2 : FIRST_BLOCK;
	if (size > MOST_BLOCK)
		size = MOST_BLOCK;
	if (size < bytes)
		size = bytes;
	struct block *block = x_realloc(NULL, 1, sizeof *block + size);
	*block = (struct block){.next = arena->blocks, .size = size};
	arena->blocks = block;
	arena->held += size;
	return block;
}

void *arena_get(struct arena *arena, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 4)
		die("out of memory");
	bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct block *block = arena->blocks;
	if (!block || block->size - block->used < bytes)
		block = add_block(arena, bytes);
	void *ptr = memset(block->bytes + block->used, 0, bytes);
	block->used += bytes;
	return ptr;
}

char *arena_dup(struct arena *arena, struct str s)
{
	char *copy = arena_get(arena, s.n + 1, 1);
	if (s.n)
		memcpy(copy, s.p, s.n);
	return copy;
}

char *arena_take(struct arena *arena, struct buf *buf)
{
	char *text = arena_dup(arena, buf_str(buf));
	buf_fini(buf);
	return text;
}

char *arena_dupz(struct arena *arena, const char *text)
{
	return text ? arena_dup(arena, str_of(text)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	BUG_ON(n < 0);
	char *text = arena_get(arena, (size_t)n + 1, 1);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(arena, fmt, ap);
	va_end(ap);
	return text;
}
