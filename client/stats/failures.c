/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/stats/failures.h"

#include "client/base/mem.h"
#include "client/stats/robust.h"

#include <math.h>
#include <stdlib.h>

#define Z_95 1.959963984540054 /* of the normal distribution, two-sided */

struct incident {
	double lasted;
	bool is_over;
};

void stats_wilson(size_t k, size_t n, double *low, double *high)
{
	double z2 = Z_95 * Z_95, count = (double)n, p = (double)k / count;
	double middle = p + z2 / (2 * count), scale = 1 + z2 / count;
	double half = Z_95 * sqrt(p * (1 - p) / count + z2 / (4 * count * count));
	*low = k ? (middle - half) / scale : 0;
	*high = k < n ? (middle + half) / scale : 1;
}

static int by_length(const void *a, const void *b)
{
	const struct incident *x = a, *y = b;
	if (x->lasted != y->lasted)
		return x->lasted < y->lasted ? -1 : 1;
	return y->is_over - x->is_over; /* of equal ones what ended counts before what goes on */
}

/* The first time by which less than half are still open. */
static double median_km(struct incident *incidents, size_t n)
{
	double open = 1;
	qsort(incidents, n, sizeof *incidents, by_length);
	for (size_t i = 0; i < n; i++) {
		if (!incidents[i].is_over)
			continue;
		open *= 1 - 1 / (double)(n - i);
		if (open < 0.5)
			return incidents[i].lasted;
	}
	return NAN;
}

static size_t find_incidents(
	const struct stats_run *runs, size_t n, double now, struct incident *out, bool *has_open)
{
	size_t found = 0;
	double since = NAN;
	for (size_t i = 0; i < n; i++) {
		if (!runs[i].is_good && isnan(since))
			since = runs[i].end;
		if (!runs[i].is_good || isnan(since))
			continue;
		out[found++] = (struct incident){runs[i].end - since, true};
		since = NAN;
	}
	*has_open = !isnan(since);
	if (*has_open)
		out[found++] = (struct incident){now - since, false};
	return found;
}

static void repair_times(struct stats_failures *f, struct incident *incidents)
{
	double *lasted = x_calloc(f->incidents + 1, sizeof(double)), sum = 0;
	size_t n = 0;
	for (size_t i = 0; i < f->incidents; i++)
		if (incidents[i].is_over)
			sum += lasted[n++] = incidents[i].lasted;
	f->mttr = n ? sum / (double)n : NAN;
	f->ttr_median = stats_median(lasted, n);
	f->ttr_median_km = median_km(incidents, f->incidents);
	x_free(lasted);
}

static void count(struct stats_failures *f, const struct stats_run *runs, size_t n)
{
	size_t flips = 0, streak = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_retried = !runs[i].is_good && i + 1 < n && runs[i + 1].is_retry;
		streak = runs[i].is_good ? 0 : streak + 1;
		f->longest_streak = streak > f->longest_streak ? streak : f->longest_streak;
		f->failed += !runs[i].is_good;
		flips += i && runs[i].is_good != runs[i - 1].is_good;
		f->retried_failures += is_retried;
		f->healed_by_retry += is_retried && runs[i + 1].is_good;
	}
	f->flip_rate = n > 1 ? (double)flips / (double)(n - 1) : NAN;
}

struct stats_failures stats_failures(const struct stats_run *runs, size_t n, double now)
{
	struct stats_failures f = {.runs = n,
		.failure_rate = NAN,
		.wilson_low = NAN,
		.wilson_high = NAN,
		.mttr = NAN,
		.ttr_median = NAN,
		.ttr_median_km = NAN,
		.mtbf = NAN,
		.flip_rate = NAN,
		.flakiness = NAN};
	if (!n)
		return f;
	count(&f, runs, n);
	f.failure_rate = (double)f.failed / (double)n;
	stats_wilson(f.failed, n, &f.wilson_low, &f.wilson_high);
	f.flakiness = f.failed ? (double)f.healed_by_retry / (double)f.failed : NAN;
	struct incident *incidents = x_calloc(n, sizeof(struct incident));
	f.incidents = find_incidents(runs, n, now, incidents, &f.has_open_incident);
	f.mtbf = f.incidents ? (runs[n - 1].end - runs[0].end) / (double)f.incidents : NAN;
	repair_times(&f, incidents);
	x_free(incidents);
	return f;
}
