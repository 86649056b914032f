# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of the examples do alike: files between steps, what the checks measure, who bought what."""
import datetime
import json

from mlplatform import platform, telemetry

COLUMNS = {"event_id", "event", "player_id", "date"}
HELD_BACK = 4  # days at the end that no model sees: it is judged by them
LONGEST = 5  # how many games a list of recommendations has


def days():
    return int(platform.param("days", "28"))


def save(name, what):
    with open(platform.path(name), "w", encoding="utf-8") as file:
        json.dump(what, file, sort_keys=True)
    return platform.path(name)


def load(name):
    with open(platform.path(name), encoding="utf-8") as file:
        return json.load(file)


def measure(rows):
    """What the checks judge, by name."""
    n = max(len(rows), 1)
    last = telemetry.FIRST_DAY + datetime.timedelta(days=days() - 1)
    newest = max((r["date"] for r in rows), default="1970-01-01")
    has_player = all("player_id" in r for r in rows)
    return {
        "rows": len(rows),
        "columns_missing": max((len(COLUMNS - r.keys()) for r in rows), default=len(COLUMNS)),
        "null_rate(player_id)": sum(r["player_id"] is None for r in rows) / n if has_player else 0.0,
        "duplicate_rate(event_id)": 1 - len({r["event_id"] for r in rows}) / n,
        "days_late": (last - datetime.date.fromisoformat(newest)).days,
    }


def purchases(rows):
    """(day, player, game) of each purchase."""
    for r in rows:
        if r["event"] == "purchase":
            day = (datetime.date.fromisoformat(r["date"]) - telemetry.FIRST_DAY).days
            yield day, r["player_id"], r["game"]


def hit_rate(recommend, before, after):
    """How often a game that a player buys next stands in the list that was made for what they had before."""
    wanted = [(player, game) for player, games in sorted(after.items()) for game in games]
    hits = sum(game in recommend(before.get(player, [])) for player, game in wanted)
    return hits / max(len(wanted), 1)


def outcome(model):
    """The last step: what came of the run, for people and for the test, and what it cost."""
    scores = load("scores.json")
    month = datetime.date.today().strftime("%Y-%m")
    n = len(load("events.json"))
    platform.record("cost", month=month, amount=round(n * 2e-6, 6), currency="EUR", estimate=True)
    save("outcome.json", {"model": model, "events": n, "platform": platform.VERSION,
                          **{name: round(value, 4) for name, value in scores.items()}})
