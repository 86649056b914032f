# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules against the simpler baseline, the list of what sells most, on days that neither has seen."""
from collections import Counter

from mlplatform import data, platform

model, features = data.load("model.json"), data.load("features.json")


def recommend(owned):
    score = Counter()
    for had in owned:
        score.update(model["rules"].get(had, {}))
    ranked = sorted(score, key=lambda game: (-score[game], game))
    return (ranked + [game for game in model["popular"] if game not in score])[: data.LONGEST]


def rate(make_list):
    return data.hit_rate(make_list, features["before"], features["after"])


scores = {"hit_rate": rate(recommend), "baseline_hit_rate": rate(lambda owned: model["popular"][: data.LONGEST])}
data.save("scores.json", scores)
platform.track(**scores)
