# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the examples that are about a tool: games like those that you have, and in fashion.

Games are alike when the same players bought them (cosine); what sells of late counts more. Functions, and
commands for a pipeline file: python3 -m mlplatform.neighbours train|evaluate
"""
import sys
from collections import Counter
from itertools import permutations

from mlplatform import data, platform

NEAREST = 20
HALF_LIFE = 3  # days after which a sale is worth half


def train():
    """Writes model.json, and returns what is in it."""
    features = data.load("features.json")
    baskets = [sorted(set(owned)) for owned in features["before"].values()]
    owners = Counter(game for basket in baskets for game in basket)
    pairs = Counter(pair for basket in baskets for pair in permutations(basket, 2))
    alike = {}
    for (had, other), together in pairs.items():
        alike.setdefault(had, {})[other] = round(together / (owners[had] * owners[other]) ** 0.5, 6)
    fashion = Counter()
    for age, game in features["sales"]:
        fashion[game] += 0.5 ** (age / HALF_LIFE)
    model = {
        "alike": {had: dict(_best(others)[:NEAREST]) for had, others in alike.items()},
        "fashion": {game: round(weight, 6) for game, weight in fashion.items()},
    }
    data.save("model.json", model)
    print(f"{len(pairs)} pairs of games that {len(baskets)} players bought")
    return model


def recommend(model, owned):
    """The list for a player who has these games."""
    scores = Counter()
    for had in owned:
        for game, likeness in model["alike"].get(had, {}).items():
            scores[game] += likeness * model["fashion"].get(game, 0)
    ranked = [game for game, _ in _best(scores)]
    return (ranked + [game for game in _in_fashion(model) if game not in scores])[: data.LONGEST]


def evaluate():
    """The model against the simpler baseline, what sells best of late. Writes scores.json, and returns it."""
    model, features = data.load("model.json"), data.load("features.json")
    popular = _in_fashion(model)[: data.LONGEST]
    scores = {
        "hit_rate": data.hit_rate(lambda owned: recommend(model, owned), features["before"], features["after"]),
        "baseline_hit_rate": data.hit_rate(lambda owned: popular, features["before"], features["after"]),
    }
    data.save("scores.json", scores)
    platform.track(**scores)
    return scores


def _best(scores):
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def _in_fashion(model):
    return [game for game, _ in _best(model["fashion"])]


if __name__ == "__main__":
    {step.__name__: step for step in (train, evaluate)}[sys.argv[1]]()
