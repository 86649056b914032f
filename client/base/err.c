/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*die_fn)(void);

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	if (!err)
		return false;
	va_list ap;
	va_start(ap, fmt);
	err->code = code;
	err->retry_after_ms = 0;
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
	if (!err)
		return false;
	char attempted[sizeof err->msg];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(attempted, sizeof attempted, fmt, ap);
	va_end(ap);

	char whole[2 * sizeof err->msg + 2];
	snprintf(whole, sizeof whole, "%s: %s", attempted, err->msg);
	memcpy(err->msg, whole, sizeof err->msg - 1);
	err->msg[sizeof err->msg - 1] = 0;
	return false;
}

void err_clear(struct err *err)
{
	*err = (struct err){0};
}

int err_exit_status(const struct err *err)
{
	switch (err->code) {
	case ERR_NONE:
		return 0;
	case ERR_NOT_FOUND:
		return 1;
	case ERR_USAGE:
		return 2;
	case ERR_REFUSED:
		return 4;
	default:
		return 3;
	}
}

void die_hook(void (*fn)(void))
{
	die_fn = fn;
}

void die_run_hook(void)
{
	if (die_fn)
		die_fn();
	die_fn = NULL;
}

void die(const char *fmt, ...)
{
	die_run_hook();
	va_list ap;
	va_start(ap, fmt);
	fputs("porthole: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	_exit(3);
}

void bug(const char *file, int line, const char *cond)
{
	die_run_hook();
	fprintf(stderr, "porthole: bug at %s:%d: %s\n", file, line, cond);
	abort();
}
