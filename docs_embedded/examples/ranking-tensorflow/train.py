# SPDX-License-Identifier: GPL-3.0-or-later
"""Teaches the ranker. Its curves are event files for TensorBoard, what it has learned is a SavedModel."""
import math

from mlplatform import data, platform
from model import Ranker, Served, owned_table, sales_table
import numpy as np
import tensorflow as tf

EPOCHS, BATCH = 8, 128


class Watch(tf.keras.callbacks.Callback):
    """The portal hears of each epoch; a loss that is no number ends the step at once, not after the night."""

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise FloatingPointError(f"loss is NaN at step {int(self.model.optimizer.iterations)}")

    def on_epoch_end(self, epoch, logs=None):
        platform.track(loss=logs["loss"])


tf.keras.utils.set_random_seed(7)
tf.config.experimental.enable_op_determinism()
known = data.load("ranking.json")
rows, names = known["rows"], sorted(known["sales"][known["today"]])
sales = {day: sales_table(of, names) for day, of in known["sales"].items()}
place = {name: i for i, name in enumerate(names)}

ranker = Ranker(len(names))
rate = float(platform.param("learning_rate", "0.01"))
ranker.compile(optimizer=tf.keras.optimizers.Adam(rate),
               loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
ranker.fit(
    [owned_table([owned for _, owned, _ in rows], names), np.stack([sales[str(day)] for day, _, _ in rows])],
    np.array([place[game] for _, _, game in rows]),
    batch_size=BATCH, epochs=EPOCHS, verbose=0,
    callbacks=[Watch(), tf.keras.callbacks.TensorBoard(platform.path("tensorboard"), write_graph=False)])
served = Served(ranker, names, sales[known["today"]].shape[1])
tf.saved_model.save(served, platform.path("model"), signatures={"serving_default": served.signature})
print(f"{ranker.count_params()} weights learned from {len(rows)} rows")
