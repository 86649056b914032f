/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PORTHOLE_TRACE=FILE: a line for each request, query and slow callback, with its time, without secrets. */
#ifndef CLIENT_BASE_TRACE_H
#define CLIENT_BASE_TRACE_H

#include "client/base/str.h"

/* The descriptor to append to, or -1 where nobody asked for a trace. The caller closes it. */
int trace_open(void);
/* One line, made as by printf, in one write: several processes may share the file. FD may be -1. */
void trace_line(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
