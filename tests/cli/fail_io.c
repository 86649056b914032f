/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded: from the FAIL_FROM-th call on of the kind FAIL_CALL (write, sync, open, rename), all calls of
 * that kind that concern files on the file system of FAIL_BELOW fail with FAIL_ERRNO (EMFILE: whatever is
 * opened). A disk that is full, broken, or a process that has no descriptor left. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *call;
static long from, count;
static int number;
static dev_t below;

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("FAIL_BELOW"), *first = getenv("FAIL_FROM"), *what = getenv("FAIL_ERRNO");
	struct stat st;
	call = getenv("FAIL_CALL");
	if (!call || !path || !first || !what || stat(path, &st) != 0)
		return;
	from = atol(first);
	number = atoi(what);
	below = st.st_dev;
}

static int must_fail(const char *kind)
{
	if (!from || strcmp(call, kind) != 0 || __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) < from)
		return 0;
	errno = number;
	return 1;
}

/* A terminal, a pipe or a file in memory is no disk. */
static int is_on_disk(int fd)
{
	struct stat st;
	return from && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == below;
}

#define REAL(name)                                                                                           \
	static __typeof__(name) *real;                                                                       \
	if (!real)                                                                                           \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *bytes, size_t n)
{
	REAL(write);
	return is_on_disk(fd) && must_fail("write") ? -1 : real(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	REAL(pwrite);
	return is_on_disk(fd) && must_fail("write") ? -1 : real(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	REAL(pwrite64);
	return is_on_disk(fd) && must_fail("write") ? -1 : real(fd, bytes, n, at);
}

int fsync(int fd)
{
	REAL(fsync);
	return is_on_disk(fd) && must_fail("sync") ? -1 : real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	return is_on_disk(fd) && must_fail("sync") ? -1 : real(fd);
}

int rename(const char *old, const char *new)
{
	REAL(rename);
	return must_fail("rename") ? -1 : real(old, new);
}

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	REAL(open);
	va_list ap;
	va_start(ap, flags);
	mode_t mode = mode_of(flags, ap);
	va_end(ap);
	return must_fail("open") ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	REAL(open64);
	va_list ap;
	va_start(ap, flags);
	mode_t mode = mode_of(flags, ap);
	va_end(ap);
	return must_fail("open") ? -1 : real(path, flags, mode);
}
