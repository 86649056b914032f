/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords and tokens: fetched from where the configuration says, kept in memory
 * only, wiped when done with, never part of an error text. */
#ifndef CLIENT_FETCH_SECRET_H
#define CLIENT_FETCH_SECRET_H

#include "client/config/config.h"

struct secret {
	char *text; /* NULL: none */
};

/* Whether FROM names a place at all. */
bool secret_is_set(const struct config_secret *from);
/* Fetches it: an environment variable, a file (0600) or a command's output, without the line
 * end. Blocks at most 30 s for a command. A secret with a control character is ERR_USAGE. */
bool secret_read(const struct config_secret *from, struct secret *out, struct err *err);
void secret_set(struct secret *secret, struct str text);
void secret_wipe(struct secret *secret);
/* Takes the secret out of a text that a server may have put it in, also where the text ends within it. */
void secret_scrub(const struct secret *secret, char *text);

#endif
