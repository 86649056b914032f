# SPDX-License-Identifier: GPL-3.0-or-later
"""How good lists of recommendations are, by what their players bought next: a model's beside its baseline's."""
import math

from mlplatform import data, platform


def evaluate(lists, popular, after, games):
    """LISTS by player, of the games; who has none is shown what is POPULAR, the baseline. Writes scores.json."""
    scores = _scores(lambda player: lists.get(player, popular), after, games)
    scores.update({f"baseline_{name}": value for name, value in _scores(lambda _: popular, after, games).items()})
    data.save("scores.json", scores)
    platform.track(**scores)
    return scores


def _scores(list_of, after, games):
    shown = {player: list_of(player)[: data.LONGEST] for player in after}
    wanted = sum(map(len, after.values()))
    n = max(len(after), 1)
    return {
        "hit_rate": sum(game in shown[player] for player, bought in after.items() for game in bought) / max(wanted, 1),
        "precision": sum(_hits(shown[player], bought) for player, bought in after.items()) / (n * data.LONGEST),
        "ndcg": sum(_ndcg(shown[player], set(bought)) for player, bought in after.items()) / n,
        "coverage": len({game for names in shown.values() for game in names}) / max(games, 1),
    }


def _hits(names, bought):
    return len(set(names) & set(bought))


def _ndcg(names, bought):
    """1 where what was bought stands on top; what stands lower counts less."""
    worth = [1 / math.log2(place + 2) for place in range(data.LONGEST)]
    return sum(w for w, game in zip(worth, names) if game in bought) / sum(worth[: len(bought)])
