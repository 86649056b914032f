# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ranker reads. A row is a purchase, with what was known on a morning at most three days before it.

Of a player: how much of each game. Of a game: how it sells, of late and of all time. Nothing of a later day gets in,
or the model would be better here than it can ever be in operations.
"""
import math

from mlplatform import data, steps

OWNED_HALF_LIFE = 20  # days after which a purchase is worth half: tastes last
SALES_HALF_LIVES = (3, 8, 20)  # fashion does not
FIRST = 4  # before that day little is known of anybody


def known(purchases, day):
    """On the morning of DAY, of each player and of each game."""
    players, sales = {}, {}
    for age, player, game in ((day - d, p, g) for d, p, g in purchases if d < day):
        owned = players.setdefault(player, {})
        owned[game] = owned.get(game, 0) + 0.5 ** (age / OWNED_HALF_LIFE)
        worth = [0.5 ** (age / half_life) for half_life in SALES_HALF_LIVES]
        sales[game] = [sum(pair) for pair in zip(sales.get(game, [0] * len(worth)), worth)]
    return {"players": players, "sales": {game: [math.log1p(s) for s in of] for game, of in sales.items()}}


steps.features()
purchases = list(data.purchases(data.load("events.json")))
today = data.days() - data.HELD_BACK
mornings = {day: known(purchases, day) for day in range(FIRST, today + 1)}
rows = [[day, mornings[day]["players"].get(player, {}), game] for bought, player, game in purchases if bought < today
        for day in range(max(FIRST, bought - data.HELD_BACK + 1), bought + 1)]
data.save("ranking.json", {
    "rows": rows,
    "sales": {day: morning["sales"] for day, morning in mornings.items()},
    "today": str(today),
    "players": mornings[today]["players"],
})
print(f"{len(rows)} rows of {len(mornings)} mornings to learn from")
