# SPDX-License-Identifier: GPL-3.0-or-later
"""How a cost grows with volume: y = exp(a) x**b, by least squares of the logarithms; checked against known numbers."""
import math


def t_cdf(t, df):
    """Student's distribution for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(df))
    cos2, term, total = math.cos(angle) ** 2, 1.0, 1.0
    for k in range(df % 2 + 2, df - 1, 2):
        term *= cos2 * (k - 1) / k
        total += term
    if df % 2:
        within = 2 / math.pi * (angle + (math.sin(angle) * math.cos(angle) * total if df > 1 else 0.0))
    else:
        within = math.sin(angle) * total
    return 0.5 + within / 2


def t_quantile(p, df):
    low, high = 0.0, 1e6
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if t_cdf(middle, df) < p else (low, middle)
    return high


def fit(x, y, level=0.95):
    """a, b, the interval of b, and predict(x0) -> (y, low, high) for one more run. At least three points; one
    that is not above 0 has no logarithm, and is left out."""
    lx, ly = zip(*((math.log(v), math.log(w)) for v, w in zip(x, y) if v > 0 and w > 0))
    n, mx, my = len(lx), sum(lx) / len(lx), sum(ly) / len(ly)
    sxx = sum((v - mx) ** 2 for v in lx)
    b = sum((v - mx) * (w - my) for v, w in zip(lx, ly)) / sxx
    a = my - b * mx
    s = math.sqrt(sum((w - a - b * v) ** 2 for v, w in zip(lx, ly)) / (n - 2))
    t = t_quantile(0.5 + level / 2, n - 2)

    def predict(x0):
        at = a + b * math.log(x0)
        half = t * s * math.sqrt(1 + 1 / n + (math.log(x0) - mx) ** 2 / sxx)
        return math.exp(at), math.exp(at - half), math.exp(at + half)

    half = t * s / math.sqrt(sxx)
    return a, b, (b - half, b + half), predict


def verdict(interval):
    if interval[0] > 1 + 1e-9:
        return "superlinear"
    return "sublinear" if interval[1] < 1 - 1e-9 else "linear or unclear"
