/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person does not want to see on a screen (keys, passwords), by patterns.
 * One is used by one thread at a time; `{0}` hides nothing, and loads no library.
 */
#ifndef CLIENT_BASE_MASK_H
#define CLIENT_BASE_MASK_H

#include "client/base/buf.h"
#include "client/base/err.h"

struct regex;

struct mask {
	struct regex **patterns;
	size_t n;
};

/* ERR_USAGE says which of PATTERNS is wrong, and where; then nothing is to be freed. */
bool mask_init(struct mask *mask, const char *const *patterns, size_t n, struct err *err)
	__attribute__((warn_unused_result));
void mask_fini(struct mask *mask);
/* In LINE, one without its end, "***" stands in the place of what a pattern matches. Where a pattern gives up
 * on it the whole line is hidden, and says so: better nothing than a secret. */
void mask_line(const struct mask *mask, struct buf *line);

#endif
