/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/curve.h"

#include "client/base/clock.h"
#include "client/base/mem.h"

#include <math.h>
#include <stdlib.h>

enum { GAP_FACTOR = 10 }; /* times the usual distance: points were left out */

/* --- points ------------------------------------------------------------------------ */

static double x_of(const struct plot_point *point, enum curve_axis axis, int64_t start_ms)
{
	if (axis == CURVE_STEP)
		return (double)point->step;
	if (point->time_ms == TIME_NONE)
		return NAN;
	return axis == CURVE_WALL ? (double)point->time_ms : (double)(point->time_ms - start_ms) / 1000;
}

static int64_t first_time(const struct plot_series *series)
{
	int64_t first = TIME_NONE;
	for (size_t i = 0; i < series->n; i++) {
		int64_t ms = series->points[i].time_ms;
		if (ms != TIME_NONE && (first == TIME_NONE || ms < first))
			first = ms;
	}
	return first;
}

static int by_x(const void *a, const void *b)
{
	const struct curve_point *p = a, *q = b;
	return (p->x > q->x) - (p->x < q->x);
}

static int by_size(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;
	return (p > q) - (p < q);
}

/* A mean that starts at 0 is too near to 0 at first; divided by the weight it has seen so far it is not. */
static void smooth(struct curve *curve, double weight)
{
	double mean = 0, unseen = 1;
	for (size_t i = 0; weight > 0 && i < curve->n; i++) {
		struct curve_point *point = &curve->points[i];
		if (!isfinite(point->raw))
			continue;
		mean = mean * weight + point->raw * (1 - weight);
		unseen *= weight;
		point->y = mean / (1 - unseen);
	}
}

/* By the median distance: a run that logs every 100 steps has no gap between two of them. */
static double find_gap(const struct curve *curve)
{
	if (curve->n < 4)
		return INFINITY;
	double *distances = x_calloc(curve->n - 1, sizeof *distances);
	for (size_t i = 1; i < curve->n; i++)
		distances[i - 1] = curve->points[i].x - curve->points[i - 1].x;
	qsort(distances, curve->n - 1, sizeof *distances, by_size);
	double median = distances[(curve->n - 1) / 2];
	x_free(distances);
	return median > 0 ? GAP_FACTOR * median : INFINITY;
}

static void find_extremes(struct curve *curve)
{
	curve->last = curve->lowest = curve->highest = curve->first_bad = SIZE_MAX;
	for (size_t i = 0; i < curve->n; i++) {
		double value = curve->points[i].raw;
		if (!isfinite(value)) {
			if (curve->first_bad == SIZE_MAX)
				curve->first_bad = i;
			continue;
		}
		curve->last = i;
		if (curve->lowest == SIZE_MAX || value < curve->points[curve->lowest].raw)
			curve->lowest = i;
		if (curve->highest == SIZE_MAX || value > curve->points[curve->highest].raw)
			curve->highest = i;
	}
	bool ends_well = curve->last != SIZE_MAX && curve->last > curve->first_bad;
	curve->has_diverged = curve->first_bad != SIZE_MAX && !ends_well;
}

void curve_init(struct curve *curve, const struct plot_series *series, enum curve_axis axis, double weight)
{
	int64_t start_ms = first_time(series);
	bool is_sorted = true;
	*curve = (struct curve){.points = x_calloc(series->n + 1, sizeof *curve->points)};
	for (size_t i = 0; i < series->n; i++) {
		const struct plot_point *from = &series->points[i];
		double x = x_of(from, axis, start_ms);
		if (isnan(x))
			continue;
		is_sorted &= !curve->n || curve->points[curve->n - 1].x <= x;
		curve->points[curve->n++] = (struct curve_point){
			.x = x, .y = from->value, .raw = from->value, .step = from->step};
	}
	smooth(curve, weight);
	if (!is_sorted)
		qsort(curve->points, curve->n, sizeof *curve->points, by_x);
	curve->gap = find_gap(curve);
	find_extremes(curve);
}

void curve_fini(struct curve *curve)
{
	x_free(curve->points);
}

/* --- axes -------------------------------------------------------------------------- */

static void widen(struct span_of *span, double value)
{
	if (value < span->from)
		span->from = value;
	if (value > span->to)
		span->to = value;
}

