/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tells the person at the portal that something needs somebody: a problem of production that is new,
 * returned, grew or came back from a snooze rings the terminal's bell, which tmux shows on its window, and
 * says which. */
#ifndef TUI_WATCH_H
#define TUI_WATCH_H

#include "client/catalogue/store_thread.h"

struct app;

struct watch {
	struct ticket *ticket;
	bool has_mark;
	int64_t mark; /* the newest event that was looked at */
};

/* Something in the catalogue has changed: looks what. The first time it only learns what is there. */
void watch_look(struct app *app);

#endif
