/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words in a list of runs, page by page. Where words and other conditions have little in common, walking all
 * matches of the words would not end: so an attempt is bounded, and if its rows do not fill a page the next
 * one is made.
 *
 * SQLite looks words up in the index run_text (see client/catalogue/run_text.h), whose order is the list's
 * own: common, rare and absent ones alike. First the WORDS_MOST_MATCHES nearest matches are tried, then the
 * other conditions lead, and each of their rows is compared.
 *
 * PostgreSQL's index of trigrams has no order. First the WORDS_MOST_PROBED nearest runs are compared, where a
 * common word fills the page; then the matches of the longest word are fetched and the nearest of them
 * tried, unless another condition has few rows by an index of its own; then all rows are compared.
 */
#ifndef VIEWS_WORDS_H
#define VIEWS_WORDS_H

#include "client/catalogue/filter.h"
#include "views/view.h"

enum { WORDS_MOST_MATCHES = 10000, WORDS_MOST_PROBED = 2000, WORDS_FEW_MATCHES = 500 };

enum words_attempt { WORDS_NEAR, WORDS_BY_INDEX, WORDS_BY_ROW };

struct words {
	const char *match; /* SQLite, for `run_text MATCH`; NULL: the index cannot help */
	int64_t lo, hi;	   /* rows of run_text between these two, both excluded */
	int64_t edge_ms;   /* PostgreSQL: no runs beyond this time; TIME_NONE: any */
	const char *ids;   /* of runs, as PostgreSQL's literal of an array; NULL: any */
	bool is_bounded;   /* that leaves matches out: a page that is not full says nothing */
};

/* How the words of FILTER are found in LIST at ATTEMPT; OTHERS: a scope narrows the list, too. In ARENA. An
 * attempt that bounds nothing is the last. */
bool words_find(struct store *store, const struct list_def *list, const struct view_args *args,
	const struct filter *filter, bool others, enum words_attempt attempt, struct arena *arena,
	struct words *out, struct err *err);

#endif
