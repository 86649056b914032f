/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Curves of one run while a person waits: from the disk where the run has ended and
 * they were read before, else from its source. Closing ends the fetch.
 */
#ifndef CLIENT_LIVE_SERIES_H
#define CLIENT_LIVE_SERIES_H

#include "client/base/loop.h"
#include "client/catalogue/ref.h"
#include "client/config/config.h"
#include "client/protocol/source.h"

struct live_series;

/* Copied. */
struct live_series_want {
	const struct ref *run; /* or a step: of its run */
	const char *const *metrics;
	size_t n_metrics;   /* 0: all that the run has */
	int64_t max_points; /* of each metric; 0: the source's own measure */
	int64_t ended_ms;   /* when the run ended; TIME_NONE: it goes on, and nothing is kept */
};

struct live_series_ops {
	/* One point; those of a metric come in their order, metrics may alternate. Not the place to close. */
	void (*point)(void *ctx, const struct source_point *point);
	/* Nothing more comes; once. ERR_USAGE: the source has no curves. ERR_NOT_FOUND: it does not know the
	 * run. What came stays good. */
	void (*done)(void *ctx, const struct err *err);
};

/* The callbacks come from the loop, never from within. */
struct live_series *live_series_open(struct loop *loop, const struct config *config,
	const struct live_series_want *want, const struct live_series_ops *ops, void *ctx);
/* Ends the fetch. No callback afterwards. NULL is nothing. */
void live_series_close(struct live_series *series);

#endif
