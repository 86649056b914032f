/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parsing ahead: while the loop's thread stores one record, another thread reads the next ones. A source that
 * sends a million records sends them faster than they are stored, and reading them is a fifth of the work.
 * Nobody waits for the other thread to wake up: a line that it has not begun is parsed by who wants it.
 */
#ifndef CLIENT_PROTOCOL_AHEAD_H
#define CLIENT_PROTOCOL_AHEAD_H

#include "client/base/json.h"

/* Lines in hand that make it worth while. */
enum { AHEAD_LEAST_BYTES = 16 << 10 };

struct ahead;

/* Starts the thread; NULL where there can be none. */
struct ahead *ahead_new(void);
/* Ends it. NULL is nothing. */
void ahead_free(struct ahead *ahead);

/* TEXT is whole lines, which stay where they are until ahead_end. */
void ahead_begin(struct ahead *ahead, struct str text);
/* The next line of TEXT that is not blank, as by json_parse; borrowed until the next call or ahead_end. */
const struct json_doc *ahead_take(struct ahead *ahead);
/* Forgets what nobody took. NULL is nothing. */
void ahead_end(struct ahead *ahead);

#endif
