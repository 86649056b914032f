/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the widgets of facts and of text share: a list of lines that may take several rows each, with a cursor
 * on one of them. */
#ifndef TUI_WIDGETS_LINES_H
#define TUI_WIDGETS_LINES_H

#include "tui/widgets/flow.h"
#include "tui/widgets/widget.h"

struct lines;

struct lines_ops {
	const struct line *(*line)(const struct lines *lines, size_t i);
	/* Draws line I into RECT, or only counts its rows where GRID is NULL. */
	int (*draw)(const struct lines *lines, struct grid *grid, struct rect rect, size_t i);
};

struct lines {
	struct widget widget;
	const struct lines_ops *ops;
	const struct block *block; /* borrowed until the next set */
	size_t n, cursor, top;
	char *cursor_ref;
	struct match match;
	int label_width;      /* facts: of the widest label; text: of the widest number */
	bool has_cause;	      /* text: some line says why, and has a mark */
	int64_t cause_number; /* of that line */
	int page_rows;	      /* of the last move */
	int width;	      /* of the last drawing: it decides how many rows a line takes */
};

/* After BLOCK, N and the rest were set: puts the cursor where it was. */
void lines_settle(struct lines *lines);
int lines_height(const struct lines *lines, int width);
void lines_draw(struct lines *lines, struct grid *grid, struct rect rect, bool has_focus);

/* The functions of widget_ops that are the same for both. */
void lines_free(struct widget *widget);
bool lines_move(struct widget *widget, enum move move, int page_rows);
const char *lines_ref(const struct widget *widget);
bool lines_find(struct widget *widget, struct str text, bool is_backward);
void lines_copy(const struct widget *widget, struct buf *out);
bool lines_seek(struct widget *widget, const char *ref);
enum hit lines_point(struct widget *widget, struct rect rect, int x, int y, const char **key);

#endif
