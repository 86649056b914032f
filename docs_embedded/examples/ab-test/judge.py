# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict: first whether the test can be trusted, then what it shows. Exposed players and buyers, arm by arm."""
from collections import Counter

import abtest
from mlplatform import data, platform

PLANNED, MDE = 4000, 0.05  # players in both arms; the least relative lift that is of interest
units = data.load("units.json")
arms = {}
for unit in units:
    arms.setdefault(unit["player"], set()).add(unit["arm"])
mixed = sum(len(seen) > 1 for seen in arms.values())
counted = [unit for unit in units if len(arms[unit["player"]]) == 1]

n = Counter(unit["arm"] for unit in counted)
x = Counter(unit["arm"] for unit in counted if unit["bought"])
ratio_p = abtest.srm_read_daily((n["A"], n["B"]))
relative, se = abtest.lift(x["A"], n["A"], x["B"], n["B"])
interval, p = abtest.sequential(relative, se, n["A"] + n["B"], PLANNED)
_, newcombe, _ = abtest.difference(x["A"], n["A"], x["B"], n["B"])
per_day = Counter(unit["day"] for unit in counted)
rate = sorted(per_day.values())[len(per_day) // 2]
days_left = max(0, -(-(PLANNED - len(counted)) // rate))
words = abtest.verdict(ratio_p, mixed / len(arms), interval, len(counted), PLANNED, MDE, days_left)

for arm in "AB":
    print(f"{arm}: {n[arm]} players, {x[arm]} bought, {100 * x[arm] / n[arm]:.1f} %")
print(f"sample ratio: p = {ratio_p:.3g}, in both arms {100 * mixed / len(arms):.2f} %")
print(f"lift {100 * relative:+.1f} % [{100 * interval[0]:+.1f}, {100 * interval[1]:+.1f}], whenever one looks")
print(f"difference {100 * newcombe[0]:+.1f} to {100 * newcombe[1]:+.1f} points, for who looked once")
print(f"verdict: {words}")



def sums(day, arm):
    """What `porthole record abtest` takes: from these anybody can judge the test again."""
    values = [unit["bought"] for unit in counted if (unit["day"], unit["arm"]) == (day, arm)]
    return {"day": day, "arm": arm, "metric": "bought", "n": len(values), "sum": sum(values), "sumsq": sum(values)}


rows = [sums(day, arm) for day in sorted(per_day) for arm in "AB"]
data.save("abtest.json", rows)
platform.abtest("shop_ranking", rows)
data.save("outcome.json", {"verdict": words, "players": dict(n), "buyers": dict(x), "srm_p": round(ratio_p, 4),
                           "lift": round(relative, 4), "lift_low": round(interval[0], 4),
                           "lift_high": round(interval[1], 4), "p": round(p, 6)})
platform.track(lift=relative, lift_low=interval[0], lift_high=interval[1], srm_p=ratio_p, players=len(counted))
platform.check("srm_p", ratio_p, lower=0.001)
platform.check("in_both_arms", mixed / len(arms), upper=0.01)
platform.require_checks()
