/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base64 as RFC 4648 section 4 has it: the standard letters, padded. */
#ifndef CLIENT_BASE_BASE64_H
#define CLIENT_BASE_BASE64_H

#include "client/base/buf.h"

/* Adds BYTES as base64 text, without line ends. */
void base64_add(struct buf *out, struct str bytes);
/* Adds the bytes of TEXT. Strict: false, and OUT as it was, where TEXT holds a blank or another letter,
 * lacks padding, or has bits behind its last byte that are not 0. So each sequence of bytes has one text. */
bool base64_read(struct buf *out, struct str text) __attribute__((warn_unused_result));

#endif
