/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pass before jansson: finds the tokens for which it would refuse the whole
 * document although their borders are clear, and puts others in their place. It
 * judges nothing else: what is no JSON stays so. */
#ifndef CLIENT_BASE_JSON_REPAIR_H
#define CLIENT_BASE_JSON_REPAIR_H

#include "client/base/buf.h"
#include "client/base/err.h"

/* Reads TEXT once. Where nothing needs repair OUT stays empty and *REPAIRS is 0:
 * parse TEXT itself. Else OUT holds the repaired document. False for brackets
 * deeper than JSON_MOST_DEPTH or a repaired text over twice JSON_MOST_BYTES. */
bool json_repair(struct str text, struct buf *out, size_t *repairs, struct err *err);

#endif
