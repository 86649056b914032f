/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/stats/robust.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_WIDTH_SHARE 0.02
#define LEAST_WIDTH	  1e-12

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

double stats_median(double *v, size_t n)
{
	if (!n)
		return NAN;
	qsort(v, n, sizeof *v, by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double stats_mad(double *v, size_t n, double middle)
{
	for (size_t i = 0; i < n; i++)
		v[i] = fabs(v[i] - middle);
	return stats_median(v, n);
}

double stats_robust_z(double *v, size_t n, double x)
{
	double middle = stats_median(v, n);
	double width = STATS_MAD_TO_SD * stats_mad(v, n, middle);
	double least = fmax(LEAST_WIDTH_SHARE * fabs(middle), LEAST_WIDTH);
	return n ? (x - middle) / fmax(width, least) : NAN;
}
