# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether numbers are distributed as they were: the population stability index over the deciles of the baseline, and
how likely it is that large by chance; checked against known numbers.
"""
import math
from bisect import bisect_right
from statistics import quantiles

LEAST_SHARE = 1e-4


def counts(baseline, current, bins=10):
    """Both samples in bins whose edges come from the baseline; the outer bins are open."""
    edges = sorted(set(quantiles(baseline, n=bins, method="inclusive")))
    both = []
    for sample in (baseline, current):
        both.append([0] * (len(edges) + 1))
        for value in sample:
            both[-1][bisect_right(edges, value)] += 1
    return both


def psi(before, now):
    """(index, its p where nothing changed), of counts a bin. The usual bands, .1 and .2, mean little for few values."""
    used = [(b, n) for b, n in zip(before, now) if b or n]
    n_before, n_now = sum(before), sum(now)
    index = 0.0
    for b, n in used:
        p, q = max(b / n_before, LEAST_SHARE), max(n / n_now, LEAST_SHARE)
        index += (q - p) * math.log(q / p)
    return index, chi2_tail(index / (1 / n_before + 1 / n_now), len(used) - 1)


def chi2_tail(x, df):
    """Above X, for whole degrees of freedom (Abramowitz and Stegun 26.4.4 and 26.4.5)."""
    term = math.sqrt(2 * x / math.pi) * math.exp(-x / 2) if df % 2 else math.exp(-x / 2)
    total = math.erfc(math.sqrt(x / 2)) if df % 2 else 0.0
    for k in range(1 if df % 2 else 2, df + 1 if df % 2 == 0 else df, 2):
        total += term
        term *= x / (k + 2 if df % 2 else k)
    return min(1.0, total)
