# SPDX-License-Identifier: GPL-3.0-or-later
"""The statistics of ab-test, monitoring and scale-test, against numbers of other libraries (tests/fixtures/stats)."""
import importlib
import json
import math
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for example in ("ab-test", "monitoring", "scale-test"):
    sys.path.insert(0, os.path.join(HERE, "../../docs_embedded/examples", example))
abtest, drift, growth, wmad = map(importlib.import_module, ("abtest", "drift", "growth", "wmad"))


class Numbers(unittest.TestCase):
    def cases(self, topic):
        with open(os.path.join(HERE, "../fixtures/stats", topic + ".json"), encoding="utf-8") as file:
            reference = json.load(file)
        self.tolerance = reference["tolerance"]
        self.assertTrue(reference["cases"])
        for case in reference["cases"]:
            with self.subTest(topic=topic, case=case["id"]):
                yield case["in"], case["out"]

    def same(self, got, wanted):
        self.assertEqual(len(got), len(wanted))
        for number, right in zip(got, wanted):
            if right is None or number is None:
                self.assertEqual(number, right)
            else:
                self.assertTrue(math.isclose(number, right, rel_tol=self.tolerance["rel"],
                                             abs_tol=self.tolerance["abs"]), f"{number} is not {right}")

    def test_sample_ratio_of_two_arms_once_and_daily(self):
        compared = 0
        for given, right in self.cases("srm"):
            counts = given["counts"]
            if len(counts) != 2 or right["status"] == "too_few":
                continue
            weights = [weight / sum(given["weights"]) for weight in given["weights"]]
            self.same([abtest.srm(counts, weights), abtest.srm_read_daily(counts, weights)],
                      [right["p"], right["seq_p"]])
            compared += 1
        self.assertEqual(compared, 5)

    def test_difference_and_lift_of_two_shares(self):
        for given, right in self.cases("proportions"):
            four = given["xa"], given["na"], given["xb"], given["nb"]
            diff, interval, p = abtest.difference(*four, given["alpha"])
            self.same([diff, *interval, p], [right["diff"], *right["newcombe"], right["p"]])
            if "rel" in right:
                self.same(abtest.lift(*four), [right["rel"], right["rel_se"]])

    def test_an_interval_that_stays_valid(self):
        for given, right in self.cases("sequential"):
            interval, p = abtest.sequential(given["est"], given["se"], given["n"], given["nstar"], given["alpha"])
            self.same([*interval, p], [*right["ci"], right["p"]])

    def test_stability_index_and_its_p(self):
        for given, right in self.cases("drift_bins"):
            self.same(drift.psi(given["ref"], given["cur"]), [right["psi"], right["psi_null_p"]])

    def test_a_daily_series(self):
        for given, right in self.cases("seasonal_wmad"):
            days = wmad.judge(given["y"], given["holidays"])
            self.assertEqual([day["flag"] for day in days], right["flag"])
            for ours, theirs in (("expected", "expected"), ("low", "lo"), ("high", "hi"), ("score", "score")):
                self.same([day[ours] for day in days], right[theirs])

    def test_growth_and_what_one_more_run_would_take(self):
        for given, right in self.cases("growth"):
            a, b, interval, predict = growth.fit(given["x"], given["y"], given["level"])
            self.same([a, b, *interval], [right["intercept"], right["exponent"], *right["ci"]])
            self.assertEqual(growth.verdict(interval).replace(" ", "_"), right["verdict"])
            for point in right["pred"]:
                self.same(predict(point["x"]), [point["y"], point["lo"], point["hi"]])


class Judgement(unittest.TestCase):
    def test_what_is_not_above_0_is_left_out_of_a_fit(self):
        self.assertEqual(growth.fit([1, 2, 4, 8], [3, 0, 13, 23])[:3], growth.fit([1, 4, 8], [3, 13, 23])[:3])

    def test_what_is_not_to_be_trusted_has_no_winner(self):
        for srm_p, mixed, interval, n, words in (
                (.0001, 0, (.1, .2), 9, "do not trust"), (.5, .02, (.1, .2), 9, "do not trust"),
                (.5, 0, (.1, .2), 9, "better"), (.5, 0, (-.2, -.1), 9, "worse"),
                (.5, 0, (-.01, .01), 9, "keep running, about 3 days"),
                (.5, 0, (-.01, .01), 10, "no effect of interest"), (.5, 0, (-.01, .07), 10, "keep running")):
            self.assertEqual(abtest.verdict(srm_p, mixed, interval, n, 10, .05, 3), words)

    def test_bins_come_from_the_baseline_and_are_open(self):
        before, now = drift.counts(list(range(100)), [-5, 1000])
        self.assertEqual((sum(before), len(before), now[0], now[-1]), (100, 10, 1, 1))


if __name__ == "__main__":
    unittest.main()
