/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A frame: one place that a person has gone to. It keeps the view, what was
 * asked of it (filter, sort), the data that came and the widgets that show them,
 * over reloads. The app keeps a stack of frames; the top one is seen.
 */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include "client/catalogue/store_thread.h"
#include "client/live/log.h"
#include "tui/marks.h"
#include "tui/widgets/pager.h"
#include "tui/widgets/widget.h"
#include "views/log.h"
#include "views/view.h"

struct app;

enum { FRAME_MOST_BLOCKS = 8 };

/* Loaded data and one widget a block; used for a frame and for its preview. */
struct pane {
	struct view_data *data;
	struct widget *widgets[FRAME_MOST_BLOCKS];
	size_t n;
	int heights[FRAME_MOST_BLOCKS]; /* as drawn last */
	struct rect rects[FRAME_MOST_BLOCKS];
	struct ticket *ticket; /* a load that is under way */
};

struct frame {
	struct app *app;
	const struct view_def *view; /* NULL: a log, or a static text */
	struct arena *arena;	     /* of what the frame was opened with */
	struct ref ref;
	struct ref *others; /* what a comparison compares REF with */
	size_t n_others;
	struct curves *curves;	/* what fills a plot; NULL: this is none */
	const char *own_filter; /* what it was opened with */
	char *filter, *sort;	/* heap; "" and NULL where not set */
	bool show_hidden;
	struct pane body, preview;
	char *preview_ref;	 /* heap: what the preview shows or loads */
	size_t focus;		 /* the block that has the keys */
	bool is_asked_anew;	 /* the load under way asks something else than the one before */
	struct loop_timer *rest; /* until the preview follows the cursor */
	struct loop_timer *dim;	 /* until it counts as long; see is_dim */
	bool is_dim; /* an answer that a person waits for takes long: what is there is the old one */
	struct marks marks;
	char *columns; /* heap: of this frame alone, as a saved view asks for; NULL: as for every such list */
	char *seek;    /* heap: the cursor goes there when the rows have come */
	struct err err; /* of the last load */
	int64_t limit;	/* rows asked for; grows as the person goes down */
	/* a log */
	struct pager *pager;
	struct live_log *log;
	struct ticket *log_ticket;
	struct log_target *target;
	bool is_opened;	  /* the pager has the file */
	bool is_log_over; /* nothing more comes */
	struct err log_err;
	char *log_title;
	struct mask mask; /* what is hidden in it */
	bool is_excerpt;  /* what was kept of it (in body) is shown instead */
};

/* Opens VIEW; REF (copied) is NULL for lists. Loading starts at once. */
struct frame *frame_new(
	struct app *app, const struct view_def *view, const struct ref *ref, const char *filter);
/* The same for a list, asked in full. SORT may be NULL. */
struct frame *frame_new_sorted(
	struct app *app, const struct view_def *view, const char *filter, const char *sort, bool show_hidden);
/* REFS beside each other, the first one being what the others are compared with; a single one beside the last
 * green one. */
struct frame *frame_new_compare(struct app *app, const struct ref *refs, size_t n);
/* A frame whose blocks come later, by frame_show. Nothing is loaded for it. */
struct frame *frame_new_empty(struct app *app, const struct ref *ref);
/* Takes DATA in the place of what is there; widgets keep what the person did to them. */
void frame_show(struct frame *frame, struct view_data *data);
/* A page of the documentation, its commands filled in for the objects ABOUT. */
struct frame *frame_new_page(struct app *app, const struct ref *page, const struct ref *about, size_t n);
/* The log of what REF names: a step, or the failed step of a run, a pipeline, a problem. */
struct frame *frame_new_log(struct app *app, const struct ref *ref);
/* A text that is there already: help. Takes DATA. */
struct frame *frame_new_static(struct app *app, struct view_data *data);
/* Cancels what is under way; no callback runs afterwards. */
void frame_free(struct frame *frame);

/* Loads again, keeping everything in place until the answer is there. */
void frame_reload(struct frame *frame);
/* The same for a person who asked: what is there is dimmed where the answer takes long. */
void frame_ask(struct frame *frame);
/* Sorts by SORT ("-key" descending; NULL: its own order). */
void frame_set_sort(struct frame *frame, const char *sort);
/* Shows FILTER instead. */
void frame_set_filter(struct frame *frame, const char *filter);
/* Goes back to the filter that it was opened with; false where that is what it shows. */
bool frame_drop_filter(struct frame *frame);
bool frame_is_loading(const struct frame *frame);
/* Whether the log itself is shown: then its pager has the keys. */
bool frame_has_pager(const struct frame *frame);
/* Shows what was kept of a log instead of it, or the log again. Returns whether that is shown now: there may
 * be nothing. */
bool frame_toggle_excerpt(struct frame *frame);
/* The widget with the keys, or NULL. */
struct widget *frame_widget(const struct frame *frame);
/* The ref under the cursor; NULL where there is none. */
const char *frame_ref(const struct frame *frame);
/* Moves to the row with REF, now or when the rows have come. */
void frame_seek(struct frame *frame, const char *ref);
/* Marks the row under the cursor, or takes the mark away. False where no row can be marked, or no more. */
bool frame_toggle_mark(struct frame *frame);
/* The table that has the keys; NULL where there is none. */
struct block *frame_table(const struct frame *frame);
/* Its columns were chosen anew. */
void frame_use_columns(struct frame *frame);
/* A person points at X, Y of the grid; see widget_ops.point. */
enum hit frame_point(struct frame *frame, int x, int y, const char **key);
/* What REF, of one of its rows, names; of a problem the place where it occurred. */
bool frame_place_of(const struct frame *frame, struct arena *arena, const char *ref, struct ref *out);
/* The same of the row under the cursor, else the object that is shown. */
bool frame_place(const struct frame *frame, struct arena *arena, struct ref *out);
/* What the preview says of the row under the cursor; NULL where it does not (yet). */
const struct view_data *frame_preview(const struct frame *frame);
/* The grid has another size. */
void frame_resized(struct frame *frame);
/* False where there is only one pane. */
bool frame_next_focus(struct frame *frame, int step);
void frame_move(struct frame *frame, enum move move);
void frame_draw(struct frame *frame, struct grid *grid, struct rect rect);

#endif
