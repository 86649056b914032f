# SPDX-License-Identifier: GPL-3.0-or-later
"""From events to what a model reads: purchases by player, the last days held back to judge it by."""
from mlplatform import data

first_held_back = data.days() - data.HELD_BACK
sales, before, after = [], {}, {}
for day, player, game in data.purchases(data.load("events.json")):
    is_known = day < first_held_back
    (before if is_known else after).setdefault(player, []).append(game)
    if is_known:
        sales.append((first_held_back - day, game))
data.save("features.json", {"sales": sales, "before": before, "after": after})
print(f"{len(sales)} purchases of {len(before)} players to learn from")
