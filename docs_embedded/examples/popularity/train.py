# SPDX-License-Identifier: GPL-3.0-or-later
"""Popularity: the games sold most, recent sales counting more (a sale is worth half after three days)."""
from collections import Counter

from mlplatform import data

HALF_LIFE = 3
weights, counts = Counter(), Counter()
for age, game in data.load("features.json")["sales"]:
    weights[game] += 0.5 ** (age / HALF_LIFE)
    counts[game] += 1


def top(counter):
    return sorted(counter, key=lambda game: (-counter[game], game))[: data.LONGEST]


data.save("model.json", {"list": top(weights), "baseline": top(counts)})
print("most wanted:", *top(weights))
