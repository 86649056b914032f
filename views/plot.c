/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/plot.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "views/compose.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

struct series {
	size_t run, metric;
	struct plot_point *points;
	size_t n, cap;
};

struct run {
	char *name, *ref;
};

struct plot_points {
	struct run *runs;
	size_t n_runs;
	char **metrics; /* NULL behind the last */
	size_t n_metrics;
	struct series *series;
	size_t n_series, last; /* the one that got the last point: most often it gets the next too */
};

/* --- gathering --------------------------------------------------------------------- */

struct plot_points *plot_points_new(void)
{
	struct plot_points *points = x_new(struct plot_points);
	points->metrics = x_calloc(1, sizeof *points->metrics);
	return points;
}

void plot_points_free(struct plot_points *points)
{
	if (!points)
		return;
	for (size_t i = 0; i < points->n_runs; i++) {
		x_free(points->runs[i].name);
		x_free(points->runs[i].ref);
	}
	for (size_t i = 0; i < points->n_metrics; i++)
		x_free(points->metrics[i]);
	for (size_t i = 0; i < points->n_series; i++)
		x_free(points->series[i].points);
	x_free(points->runs);
	x_free(points->metrics);
	x_free(points->series);
	x_free(points);
}

size_t plot_points_add_run(struct plot_points *points, const char *name, const char *ref)
{
	points->runs = x_realloc(points->runs, points->n_runs + 1, sizeof *points->runs);
	points->runs[points->n_runs] = (struct run){x_strdup(name), x_strdup(ref)};
	return points->n_runs++;
}

static size_t metric_of(struct plot_points *points, const char *name)
{
	for (size_t i = 0; i < points->n_metrics; i++)
		if (!strcmp(points->metrics[i], name))
			return i;
	points->metrics = x_realloc(points->metrics, points->n_metrics + 2, sizeof *points->metrics);
	points->metrics[points->n_metrics] = x_strdup(name);
	points->metrics[points->n_metrics + 1] = NULL;
	return points->n_metrics++;
}

static bool is_of(const struct plot_points *points, size_t i, size_t run, const char *metric)
{
	const struct series *series = &points->series[i];
	return series->run == run && !strcmp(points->metrics[series->metric], metric);
}

static struct series *series_of(struct plot_points *points, size_t run, const char *metric)
{
	if (points->last < points->n_series && is_of(points, points->last, run, metric))
		return &points->series[points->last];
	for (points->last = 0; points->last < points->n_series; points->last++)
		if (is_of(points, points->last, run, metric))
			return &points->series[points->last];
	points->series = x_realloc(points->series, points->n_series + 1, sizeof *points->series);
	points->series[points->n_series] = (struct series){.run = run, .metric = metric_of(points, metric)};
	return &points->series[points->n_series++];
}

void plot_points_add(struct plot_points *points, size_t run, const struct source_point *point)
{
	struct series *series = series_of(points, run, point->metric);
	if (series->n == series->cap) {
		series->cap = series->cap ? 2 * series->cap : 256;
		series->points = x_realloc(series->points, series->cap, sizeof *series->points);
	}
	series->points[series->n++] = (struct plot_point){point->step, point->time_ms, point->value};
}

const char *const *plot_points_metrics(const struct plot_points *points)
{
	return (const char *const *)points->metrics;
}

/* --- the block --------------------------------------------------------------------- */

static bool has_word(const char *name, const char *const *words)
{
	for (; *words; words++) {
		size_t n = strlen(*words);
		for (const char *at = name; (at = strcasestr(at, *words)); at++)
			if ((at == name || !isalpha((unsigned char)at[-1])) && !isalpha((unsigned char)at[n]))
				return true;
	}
	return false;
}

/* By the words of the metric's name; a name that says nothing leaves both ends to be shown. */
static enum plot_best best_of(const char *metric)
{
	static const char *const low[] = {"loss", "logloss", "error", "err", "rmse", "mse", "mae", "mape",
		"perplexity", "ppl", "latency", "wer", NULL};
	static const char *const high[] = {"acc", "accuracy", "auc", "f1", "f", "precision", "recall", "ndcg",
		"map", "mrr", "r2", "score", "reward", "iou", "bleu", NULL};
	if (has_word(metric, low))
		return PLOT_BEST_LOWEST;
	return has_word(metric, high) ? PLOT_BEST_HIGHEST : PLOT_BEST_UNKNOWN;
}

static int by_step(const void *a, const void *b)
{
	const struct plot_point *p = a, *q = b;
	if (p->step != q->step)
		return p->step < q->step ? -1 : 1;
	return (p->time_ms > q->time_ms) - (p->time_ms < q->time_ms);
}

static void copy_series(
	struct view_data *data, struct plot_series *out, const struct run *run, const struct series *from)
{
	*out = (struct plot_series){.name = arena_dupz(data->arena, run->name),
		.ref = arena_dupz(data->arena, run->ref),
		.points = arena_array(data->arena, struct plot_point, from->n + 1),
		.n = from->n};
	bool is_sorted = true;
	for (size_t i = 0; i < from->n; i++) {
		out->points[i] = from->points[i];
		is_sorted &= !i || by_step(&from->points[i - 1], &from->points[i]) <= 0;
	}
	if (!is_sorted)
		qsort(out->points, out->n, sizeof *out->points, by_step);
}

