/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/live/series.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/live/series_cache.h"

/* What is asked for: one metric, or all of them as one. */
struct curve {
	const char *metric; /* "": all */
	bool is_kept;	    /* it was on the disk */
	struct buf lines;   /* what comes, to be kept */
};

struct live_series {
	struct arena *arena;
	struct loop *loop;
	const struct config *config;
	struct ref run;
	int64_t max_points, ended_ms;
	const char *dir;
	struct curve *curves;
	size_t n_curves;
	struct source *source;
	struct loop_timer *soon;
	const struct live_series_ops *ops;
	void *ctx;
};

static bool can_keep(const struct live_series *series)
{
	return series->ended_ms != TIME_NONE;
}

static struct series_key key_of(const struct live_series *series, const struct curve *curve)
{
	return (struct series_key){&series->run, curve->metric, series->max_points, series->ended_ms};
}

static void keep(const struct live_series *series)
{
	for (size_t i = 0; i < series->n_curves; i++) {
		const struct curve *curve = &series->curves[i];
		struct series_key key = key_of(series, curve);
		if (curve->lines.n && !curve->lines.is_over)
			series_cache_write(series->dir, &key, buf_str(&curve->lines));
	}
}

/* The curve that METRIC belongs to among those that were asked for. */
static struct curve *find_curve(struct live_series *series, const char *metric)
{
	for (size_t i = 0; i < series->n_curves; i++) {
		struct curve *curve = &series->curves[i];
		if (!curve->is_kept && (!*curve->metric || !strcmp(curve->metric, metric)))
			return curve;
	}
	return NULL;
}

static void on_point(void *ctx, const struct source_point *point)
{
	struct live_series *series = ctx;
	struct curve *curve = find_curve(series, point->metric);
	if (!curve)
		return;
	if (can_keep(series))
		series_cache_add(&curve->lines, point);
	series->ops->point(series->ctx, point);
}

static void on_done(void *ctx, const struct err *err)
{
	struct live_series *series = ctx;
	struct err lacks = {0};
	if (!err && can_keep(series))
		keep(series);
	if (err && err->code == ERR_NOT_FOUND && !source_has_method(series->source, "series")) {
		const struct config_source *source = config_source(series->config, series->run.source);
		err_set(&lacks, ERR_USAGE, "sources of kind '%s' have no series", source->kind);
		err = &lacks;
	}
	series->ops->done(series->ctx, err);
}

static void fetch(struct live_series *series, const char *const *metrics, size_t n)
{
	static const struct source_series_ops ops = {.point = on_point, .done = on_done};
	const struct config_source *source = config_source(series->config, series->run.source);
	if (!source) {
		struct err err = {0};
		err_set(&err, ERR_UNAVAILABLE,
			"source '%s' is not in the configuration: its curves cannot be fetched",
			series->run.source);
		series->ops->done(series->ctx, &err);
		return;
	}
	series->source = source_open(series->loop, series->config, source, SOURCE_LIVE_SILENCE_MS);
	source_series(series->source, series->run.pipeline, series->run.run, metrics, n, series->max_points,
		&ops, series);
}

/* From the loop: what is on the disk first, the rest from the source. */
static void on_soon(void *ctx)
{
	struct live_series *series = ctx;
	const char **missing = arena_array(series->arena, const char *, series->n_curves);
	size_t n_missing = 0;
	bool is_all = false;
	series->soon = NULL;
	for (size_t i = 0; i < series->n_curves; i++) {
		struct curve *curve = &series->curves[i];
		struct series_key key = key_of(series, curve);
		curve->is_kept = can_keep(series) &&
				 series_cache_read(series->dir, &key, series->ops->point, series->ctx);
		if (curve->is_kept)
			continue;
		is_all |= !*curve->metric;
		missing[n_missing++] = curve->metric;
	}
	if (n_missing)
		fetch(series, missing, is_all ? 0 : n_missing);
	else
		series->ops->done(series->ctx, NULL);
}

static void add_curves(struct live_series *series, const struct live_series_want *want)
{
	series->n_curves = want->n_metrics ? want->n_metrics : 1;
	series->curves = arena_array(series->arena, struct curve, series->n_curves);
	for (size_t i = 0; i < series->n_curves; i++) {
		const char *metric = want->n_metrics ? want->metrics[i] : "";
		series->curves[i].metric = arena_dupz(series->arena, metric);
		buf_init(&series->curves[i].lines, SERIES_MOST_FILE);
	}
}

struct live_series *live_series_open(struct loop *loop, const struct config *config,
	const struct live_series_want *want, const struct live_series_ops *ops, void *ctx)
{
	struct live_series *series = x_new(struct live_series);
	series->arena = arena_new();
	series->loop = loop;
	series->config = config;
	series->run = ref_dup(series->arena, want->run);
	series->max_points = want->max_points;
	series->ended_ms = want->ended_ms;
	series->dir = arena_printf(series->arena, "%s/series", file_cache_dir(series->arena));
	series->ops = ops;
	series->ctx = ctx;
	add_curves(series, want);
	series->soon = loop_after(loop, 0, on_soon, series);
	return series;
}

void live_series_close(struct live_series *series)
{
	if (!series)
		return;
	if (series->soon)
		loop_cancel(series->soon);
	source_close(series->source);
	for (size_t i = 0; i < series->n_curves; i++)
		buf_fini(&series->curves[i].lines);
	arena_free(series->arena);
	x_free(series);
}
