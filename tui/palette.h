/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Go anywhere: views, saved views, commands and objects by fuzzy name; then any
 * command line. What was typed before comes back with Up, Tab completes (palette_complete.c), what
 * a line means is in verbs.c.
 */
#ifndef TUI_PALETTE_H
#define TUI_PALETTE_H

#include "client/catalogue/store_thread.h"
#include "tui/grid.h"
#include "tui/keymap.h"
#include "views/view.h"

struct app;
struct saved_view;

enum { PALETTE_MOST_ITEMS = 12 };

struct palette_item {
	const char *title, *hint;
	const struct view_def *view; /* one of these */
	const struct app_command *command;
	const struct saved_view *saved;
	const char *verb; /* what is typed to have it: it goes into the line */
	const char *ref;
	const char *word; /* a completion: it takes the place of the last word */
	int score;
};

struct palette {
	struct arena *arena;
	struct palette_item items[PALETTE_MOST_ITEMS];
	size_t n;
	int selected;	    /* -1: the line as typed */
	bool is_completing; /* the items are what Tab found */
	struct ticket *search, *completion;
	bool is_accepted; /* Enter came before what the search finds: it goes there */
};

void palette_open(struct app *app);
void palette_close(struct app *app);
/* Nothing is offered, nothing is looked for. */
void palette_clear(struct app *app);
/* The typed line changed: match again, ask the store for objects. */
void palette_update(struct app *app);
/* Up, Down and Tab; false where KEY is none of them. */
bool palette_key(struct app *app, uint32_t key);
/* Goes where the selected item, or the typed line, says; closes. Where only the search that is under way can
 * say, that is waited for. */
void palette_accept(struct app *app);
/* Above the prompt's line, growing upward. */
void palette_draw(const struct app *app, struct grid *grid, int bottom);
/* Adds an item where its score places it. */
void palette_add(struct palette *palette, struct palette_item item);

/* How well the letters of TYPED are found in NAME, in order: 0 not at all; more is better. */
int palette_score(struct str typed, struct str name);

#endif
