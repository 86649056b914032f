/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One search through a file of any size, from a place to its end and around it.
 * Owns all that it needs, so that it can run on another thread; stops soon after it
 * is told to.
 */
#ifndef TUI_WIDGETS_SEARCH_H
#define TUI_WIDGETS_SEARCH_H

#include "tui/widgets/match.h"

#include <stdatomic.h>

/* Shared by whoever works and whoever watches: the last one to let go frees it. */
struct search_state {
	atomic_int users;
	atomic_bool is_stopped;
	atomic_llong done; /* bytes looked through */
};
struct search_state *search_state_new(int users);
void search_state_drop(struct search_state *state);

struct search {
	int fd; /* its own; -1: none */
	int64_t size;
	/* The start of a line. Forward the search begins there, back it ends just before; then it goes on
	 * from the other end of the file, up to there. */
	int64_t from;
	bool is_backward;
	struct match match; /* its own */
};

/* For what is open at FD. */
bool search_init(struct search *search, int fd, int64_t size, const struct match *match, struct err *err);
void search_fini(struct search *search);
/* The place of what was found, or -1: it is nowhere, or STATE says to stop. */
int64_t search_run(const struct search *search, struct search_state *state);

#endif
