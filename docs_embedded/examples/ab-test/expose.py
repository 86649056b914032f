# SPDX-License-Identifier: GPL-3.0-or-later
"""Who saw which arm, and who bought in the two days after: a row a player.

A player is assigned by a hash, so that every service comes to the same arm without asking another. The shop is
invented, and so is the effect: of the players in B who would not have bought, the share `effect` does.
"""
import datetime
import hashlib
import random

from mlplatform import data, platform, telemetry

SALT, FIRST_DAY, WINDOW = "ranker_v3", 4, 2
effect, lost = float(platform.param("effect", "0.2")), float(platform.param("lost", "0"))


def arm_of(player):
    return "AB"[int(hashlib.sha256(f"{SALT}/{player}".encode()).hexdigest()[:8], 16) % 2]


first_seen, bought = {}, set()
for row in data.load("events.json"):
    day, player = (datetime.date.fromisoformat(row["date"]) - telemetry.FIRST_DAY).days, row["player_id"]
    if day >= FIRST_DAY:
        first_seen.setdefault(player, day)
        if row["event"] == "purchase" and day < first_seen[player] + WINDOW:
            bought.add(player)

rng = random.Random(11)
units = []
for player, day in first_seen.items():
    if day + WINDOW > data.days():
        continue  # its time is not over
    arm, luck, is_lost = arm_of(player), rng.random(), rng.random() < lost
    if arm == "B" and is_lost:
        continue  # a fault as it happens: the page of B crashed before it could say that it was seen
    units.append({"player": player, "day": day, "arm": arm,
                  "bought": player in bought or (arm == "B" and luck < effect)})
data.save("units.json", units)
print(f"{len(units)} players saw an arm and had their two days")
