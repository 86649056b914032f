/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Go anywhere: views, commands and objects by fuzzy name; then any command line. */
#ifndef TUI_PALETTE_H
#define TUI_PALETTE_H

#include "client/catalogue/store_thread.h"
#include "tui/grid.h"
#include "tui/keymap.h"
#include "views/view.h"

struct app;

enum { PALETTE_MOST_ITEMS = 12 };

struct palette_item {
	const char *title, *hint;
	const struct view_def *view; /* one of these three */
	const struct app_command *command;
	const char *ref;
	int score;
};

struct palette {
	struct arena *arena;
	struct palette_item items[PALETTE_MOST_ITEMS];
	size_t n;
	int selected; /* -1: the line as typed */
	struct ticket *search;
	bool is_accepted; /* Enter came before what the search finds: it goes there */
};

void palette_open(struct app *app);
void palette_close(struct app *app);
/* The typed line changed: match again, ask the store for objects. */
void palette_update(struct app *app);
void palette_move(struct app *app, int step);
/* Goes where the selected item, or the typed line, says; closes. Where only the search that is under way can
 * say, that is waited for. */
void palette_accept(struct app *app);
/* Above the prompt's line, growing upward. */
void palette_draw(const struct app *app, struct grid *grid, int bottom);

/* How well the letters of TYPED are found in NAME, in order: 0 not at all; more is better. */
int palette_score(struct str typed, struct str name);

#endif
