/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words in a list of runs, looked up in the index run_text (see client/catalogue/run_text.h), whose order is
 * the list's own. That serves words alone, whether common, rare or absent. Where other conditions have little
 * in common with the words, walking the matches would not end: so only the first WORDS_MOST_MATCHES of them
 * are tried, and if these do not fill a page the other conditions lead, and each of their rows is compared.
 */
#ifndef VIEWS_WORDS_H
#define VIEWS_WORDS_H

#include "client/catalogue/filter.h"
#include "views/view.h"

enum { WORDS_MOST_MATCHES = 10000 };

struct words {
	const char *match; /* for `run_text MATCH`; NULL: the index cannot help */
	int64_t lo, hi;	   /* rows of run_text between these two, both excluded */
	bool is_bounded;   /* that leaves matches out: a page that is not full says nothing */
};

/* How the words of FILTER are found in LIST; OTHERS: a scope narrows the list, too. In ARENA. */
bool words_find(struct store *store, const struct list_def *list, const struct view_args *args,
	const struct filter *filter, bool others, struct arena *arena, struct words *out, struct err *err);

#endif
