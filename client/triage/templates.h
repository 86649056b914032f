/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What logs of good runs say too: a set of line templates, a template being a line without its time stamp,
 * its level and its digits. A line that is in it says nothing about a failure. */
#ifndef CLIENT_TRIAGE_TEMPLATES_H
#define CLIENT_TRIAGE_TEMPLATES_H

#include "client/triage/lines.h"

enum { TEMPLATES_MOST = 1 << 18 }; /* lines that differ; what comes later is not remembered */

/* The template of TEXT (no time stamp, no level) as a number. */
uint64_t template_of(struct str text);

struct templates;
struct templates *templates_new(void);
void templates_free(struct templates *templates);
/* Where the next WINDOW_TAKE bytes of a good log may be put; and the first N were. Lines may be cut anywhere.
 */
char *templates_room(struct templates *templates);
void templates_took(struct templates *templates, size_t n);
/* The log is over; another may follow. */
void templates_end_log(struct templates *templates);
bool templates_have(const struct templates *templates, struct str text);

#endif
