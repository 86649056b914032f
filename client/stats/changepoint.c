/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/stats/changepoint.h"

#include "client/base/mem.h"
#include "client/stats/robust.h"

#include <math.h>

/* --- levels ------------------------------------------------------------------------------- */

/* The scatter, from what lies between neighbours: a change of level is only one of them. */
static double sigma_of(const double *v, size_t n)
{
	double *steps = x_calloc(n, sizeof(double));
	for (size_t i = 0; i + 1 < n; i++)
		steps[i] = v[i + 1] - v[i];
	double sigma = STATS_MAD_TO_SD * stats_mad(steps, n - 1, stats_median(steps, n - 1)) / sqrt(2);
	x_free(steps);
	return sigma;
}

/* Running sums of what lies above the mean of all, which keeps their digits. */
struct sums {
	double *plain, *squares, middle;
};

static struct sums sums_of(const double *v, size_t n)
{
	struct sums s = {
		.plain = x_calloc(n + 1, sizeof(double)), .squares = x_calloc(n + 1, sizeof(double))};
	for (size_t i = 0; i < n; i++)
		s.middle += (v[i] - s.middle) / (double)(i + 1);
	for (size_t i = 0; i < n; i++) {
		double x = v[i] - s.middle;
		s.plain[i + 1] = s.plain[i] + x;
		s.squares[i + 1] = s.squares[i] + x * x;
	}
	return s;
}

static double cost(const struct sums *s, size_t from, size_t to)
{
	double sum = s->plain[to] - s->plain[from];
	return s->squares[to] - s->squares[from] - sum * sum / (double)(to - from);
}

/* The cheapest way to each point, over all last cuts before it. LAST gets where that cut is. */
static double search(const struct sums *s, size_t n, double penalty, size_t *last)
{
	double *best = x_calloc(n + 1, sizeof(double));
	best[0] = -penalty;
	for (size_t to = 1; to <= n; to++) {
		best[to] = INFINITY;
		for (size_t from = 0; from + STATS_LEAST_SEGMENT <= to; from++) {
			double price = best[from] + cost(s, from, to) + penalty;
			if (price < best[to]) {
				best[to] = price;
				last[to] = from;
			}
		}
	}
	double objective = best[n];
	x_free(best);
	return objective;
}

static void put_levels(struct stats_levels *out, const struct sums *s, const size_t *last, size_t n)
{
	size_t n_levels = 0;
	for (size_t to = n; to; to = last[to])
		n_levels++;
	out->n_cuts = n_levels - 1;
	for (size_t to = n, level = n_levels; to; to = last[to]) {
		size_t from = last[to];
		out->means[--level] = s->middle + (s->plain[to] - s->plain[from]) / (double)(to - from);
		if (level)
			out->cuts[level - 1] = from;
	}
}

struct stats_levels stats_levels(const double *v, size_t n, size_t *cuts, double *means)
{
	size_t skipped = n > STATS_MOST_POINTS ? n - STATS_MOST_POINTS : 0;
	struct stats_levels out = {.cuts = cuts, .means = means};
	v += skipped;
	n -= skipped;
	if (n < 2 * STATS_LEAST_SEGMENT) {
		out.status = STATS_TOO_FEW;
		return out;
	}
	out.sigma = sigma_of(v, n);
	out.penalty = 3 * out.sigma * out.sigma * log((double)n);
	if (out.sigma <= 0) {
		out.status = STATS_ZERO_NOISE;
		return out;
	}
	struct sums sums = sums_of(v, n);
	size_t *last = x_calloc(n + 1, sizeof(size_t));
	out.objective = search(&sums, n, out.penalty, last);
	put_levels(&out, &sums, last, n);
	for (size_t i = 0; i < out.n_cuts; i++)
		out.cuts[i] += skipped;
	x_free(last);
	x_free(sums.plain);
	x_free(sums.squares);
	return out;
}

/* --- rates -------------------------------------------------------------------------------- */

/* The log likelihood of K failures in N at their own rate. */
static double likelihood(size_t k, size_t n)
{
	double bad = (double)k, good = (double)(n - k), all = (double)n;
	return (k ? bad * log(bad / all) : 0) + (n > k ? good * log(good / all) : 0);
}

struct stats_rate_change stats_rate_change(const bool *failed, size_t n)
{
	struct stats_rate_change out = {.llr2 = -INFINITY};
	size_t all = 0, before = 0;
	if (n < 2 * STATS_LEAST_SIDE) {
		out.status = STATS_TOO_FEW;
		return out;
	}
	for (size_t i = 0; i < n; i++)
		all += failed[i];
	for (size_t i = 1; i + STATS_LEAST_SIDE <= n; i++) {
		before += failed[i - 1];
		if (i < STATS_LEAST_SIDE)
			continue;
		double llr2 =
			2 * (likelihood(before, i) + likelihood(all - before, n - i) - likelihood(all, n));
		if (llr2 <= out.llr2)
			continue;
		out.llr2 = llr2;
		out.index = i;
		out.before = (double)before / (double)i;
		out.after = (double)(all - before) / (double)(n - i);
	}
	out.threshold = 3 * log((double)n);
	out.is_changed = out.llr2 > out.threshold;
	return out;
}
