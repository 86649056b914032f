/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests in the trace (client/base/trace.h), without their secrets. */
#ifndef CLIENT_FETCH_TRACE_H
#define CLIENT_FETCH_TRACE_H

#include "client/base/buf.h"
#include "client/base/trace.h"

/* PATH as it may be shown: values of keys such as `token` are left out. */
void trace_add_path(struct buf *out, struct str path);
/* One line; FD may be -1. */
void trace_request(int fd, const char *method, const char *path, int status, int64_t bytes, int64_t ms);

#endif
