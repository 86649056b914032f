/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded: the FAIL_AT-th allocation of each process fails; FAIL_TOTAL names a file that gets a line
 * "PROGRAM NUMBER" when one ends. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static char early[4096]; /* dlsym itself allocates */
static size_t early_n;
static long fail_at, count;

static int must_fail(void)
{
	if (!fail_at || __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) != fail_at)
		return 0;
	errno = ENOMEM;
	return 1;
}

static void find_real(void)
{
	*(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
}

__attribute__((constructor)) static void start(void)
{
	const char *at = getenv("FAIL_AT");
	if (!real_malloc)
		find_real();
	fail_at = at ? atol(at) : 0;
}

__attribute__((destructor)) static void end(void)
{
	const char *name = getenv("FAIL_TOTAL");
	long total = count;
	fail_at = 0;
	FILE *out = name ? fopen(name, "a") : NULL;
	if (!out)
		return;
	fprintf(out, "%s %ld\n", program_invocation_short_name, total);
	fclose(out);
}

void *malloc(size_t size)
{
	if (!real_malloc)
		find_real();
	return must_fail() ? NULL : real_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	if (!real_calloc) {
		void *p = early + early_n;
		early_n += (n * size + 15) & ~(size_t)15;
		return early_n <= sizeof early ? p : NULL;
	}
	return must_fail() ? NULL : real_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	if (!real_realloc)
		find_real();
	return must_fail() ? NULL : real_realloc(p, size);
}
