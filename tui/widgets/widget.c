/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/widget.h"

#include "client/base/mem.h"
#include "tui/widgets/document.h"
#include "tui/widgets/plot.h"

static const struct widget_ops *const registry[] = {
	[BLOCK_TABLE] = &table_widget,
	[BLOCK_FACTS] = &facts_widget,
	[BLOCK_TEXT] = &text_widget,
	[BLOCK_PLOT] = &plot_widget,
	[BLOCK_DOCUMENT] = &document_widget,
};

const struct widget_ops *widget_for(enum block_kind kind)
{
	return (size_t)kind < ARRAY_LEN(registry) ? registry[kind] : NULL;
}

size_t widget_moved(size_t cursor, size_t n, enum move move, int rows)
{
	enum { CONTEXT = 2 };
	size_t last = n - 1, by = 1;
	if (move == MOVE_HALF_UP || move == MOVE_HALF_DOWN)
		by = rows > 2 ? (size_t)rows / 2 : 1;
	else if (move == MOVE_PAGE_UP || move == MOVE_PAGE_DOWN)
		by = rows > CONTEXT + 1 ? (size_t)(rows - CONTEXT) : 1;
	switch (move) {
	case MOVE_HOME:
		return 0;
	case MOVE_END:
		return last;
	case MOVE_UP:
	case MOVE_HALF_UP:
	case MOVE_PAGE_UP:
		return cursor > by ? cursor - by : 0;
	case MOVE_DOWN:
	case MOVE_HALF_DOWN:
	case MOVE_PAGE_DOWN:
		return by < last - cursor ? cursor + by : last;
	default:
		return cursor;
	}
}
