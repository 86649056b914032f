/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plot frame: metric curves of one or several runs, read live, one metric at a time. */
#ifndef TUI_CURVES_H
#define TUI_CURVES_H

#include "client/catalogue/ref.h"

struct app;
struct curves;
struct frame;

enum { CURVES_MOST_RUNS = 8 };

/* A frame that fills itself with the curves of the N runs of REFS. */
struct frame *curves_open(struct app *app, const struct ref *refs, size_t n);
/* Ends what is being read. NULL is nothing. */
void curves_free(struct curves *curves);
/* Adds the refs of its runs, blank-separated. */
void curves_add_refs(const struct curves *curves, struct buf *out);
/* Whether nothing is shown yet that will be. */
bool curves_are_loading(const struct curves *curves);

/* The keys of a plot, for the top frame. */
void curves_next_metric(struct app *app);
void curves_previous_metric(struct app *app);
void curves_choose_metric(struct app *app);
void curves_next_x(struct app *app);
void curves_toggle_log(struct app *app);
void curves_next_smoothing(struct app *app);
void curves_toggle_values(struct app *app);
void curves_write_csv(struct app *app);

#endif
