/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words that tell: one table of patterns, found all at once. What holds none
 * of the telling ones costs a table look-up for every third byte.
 */
#ifndef CLIENT_TRIAGE_PATTERNS_H
#define CLIENT_TRIAGE_PATTERNS_H

#include "client/triage/lines.h"

struct patterns;

struct patterns *patterns_new(void);
void patterns_free(struct patterns *patterns);

/* Where a pattern that is worth a closer look starts in TEXT, of any number of lines: in the first line that
 * has one. SIZE_MAX: nowhere. */
size_t patterns_find(const struct patterns *patterns, struct str text);
/* Whether LINE holds one. */
bool patterns_are_in(const struct patterns *patterns, struct str line);
/* The text of the Ith pattern that is worth one, NULL behind the last. */
const char *patterns_telling(size_t i);

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
