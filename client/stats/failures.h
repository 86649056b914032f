/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often something fails and how long that lasts, from its runs. Wall time counts: calendar hours. */
#ifndef CLIENT_STATS_FAILURES_H
#define CLIENT_STATS_FAILURES_H

#include <stdbool.h>
#include <stddef.h>

/* One that ended; what runs still, was skipped or cancelled is left out. Times are in any one unit. */
struct stats_run {
	double start, end;
	bool is_good, is_retry;
};

/* An incident reaches from the end of the first failed run to the end of the next good one. What is not known
 * is NAN. */
struct stats_failures {
	size_t runs, failed, incidents, longest_streak;
	size_t retried_failures; /* whose next run is a retry */
	size_t healed_by_retry;	 /* and that went well */
	bool has_open_incident;
	double failure_rate, wilson_low, wilson_high; /* the interval holds the rate in 95 of 100 cases */
	double mttr, ttr_median;		      /* of the incidents that are over */
	double ttr_median_km; /* the same by Kaplan and Meier, the open one counted as lasting until now */
	double mtbf;	      /* from the first end to the last, an incident */
	double flip_rate, flakiness;
};

/* RUNS in the order of their starts; 0 runs gives all NAN. */
struct stats_failures stats_failures(const struct stats_run *runs, size_t n, double now);

/* The interval by Wilson, 95 %, of K in N. */
void stats_wilson(size_t k, size_t n, double *low, double *high);

#endif
