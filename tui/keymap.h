/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one table of what a person can do in the portal (commands.c): each has a
 * name, default keys, a word for the footer and a line for the help. Keys, the
 * palette and the help page are made from it.
 */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include "client/base/buf.h"
#include "client/config/config.h"

struct app;

/* Where a command works. */
enum context {
	IN_HOME = 1,
	IN_LIST = 2,
	IN_OBJECT = 4,
	IN_LOG = 8,
	IN_TEXT = 16,
	IN_PLOT = 32,
	IN_PAGE = 64, /* of the documentation */
	IN_ANY = 127,
	IN_SAMPLE = 128, /* home of a recorded sample, or of no source: nothing there is one's own yet */
	IN_EXAMPLE = 256 /* the page of an example */
};

struct app_command {
	const char *name;
	const char *keys;  /* blank-separated names of keys */
	const char *label; /* in the footer; NULL: not there */
	const char *help;
	int contexts;
	void (*run)(struct app *app);
};

/* commands.c: the one list, most useful first. */
const struct app_command *app_commands(size_t *n);

struct keymap;
/* The default keys, then those of the configuration. ERR_USAGE names an unknown command or key. */
struct keymap *keymap_new(const struct config *config, struct err *err);
/* The same, and then those of TEXT, a map of commands and keys ("sort: s", "mark: [Space, m]", "find: none");
 * NAME is its file's. ERR says "NAME:LINE: what". */
struct keymap *keymap_new_with(
	const struct config *config, const char *name, struct str text, struct err *err);
void keymap_free(struct keymap *keymap);
/* What a person's own keys take away from other commands, in words; NULL where nothing. */
const char *keymap_conflicts(const struct keymap *keymap);
const struct app_command *keymap_find(const struct keymap *keymap, uint32_t key, int context);
/* The command called NAME, or NULL. */
const struct app_command *keymap_named(const struct keymap *keymap, const char *name);
/* The first key of COMMAND, 0 for none. */
uint32_t keymap_key(const struct keymap *keymap, const struct app_command *command);
/* The names of all of them, blank-separated. */
void keymap_add_keys(const struct keymap *keymap, const struct app_command *command, struct buf *out);

#endif
