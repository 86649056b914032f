/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves on their way to a plot: points as a source sends them, gathered by run and metric. */
#ifndef VIEWS_PLOT_H
#define VIEWS_PLOT_H

#include "client/base/err.h"
#include "client/protocol/source.h"
#include "views/view.h"

struct plot_points;

struct plot_points *plot_points_new(void);
void plot_points_free(struct plot_points *points);
/* The next run; the points that follow are its own. Returns its index. NAME and REF are copied. */
size_t plot_points_add_run(struct plot_points *points, const char *name, const char *ref);
void plot_points_add(struct plot_points *points, size_t run, const struct source_point *point);
/* The metrics that came, in their order, each once; NULL behind the last. Valid until the next point. */
const char *const *plot_points_metrics(const struct plot_points *points);

/* A view with one block, the curves of METRIC of every run that has it. What it shows is copied: more points
 * may come, and the next call shows those too. The title names the one run, or counts them. */
struct view_data *plot_view(const struct plot_points *points, const char *metric);

/* Writes PLOT to a new file in folder DIR, named for its metric; one that is there already is never touched.
 * Columns: metric, run, step, time (RFC 3339), value. PATH gets its name. */
bool plot_csv_write(const struct plot *plot, const char *dir, struct buf *path, struct err *err);

#endif
