/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What readers tell about the pages: whether one helped, and what they looked for and nobody wrote. It is in
 * the team store, so that who looks after the pages sees what all miss. */
#ifndef CLIENT_DOCS_FEEDBACK_H
#define CLIENT_DOCS_FEEDBACK_H

#include "client/catalogue/store.h"

enum { FEEDBACK_MOST_NOTE = 2000, FEEDBACK_MOST_WORDS = 200 };

/* WHO says whether PAGE helped; it replaces what they said of it before. NOTE may be NULL. */
struct feedback_vote {
	const char *page, *who, *note;
	bool helped;
};
bool feedback_vote(struct store *store, const struct feedback_vote *vote, int64_t now_ms, struct err *err);
/* How many say that PAGE helped, and that it did not. */
bool feedback_count(struct store *store, const char *page, int64_t *yes, int64_t *no, struct err *err);

/* Somebody searched for WORDS and found nothing: counted, without what looks like a secret. */
bool feedback_missed(struct store *store, struct str words, int64_t now_ms, struct err *err);

/* What is missing, the newest first, at most MOST: kind (search, page), what, count, first_ms, last_ms, note.
 * A page is one that did not help. */
bool feedback_gaps(
	struct store *store, int64_t most, struct arena *arena, struct result *out, struct err *err);

#endif
