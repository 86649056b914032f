/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The failing lines of a log, best first. Fed as a stream; memory does not grow
 * with the log (candidates and a window of lines are kept, not the text).
 */
#ifndef CLIENT_TRIAGE_EXPLAIN_H
#define CLIENT_TRIAGE_EXPLAIN_H

#include "client/base/arena.h"
#include "client/base/err.h"

enum { EXPLAIN_MOST_CANDIDATES = 10, EXPLAIN_MOST_EXCERPT = 40, EXPLAIN_ROOM = 1 << 16 };

struct candidate {
	int64_t line; /* 1-based */
	double score; /* 0..1 */
	const char *
		text; /* the line without its time stamp and level, trimmed; uncleaned; at most 2,000 bytes */
};

struct explanation {
	struct candidate candidates[EXPLAIN_MOST_CANDIDATES]; /* best first, no line twice */
	size_t n_candidates;
	int64_t excerpt_line;			   /* of excerpt[0] */
	const char *excerpt[EXPLAIN_MOST_EXCERPT]; /* the lines around the best candidate, raw */
	size_t n_excerpt;
	char fingerprint[19]; /* contracts.md section 9: "1-" and 16 hex digits; empty without a candidate */
	int64_t n_lines;
};

struct explainer;
struct explainer *explain_new(void);
void explain_free(struct explainer *explainer);
/* Where the next EXPLAIN_ROOM bytes of the log may be put, by who reads it; and the first N were put there.
 * Lines may be cut anywhere. */
char *explain_room(struct explainer *explainer);
void explain_took(struct explainer *explainer, size_t n);
/* The same for bytes that stand elsewhere, as many as there are. */
void explain_feed(struct explainer *explainer, struct str bytes);
/* The log of a run that passed, at any time before explain_finish: what it says too is set aside. Several may
 * follow one another, each closed by explain_end_good. */
char *explain_good_room(struct explainer *explainer);
void explain_took_good(struct explainer *explainer, size_t n);
void explain_feed_good(struct explainer *explainer, struct str bytes);
void explain_end_good(struct explainer *explainer);
/* Ends the stream and gives what was found; texts are taken from ARENA. Call once. */
struct explanation explain_finish(struct explainer *explainer, struct arena *arena);

/* The fingerprint of one cause line (with the exception's in-project FRAME, may be NULL), for causes that
 * come without a log. OUT holds 19 bytes. */
void explain_fingerprint(struct str cause, const char *frame, char *out);

#endif