/* A span without an extent has its value in the middle. */
static void open_span(struct span_of *span)
{
	if (span->from != span->to)
		return;
	if (span->is_log) {
		span->from /= 10;
		span->to *= 10;
		return;
	}
	double by = span->from == 0 ? 1 : fabs(span->from) / 2;
	span->from -= by;
	span->to += by;
}

struct span_of curve_span_x(const struct curve *curves, size_t n)
{
	struct span_of span = {INFINITY, -INFINITY, false};
	for (size_t i = 0; i < n; i++) {
		if (!curves[i].n)
			continue;
		widen(&span, curves[i].points[0].x);
		widen(&span, curves[i].points[curves[i].n - 1].x);
	}
	open_span(&span);
	return span;
}

struct span_of curve_span_y(const struct curve *curves, size_t n, bool is_log, size_t *off)
{
	struct span_of span = {INFINITY, -INFINITY, is_log};
	size_t n_off = 0;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < curves[i].n; k++) {
			double y = curves[i].points[k].y;
			if (isfinite(y) && is_log && y <= 0)
				n_off++;
			else if (isfinite(y))
				widen(&span, y);
		}
	}
	open_span(&span);
	if (off)
		*off = n_off;
	return span;
}

double span_at(const struct span_of *span, double value)
{
	if (span->is_log)
		return (log(value) - log(span->from)) / (log(span->to) - log(span->from));
	/* halved first: the distance between two finite numbers need not be finite */
	return (value / 2 - span->from / 2) / (span->to / 2 - span->from / 2);
}

double span_value(const struct span_of *span, double at)
{
	if (span->is_log)
		return exp(log(span->from) * (1 - at) + log(span->to) * at);
	return span->from * (1 - at) + span->to * at;
}

/* --- drawing ----------------------------------------------------------------------- */

/* What falls into one column of dots. */
struct column_of {
	int x, last, top, bottom;
};

static int dot_of(double at, int size)
{
	return (int)lround(at * (size - 1));
}

static bool has_place(const struct curve_point *point, const struct span_of *y)
{
	return isfinite(point->y) && (!y->is_log || point->y > 0);
}

static void flush_column(struct canvas *canvas, const struct pen *pen, const struct column_of *column)
{
	if (column->x >= 0)
		canvas_line(canvas, pen, column->x, column->top, column->x, column->bottom);
}

/* Takes the dot at X, Y into COLUMN; where that begins a new one, the one before is drawn and joined. */
static void take_dot(
	struct canvas *canvas, const struct pen *pen, struct column_of *column, int x, int y, bool is_joined)
{
	if (column->x == x && is_joined) {
		column->last = y;
		column->top = y < column->top ? y : column->top;
		column->bottom = y > column->bottom ? y : column->bottom;
		return;
	}
	flush_column(canvas, pen, column);
	if (column->x >= 0 && is_joined)
		canvas_line(canvas, pen, column->x, column->last, x, y);
	*column = (struct column_of){.x = x, .last = y, .top = y, .bottom = y};
}

void curve_draw(const struct curve *curve, struct canvas *canvas, const struct pen *pen,
	const struct span_of *x, const struct span_of *y)
{
	struct column_of column = {.x = -1};
	bool is_broken = true;
	for (size_t i = 0; i < curve->n; i++) {
		const struct curve_point *point = &curve->points[i];
		if (!has_place(point, y)) {
			is_broken = true;
			continue;
		}
		bool is_joined = !is_broken && point->x - curve->points[i - 1].x <= curve->gap;
		take_dot(canvas, pen, &column, dot_of(span_at(x, point->x), canvas->width),
			canvas->height - 1 - dot_of(span_at(y, point->y), canvas->height), is_joined);
		is_broken = false;
	}
	flush_column(canvas, pen, &column);
}

/* --- reading ----------------------------------------------------------------------- */

/* How many points lie at or before X. */
static size_t count_to(const struct curve *curve, double x)
{
	size_t low = 0, high = curve->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (curve->points[middle].x <= x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t curve_at(const struct curve *curve, double x)
{
	size_t n = count_to(curve, x);
	if (!n)
		return SIZE_MAX;
	const struct curve_point *point = &curve->points[n - 1];
	if (point->x == x)
		return n - 1;
	return n < curve->n && point[1].x - point->x <= curve->gap ? n - 1 : SIZE_MAX;
}

size_t curve_find(const struct curve *curve, double x)
{
	size_t n = count_to(curve, x);
	return n && curve->points[n - 1].x == x ? n - 1 : SIZE_MAX;
}
