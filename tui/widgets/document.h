/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A page of the documentation: scrolled by rows, with its links to walk, its contents at the left where there
 * is room, and code and tables that are too wide moved sideways. It is laid out anew for
 * another width; what stood at the top stays there.
 */
#ifndef TUI_WIDGETS_DOCUMENT_H
#define TUI_WIDGETS_DOCUMENT_H

#include "tui/widgets/widget.h"

extern const struct widget_ops document_widget;

/* To the next link (STEP 1) or the one before (-1), seen from what is shown. False: there is none. */
bool document_next_link(struct widget *widget, int step);
/* Where the link leads that one is on: a ref or a web address; NULL: one is on none. */
const char *document_target(const struct widget *widget, bool *is_ref);

#endif
