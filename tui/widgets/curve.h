/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of a plot before they are drawn: axes, smoothing, ranges. Pure functions of the points. */
#ifndef TUI_WIDGETS_CURVE_H
#define TUI_WIDGETS_CURVE_H

#include "tui/widgets/canvas.h"
#include "views/block.h"

/* What runs along the x axis: the step, the seconds since the run's first point, the time of day (ms). */
enum curve_axis { CURVE_STEP, CURVE_TIME, CURVE_WALL, CURVE_AXES };

struct curve_point {
	double x, y; /* Y is smoothed; not finite where the value was not */
	double raw;
	int64_t step;
};

/* One series, its points by x. */
struct curve {
	struct curve_point *points;
	size_t n;
	double gap; /* neighbours further apart are not joined */
	/* Indices into points; SIZE_MAX: none. */
	size_t last, lowest, highest, first_bad;
	bool has_diverged; /* nothing finite comes after first_bad */
};

/* A span of values along an axis; empty where FROM is over TO. */
struct span_of {
	double from, to;
	bool is_log;
};

/* Takes the points of SERIES that have a place on AXIS. WEIGHT is that of the mean before: 0 smooths nothing.
 * The mean is exponential and without the bias of its start, as TensorBoard's. */
void curve_init(struct curve *curve, const struct plot_series *series, enum curve_axis axis, double weight);
void curve_fini(struct curve *curve);

struct span_of curve_span_x(const struct curve *curves, size_t n);
/* Of the values that are drawn; on a logarithmic axis those over 0. OFF (may be NULL): how many have no place
 * on it. */
struct span_of curve_span_y(const struct curve *curves, size_t n, bool is_log, size_t *off);
/* Where VALUE is along SPAN, 0 to 1; and back. */
double span_at(const struct span_of *span, double value);
double span_value(const struct span_of *span, double at);

/* Draws it: each column of dots holds all that lies between its least and its greatest value. */
void curve_draw(const struct curve *curve, struct canvas *canvas, const struct pen *pen,
	const struct span_of *x, const struct span_of *y);
/* The point that a person reads at X: the last one at or before it; SIZE_MAX before the first, behind the
 * last, and in a gap. */
size_t curve_at(const struct curve *curve, double x);
/* The point at exactly X, or SIZE_MAX. */
size_t curve_find(const struct curve *curve, double x);

#endif
