/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Regular expressions that people type (PCRE2). A pattern that would need too
 * long on a text gives up there instead of hanging. Works on any bytes. One is used
 * by one thread at a time.
 */
#ifndef CLIENT_BASE_REGEX_H
#define CLIENT_BASE_REGEX_H

#include "client/base/err.h"
#include "client/base/str.h"

struct regex;

/* ERR_USAGE says what is wrong with PATTERN, and at which character. */
struct regex *regex_new(struct str pattern, bool ignores_case, struct err *err)
	__attribute__((warn_unused_result));
void regex_free(struct regex *regex);
/* Where it first matches in S, one line without its end, at or after FROM; SIZE_MAX where it does not. LENGTH
 * may be 0: a pattern can match nothing. */
size_t regex_find(struct regex *regex, struct str s, size_t from, size_t *length);
/* How many calls gave up so far. */
size_t regex_given_up(const struct regex *regex);
/* Whether TEXT has a character that is more than itself in a pattern. */
bool regex_is_pattern(struct str text);

#endif
