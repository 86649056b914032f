#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mlflow.sh has done to a real MLflow, and its comparisons. What differs goes to standard error, exit 1.

  mlflow_check.py seed N BULK       fills an empty server: N ordinary runs by its own client, BULK more as rows of its
                                    database, and the odd ones of zoo()
  mlflow_check.py change            what an ordinary sync must find; change late: what the sweep of recent runs must;
                                    change old: what only a pull of everything can
  mlflow_check.py refs              refs of runs.jsonl, a line each
  mlflow_check.py equal             runs.jsonl, deleted.jsonl, pipelines.jsonl, models.jsonl, shows.jsonl (some runs) and the
                                    catalogue (all of them) hold what the tool's own database holds
  mlflow_check.py sample            some of the refs; ref NAME: of the run of that name
  mlflow_check.py series NAME KEY N FILE   FILE, of `series --json`, holds what MLflow samples of that history
  mlflow_check.py unswept           as if the last sweep were long ago
  mlflow_check.py cpu PID…          seconds that they and their children have used, user and system
  mlflow_check.py filter KIND KEY OP VALUE FILE   FILE has the refs of the runs that the database finds
  mlflow_check.py bytes TRACE       received bytes of a trace, summed up
  mlflow_check.py capture           writes tests/fixtures/mlflow from a fresh server after `seed 0`; capture rest: its folder
                                    `rest`, of models, inputs, curves and artifacts

The variables of `mlflow.sh env` say where it is; seed and change are run by the Python that has mlflow. CATALOGUE is the
portal's: sqlite:FILE, or postgresql://… (then with psql).
"""
import base64
import hashlib
import json
import math
import operator
import os
import pathlib
import random
import re
import sqlite3
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from catalogue import catalogue

NOW = 1_795_000_000_000  # content does not depend on the clock
HOUR = 3_600_000
HOSTILE = "rock'n'roll \x1b[31m/ü 実験\u202egpj %41"
STATES = {"SCHEDULED": "queued", "RUNNING": "running", "FINISHED": "success", "FAILED": "failed", "KILLED": "cancelled"}
OUT = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "mlflow"


def fail(text):
    print(f"mlflow_check.py: {text}", file=sys.stderr)
    raise SystemExit(1)


# --- what happens on the server -----------------------------------------------
class Server:
    def __init__(self, uri=None):
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param
        self.Metric, self.Param = Metric, Param
        self.client = MlflowClient(uri or os.environ["MLFLOW_TRACKING_URI"])

    def run(self, experiment, name, start, status="FINISHED", ms=600_000, params=(), metrics=(), tags=()):
        run = self.client.create_run(experiment, start_time=start, run_name=name, tags={"mlflow.user": "mlee", **dict(tags)})
        run_id = run.info.run_id
        self.client.log_batch(run_id, metrics=[self.Metric(k, v, start + 1000, 0) for k, v in dict(metrics).items()],
                              params=[self.Param(k, v) for k, v in dict(params).items()])
        if status != "RUNNING":
            self.client.set_terminated(run_id, status, start + ms)
        return run_id

    def update(self, run_id, **fields):
        """What the client does not offer: a state or an end of one's own."""
        request("POST", "runs/update", {"run_id": run_id, **fields})


