/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short list over the bottom of the screen, from which a person takes one thing, or sets several. */
#ifndef TUI_MENU_H
#define TUI_MENU_H

#include "client/base/arena.h"
#include "tui/grid.h"

struct app;
struct menu;

struct menu_item {
	const char *title, *hint;
	uint32_t key; /* takes it at once; 0: none */
	bool is_on;
};

struct menu_ops {
	/* Enter, or the item's key. The menu is closed by then; MENU lives until this returns. */
	void (*take)(struct app *app, const struct menu *menu, size_t item);
	/* Any other key; false where it does nothing here. NULL: none does. */
	bool (*key)(struct app *app, struct menu *menu, uint32_t key);
};

struct menu {
	const struct menu_ops *ops; /* NULL: closed */
	struct arena *arena;	    /* of the texts */
	const char *title, *footer;
	struct menu_item *items;
	size_t n, selected;
	bool has_checks; /* items are on or off */
};

/* Opens it; MENU is copied, its arena is taken. */
void menu_open(struct app *app, const struct menu *menu);
void menu_close(struct app *app);
void menu_key(struct app *app, uint32_t key);
/* Above BOTTOM, growing upward. */
void menu_draw(const struct menu *menu, struct grid *grid, int bottom);

#endif
