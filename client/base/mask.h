/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What nobody should see on a screen or find in a catalogue (keys, passwords): by
 * patterns of one's own, and always by those for the usual forms of secrets: values
 * named password, secret, token or some key; the password in an address; credentials in
 * an Authorization header; the tokens that AWS, GitHub, GitLab, Slack, Databricks and
 * others mark as such; JSON web tokens; private keys. One is used by one thread at a time;
 * `{0}` has no patterns of one's own. No library is loaded before a line looks like a secret.
 */
#ifndef CLIENT_BASE_MASK_H
#define CLIENT_BASE_MASK_H

#include "client/base/arena.h"
#include "client/base/buf.h"
#include "client/base/err.h"

struct regex;

struct mask {
	struct regex **patterns;
	size_t n;
	struct regex *usual; /* made when it is first needed */
};

/* ERR_USAGE says which of PATTERNS is wrong, and where; then nothing is to be freed. */
bool mask_init(struct mask *mask, const char *const *patterns, size_t n, struct err *err)
	__attribute__((warn_unused_result));
void mask_fini(struct mask *mask);
/* In LINE, one without its end, "***" stands in the place of what a pattern matches. Where a pattern gives up
 * on it the whole line is hidden, and says so: better nothing than a secret. */
void mask_line(struct mask *mask, struct buf *line);
/* TEXT without its secrets: itself, or a masked copy from ARENA. */
const char *mask_text(struct mask *mask, struct arena *arena, const char *text);
/* VALUE of what is called KEY, likewise; all of it where KEY names a secret, as `db_password` does. */
const char *mask_value(struct mask *mask, struct arena *arena, const char *key, const char *value);

#endif
