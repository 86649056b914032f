/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a series, or the rate of failures, became another one. */
#ifndef CLIENT_STATS_CHANGEPOINT_H
#define CLIENT_STATS_CHANGEPOINT_H

#include <stdbool.h>
#include <stddef.h>

enum { STATS_MOST_POINTS = 2000, STATS_LEAST_SEGMENT = 3, STATS_LEAST_SIDE = 5 };

enum stats_status { STATS_OK, STATS_TOO_FEW, STATS_ZERO_NOISE };

/* The best cut of a series into levels: squared error, and a price for each cut that noise alone hardly pays.
 */
struct stats_levels {
	enum stats_status status;
	double sigma, penalty, objective; /* of one step to the next; of a cut; what all of it costs */
	size_t n_cuts;
	size_t *cuts;  /* the first points of the levels but the first, ascending */
	double *means; /* of the levels, n_cuts + 1 */
};
/* CUTS and MEANS are the caller's, N and N + 1 long. More than the last STATS_MOST_POINTS are not looked at.
 */
struct stats_levels stats_levels(const double *v, size_t n, size_t *cuts, double *means);

/* The one split of failures (true) that tells its two sides apart best. */
struct stats_rate_change {
	enum stats_status status;
	size_t index; /* the first of the later side */
	double llr2, threshold, before, after;
	bool is_changed;
};
struct stats_rate_change stats_rate_change(const bool *failed, size_t n);

#endif
