/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of spans, cleaned, laid into rows of a width: broken at blanks where it can be. */
#ifndef TUI_WIDGETS_FLOW_H
#define TUI_WIDGETS_FLOW_H

#include "tui/grid.h"
#include "tui/widgets/match.h"
#include "views/block.h"

struct flow_run {
	size_t to; /* bytes of the text up to here, from the end of the run before */
	enum role role;
};

struct flow {
	struct buf text;
	struct flow_run *runs;
	size_t n_runs;
};

void flow_init(struct flow *flow, const struct line *line);
/* The same for one text. */
void flow_init_text(struct flow *flow, struct str text, enum role role);
void flow_fini(struct flow *flow);

/* Rows it takes within WIDTH columns: at least 1. */
int flow_rows(const struct flow *flow, int width);
/* Draws as many rows as RECT has. MATCH may be NULL. Returns the rows drawn. */
int flow_draw(const struct flow *flow, struct grid *grid, struct rect rect, const struct match *match);
/* Draws its first row alone, ended by "…" where it is longer. */
void flow_draw_cut(const struct flow *flow, struct grid *grid, struct rect rect, const struct match *match);

#endif
