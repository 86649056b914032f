# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists against the simpler baseline, what sells best of late, on days that neither has seen. Without Spark:
what is judged is the file that is published."""
from mlplatform import data, ranking

model, features = data.load("model/lists.json"), data.load("features.json")
ranking.evaluate(model["lists"], model["popular"], features["after"], len(model["popular"]))
