# SPDX-License-Identifier: GPL-3.0-or-later
"""A monitor of a daily series that knows weekdays and holidays and follows launches and growth; checked against
known numbers. Explains itself: expected is what this weekday was in the last six weeks, moved by as much as the last
week was off; unusual is what is five times as far off as the days before were.
"""
import math
from statistics import median

PERIOD, WEEKS, LEVEL, WINDOW, WARM = 7, 6, 7, 56, 28
FLOOR, LIMIT, HOLIDAY_FACTOR, ADOPT = 0.02, 5, 4, 7


def judge(y, holidays=()):
    """For each day a dictionary: flag (1 high, -1 low, 2 and -2 a new level from here on, 0), expected, low, high,
    score; the numbers are None where too little is known. Y may hold None; HOLIDAYS are days of it."""
    holidays = set(holidays)
    is_log = all(v >= 0 for v in y if v is not None)
    z = [None if v is None else math.log1p(v) if is_log else float(v) for v in y]
    use = [v is not None and i not in holidays for i, v in enumerate(z)]
    errors, flags, out = [None] * len(z), [0] * len(z), []

    def base(i):
        past = [z[i - j * PERIOD] for j in range(1, WEEKS + 1) if i >= j * PERIOD and use[i - j * PERIOD]]
        return median(past) if len(past) >= 3 else None

    def expect(t):
        weekday = base(t)
        if weekday is None:
            return None
        recent = [z[i] - b for i in range(max(0, t - LEVEL), t) if use[i] and (b := base(i)) is not None]
        return weekday + (median(recent) if len(recent) >= 3 else 0.0)

    for t, now in enumerate(z):
        expected = expect(t)
        spread = [abs(errors[i]) for i in range(max(0, t - WINDOW), t)
                  if errors[i] is not None and flags[i] == 0 and i not in holidays]
        if expected is not None and now is not None:
            errors[t] = now - expected
        back = math.expm1 if is_log else float
        day = {"flag": 0, "expected": None if expected is None else back(expected),
               "low": None, "high": None, "score": None}
        out.append(day)
        if expected is None or t < WARM or len(spread) < WARM - 3 * PERIOD + 3:
            continue
        scale = max(1.4826 * median(spread), FLOOR if is_log else FLOOR * abs(expected), 1e-12)
        limit = LIMIT * (HOLIDAY_FACTOR if t in holidays else 1)
        day.update(low=back(expected - limit * scale), high=back(expected + limit * scale))
        if now is None:
            continue
        day["score"] = errors[t] / scale
        if abs(day["score"]) > limit:
            day["flag"] = flags[t] = 1 if day["score"] > 0 else -1
            use[t] = False
        if t + 1 >= ADOPT and abs(sum(flags[t + 1 - ADOPT: t + 1])) == ADOPT and abs(flags[t]) == 1:
            adopt(t, z, use, errors, holidays)
            day["flag"] = flags[t] = 2 * flags[t]
    return out


def adopt(t, z, use, errors, holidays):
    """A week of the same alarm is no alarm but a new level: what was before is moved to it."""
    days = range(t + 1 - ADOPT, t + 1)
    shift = median([errors[i] for i in days])
    for i in range(days[0]):
        z[i] = None if z[i] is None else z[i] + shift
    for i in days:
        use[i] = i not in holidays
