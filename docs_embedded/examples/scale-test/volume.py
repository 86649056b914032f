# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured, once, at the volume that is given: events, what each player owns, what is bought together.
Prints rows, CPU seconds and the memory that it took as JSON.

    python3 volume.py 10
"""
import itertools
import json
import sys
import time
from collections import Counter

from mlplatform import data, platform, telemetry

BASE = 0.5 * float(platform.param("scale", "1"))  # of the volume 1


def most_memory():
    """Of this process alone: the maximum of getrusage() starts at what the parent had."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


before, began = most_memory(), time.process_time()
rows = telemetry.events(scale=BASE * float(sys.argv[1]), days=data.days())
owned, together = {}, Counter()
for _, player, game in data.purchases(rows):
    owned.setdefault(player, set()).add(game)
for games in owned.values():
    together.update(itertools.combinations(sorted(games), 2))
print(json.dumps({"rows": len(rows), "pairs": sum(together.values()), "seconds": time.process_time() - began,
                  "bytes": most_memory() - before}))
