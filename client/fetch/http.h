/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP through libcurl on our loop, under the settings of safety.md section 3. */
#ifndef CLIENT_FETCH_HTTP_H
#define CLIENT_FETCH_HTTP_H

#include "client/base/loop.h"
#include "client/fetch/transport.h"

/* The transport of SOURCE, which it borrows. ERR_USAGE where its url is none, holds
 * credentials, or would carry a secret in the clear to another host. */
struct transport *http_new(struct loop *loop, const struct config_source *source, struct err *err);

/* The first byte of a Content-Range, "bytes 21010-47021/47022"; 0 where it says nothing that counts. */
int64_t http_range_start(struct str range);

#endif
