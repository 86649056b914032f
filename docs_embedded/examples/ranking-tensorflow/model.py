# SPDX-License-Identifier: GPL-3.0-or-later
"""The ranker, two towers: a vector for each game; from what a player has a vector for the player. Beside them a few
numbers say how games sell. The softmax over all games sets what was bought against all that was not."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is there
import numpy as np
import tensorflow as tf
from mlplatform import data

TASTES = 8  # numbers that stand for a player, or a game
FORGET = 0.3  # share of what a player has that is hidden while learning: else it is learned by heart


class Ranker(tf.keras.Model):
    def __init__(self, games):
        super().__init__()
        self.games = self.add_weight(shape=(games, TASTES), initializer="glorot_uniform", name="games")
        self.hide = tf.keras.layers.Dropout(FORGET)
        self.player = tf.keras.layers.Dense(TASTES, name="player")
        self.sales = tf.keras.Sequential([tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(1)])

    def call(self, inputs, training=False):
        owned, sales = inputs
        owned = self.hide(tf.math.l2_normalize(owned, axis=1), training=training)
        player = self.player(owned @ self.games)
        return player @ tf.transpose(self.games) + tf.squeeze(self.sales(sales), axis=2)


class Served(tf.Module):
    """What is published: from what players have to the games for them, best first."""

    def __init__(self, ranker, names, signals):
        super().__init__()
        self.ranker, self.names = ranker, tf.constant(names)
        shapes = {"owned": (None, len(names)), "sales": (None, len(names), signals)}
        self.signature = tf.function(self.rank).get_concrete_function(
            **{name: tf.TensorSpec(shape, tf.float32, name) for name, shape in shapes.items()})

    def rank(self, owned, sales):
        best = tf.math.top_k(self.ranker([owned, sales]), data.LONGEST)
        return {"games": tf.gather(self.names, best.indices), "scores": best.values}


def owned_table(players, names):
    """A row a player, a column a game."""
    place = {name: i for i, name in enumerate(names)}
    table = np.zeros((len(players), len(names)), np.float32)
    for row, owned in enumerate(players):
        for game, weight in owned.items():
            table[row, place[game]] = weight
    return table


def sales_table(sales, names):
    """A row a game, how it sells."""
    nothing = [0.0] * len(next(iter(sales.values())))
    return np.array([sales.get(name, nothing) for name in names], np.float32)
