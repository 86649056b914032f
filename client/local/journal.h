/* SPDX-License-Identifier: GPL-3.0-or-later */
/* events.jsonl of a run: records of the source protocol, a line each, appended by one write, so that the
 * runner and `porthole record` in its steps may write side by side and nobody reads half a line. */
#ifndef CLIENT_LOCAL_JOURNAL_H
#define CLIENT_LOCAL_JOURNAL_H

#include "client/protocol/record.h"

#define JOURNAL_NAME "events.jsonl"

/* Opens PATH for appending, IS_NEW makes it; -1 with ERR. Close it with close(). */
int journal_open(const char *path, bool is_new, struct err *err);
bool journal_put(int fd, const struct record *record, struct err *err);

#endif
