# SPDX-License-Identifier: GPL-3.0-or-later
"""platform.py and the generator of the examples: what a caller sees."""
import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import types
import unittest
import unittest.mock

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../docs_embedded/examples"))
platform = importlib.import_module("mlplatform.platform")
data = importlib.import_module("mlplatform.data")
telemetry = importlib.import_module("mlplatform.telemetry")


class Records(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.events = os.path.join(self.folder.name, "events.jsonl")
        self.put({"pipeline": "a b", "run": "1", "state": "running", "user": "ann", "started_ms": 5})
        self.before = dict(os.environ)
        os.environ.update(PORTHOLE_RUN="local/a%20b/1", PORTHOLE_STEP="check", PORTHOLE_EVENTS=self.events,
                          PORTHOLE_DIR=self.folder.name)
        platform._failed.clear()
        silence = contextlib.redirect_stdout(io.StringIO())
        silence.__enter__()
        self.addCleanup(silence.__exit__, None, None, None)

    def tearDown(self):
        os.environ.clear()
        os.environ.update(self.before)

    def put(self, run):
        with open(self.events, "a", encoding="utf-8") as file:
            file.write(json.dumps({"method": "run", "params": run}) + "\n")

    def told(self):
        with open(self.events, encoding="utf-8") as file:
            return [(r["method"], r["params"]) for r in map(json.loads, list(file)[1:])]

    def test_a_check_passes_on_its_bounds_and_fails_beyond(self):
        self.assertTrue(platform.check("rows", 2, lower=2, upper=2))
        self.assertFalse(platform.check("rows", 3, lower=2, upper=2))
        self.assertFalse(platform.check("rows", float("nan"), upper=2))
        self.assertEqual([r["state"] for _, r in self.told()], ["pass", "fail", "fail"])
        self.assertEqual(self.told()[2][1]["observed"], "NaN")
        self.assertEqual((self.told()[0][1]["pipeline"], self.told()[0][1]["step"]), ("a b", "check"))

    def test_the_step_ends_with_all_failed_checks_in_one_line(self):
        platform.require_checks()
        platform.check("a", 3, upper=2)
        platform.check("b", 0, lower=1)
        with self.assertRaises(platform.DataCheckError) as caught:
            platform.require_checks()
        self.assertEqual(str(caught.exception), "DataCheckError: a = 3, allowed <= 2; b = 0, allowed >= 1")
        platform.require_checks()  # of a second try in the same process

    def test_metrics_add_up_and_what_the_run_said_before_stays(self):
        platform.track(auc=0.7)
        platform.track(loss=float("inf"))
        run = self.told()[-1][1]
        self.assertEqual(run["metrics"], {"auc": 0.7, "loss": "Infinity"})
        self.assertEqual((run["user"], run["started_ms"], run["state"]), ("ann", 5, "running"))

    def test_another_run_of_the_file_gives_nothing(self):
        self.put({"pipeline": "a b", "run": "2", "state": "success", "metrics": {"other": 1}})
        platform.track(auc=0.7)
        self.assertEqual(self.told()[-1][1]["metrics"], {"auc": 0.7})

    def test_a_published_model_is_a_file_and_a_record(self):
        model = os.path.join(self.folder.name, "model.json")
        with open(model, "w", encoding="utf-8") as file:
            file.write("{}")
        with open(platform.publish("games", model), encoding="utf-8") as file:
            self.assertEqual(file.read(), "{}")
        self.assertEqual(self.told()[0][1]["version"], "1")

    def test_another_tracker_hears_the_same(self):
        heard = []
        platform.add_tracker(lambda kind, fields: heard.append((kind, fields["name"], fields["rows"])))
        self.addCleanup(platform._trackers.clear)
        platform.input("events", rows=0)
        self.assertEqual(heard, [("input", "events", 0)])
        self.assertEqual(self.told()[0][1]["rows"], 0)

    def test_a_tracker_that_fails_costs_a_line_and_not_the_run(self):
        def fails(kind, fields):
            raise OSError("no route to host")

        platform.add_tracker(fails)
        self.addCleanup(platform._trackers.clear)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            platform.track(auc=0.7)
        self.assertIn("not tracked: no route to host", said.getvalue())
        self.assertEqual(self.told()[0][1]["metrics"], {"auc": 0.7})

    def test_the_environment_names_a_tracker(self):
        class Client:
            heard, made = [], []

            def get_experiment_by_name(self, name):
                return None

            def create_experiment(self, name):
                return "7"

            def search_runs(self, *_, **__):
                return []

            def create_run(self, experiment, run_name, tags):
                self.made.append((experiment, run_name, tags))
                return types.SimpleNamespace(info=types.SimpleNamespace(run_id="r"))

            def __getattr__(self, call):
                return lambda *args: self.heard.append((call, *args))

        sys.modules["mlflow"] = types.SimpleNamespace(MlflowClient=Client)
        self.addCleanup(sys.modules.pop, "mlflow")
        self.addCleanup(platform._loaded.clear)
        self.addCleanup(platform._trackers.clear)
        os.environ.update(PLATFORM_TRACKER="mlflow", PORTHOLE_PARAM_days="9", PORTHOLE_PARAM_DAYS="9")
        platform._loaded.clear()
        with unittest.mock.patch("atexit.register") as at_exit:
            platform.track(auc=0.7)
        platform.check("null_rate(id)", 1, upper=0)
        platform.input("events", version="v1")
        at_exit.call_args.args[0]()
        self.assertEqual(Client.made, [("7", "1", {"porthole.run": "local/a%20b/1"})])
        self.assertEqual(Client.heard, [("log_param", "r", "days", "9"), ("log_metric", "r", "auc", 0.7),
                                        ("set_tag", "r", "check.null_rate.id", "fail"),
                                        ("set_tag", "r", "input.events", "v1"), ("set_terminated", "r", "FAILED")])

    def test_a_step_of_a_flow_is_told_while_it_runs_and_has_its_log(self):
        with platform.step("train", 2):
            self.assertEqual(self.told()[-1][1]["state"], "running")
            print("hello")
        self.assertEqual([(kind, r["step"], r["attempt"], r["state"]) for kind, r in self.told()],
                         [("step_run", "train", 2, "running"), ("step_run", "train", 2, "success")])
        with open(os.path.join(self.folder.name, "logs/a%20b/1/train.2.log"), encoding="utf-8") as log:
            self.assertEqual(log.read(), "hello\n")

    def test_a_step_of_a_flow_that_fails_says_why_in_its_log(self):
        with self.assertRaises(platform.DataCheckError), platform.step("gate"):
            platform.check("gain", 0, lower=1)
            platform.require_checks()
        with self.assertRaises(KeyError), platform.step("train"):
            raise KeyError("games")
        self.assertEqual([r["state"] for _, r in self.told()], ["running", "fail", "failed", "running", "failed"])
        self.assertEqual(self.told()[1][1]["step"], "gate")
        logs = os.path.join(self.folder.name, "logs/a%20b/1/")
        with open(logs + "gate.1.log", encoding="utf-8") as log:
            self.assertTrue(log.read().endswith("\nDataCheckError: gain = 0, allowed >= 1\n"))
        with open(logs + "train.1.log", encoding="utf-8") as log:
            self.assertIn("KeyError: 'games'", log.read())

    def of_another_tool(self, script):
        """A step of Airflow, say, whose PATH has this as porthole."""
        program = os.path.join(self.folder.name, "porthole")
        with open(program, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script)
        os.chmod(program, 0o755)
        del os.environ["PORTHOLE_EVENTS"]
        os.environ["PATH"] = self.folder.name + ":/bin:/usr/bin"

    def test_from_another_tools_step_checks_and_cost_go_by_porthole_record(self):
        self.of_another_tool('printf "%s\\n" "$*" >>"${0%/*}/said"')
        platform.check("null_rate(id)", -0.5, lower=0, upper=1)
        platform.track(auc=1)
        platform.record("cost", month="2026-11", amount=1.5, currency="EUR", estimate=True)
        with open(os.path.join(self.folder.name, "said"), encoding="utf-8") as said:
            self.assertEqual(said.read().splitlines(), [
                "record check --run=local/a%20b/1 --step=check --check=null_rate(id) --state=fail --observed=-0.5"
                " --lower=0.0 --upper=1.0",
                "record cost --run=local/a%20b/1 --month=2026-11 --amount=1.5 --currency=EUR --estimate"])

    def test_the_sums_of_an_ab_test_go_to_the_team_from_any_step(self):
        self.of_another_tool('printf "%s\\n" "$*" >>"${0%/*}/said"; cat >>"${0%/*}/said"')
        platform.abtest("ranker", ({"day": "2026-11-20", "arm": arm, "n": 1} for arm in "AB"))
        with open(os.path.join(self.folder.name, "said"), encoding="utf-8") as said:
            self.assertEqual(said.read().splitlines(), ["record abtest ranker -"] + [
                json.dumps({"day": "2026-11-20", "arm": arm, "n": 1}) for arm in "AB"])

    def test_what_cannot_be_recorded_costs_a_line_and_not_the_run(self):
        self.of_another_tool("echo catalogue away >&2; exit 3")
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertTrue(platform.check("rows", 1))
        self.assertIn("not recorded: catalogue away", said.getvalue())

    def test_a_model_that_is_a_folder_is_published_whole_and_again(self):
        model = os.path.join(self.folder.name, "saved")
        os.mkdir(model)
        for text in ("old", "new"):
            with open(os.path.join(model, "weights"), "w", encoding="utf-8") as file:
                file.write(text)
            place = platform.publish("games", model, version="3")
        with open(os.path.join(place, "weights"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "new")
        self.assertEqual(self.told()[0][1]["version"], "3")

    def test_without_a_portal_nothing_is_needed(self):
        for name in ("PORTHOLE_RUN", "PORTHOLE_EVENTS"):
            del os.environ[name]
        platform.track(auc=0.7)
        platform.record("cost", month="2026-11", amount=1)
        self.assertEqual(self.told(), [])

    def test_pythons_own_platform_is_not_hidden(self):
        self.assertTrue(importlib.import_module("platform").python_version())


class Telemetry(unittest.TestCase):
    def test_the_same_seed_gives_the_same(self):
        self.assertEqual(telemetry.events(seed=1), telemetry.events(seed=1))
        self.assertNotEqual(telemetry.events(seed=1), telemetry.events(seed=2))

    def test_weekends_and_christmas_are_busy_and_the_launch_settles(self):
        self.assertGreater(telemetry.season(5), telemetry.season(4))
        self.assertGreater(telemetry.season(22), telemetry.season(15))
        game, launch = telemetry.LAUNCHED, telemetry.LAUNCH_DAY
        self.assertEqual(telemetry.attraction(game, launch - 1), 0)
        self.assertGreater(telemetry.attraction(game, launch), 2 * telemetry.attraction(game, launch + 30))
        self.assertAlmostEqual(telemetry.attraction(game, launch + 30), telemetry.attraction(game, launch + 40), 1)

    def test_scale_and_days(self):
        one = len(telemetry.events())
        self.assertGreater(len(telemetry.events(scale=2)), 1.8 * one)
        self.assertEqual(len({r["date"] for r in telemetry.events(days=9)}), 9)

    def test_each_fault_shows_in_one_measure_alone(self):
        good = data.measure(telemetry.events())
        for fault, name in (("null_rate", "null_rate(player_id)"), ("late", "days_late"),
                            ("schema", "columns_missing"), ("duplicate", "duplicate_rate(event_id)")):
            bad = data.measure(telemetry.events(fault=fault))
            changed = [key for key in good if key != "rows" and bad[key] != good[key]]
            self.assertEqual(changed, [name])

    def test_a_fault_that_does_not_exist_is_told(self):
        with self.assertRaisesRegex(ValueError, "no fault 'nul'; there are null_rate"):
            telemetry.events(fault="nul")


if __name__ == "__main__":
    unittest.main()
