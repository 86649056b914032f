/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a person is, in words that outlive the frame: for the last view, the session, saved views. */
#ifndef TUI_PLACE_H
#define TUI_PLACE_H

#include "client/base/buf.h"

struct app;
struct frame;

/* All heap, or NULL where it is not so. */
struct place {
	char *view; /* of a list or home: its name; "compare", "curves" */
	char *ref;  /* of an object or a log: what it is of; several, with blanks between, of the two */
	char *filter, *sort; /* of a list */
	char *cursor;	     /* the ref under the cursor */
	bool is_log;	     /* the log of REF, not its own view */
	bool show_hidden;
};

/* False for what nobody can be led back to: help. */
bool place_take(const struct frame *frame, struct place *out);
void place_fini(struct place *place);
/* A new frame there, for app_push; NULL where the view or the ref is not known (any more). */
struct frame *place_frame(struct app *app, const struct place *place);
/* Whether FRAME shows what PLACE names, whatever its filter and cursor. */
bool place_is_of(const struct place *place, const struct frame *frame);
/* As a person would type it into the palette: "runs state:failed", "lab/churn/r1". */
void place_add_text(struct buf *out, const struct place *place);

#endif
