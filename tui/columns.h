/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which columns a person wants to see of a list, and in which order: chosen once,
 * kept for every list of that name, and remembered in the state folder (columns.yaml).
 */
#ifndef TUI_COLUMNS_H
#define TUI_COLUMNS_H

#include "client/base/buf.h"
#include "client/base/err.h"
#include "views/view.h"

struct app;
struct columns;

struct columns *columns_new(void);
void columns_free(struct columns *columns);
/* Reads what columns_write wrote; NAME is the file's, for messages. What was there is replaced. */
bool columns_read(struct columns *columns, const char *name, struct str text, struct err *err);
void columns_write(const struct columns *columns, struct buf *out);

/* The keys chosen for BLOCK of VIEW, blank-separated; NULL: the list's own. Borrowed until they change. */
const char *columns_chosen(const struct columns *columns, const struct view_def *view, const char *block);
/* KEYS NULL: the list's own again. */
void columns_choose(
	struct columns *columns, const struct view_def *view, const char *block, const char *keys);
/* Puts the chosen columns of every table of DATA first, in their order, and hides the others. OWN (may be
 * NULL) are keys that come before what was chosen. */
void columns_use(
	const struct columns *columns, const struct view_def *view, const char *own, struct view_data *data);

/* The menu of the columns of the table that has the keys. */
void columns_open(struct app *app);

#endif
