/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kinds of causes: what words in a cause line mean, whether that is the code, the data or the infrastructure,
 * what helps, and which built-in page says more. One table (causes.c); the first row that fits counts. A
 * person may say otherwise: see causes_correct.
 */
#ifndef CLIENT_TRIAGE_CAUSES_H
#define CLIENT_TRIAGE_CAUSES_H

#include "client/catalogue/store.h"
#include "client/config/config.h"

struct cause {
	const char *name; /* of the row: "data-check-failed" */
	const char *kind; /* code data infrastructure flaky unknown */
	const char *page; /* "runbooks/data-check-failed"; NULL: none is built in */
	const char *act;  /* what helps by itself, a next_act; NULL: the row does not know */
	const char *why;  /* in words: "the data is not as promised, a rerun reads the same" */
};

/* The row for a problem of KIND ("failed", …). SUBJECT is the component of a platform problem ("scheduler",
 * "import x.py"; NULL: the whole source), TEXT the cause, or the title where there is none. Never NULL. */
const struct cause *cause_of(const char *kind, const char *subject, const char *text);
/* Whether a retry cures what failed: the tool tried again and it passed. */
const struct cause *cause_flaky(void);

/* Whether WORD is a kind of cause. */
bool cause_is_kind(const char *word);
/* The kind that a person gave to a problem, in ARENA; *OUT is NULL where nobody did. It is the text of the
 * newest event 'cause' of the problem that was not taken back, and holds until the problem is over. */
bool causes_correct(
	struct store *store, int64_t problem, struct arena *arena, const char **out, struct err *err);

/* The page for a cause: the first of the configuration's `runbooks:` whose pattern is found in TEXT, else the
 * built-in one; NULL: none. SOURCE and PIPELINE may be NULL. */
const char *cause_runbook(const struct config *config, const struct cause *cause, const char *text,
	const char *source, const char *pipeline);

#endif
