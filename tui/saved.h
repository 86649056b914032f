/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Views that a person saved under a name (views.yaml in the configuration's folder,
 * made to be edited by hand too):
 *
 *     red:
 *       view: runs
 *       filter: state:failed
 *       sort: -started_ms
 *       columns: [state, pipeline, run]
 */
#ifndef TUI_SAVED_H
#define TUI_SAVED_H

#include "client/base/err.h"
#include "tui/place.h"

struct app;

struct saved_view {
	char *name;
	struct place place; /* of a list */
	char *columns;	    /* keys, blank-separated; NULL: the list's own */
};

struct saved {
	struct saved_view *views;
	size_t n;
	char *text;	 /* of the file, as it was read */
	bool is_refused; /* the file holds something else, which could not be read: it must not be lost */
};

void saved_fini(struct saved *saved);
/* Takes over TEXT; where it is wrong what was there stays, and ERR says file and line. */
bool saved_read(struct saved *saved, const char *name, struct str text, struct err *err);
const struct saved_view *saved_find(const struct saved *saved, struct str name);

/* `:save NAME`, `:forget NAME`: they say what they did, or why not. */
void saved_save(struct app *app, struct str name);
void saved_forget(struct app *app, struct str name);
void saved_open(struct app *app, const struct saved_view *view);

#endif
