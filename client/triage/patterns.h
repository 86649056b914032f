/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words that tell: one table of patterns, found all at once. A line that
 * holds none of the telling ones costs a table look-up for every second byte.
 */
#ifndef CLIENT_TRIAGE_PATTERNS_H
#define CLIENT_TRIAGE_PATTERNS_H

#include "client/triage/lines.h"

struct patterns;

struct patterns *patterns_new(void);
void patterns_free(struct patterns *patterns);

/* Whether LINE holds a pattern that is worth a closer look. */
bool patterns_are_in(const struct patterns *patterns, struct str line);

enum verdict_flags {
	VERDICT_EXIT = 1,     /* says that something ended badly: what is sought stands before it */
	VERDICT_GOOD_END = 2, /* says that something ended well */
	VERDICT_NEXT = 4,     /* a heading: the message is the next line */
	VERDICT_PYTHON = 8,   /* starts a Python traceback */
	VERDICT_FRAME = 16,   /* a frame of a Java or JavaScript trace */
	VERDICT_MILD = 32,    /* a warning, or something that is tried again */
};

struct verdict {
	double score; /* 0: says nothing */
	double cap;   /* 1, or less where something makes it harmless: no reading of the line is worth more */
	int flags;
};

/* What LINE says by itself. */
struct verdict patterns_judge(const struct patterns *patterns, const struct log_line *line);

#endif
