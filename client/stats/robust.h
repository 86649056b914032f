/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the middle of some numbers is and how wide they scatter, told by ranks: a few wild values change
 * little. As all of client/stats: numbers in, numbers out; no clock, no input, no state.
 */
#ifndef CLIENT_STATS_ROBUST_H
#define CLIENT_STATS_ROBUST_H

#include <stddef.h>

/* Makes the median absolute deviation of normal numbers their standard deviation. */
#define STATS_MAD_TO_SD 1.4826

/* The middle of N numbers, of an even number the mean of the two; V is put in order. NAN for none. */
double stats_median(double *v, size_t n);
/* The median of the distances from MIDDLE; V is overwritten. NAN for none. */
double stats_mad(double *v, size_t n, double middle);
/*
 * How many robust standard deviations X lies from what V (overwritten) has been: below 0 where it is less.
 * What hardly ever moved is given a width of 2 % of its level, so that a trifle does not count as a wonder.
 * NAN for none.
 */
double stats_robust_z(double *v, size_t n, double x);

#endif
