/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Percent-encoding, for web addresses and for names of files. */
#ifndef CLIENT_SOURCES_PERCENT_H
#define CLIENT_SOURCES_PERCENT_H

#include "client/base/buf.h"

/* A part of a web address: everything but A-Za-z0-9._~- as %XX, upper-case hex. A part that is
 * only dots is encoded whole, for servers and proxies walk up at those. */
void percent_add_url(struct buf *out, struct str part);
/* A part of a ref (contracts.md section 1), and so of a file name: `+=,` stay too. */
void percent_add_ref(struct buf *out, struct str part);
/* What PART was before it was encoded; a `%` without two digits stands for itself. */
void percent_decode(struct buf *out, struct str part);

#endif
