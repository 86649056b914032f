# SPDX-License-Identifier: GPL-3.0-or-later
"""Association rules: who bought this, bought that. Pairs of games in one player's purchases, by their lift."""
from collections import Counter
from itertools import permutations

from mlplatform import data

LEAST_TOGETHER = 3
games, pairs = Counter(), Counter()
baskets = [sorted(set(owned)) for owned in data.load("features.json")["before"].values()]
for basket in baskets:
    games.update(basket)
    pairs.update(permutations(basket, 2))
rules = {}
for (had, next_game), together in pairs.items():
    if together >= LEAST_TOGETHER:
        lift = together * len(baskets) / (games[had] * games[next_game])
        rules.setdefault(had, {})[next_game] = round(lift * together / games[had], 6)
popular = sorted(games, key=lambda game: (-games[game], game))
data.save("model.json", {"rules": rules, "popular": popular})
print(f"{sum(map(len, rules.values()))} rules from {len(baskets)} players")
