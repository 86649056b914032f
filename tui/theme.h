/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Themes: a role's colour and attributes per colour depth, from YAML files in
 * themes/ (linked in) or in the user's folder `themes/`.
 *
 *     name: dark
 *     background: dark
 *     roles:
 *       failed: {fg: 203, fg16: red, bold: true}
 *       dim:    {fg: 245, fg16: black, bright: true}
 */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include "client/base/arena.h"
#include "client/base/err.h"
#include "views/role.h"

struct look {
	int fg256, bg256; /* -1: the terminal's own */
	int fg16, bg16;	  /* -1: the terminal's own; 8..15 bright */
	bool bold, dim, underline, reverse, italic;
};

/* What a theme is made for. */
enum background { BACKGROUND_ANY, BACKGROUND_DARK, BACKGROUND_LIGHT };

struct theme {
	const char *name;
	enum background background;
	struct look roles[ROLE_COUNT]; /* a role the file leaves out looks like text */
};

/* The theme called NAME from the user's folder DIR (may be NULL), else of those linked in; `auto` is the one
 * for the background as far as the environment says. ERR_NOT_FOUND lists the known names. */
bool theme_load(struct arena *arena, const char *name, const char *dir, struct theme *out, struct err *err);
/* What the terminal says of itself in COLORFGBG; BACKGROUND_ANY: nothing. */
enum background theme_background(void);
/* The name of the theme for `auto` there: the dark one, unless it is light. */
const char *theme_auto_name(enum background background);
/* Names of the themes linked in, NULL-ended. */
const char *const *theme_names(void);

#endif
