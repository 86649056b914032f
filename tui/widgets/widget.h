/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Widgets: one per kind of block. A widget keeps what the person did to it
 * (cursor, scroll, search) over reloads of its data, and draws from state: draw
 * changes nothing. Rows are kept by identity, not by number.
 */
#ifndef TUI_WIDGETS_WIDGET_H
#define TUI_WIDGETS_WIDGET_H

#include "tui/grid.h"
#include "views/block.h"
#include "views/format.h"

enum move {
	MOVE_UP,
	MOVE_DOWN,
	MOVE_HALF_UP,
	MOVE_HALF_DOWN,
	MOVE_PAGE_UP,
	MOVE_PAGE_DOWN,
	MOVE_HOME,
	MOVE_END,
	MOVE_LEFT,
	MOVE_RIGHT
};

struct widget_ops;
struct marks;

/* What a person pointed at. */
enum hit { HIT_NOTHING, HIT_ROW, HIT_HEADING };

/* The head of every widget; each kind has its own struct that starts with it. */
struct widget {
	const struct widget_ops *ops;
};

struct widget_ops {
	struct widget *(*new)(void);
	void (*free)(struct widget *widget);
	/* New data; BLOCK stays valid until the next call. Keeps cursor (by ref) and scroll. */
	void (*set)(struct widget *widget, const struct block *block);
	/* What the last set brought above the first row is no news: another question was asked. NULL: nothing
	 * to forget. */
	void (*forget_news)(struct widget *widget);
	/* Rows it would like to have within WIDTH columns. A block's title is not drawn here but by whoever
	 * places the blocks. */
	int (*height)(const struct widget *widget, int width, const struct format *format);
	void (*draw)(struct widget *widget, struct grid *grid, struct rect rect, const struct format *format,
		bool has_focus);
	/* PAGE_ROWS is the height it was drawn with. False where it cannot move that way any more (the app
	 * may load the next page). */
	bool (*move)(struct widget *widget, enum move move, int page_rows);
	/* The ref under the cursor, or NULL. */
	const char *(*ref)(const struct widget *widget);
	/* Searches TEXT from the cursor on, forward or back, and around the end; moves to it. Ignores case
	 * where TEXT has no capital. "" goes to the next one. False: not found. */
	bool (*find)(struct widget *widget, struct str text, bool is_backward);
	/* What `y` copies from here: adds it to OUT. */
	void (*copy)(const struct widget *widget, struct buf *out);
	/* Moves to what has REF; false where nothing here has. NULL: never. */
	bool (*seek)(struct widget *widget, const char *ref);
	/* A person points at X, Y of the grid; RECT is where it was drawn last. On a row the cursor moves
	 * there; of a heading *KEY is the column's. NULL: there is nothing to point at. */
	enum hit (*point)(struct widget *widget, struct rect rect, int x, int y, const char **key);
	/* Rows with one of these refs bear a mark; borrowed until the next call. NULL: rows have none. */
	void (*set_marks)(struct widget *widget, const struct marks *marks);
	bool can_focus;
};

extern const struct widget_ops table_widget, facts_widget, text_widget;

/* Where a move leads from CURSOR among N > 0 rows or lines, shown ROWS at a time. */
size_t widget_moved(size_t cursor, size_t n, enum move move, int rows);

/* The widget of a block's kind; NULL for a log: that is the pager (tui/widgets/pager.h). */
const struct widget_ops *widget_for(enum block_kind kind);

#endif
