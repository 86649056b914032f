/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text in the person's own editor. */
#ifndef TUI_ACT_EDITOR_H
#define TUI_ACT_EDITOR_H

#include "client/base/buf.h"
#include "client/base/err.h"

struct app;

/* Gives the terminal to $VISUAL, else $EDITOR, else vi, with TEXT in a file that only the person can read,
 * and takes it back with what stands in the file then. False with ERR where there is no editor, or it failed.
 */
bool act_edit(struct app *app, struct buf *text, struct err *err);

#endif
