# SPDX-License-Identifier: GPL-3.0-or-later
"""The measures of ranking.py, and what the ranker's features know of the days to come: nothing."""
import importlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs_embedded/examples")
sys.path.insert(0, EXAMPLES)
ranking = importlib.import_module("mlplatform.ranking")
telemetry = importlib.import_module("mlplatform.telemetry")

POPULAR = ["a", "b", "c", "d", "e"]


def scores(lists, after, games=10):
    with mock.patch.object(ranking.data, "save") as save, mock.patch.object(ranking.platform, "track"):
        said = ranking.evaluate(lists, POPULAR, after, games)
    assert save.call_args.args == ("scores.json", said)
    return said


class Measures(unittest.TestCase):
    def test_a_right_list_has_all_there_is_to_have(self):
        said = scores({"ann": ["x", "y", "z", "v", "w"]}, {"ann": ["x", "y", "z", "v", "w"]})
        self.assertEqual([said[name] for name in ("hit_rate", "precision", "coverage")], [1, 1, 0.5])
        self.assertAlmostEqual(said["ndcg"], 1)
        self.assertEqual((said["baseline_hit_rate"], said["baseline_ndcg"], said["baseline_coverage"]), (0, 0, 0.5))

    def test_upper_places_count_more(self):
        first, last = (scores({"ann": names}, {"ann": ["x"]}) for names in (["x", *"abcd"], [*"abcd", "x"]))
        self.assertEqual(first["hit_rate"], last["hit_rate"])
        self.assertAlmostEqual(first["ndcg"], 1)
        self.assertAlmostEqual(last["ndcg"], 0.3869, 4)

    def test_a_game_bought_twice_is_two_purchases_and_one_place(self):
        said = scores({"ann": ["x", *"abcd"]}, {"ann": ["x", "x", "y"]})
        self.assertAlmostEqual(said["hit_rate"], 2 / 3)
        self.assertAlmostEqual(said["precision"], 1 / 5)

    def test_who_has_no_list_is_shown_what_is_popular(self):
        said = scores({}, {"bob": ["a"]})
        self.assertEqual((said["hit_rate"], said["ndcg"]), (said["baseline_hit_rate"], said["baseline_ndcg"]))
        self.assertEqual(said["hit_rate"], 1)

    def test_what_stands_below_the_fifth_place_is_not_seen(self):
        self.assertEqual(scores({"ann": [*"abcde", "x"]}, {"ann": ["x"]})["hit_rate"], 0)

    def test_nobody_bought_anything(self):
        self.assertEqual(set(scores({}, {}).values()), {0})


class Features(unittest.TestCase):
    DAYS, CHANGED = 14, 9

    def made(self, events):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "events.json"), "w", encoding="utf-8") as file:
                json.dump(events, file)
            environment = dict(os.environ, PORTHOLE_DIR=folder, PORTHOLE_PARAM_days=str(self.DAYS), PYTHONPATH=EXAMPLES)
            for name in ("PORTHOLE_RUN", "PORTHOLE_EVENTS", "PLATFORM_TRACKER"):
                environment.pop(name, None)
            subprocess.run([sys.executable, "-B", os.path.join(EXAMPLES, "ranking-tensorflow/features.py")],
                           env=environment, check=True, stdout=subprocess.DEVNULL)
            with open(os.path.join(folder, "ranking.json"), encoding="utf-8") as file:
                return json.load(file)

    def test_what_happens_on_a_day_is_not_known_on_its_morning(self):
        events = telemetry.events(days=self.DAYS)
        date = (telemetry.FIRST_DAY + telemetry.datetime.timedelta(days=self.CHANGED)).isoformat()
        other = [r for r in events if r["date"] < date] + [
            dict(r, player_id="p1", **({"game": "game-1"} if "game" in r else {})) for r in events if r["date"] >= date]
        one, two = self.made(events), self.made(other)

        def known(made):
            owned = {json.dumps([day, of]) for day, of, _ in made["rows"] if day < self.CHANGED - 3}
            return owned, {day: of for day, of in made["sales"].items() if int(day) <= self.CHANGED}

        self.assertTrue(known(one)[0])
        self.assertEqual(known(one), known(two))
        self.assertNotEqual(one["sales"][str(self.CHANGED + 1)], two["sales"][str(self.CHANGED + 1)])


if __name__ == "__main__":
    unittest.main()
