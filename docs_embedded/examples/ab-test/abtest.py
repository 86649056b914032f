# SPDX-License-Identifier: GPL-3.0-or-later
"""The statistics of a live A/B test with two arms, A the control: pure functions, checked against known numbers.

Kohavi, Tang, Xu: Trustworthy Online Controlled Experiments (2020), for what is asked in which order; the formulas'
sources stand with each.
"""
import math
from statistics import NormalDist

NORMAL = NormalDist()


def srm(counts, weights=(0.5, 0.5)):
    """Sample ratio mismatch of two arms: the chance that a fair assignment is as far off its weights (chi-square)."""
    n = sum(counts)
    chi2 = sum((count - n * weight) ** 2 / (n * weight) for count, weight in zip(counts, weights))
    return math.erfc(math.sqrt(chi2 / 2))


def srm_read_daily(counts, weights=(0.5, 0.5), k=10_000):
    """The same for somebody who looks every day: always valid (Lindon, Malek 2022)."""
    n = sum(counts)
    log_bf = math.lgamma(k) - math.lgamma(k + n)
    for count, weight in zip(counts, weights):
        log_bf += math.lgamma(k * weight + count) - math.lgamma(k * weight) - count * math.log(weight)
    return min(1.0, math.exp(min(-log_bf, 0.0)))


def wilson(x, n, alpha=0.05):
    z = NORMAL.inv_cdf(1 - alpha / 2)
    p, zz = x / n, z * z / n
    half = z * math.sqrt(p * (1 - p) / n + zz / (4 * n))
    return (p + zz / 2 - half) / (1 + zz), (p + zz / 2 + half) / (1 + zz)


def difference(xa, na, xb, nb, alpha=0.05):
    """Of two shares: (B - A, its interval by Newcombe, p by the pooled z test)."""
    pa, pb = xa / na, xb / nb
    (la, ua), (lb, ub) = wilson(xa, na, alpha), wilson(xb, nb, alpha)
    low = pb - pa - math.hypot(pb - lb, ua - pa)
    high = pb - pa + math.hypot(ub - pb, pa - la)
    pooled = (xa + xb) / (na + nb)
    z = (pb - pa) / math.sqrt(pooled * (1 - pooled) * (1 / na + 1 / nb))
    return pb - pa, (low, high), math.erfc(abs(z) / math.sqrt(2))


def lift(xa, na, xb, nb):
    """pb / pa - 1 and its standard error, by the delta method."""
    pa, pb = xa / na, xb / nb
    variance = pb * (1 - pb) / (nb * pa**2) + pa * (1 - pa) * pb**2 / (na * pa**4)
    return pb / pa - 1, math.sqrt(variance)


def sequential(estimate, se, n, planned=5000, alpha=0.05):
    """(interval, p) that stay valid however often one looks: an asymptotic confidence sequence
    (Waudby-Smith and others 2021), narrowest once PLANNED units are there."""
    rho2 = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / planned
    v = n * rho2
    half = se * math.sqrt((v + 1) / v * 2 * math.log(math.sqrt(v + 1) / alpha))
    log_e = v * (estimate / se) ** 2 / (2 * (v + 1)) - 0.5 * math.log(1 + v)
    return (estimate - half, estimate + half), min(1.0, math.exp(min(-log_e, 0.0)))


def verdict(srm_p, mixed_share, interval, n, planned, mde, days_left):
    """In words, and in this order: what is not to be trusted has no winner."""
    if srm_p < 0.001 or mixed_share > 0.01:
        return "do not trust"
    if interval[0] > 0:
        return "better"
    if interval[1] < 0:
        return "worse"
    if n >= planned and -mde < interval[0] and interval[1] < mde:
        return "no effect of interest"
    return f"keep running, about {days_left} days" if n < planned else "keep running"
