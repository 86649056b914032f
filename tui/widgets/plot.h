/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plot: the curves of one metric of several runs, with a cursor that reads
 * their values. What is drawn is a function of the block, of what the person chose
 * here, and of the room; nothing is bridged, averaged or guessed but what the
 * heading names.
 */
#ifndef TUI_WIDGETS_PLOT_H
#define TUI_WIDGETS_PLOT_H

#include "client/base/err.h"
#include "tui/widgets/widget.h"

extern const struct widget_ops plot_widget;

/* Moves are of the cursor: left and right by a column, up and down by a tenth; without one the first move
 * puts it at an end. In the table of values they go through the rows.
 *
 * The keys X Y ~ v of a plot; W is plot_csv_write in views/plot.h. */
void plot_next_x(struct widget *widget);
void plot_toggle_log(struct widget *widget);
void plot_next_smoothing(struct widget *widget);
void plot_toggle_values(struct widget *widget);

#endif
