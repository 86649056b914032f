# SPDX-License-Identifier: GPL-3.0-or-later
"""How time and memory grow, and at which volume the due time is missed."""
import math

import growth
from mlplatform import data, platform

due = float(platform.param("due_s", "1"))
points = data.load("points.json")
volumes = [point["volume"] for point in points]
outcome = {"volumes": sorted(set(volumes)), "runs": len(points)}
for name in ("rows", "seconds", "bytes"):
    _, exponent, interval, predict = growth.fit(volumes, [point[name] for point in points])
    words = growth.verdict(interval)
    print(f"{name}: exponent {exponent:.2f} [{interval[0]:.2f}, {interval[1]:.2f}], {words}")
    platform.track(**{f"exponent_{name}": exponent})
    if name == "rows":
        outcome.update(rows_at_1=points[0]["rows"], rows_grow=words)

a, exponent, _, predict = growth.fit(volumes, [point["seconds"] for point in points])
limit = math.exp((math.log(due) - a) / exponent)
far = ", far beyond what was measured: measure there" if limit > 3 * max(volumes) else \
    ", beyond what was measured" if limit > max(volumes) else ""
seconds, low, high = predict(10)
print(f"x10 takes {seconds:.3f} s [{low:.3f}, {high:.3f}]; {due:g} s are reached at x{limit:.0f}{far}")
platform.track(volume_at_due=limit)
data.save("outcome.json", outcome)
platform.check("volume_at_due", limit, lower=float(platform.param("volume_needed", "10")))
platform.require_checks()
