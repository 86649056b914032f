# SPDX-License-Identifier: GPL-3.0-or-later
"""Telemetry of an invented game shop, the same for the same seed: players, their sessions and purchases.

Weekends and Christmas are busy. Games come into fashion and go out of it. One is launched in the third
week, is bought by many, and settles on a plateau. A fault spoils the events as such things happen: null_rate,
late, schema, duplicate.
"""
import datetime
import math
import random

FIRST_DAY = datetime.date(2026, 11, 30)  # a Monday; 28 days on is Christmas
PLAYERS, GAMES, TASTES = 300, 60, 6
LAUNCHED, LAUNCH_DAY = GAMES - 1, 17
FAULTS = ("", "null_rate", "late", "schema", "duplicate")


def season(day):
    """How busy a day is, next to a common one."""
    date = FIRST_DAY + datetime.timedelta(days=day)
    weekend = 1.4 if date.weekday() >= 5 else 1.0
    christmas = 1.6 if (date.month, date.day) >= (12, 20) else 1.0
    return weekend * christmas


def attraction(game, day):
    """Games differ, and each has its weeks; the new one is in everybody's mind at first."""
    if game != LAUNCHED:
        fashion = 1 + math.sin(2 * math.pi * (day / 40 + game / 7))
        return (0.1 + fashion**2) / (1 + game // TASTES) ** 0.5
    return 0.0 if day < LAUNCH_DAY else 1.0 + 6 * math.exp(-(day - LAUNCH_DAY) / 4)


def events(seed=7, scale=1, days=28, fault=""):
    """The events, by day, as dictionaries."""
    if fault not in FAULTS:
        raise ValueError(f"no fault '{fault}'; there are {', '.join(FAULTS[1:])}")
    rng = random.Random(seed)
    rows = []
    for day in range(days):
        _add_day(rng, rows, day, int(PLAYERS * scale))
    return _spoil(random.Random(seed + 1), rows, days, fault)


def _add_day(rng, rows, day, players):
    date = (FIRST_DAY + datetime.timedelta(days=day)).isoformat()
    by_taste = {}
    for taste in range(TASTES):
        by_taste[taste] = [attraction(g, day) * (12 if g % TASTES == taste else 1) for g in range(GAMES)]
    for player in range(players):
        if rng.random() >= 0.25 * season(day):
            continue
        about = {"player_id": f"p{player}", "date": date}
        rows.append(dict(about, event_id=len(rows), event="session", minutes=int(rng.expovariate(1 / 40)) + 1))
        for game in rng.choices(range(GAMES), by_taste[player % TASTES], k=rng.choice((0, 0, 1, 2))):
            rows.append(dict(about, event_id=len(rows), event="purchase", game=f"game-{game}"))


def _spoil(rng, rows, days, fault):
    if fault == "null_rate":
        return [dict(r, player_id=None) if rng.random() < 0.31 else r for r in rows]
    if fault == "late":
        last = (FIRST_DAY + datetime.timedelta(days=days - 3)).isoformat()
        return [r for r in rows if r["date"] <= last]
    if fault == "schema":
        return [{("playerId" if key == "player_id" else key): r[key] for key in r} for r in rows]
    if fault == "duplicate":
        return [r for row in rows for r in ([row, row] if rng.random() < 0.2 else [row])]
    return rows
