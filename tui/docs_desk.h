/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What goes on behind the pages while a portal is open: what others publish comes in, a page whose file
 * changes is shown anew, searches in vain and whether a page helped go into the team store, news that were
 * read are unread no more. On the store's and the desk's threads: the loop waits for none of it.
 */
#ifndef TUI_DOCS_DESK_H
#define TUI_DOCS_DESK_H

#include <stdbool.h>
#include <stdint.h>

struct app;
struct ticket;

struct docs_desk {
	int64_t mark;	 /* how many versions of pages there were when they were taken in; 0: none yet */
	int64_t version; /* of the pages as they are shown */
	struct ticket *published, *missed;
	bool is_looking, knows_news;
};

void docs_desk_init(struct docs_desk *d);
void docs_desk_fini(struct docs_desk *d);

/* The catalogue has changed: takes in what was published. */
void docs_desk_changed(struct app *app);
/* Once a second. */
void docs_desk_tick(struct app *app);
/* Whether PAGE helped the person here; NOTE may be "". What becomes of it is said. */
void docs_desk_vote(struct app *app, const char *page, bool helped, const char *note);

#endif
