# SPDX-License-Identifier: GPL-3.0-or-later
"""Each volume, several times, each in a process of its own: memory that one took would be counted for the next."""
import json
import subprocess
import sys

from mlplatform import data

VOLUMES, REPEATS = (1, 2, 3, 5, 7, 10), 3
points = []
for volume in VOLUMES:
    for _ in range(REPEATS):
        done = subprocess.run([sys.executable, "-B", "volume.py", str(volume)], check=True, stdout=subprocess.PIPE)
        points.append({"volume": volume, **json.loads(done.stdout)})
    last = points[-1]
    print(f"x{volume}: {last['rows']} rows, {1000 * last['seconds']:.0f} ms, {last['bytes'] / 2**20:.1f} MiB")
data.save("points.json", points)
