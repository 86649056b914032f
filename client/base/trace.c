/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/trace.h"

#include "client/base/mem.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRACE_MOST_LINE = 32 << 10 };

int trace_open(void)
{
	const char *path = getenv("PORTHOLE_TRACE");

	if (!path || !*path)
		return -1;
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
}

void trace_line(int fd, const char *fmt, ...)
{
	if (fd < 0)
		return;
	char *line = x_calloc(TRACE_MOST_LINE, 1);
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, TRACE_MOST_LINE - 1, fmt, ap);
	va_end(ap);
	if (n > TRACE_MOST_LINE - 2)
		n = TRACE_MOST_LINE - 2;
	if (n >= 0) {
		line[n] = '\n';
		/* a trace that cannot be written is no reason to fail what is traced */
		ssize_t written = write(fd, line, (size_t)n + 1);
		(void)written;
	}
	x_free(line);
}
