/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The protocol's far end: answers hello, pull, log and cancel for one source. */
#ifndef CLIENT_FETCH_SERVE_H
#define CLIENT_FETCH_SERVE_H

#include "client/base/loop.h"
#include "client/config/config.h"

/* Serves on IN and OUT until IN ends. SOURCE NULL: the source comes with hello. False with ERR
 * where SOURCE cannot be opened. */
bool serve(struct loop *loop, int in, int out, const struct config_source *source, struct err *err);

#endif
