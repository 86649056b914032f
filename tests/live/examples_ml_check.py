#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparisons of examples_ml.sh. What differs goes to standard error, exit 1.

  examples_ml_check.py outcome EXPECTED OUTCOME   the same, but for what another processor rounds otherwise
  examples_ml_check.py als MODEL FILES            MODEL has factors and lists; FILES has whole event logs, one a step
  examples_ml_check.py savedmodel MODEL FILES     MODEL ranks games; FILES has the losses as event files
"""
import glob
import json
import os
import sys

ROUNDING = 0.03  # of a score: some twenty purchases of 700
LONGEST, EPOCHS = 5, 8  # as the examples have them


def fail(text):
    print(f"examples_ml_check.py: {text}", file=sys.stderr)
    raise SystemExit(1)


def load(file):
    with open(file, encoding="utf-8") as text:
        return json.load(text)


def outcome(expected, got):
    expected, got = load(expected), load(got)
    if expected.keys() != got.keys():
        fail(f"{sorted(got)}, not {sorted(expected)}")
    for name, value in expected.items():
        is_learned = isinstance(value, float) and not name.startswith("baseline_")
        if abs(got[name] - value) > ROUNDING if is_learned else got[name] != value:
            fail(f"{name}: {got[name]}, not {value}")


def als(model, files):
    lists = load(f"{model}/lists.json")["lists"]
    if not lists or any(len(set(names)) != LONGEST for names in lists.values()):
        fail(f"lists of {len(lists)} players, not all of {LONGEST} games")
    for part in ("userFactors", "itemFactors", "metadata"):
        if not os.path.exists(f"{model}/als/{part}/_SUCCESS"):
            fail(f"{part} was not written to its end")
    about = load(glob.glob(f"{model}/als/metadata/part-*")[0])
    if (about["class"], about["rank"]) != ("org.apache.spark.ml.recommendation.ALSModel", 8):
        fail(f"it says of itself: {about}")
    logs = glob.glob(f"{files}/spark-events/*")
    if len(logs) != 2 or not all(map(is_whole, logs)):
        fail(f"event logs: {logs}")


def is_whole(log):
    with open(log, encoding="utf-8") as lines:
        events = [json.loads(line)["Event"] for line in lines]
    return events[0] == "SparkListenerLogStart" and events[-1] == "SparkListenerApplicationEnd"


def savedmodel(model, files):
    import tensorflow as tf

    serve = tf.saved_model.load(model).signatures["serving_default"]
    shapes = {name: spec.shape for name, spec in serve.structured_input_signature[1].items()}
    games = shapes["owned"][1]
    owned, sales = tf.eye(games)[:2], tf.zeros([2, games, shapes["sales"][2]])
    ranked = {name: of.numpy() for name, of in serve(owned=owned, sales=sales).items()}
    if any(len(set(names)) != LONGEST for names in ranked["games"]):
        fail(f"not {LONGEST} games: {ranked['games']}")
    if any(list(scores) != sorted(scores, reverse=True) for scores in ranked["scores"]):
        fail(f"the best is not first: {ranked['scores']}")
    if list(ranked["games"][0]) == list(ranked["games"][1]):
        fail("what a player has makes no difference")
    loss = losses(f"{files}/tensorboard/train")
    if len(loss) != EPOCHS or not loss[-1] < loss[0]:
        fail(f"losses in the event file: {loss}")


def losses(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    curves = EventAccumulator(folder)
    curves.Reload()
    return [float(make_ndarray(point.tensor_proto)) for point in curves.Tensors("epoch_loss")]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    commands = {"outcome": outcome, "als": als, "savedmodel": savedmodel}
    if len(sys.argv) != 4 or sys.argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        raise SystemExit(2)
    commands[sys.argv[1]](*sys.argv[2:])
