/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and folders below a source's `path`, answered like a web server would:
 * 200 with the bytes, 404 where there is none. Nothing above the path is reached. */
#ifndef CLIENT_FETCH_FILES_H
#define CLIENT_FETCH_FILES_H

#include "client/base/loop.h"
#include "client/fetch/transport.h"

/* ROOT is borrowed. */
struct transport *files_new(struct loop *loop, const char *root);

#endif