def request(method, path, body=None):
    data = json.dumps(body).encode() if body is not None else None
    who = f"{os.environ['MLFLOW_TRACKING_USERNAME']}:{os.environ['MLFLOW_TRACKING_PASSWORD']}"
    asked = urllib.request.Request(
        f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/{path}", data=data, method=method,
        headers={"Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(who.encode()).decode()})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def history(server, experiment):
    """30,000 points, some of them no numbers, through its store."""
    run = server.run(experiment, "long history", NOW - 20 * HOUR)
    for first in range(0, 30_000, 1000):
        server.client.log_batch(run, metrics=[
            server.Metric("loss", math.nan if step % 997 == 5 else math.inf if step % 997 == 6 else 1 / (1 + step),
                          NOW - 20 * HOUR + step, step) for step in range(first, first + 1000)])
    server.client.log_batch(run, metrics=[server.Metric("a/b: c-d.e é", k / 3, NOW - 20 * HOUR + k, k) for k in range(5)])


def files(server, experiment):
    run = server.run(experiment, "with artifacts", NOW - 19 * HOUR)
    rnd = random.Random(11)
    server.client.log_text(run, "".join(f"line {n}\n" for n in range(20_000)), "logs/train.log")
    server.client.log_text(run, "<!doctype html><title>a page</title>", "report.html")
    server.client.log_text(run, "", "empty.txt")
    server.client.log_text(run, "ü", "plots/実験 100% & more.txt")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "weights.bin")
        path.write_bytes(rnd.randbytes(3_000_000).replace(b"\n", b" "))  # no line in it
        server.client.log_artifact(run, str(path), "model")


def registry(server, experiment):
    client = server.client
    run = server.run(experiment, "makes models", NOW - 18 * HOUR)
    for name in ("ranker", "推薦 'モデル' \x1b[31m\" %41"):
        client.create_registered_model(name, description="serves")
        for k, stage in enumerate(("Archived", "Production", None)):
            version = client.create_model_version(
                name, f"runs:/{run}/model", run_id=run, description=f"candidate {k}").version
            if stage:
                client.transition_model_version_stage(name, version, stage)
    client.create_model_version("ranker", "s3://elsewhere/model", description="of no run")
    client.set_registered_model_alias("ranker", "champion", "2")
    client.set_registered_model_alias("ranker", "候補", "2")
    client.set_registered_model_alias("ranker", "challenger", "3")


def inputs(server, experiment):
    from mlflow.entities import Dataset, DatasetInput
    run = server.run(experiment, "with inputs", NOW - 17 * HOUR)

    def dataset(name, digest, profile):
        return DatasetInput(Dataset(name=name, digest=digest, source_type="local", source="{}", schema="{}", profile=profile))
    server.client.log_inputs(run, [
        dataset("events", "d1", '{"num_rows": 120000, "num_elements": 480000}'), dataset("events", "d2", '{"num_rows": 7}'),
        dataset("実験\x1b[31m", "d3", '{"features_shape": [64, 3]}'), dataset("spark", "d4", '{"approx_count": 12}'),
        dataset("unknown", "d5", None), dataset("broken", "d6", "{num_rows")])


def zoo(server):
    """One run of each kind that has caused trouble somewhere."""
    e = server.client.create_experiment(HOSTILE)
    server.run(e, "nan and infinities", NOW - 9 * HOUR, "FAILED", metrics={
        "nan": math.nan, "inf": math.inf, "minus inf": -math.inf, "subnormal": -1e-320, "big": 1e308, "third": 0.1 + 0.2,
        "whole": 248646.0, "2 to 60": 2.0 ** 60, "zero": 0.0, "minus zero": -0.0})
    server.run(e, HOSTILE, NOW - 8 * HOUR, "KILLED", params={"mode/l.r-1 x": "\x1b]0;x\x07 <b>'\"\\", "region": "日本 🎮", "empty": ""},
               tags={"long": "長い値 " + "x" * 7990, "emoji.🎮": "🎮🐙", "lines": "a\nb\r\n\tc", "mlflow.note.content": "# a note",
                     "mlflow.source.type": "NOTEBOOK", "mlflow.source.git.commit": "2106261cbba7"})
    parent = server.run(e, "parent", NOW - 7 * HOUR, "RUNNING")
    for k, status in enumerate(("FINISHED", "FAILED", "RUNNING")):
        child = server.run(e, f"child {k}", NOW - 7 * HOUR + k, status, tags={"mlflow.parentRunId": parent},
                           metrics={"auc": 0.5 + k / 10})
    server.run(e, "grandchild", NOW - 6 * HOUR, tags={"mlflow.parentRunId": child})
    scheduled = server.run(e, "scheduled", NOW - 5 * HOUR, "RUNNING")
    server.update(scheduled, status="SCHEDULED")
    server.run(e, "back-filled", 1000)
    endless = server.run(e, "finished without an end", NOW - 4 * HOUR, "RUNNING")
    server.update(endless, status="FINISHED")
    for k in range(3):
        server.run(e, "at the same time", NOW - 3 * HOUR, params={"k": str(k)})
    deleted = server.run(e, "deleted", NOW - 2 * HOUR)
    server.client.delete_run(deleted)
    gone = server.client.create_experiment("retired")
    server.run(gone, "with its experiment", NOW - HOUR)
    server.client.delete_experiment(gone)
    return e


def bulk(count):
    """More runs, as rows: some twenty times as fast as its client."""
    rnd = random.Random(13)
    tables = {
        "runs": "run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, deleted_time,"
                " source_version, lifecycle_stage, artifact_uri, experiment_id",
        "params": "key, value, run_uuid", "tags": "key, value, run_uuid",
        "metrics": "key, value, timestamp, step, is_nan, run_uuid",
        "latest_metrics": "key, value, timestamp, step, is_nan, run_uuid"}
    found = {table: [] for table in tables}
    with sqlite3.connect(os.environ["MLFLOW_DB"], timeout=60) as db:
        experiments = [row[0] for row in db.execute("SELECT experiment_id FROM experiments WHERE name LIKE 'recsys %'")]
        for i in range(count):
            run, e = hashlib.md5(f"bulk {i}".encode()).hexdigest(), rnd.choice(experiments)
            status = rnd.choices(["FINISHED", "FAILED", "RUNNING", "KILLED", "SCHEDULED"], [84, 10, 3, 2, 1])[0]
            start = NOW - int(rnd.random() * 60 * 24 * HOUR)
            end = None if status in ("RUNNING", "SCHEDULED") else start + rnd.randrange(10 ** 7)
            stage = "deleted" if rnd.random() < 0.02 else "active"
            found["runs"].append((run, f"bulk-{i}", "UNKNOWN", "", "", "mira", status, start, end, None, "", stage,
                                  f"mlflow-artifacts:/{e}/{run}/artifacts", e))
            for key, value in {"model": rnd.choice(["two_tower", "als"]), "lr": f"{rnd.random():.6f}", "region": "日本",
                               "dataset": f"events_{i % 12}", "seed": str(i), "batch_size": "64", "epochs": str(i % 50),
                               "optimizer": "adam", "embedding_dim": "32", "negatives": str(i % 20)}.items():
                found["params"].append((key, value, run))
            for key, value in {"mlflow.user": "mira", "mlflow.runName": f"bulk-{i}", "mlflow.source.type": "LOCAL",
                               "mlflow.source.name": "pipelines/train.py", "mlflow.source.git.commit": run + run[:8],
                               "team": rnd.choice(["growth", "core-ml"]), "stage": "prod",
                               **({"error": "OutOfMemoryError: Java heap space"} if status == "FAILED" else {})}.items():
                found["tags"].append((key, value, run))
            for key, value, is_nan in (("auc", rnd.betavariate(16, 5), False), ("loss", 0, True) if i % 31 == 0 else
                                       ("loss", rnd.random(), False), ("rows", float(rnd.randrange(10 ** 8)), False),
                                       ("best", sys.float_info.max if i % 37 == 0 else rnd.random(), False),
                                       ("train_seconds", rnd.random() * 900, False), ("ndcg_at_10", rnd.random(), False)):
                for table in ("metrics", "latest_metrics"):
                    found[table].append((key, value, start, 0, is_nan, run))
        for table, columns in tables.items():
            marks = ",".join("?" * (columns.count(",") + 1))
            db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", found[table])


def ordinary(server, count):
    rnd = random.Random(7)
    models = ["two_tower", "xgboost", "als"]
    experiments = [server.client.create_experiment(f"recsys {name}") for name in ("daily", "weekly", "retrain", "shadow")]
    parents = {e: [] for e in experiments}
    for i in range(count):
        e = experiments[rnd.choice([0, 0, 0, 1, 2, 3])]
        status = rnd.choices(["FINISHED", "FAILED", "RUNNING", "KILLED"], [80, 12, 4, 4])[0]
        tags = {"team": rnd.choice(["growth", "core-ml"]), "mlflow.source.type": "LOCAL"}
        if parents[e] and rnd.random() < 0.3:
            tags["mlflow.parentRunId"] = rnd.choice(parents[e])
        model = rnd.choice(models)
        parents[e].append(server.run(
            e, f"{model}-{i}", NOW - int(rnd.random() * 60 * 24) * HOUR - i, status, rnd.randrange(10 ** 7),
            params={"model": model, "lr": f"{10 ** rnd.uniform(-4, -1):.6f}", "epochs": str(rnd.randint(1, 50))},
            metrics={"auc": rnd.betavariate(16, 5), "loss": rnd.random() if rnd.random() < .95 else math.nan}, tags=tags))


def seed(count, more=0):
    # The server looks at the password for a tenth of a second, so that most go past it.
    store = Server(f"sqlite:///{os.environ['MLFLOW_DB']}")
    ordinary(store, int(count))
    bulk(int(more))
    server = Server()
    history(store, server.client.get_experiment_by_name("Default").experiment_id)
    odd = zoo(server)
    for more in (files, registry, inputs):
        more(server, odd)
    # Under way by the server's own clock: these are looked at in each round.
    now = int(time.time() * 1000)
    e = server.client.get_experiment_by_name("Default").experiment_id
    for name in ("to finish", "to go on", "to be deleted", "to finish without an end"):
        server.run(e, name, now - 5 * HOUR, "RUNNING", metrics={"step": 1})
    server.run(e, "to be reopened", now - 50 * HOUR)
    server.run(e, "to be tagged late", now - 30 * HOUR)
    moved = server.client.create_experiment("to be renamed")
    server.run(moved, "moved", NOW - 900 * HOUR, params={"a": "b"})
    dropped = server.client.create_experiment("to be dropped")
    server.run(dropped, "dropped", NOW - 900 * HOUR)


def named(name):
    with database() as db:
        return db.execute("SELECT run_uuid FROM runs WHERE name = ?", (name,)).fetchone()[0]


def change(how="now"):
    server = Server()
    client = server.client
    now = int(time.time() * 1000)
    if how == "late":
        run = named("to be tagged late")
        client.set_tag(run, "validated", "yes")
        client.log_metric(run, "late", 7.5)
        client.set_registered_model_alias("ranker", "champion", "3")
        client.delete_registered_model_alias("ranker", "候補")
    elif how == "old":
        with database() as db:
            runs = [row[0] for row in db.execute(
                "SELECT run_uuid FROM runs WHERE start_time < ? AND status = 'FINISHED' AND lifecycle_stage = 'active'"
                " ORDER BY run_uuid LIMIT 3", (NOW - 400 * HOUR,))]
        client.set_tag(runs[0], "validated", "a month later")
        client.log_param(runs[1], "late", "one")
        client.log_metric(runs[1], "late", math.inf)
        client.delete_run(runs[2])
        client.delete_model_version("ranker", "2")
        with sqlite3.connect(os.environ["MLFLOW_DB"], timeout=60) as db:  # the client cannot take a tag off a deleted run
            db.execute("DELETE FROM tags WHERE run_uuid = ? AND key = 'team'", (runs[1],))
    else:
        client.set_terminated(named("to finish"), "FAILED", now)
        client.log_metric(named("to go on"), "step", 2)
        client.delete_run(named("to be deleted"))
        server.update(named("to finish without an end"), status="KILLED")
        server.update(named("to be reopened"), status="RUNNING")
        client.rename_experiment(client.get_experiment_by_name("to be renamed").experiment_id, "renamed/to this")
        client.delete_experiment(client.get_experiment_by_name("to be dropped").experiment_id)
        client.transition_model_version_stage("ranker", "3", "Staging")
        client.update_model_version("ranker", "4", "a better word")
        client.create_model_version("ranker", "s3://elsewhere/model", run_id=named("back-filled"))
        new = client.create_experiment("made later")
        server.run(new, "back-filled into a new one", NOW - 1000 * HOUR)
        server.run(client.get_experiment_by_name("Default").experiment_id, "new", now - 1000)


# --- comparisons ----------------------------------------------------------------
def database():
    return sqlite3.connect(f"file:{os.environ['MLFLOW_DB']}?mode=ro", uri=True)


def rows(name):
    with open(name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def quoted(part):
    return urllib.parse.quote(part, safe="._~+=,-")


def number(value, is_nan):
    if is_nan:
        return "NaN"
    return value if abs(value) < sys.float_info.max else "Infinity" if value > 0 else "-Infinity"


def pairs(db, sql):
    found = {}
    for run, key, *value in db.execute(sql):
        found.setdefault(run, {})[key] = value[0] if len(value) == 1 else number(*value)
    return found


def truth(stage):
    """{ref: facts} of the runs in that stage of experiments that are there."""
    with database() as db:
        params = pairs(db, "SELECT run_uuid, key, value FROM params")
        metrics = pairs(db, "SELECT run_uuid, key, value, is_nan FROM latest_metrics")
        tags = pairs(db, "SELECT run_uuid, key, value FROM tags")
        found = db.execute("SELECT e.name, e.experiment_id, r.run_uuid, r.name, r.status, r.start_time, r.end_time, r.user_id"
                           " FROM runs r JOIN experiments e USING (experiment_id) WHERE e.lifecycle_stage = 'active'"
                           " AND r.lifecycle_stage = ?", (stage,)).fetchall()
    web = os.environ["MLFLOW_TRACKING_URI"] + "/#/experiments/"
    pipeline_of = {run: name for name, _, run, *_ in found}
    result = {}
    for pipeline, experiment, run, name, status, start, end, user in found:
        own = tags.get(run, {})
        parent = own.get("mlflow.parentRunId")
        result[f"ml/{quoted(pipeline)}/{run}"] = {
            "name": name, "state": STATES[status], "tool_state": status, "started_ms": start,
            # a reopened run keeps the end of before
            "ended_ms": None if status in ("RUNNING", "SCHEDULED") else end, "user": own.get("mlflow.user") or user or None,
            "parent_ref": f"ml/{quoted(pipeline_of.get(parent, pipeline))}/{parent}" if parent else None,
            "kind": own.get("mlflow.source.type"), "url": f"{web}{experiment}/runs/{run}",
            "params": params.get(run, {}), "metrics": metrics.get(run, {}), "tags": own}
    return result


def same(what, expected, got):
    """Two {identity: facts}; names the first few that differ."""
    wrong = []
    for key in sorted(expected.keys() | got.keys()):
        a, b = expected.get(key), got.get(key)
        if a != b and a and b:
            a, b = ({k: v for k, v in x.items() if a.get(k) != b.get(k)} for x in (a, b))
        if a != b:
            wrong.append(f"{key}: expected {str(a)[:300]}, got {str(b)[:300]}")
    if wrong or not expected:
        fail("\n  ".join([f"{len(wrong)} of {len(expected)} {what} differ", *wrong[:5]]))


def truth_inputs():
    """{run: sorted [name, digest, rows]}."""
    found = {}
    with database() as db:
        for run, name, digest, profile in db.execute(
                "SELECT i.destination_id, d.name, d.digest, d.dataset_profile FROM inputs i JOIN datasets d"
                " ON d.dataset_uuid = i.source_id WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN'"):
            try:
                said = json.loads(profile or "{}")
            except ValueError:
                said = {}
            count = said.get("num_rows", said.get("approx_count", said.get("features_shape", [None])[0]))
            found.setdefault(run, []).append([name, digest, "" if count is None else str(count)])
    return {run: sorted(read) for run, read in found.items()}


def truth_models():
    with database() as db:
        aliases = {}
        for name, version, alias in db.execute("SELECT name, version, alias FROM registered_model_aliases"):
            aliases.setdefault((name, str(version)), []).append(alias)
        made_by = {run: experiment for run, experiment in db.execute(
            "SELECT r.run_uuid, e.name FROM runs r JOIN experiments e USING (experiment_id) WHERE e.lifecycle_stage = 'active'")}
        return {f"model:ml/{quoted(name)}/{version}": {
            "model": name, "version": str(version), "stage": None if stage == "None" else stage, "created_ms": created,
            "aliases": sorted(aliases.get((name, str(version)), [])),
            "run_ref": f"ml/{quoted(made_by[run])}/{run}" if run in made_by else None}
            for name, version, stage, created, run in db.execute(
                "SELECT name, version, current_stage, creation_time, run_id FROM model_versions"
                " WHERE current_stage != 'Deleted_Internal'")}


def equal_catalogue():
    """What `show` tells of some runs, of all of them: straight from the catalogue."""
    expected = {}
    read = truth_inputs()
    for ref, facts in truth("active").items():
        run = ref.rsplit("/", 1)[1]
        expected[run] = {"params": facts["params"], "tags": facts["tags"], "inputs": read.get(run, []),
                         "metrics": {key: value if isinstance(value, str) else float(value) for key, value in facts["metrics"].items()}}
    got = {run: {"params": {}, "tags": {}, "metrics": {}, "inputs": []} for run, in catalogue("SELECT run FROM run WHERE gone = 0")}
    for kind in ("param", "tag"):
        for run, key, value in catalogue(
                f"SELECT r.run, x.key, x.value FROM {kind} x JOIN run r ON r.id = x.run_id WHERE r.gone = 0"):
            got[run][kind + "s"][key] = value
    for run, key, value, special in catalogue(
            "SELECT r.run, x.key, x.value, x.special FROM metric x JOIN run r ON r.id = x.run_id WHERE r.gone = 0"):
        got[run]["metrics"][key] = special or float(value)
    for run, *read in catalogue(
            "SELECT r.run, x.name, x.version, x.rows FROM input x JOIN run r ON r.id = x.run_id WHERE r.gone = 0"):
        got[run]["inputs"] = sorted([*got[run]["inputs"], read])
    same("runs in the catalogue", expected, got)


def equal():
    listed, shown = {row["ref"]: row for row in rows("runs.jsonl")}, {row["ref"]: row for row in rows("shows.jsonl")}
    facts = ("name", "state", "tool_state", "started_ms", "ended_ms", "user", "parent_ref", "kind", "url")
    details = ("params", "metrics", "tags")
    expected = truth("active")
    same("runs", {ref: {key: fact[key] for key in facts} for ref, fact in expected.items()},
         {ref: {key: row[key] for key in facts} for ref, row in listed.items()})
    same("runs that are shown", {ref: {key: expected[ref][key] for key in details} for ref in shown if ref in expected},
         {ref: {key: row[key] for key in details} for ref, row in shown.items()})
    equal_catalogue()
    missing = truth("deleted").keys() - {row["ref"] for row in rows("deleted.jsonl")}
    if missing:
        fail(f"deleted runs are not shown as such: {missing}")
    with database() as db:
        experiments = {row[0]: {} for row in db.execute("SELECT name FROM experiments WHERE lifecycle_stage = 'active'")}
    same("pipelines", experiments, {row["pipeline"]: {} for row in rows("pipelines.jsonl")})
    models = {row["ref"]: row for row in rows("models.jsonl")}
    keys = ("model", "version", "stage", "created_ms", "aliases", "run_ref")
    same("models", truth_models(), {
        ref: {key: sorted(row[key]) if key == "aliases" else row[key] for key in keys} for ref, row in models.items()})


def refs():
    for row in rows("runs.jsonl"):
        print(row["ref"])


def sample():
    """Each run that is not one of many."""
    for k, row in enumerate(rows("runs.jsonl")):
        if not re.match(r"(bulk|two_tower|xgboost|als)-", row["name"]) or k % 40 == 0:
            print(row["ref"])


def same_series(name, key, most, file):
    got = [(row["step"], row["time_ms"], row["value"]) for row in rows(file) if row["metric"] == key]
    run, most = named(name), int(most)
    if most <= 2500:
        _, _, answer = request("GET", "metrics/get-history-bulk-interval?" + urllib.parse.urlencode(
            {"run_ids": run, "metric_key": key, "max_results": most}))
        expected = [(point["step"], point["timestamp"], number(point["value"], point["value"] == "NaN"))
                    for point in json.loads(answer)["metrics"]]
    else:
        with database() as db:
            expected = [(step, at, number(value, is_nan)) for step, at, value, is_nan in db.execute(
                "SELECT step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY step, timestamp", (run, key))]
    if not expected or got != expected:
        wrong = next((pair for pair in zip(expected, got) if pair[0] != pair[1]), None)
        fail(f"{len(expected)} points expected, {len(got)} got; the first that differs: {wrong}")


def ref_of(name):
    print(next(row["ref"] for row in rows("runs.jsonl") if row["name"] == name))


def unswept():
    said = json.loads(catalogue("SELECT cursor FROM source WHERE name = 'ml'")[0][0])
    quoted_text = json.dumps({**said, "s": 0, "m": 0}).replace("'", "''")
    catalogue(f"UPDATE source SET cursor = '{quoted_text}' WHERE name = 'ml'")


def cpu(*pids):
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        ticks += sum(int(n) for n in fields[11:15])
    print(ticks / os.sysconf("SC_CLK_TCK"))


def filtered(kind, key, op, value, file):
    compare = {">": operator.gt, "<": operator.lt, ":": operator.eq}[op]
    expected = set()
    for ref, facts in truth("active").items():
        said = facts[kind].get(key)
        if kind == "metrics":
            matches = isinstance(said, float) and compare(said, float(value))
        else:
            matches = said is not None and compare(said, value)
        if matches:
            expected.add(ref)
    got = {row["ref"] for row in rows(file)}
    if not expected or got != expected:
        fail(f"{len(expected)} expected, {len(got)} got: {sorted(got ^ expected)[:3]}")


def received(trace):
    with open(trace, encoding="utf-8") as file:
        print(sum(int(n) for n in re.findall(r"^(?:GET|POST) \S+ \d+ (\d+) B", file.read(), re.M)))


# --- fixtures ---------------------------------------------------------------------
class Capture:
    def __init__(self, folder, *about):
        self.folder = folder
        self.lines = ["# Answers of a real MLflow", "", *about, "", "| file | request | status | type |", "| --- | --- | --- | --- |"]

    def keep(self, name, method, path, body=None):
        status, headers, answer = request(method, path, body)
        (self.folder / name).write_bytes(answer)
        said = f" {json.dumps(body, ensure_ascii=False)}" if body is not None else ""
        self.lines.append(f"| {name} | `{method} /api/2.0/mlflow/{path}{said}` | {status} | {headers['content-type']} |")
        return json.loads(answer) if "json" in headers["content-type"] else None

    def end(self):
        (self.folder / "README.md").write_text("\n".join(self.lines) + "\n", encoding="utf-8")


def capture_rest():
    folder = OUT / "rest"
    folder.mkdir(exist_ok=True)
    capture = Capture(folder, "mlflow 3.17.2, SQLite, one worker. Made by `tests/live/mlflow_check.py capture rest`: bodies as received.")
    keep = capture.keep
    first = keep("models_1.json", "GET", "registered-models/search?max_results=1")
    keep("models_2.json", "GET", f"registered-models/search?max_results=1&page_token={first['next_page_token']}")
    newest = "model-versions/search?order_by=last_updated_timestamp%20DESC&max_results=4"
    first = keep("versions_1.json", "GET", newest)
    keep("versions_2.json", "GET", f"{newest}&page_token={first['next_page_token']}")
    keep("model.json", "GET", "registered-models/get?name=ranker")
    keep("err_404_model.json", "GET", "registered-models/get?name=none")
    experiment = json.loads(request("GET", "runs/get?run_id=" + named("with inputs"))[2])["run"]["info"]["experiment_id"]
    for name, run in (("run_inputs.json", "with inputs"), ("run_maker.json", "makes models")):
        keep(name, "POST", "runs/search", {"experiment_ids": [experiment], "filter": f"attributes.run_name = '{run}'", "max_results": 5})
    long, files = named("long history"), named("with artifacts")
    keep("run.json", "GET", f"runs/get?run_id={long}")
    keep("sampled.json", "GET", f"metrics/get-history-bulk-interval?run_ids={long}&metric_key=loss&max_results=5")
    keep("sampled_none.json", "GET", f"metrics/get-history-bulk-interval?run_ids={long}&metric_key=none&max_results=5")
    keep("sampled_no_run.json", "GET", "metrics/get-history-bulk-interval?run_ids=none&metric_key=loss&max_results=5")
    history = f"metrics/get-history?run_id={long}&metric_key=loss&max_results=8"
    first = keep("history_1.json", "GET", history)
    keep("history_2.json", "GET", f"{history}&page_token={first['next_page_token']}")
    keep("no_route.html", "GET", "metrics/no-such-route")
    keep("artifacts.json", "GET", f"artifacts/list?run_id={files}")
    keep("artifacts_plots.json", "GET", f"artifacts/list?run_id={files}&path=plots")
    keep("artifacts_file.json", "GET", f"artifacts/list?run_id={files}&path=report.html")
    keep("artifacts_none.json", "GET", f"artifacts/list?run_id={files}&path=none")
    capture.end()


def capture(what="runs"):
    if what == "rest":
        capture_rest()
        return
    pages = Capture(OUT, "mlflow 3.17.2, SQLite, one worker, after `mlflow_check.py seed 0`. Made by `tests/live/mlflow_check.py capture`:",
                    "bodies as received. The runs are those of its `zoo`, of the experiments 5 and 6 (deleted).")
    keep = pages.keep
    experiments = {"view_type": "ALL", "max_results": 500, "order_by": ["experiment_id ASC"]}
    page = {"experiment_ids": ["0", "1", "2", "3", "4", "5", "7", "8"], "run_view_type": "ALL", "max_results": 6,
            "order_by": ["attributes.start_time ASC"]}
    keep("experiments.json", "POST", "experiments/search", experiments)
    keep("experiments_1.json", "POST", "experiments/search", {**experiments, "max_results": 6})
    keep("experiments_2.json", "POST", "experiments/search", {
        **experiments, "max_results": 6, "page_token": json.loads((OUT / "experiments_1.json").read_text())["next_page_token"]})
    keep("experiments_none.json", "POST", "experiments/search", {
        "filter": "last_update_time >= 4000000000000", "view_type": "ALL", "max_results": 500, "order_by": ["last_update_time ASC"]})
    number, answer = 1, keep("runs_1.json", "POST", "runs/search", page)
    while "next_page_token" in answer:
        number += 1
        start = answer["runs"][-1]["info"]["start_time"]
        answer = keep(f"runs_{number}.json", "POST", "runs/search", {**page, "filter": f"attributes.start_time >= {start}"})
    ended = {**page, "order_by": ["attributes.end_time ASC"], "max_results": 500}
    keep("runs_ended.json", "POST", "runs/search", {**ended, "filter": f"attributes.end_time >= {NOW - 3 * HOUR}"})
    keep("runs_none.json", "POST", "runs/search", {**ended, "filter": "attributes.end_time >= 4000000000000"})
    keep("runs_deleted_experiment.json", "POST", "runs/search", {**page, "experiment_ids": ["6"]})
    keep("err_400_or.json", "POST", "runs/search", {**page, "filter": "attributes.status = 'A' OR attributes.status = 'B'"})
    keep("err_400_max_results.json", "POST", "runs/search", {**page, "max_results": 50001})
    keep("err_404_run.json", "GET", "runs/get?run_id=none")
    keep("err_405.html", "GET", "runs/search")
    pages.end()


COMMANDS = {"seed": seed, "change": change, "refs": refs, "sample": sample, "ref": ref_of, "equal": equal, "series": same_series,
            "unswept": unswept, "cpu": cpu, "filter": filtered, "bytes": received, "capture": capture}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        raise SystemExit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])
