# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of late against the list of all time, on days that neither has seen."""
from mlplatform import data, platform

model, features = data.load("model.json"), data.load("features.json")


def rate(names):
    return data.hit_rate(lambda owned: names, features["before"], features["after"])


scores = {"hit_rate": rate(model["list"]), "baseline_hit_rate": rate(model["baseline"])}
data.save("scores.json", scores)
platform.track(**scores)
