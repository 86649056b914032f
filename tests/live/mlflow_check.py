#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mlflow.sh has done to a real MLflow, and its comparisons. What differs goes to standard error, exit 1.

  mlflow_check.py seed N            fills an empty server: N ordinary runs, and the odd ones of zoo()
  mlflow_check.py change            what an ordinary sync must find; change late: what the sweep of recent runs must;
                                    change old: what only a pull of everything can
  mlflow_check.py refs              refs of runs.jsonl, a line each
  mlflow_check.py equal             runs.jsonl, deleted.jsonl, shows.jsonl and pipelines.jsonl hold what the tool's own
                                    database holds
  mlflow_check.py filter KIND KEY OP VALUE FILE   FILE has the refs of the runs that the database finds
  mlflow_check.py bytes TRACE       received bytes of a trace, summed up
  mlflow_check.py capture           writes tests/fixtures/mlflow from a fresh server after `seed 0`

The variables of `mlflow.sh env` say where it is; seed and change are run by the Python that has mlflow.
"""
import base64
import json
import math
import operator
import os
import pathlib
import random
import re
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

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


def seed(count):
    # The server looks at the password for a tenth of a second, so that most go past it.
    ordinary(Server(f"sqlite:///{os.environ['MLFLOW_DB']}"), int(count))
    server = Server()
    zoo(server)
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
    elif how == "old":
        with database() as db:
            runs = [row[0] for row in db.execute(
                "SELECT run_uuid FROM runs WHERE start_time < ? AND status = 'FINISHED' AND lifecycle_stage = 'active'"
                " ORDER BY run_uuid LIMIT 3", (NOW - 400 * HOUR,))]
        client.set_tag(runs[0], "validated", "a month later")
        client.log_param(runs[1], "late", "one")
        client.log_metric(runs[1], "late", math.inf)
        client.delete_run(runs[2])
    else:
        client.set_terminated(named("to finish"), "FAILED", now)
        client.log_metric(named("to go on"), "step", 2)
        client.delete_run(named("to be deleted"))
        server.update(named("to finish without an end"), status="KILLED")
        server.update(named("to be reopened"), status="RUNNING")
        client.rename_experiment(client.get_experiment_by_name("to be renamed").experiment_id, "renamed/to this")
        client.delete_experiment(client.get_experiment_by_name("to be dropped").experiment_id)
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


def equal():
    listed, shown = {row["ref"]: row for row in rows("runs.jsonl")}, {row["ref"]: row for row in rows("shows.jsonl")}
    facts = ("name", "state", "tool_state", "started_ms", "ended_ms", "user", "parent_ref", "kind", "url")
    got = {ref: {**{key: row[key] for key in facts}, **{key: shown.get(ref, {}).get(key) for key in ("params", "metrics", "tags")}}
           for ref, row in listed.items()}
    same("runs", truth("active"), got)
    missing = truth("deleted").keys() - {row["ref"] for row in rows("deleted.jsonl")}
    if missing:
        fail(f"deleted runs are not shown as such: {missing}")
    with database() as db:
        experiments = {row[0]: {} for row in db.execute("SELECT name FROM experiments WHERE lifecycle_stage = 'active'")}
    # a pipeline that was renamed or dropped goes with the next pull of everything
    same("pipelines", experiments, {row["pipeline"]: {} for row in rows("pipelines.jsonl") if row["pipeline"] in experiments})


def refs():
    for row in rows("runs.jsonl"):
        print(row["ref"])


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
def capture():
    lines = ["# Answers of a real MLflow", "",
             "mlflow 3.17.2, SQLite, one worker, after `mlflow_check.py seed 0`. Made by `tests/live/mlflow_check.py capture`:",
             "bodies as received. The runs are those of its `zoo`, of the experiments 5 and 6 (deleted).", "",
             "| file | request | status | type |", "| --- | --- | --- | --- |"]

    def keep(name, method, path, body=None):
        status, headers, answer = request(method, path, body)
        (OUT / name).write_bytes(answer)
        said = f" {json.dumps(body, ensure_ascii=False)}" if body is not None else ""
        lines.append(f"| {name} | `{method} /api/2.0/mlflow/{path}{said}` | {status} | {headers['content-type']} |")
        return json.loads(answer) if "json" in headers["content-type"] else None

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
    (OUT / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


COMMANDS = {"seed": seed, "change": change, "refs": refs, "equal": equal, "filter": filtered, "bytes": received, "capture": capture}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        raise SystemExit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])