static struct view_data *new_data(void)
{
	struct arena *arena = arena_new();
	struct view_data *data = arena_new_of(arena, struct view_data);
	data->arena = arena;
	data->blocks = arena_array(arena, struct block, VIEW_MOST_BLOCKS);
	data->summary = "";
	data->as_of_ms = TIME_NONE;
	return data;
}

struct view_data *plot_view(const struct plot_points *points, const char *metric)
{
	struct view_data *data = new_data();
	struct block *block = compose_block(data, BLOCK_PLOT, "plot", NULL);
	struct plot *plot = &block->plot;
	*plot = (struct plot){.metric = arena_dupz(data->arena, metric),
		.series = arena_array(data->arena, struct plot_series, points->n_series + 1),
		.best = best_of(metric),
		.empty = "no curve: the source has no values of this metric"};
	for (size_t i = 0; i < points->n_series; i++)
		if (is_of(points, i, points->series[i].run, metric))
			copy_series(data, &plot->series[plot->n_series++],
				&points->runs[points->series[i].run], &points->series[i]);
	data->title = points->n_runs == 1
			      ? arena_printf(data->arena, "%s ▸ %s", points->runs[0].name, metric)
			      : arena_printf(data->arena, "%zu runs ▸ %s", points->n_runs, metric);
	return data;
}

/* --- CSV --------------------------------------------------------------------------- */

/* A name that is safe as part of a file's, from what a tool calls its metric. */
static void add_file_name(struct buf *out, const char *metric)
{
	enum { MOST = 60 };
	for (size_t i = 0; metric[i] && i < MOST; i++)
		buf_addc(out, isalnum((unsigned char)metric[i]) || metric[i] == '-' ? metric[i] : '_');
}

/* Creates the first of metric.csv, metric-2.csv, … that is not there yet. */
static int create_new(const struct plot *plot, const char *dir, struct buf *path, struct err *err)
{
	enum { MOST_TRIED = 1000 };
	for (int i = 1; i <= MOST_TRIED; i++) {
		buf_reset(path);
		buf_addf(path, "%s/", dir);
		add_file_name(path, plot->metric);
		if (i > 1)
			buf_addf(path, "-%d", i);
		buf_addz(path, ".csv");
		int fd = open(path->p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd
				       : (err_set(err, ERR_FAILED, "%s: %s", path->p, strerror(errno)), -1);
	}
	err_set(err, ERR_FAILED, "%s: there are %d files of that name already", path->p, MOST_TRIED);
	return -1;
}

/* As RFC 4180 quotes. A text that a spreadsheet would take for a formula is made a text there. */
static void add_field(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	if (*text && strchr("=+-@\t\r", *text))
		buf_addc(out, '\'');
	for (; *text; text++)
		buf_addz(out, *text == '"' ? "\"\"" : (char[]){*text, 0});
	buf_addc(out, '"');
}

static void add_point(struct buf *out, const struct plot *plot, const struct plot_series *series,
	const struct plot_point *point)
{
	add_field(out, plot->metric);
	buf_addc(out, ',');
	add_field(out, series->ref ? series->ref : series->name);
	buf_addf(out, ",%lld,", (long long)point->step);
	when_add_rfc3339(out, point->time_ms);
	if (isfinite(point->value))
		buf_addf(out, ",%.17g\r\n", point->value);
	else
		buf_addf(out, ",%s\r\n",
			isnan(point->value) ? "NaN"
			: point->value > 0  ? "Infinity"
					    : "-Infinity");
}

static bool write_points(int fd, const struct plot *plot)
{
	enum { AT_ONCE = 256 << 10 };
	struct buf out;
	buf_init(&out, 0);
	buf_addz(&out, "metric,run,step,time,value\r\n");
	bool ok = true;
	for (size_t i = 0; ok && i < plot->n_series; i++) {
		for (size_t k = 0; ok && k < plot->series[i].n; k++) {
			add_point(&out, plot, &plot->series[i], &plot->series[i].points[k]);
			if (out.n < AT_ONCE)
				continue;
			ok = file_write_all(fd, buf_str(&out));
			buf_reset(&out);
		}
	}
	ok = ok && file_write_all(fd, buf_str(&out));
	buf_fini(&out);
	return ok;
}

bool plot_csv_write(const struct plot *plot, const char *dir, struct buf *path, struct err *err)
{
	int fd = create_new(plot, dir, path, err);
	if (fd < 0)
		return false;
	bool ok = write_points(fd, plot);
	if (close(fd) < 0)
		ok = false;
	if (!ok) {
		err_set(err, errno == ENOSPC ? ERR_FULL : ERR_FAILED, "%s: %s", path->p, strerror(errno));
		unlink(path->p); /* half a file would be taken for a whole one */
	}
	return ok;
}
