# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that recommenders have in common: functions, for a flow or a DAG, and commands, for a pipeline file.

    python3 -m mlplatform.steps extract|check|features|gate
    python3 -m mlplatform.steps publish MODEL [FILE]
    python3 -m mlplatform.steps record MODEL

They leave files for each other, see data.py: events.json, features.json, and from an example's own steps
model.json and scores.json (hit_rate and baseline_hit_rate).
"""
import sys

from mlplatform import data, platform, telemetry

CHECKS = {  # nothing is built on events that are not as promised; a check more is one line more
    "rows": {"lower": 100},
    "columns_missing": {"upper": 0},
    "null_rate(player_id)": {"upper": 0.02},
    "duplicate_rate(event_id)": {"upper": 0.01},
    "days_late": {"upper": 1},
}
LEAST_GAIN = 1.02  # of the model over the simpler baseline


def extract():
    """Events of the game shop, as a warehouse would give them."""
    scale, days = float(platform.param("scale", "1")), data.days()
    rows = telemetry.events(scale=scale, days=days, fault=platform.param("fault"))
    data.save("events.json", rows)
    platform.input("telemetry.events", version=f"seed-7/{days}d", rows=len(rows))


def check():
    """Data checks. Where one fails the step does, after all of them."""
    seen = data.measure(data.load("events.json"))
    for name, bounds in CHECKS.items():
        platform.check(name, seen[name], **bounds)
    platform.require_checks()


def features():
    """From events to what a model reads: purchases by player, the last days held back to judge it by."""
    first_held_back = data.days() - data.HELD_BACK
    sales, before, after = [], {}, {}
    for day, player, game in data.purchases(data.load("events.json")):
        is_known = day < first_held_back
        (before if is_known else after).setdefault(player, []).append(game)
        if is_known:
            sales.append((first_held_back - day, game))
    data.save("features.json", {"sales": sales, "before": before, "after": after})
    print(f"{len(sales)} purchases of {len(before)} players to learn from")


def gate():
    """A model that is no better than the simpler baseline is not worth its keep, and is not published."""
    scores = data.load("scores.json")
    platform.check("hit_rate_gain", scores["hit_rate"] / max(scores["baseline_hit_rate"], 1e-9), lower=LEAST_GAIN)
    platform.require_checks()


def publish(model, file="model.json"):
    """The model, a file or a folder, becomes a version that others can fetch."""
    platform.publish(model, platform.path(file))


def record(model):
    """What came of it, and what it cost."""
    data.outcome(model)


if __name__ == "__main__":
    {step.__name__: step for step in (extract, check, features, gate, publish, record)}[sys.argv[1]](*sys.argv[2:])
