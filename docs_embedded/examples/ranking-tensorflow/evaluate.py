# SPDX-License-Identifier: GPL-3.0-or-later
"""The SavedModel, as others will load it, against the simpler baseline: what sells best of late."""
from mlplatform import data, platform, ranking
from model import owned_table, sales_table
import numpy as np
import tensorflow as tf

known, features = data.load("ranking.json"), data.load("features.json")
of_late = known["sales"][known["today"]]
names, players = sorted(of_late), known["players"]
rank = tf.saved_model.load(platform.path("model")).signatures["serving_default"]
best = rank(owned=tf.constant(owned_table(list(players.values()), names)),
            sales=tf.constant(np.repeat(sales_table(of_late, names)[None], len(players), axis=0)))
lists = {player: [name.decode() for name in row] for player, row in zip(players, best["games"].numpy())}
popular = sorted(names, key=lambda name: (-of_late[name][0], name))
ranking.evaluate(lists, popular, features["after"], len(names))
