/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What differs between two texts, line by line, as `diff -u` says it. */
#ifndef CLIENT_DOCS_DIFFERENCE_H
#define CLIENT_DOCS_DIFFERENCE_H

#include "client/base/buf.h"

/* Adds the hunks that make AFTER of BEFORE, with three lines around each change; nothing where they are the
 * same. The fewest changed lines, but where more than DIFFERENCE_MOST are: then all between the first and
 * the last of them stands there as taken away and put anew. */
enum { DIFFERENCE_MOST = 1000 };
void difference_add(struct buf *out, struct str before, struct str after);

#endif
