/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes counted many at a time. */
#ifndef CLIENT_BASE_SCAN_H
#define CLIENT_BASE_SCAN_H

#include "client/base/str.h"

/* How often C stands in S. */
size_t scan_count(struct str s, char c);
/* The offset behind the Nth C in S; the length of S where there are fewer. */
size_t scan_skip(struct str s, char c, size_t n);

#endif
