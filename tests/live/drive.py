#!/usr/bin/env python3
"""Drive the Airflow of airflow.sh (set the environment with: eval "$(airflow.sh env)").

  drive.py run PREFIX      trigger every manual DAG once, as run PREFIX__DAG; wait for all runs; print {dag: {run_id, state}}
  drive.py history         eight waves of runs that end in the eight failures, for tools/record.py; some five minutes
  drive.py expect          what the server holds, one JSON line a run, a task instance and an earlier try, sorted
  drive.py call METHOD PATH [BODY]   the answer to one request
  drive.py trigger DAG RUN_ID CONF   one run, as soon as the server knows the DAG
  drive.py wait            until nothing is queued or running

`run` ends with 1 where a state is not the intended one, 3 where the time is over.
"""
import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

URL = os.environ.get("AIRFLOW_URL", "http://127.0.0.1:5180")
TIMEOUT_S = 600
SCHEDULED = {"telemetry_rollup": 3}  # DAG: runs that its catch-up gives at least
INTENDED = {
    "churn_features": "success",     # although a step failed
    "embeddings_refresh": "success",  # at the second try
    "feature_store_sync": "failed",
    "fraud_train": "failed",
    "hostile_strings": "failed",
    "ltv_forecast": "failed",
    "matchmaking_score": "failed",
    "recsys_daily": "failed",
    "store_catalogue": "failed",
    "telemetry_sessionize": "failed",
}
# A letter a run: does it go well? The last one is as INTENDED.
HISTORY = {
    "churn_features": "++++++--",
    "embeddings_refresh": "++++-++-",
    "feature_store_sync": "++-++++-",
    "fraud_train": "+++++---",
    "ltv_forecast": "+++++++-",
    "matchmaking_score": "++++-++-",
    "recsys_daily": "++-++++-",
    "store_catalogue": "+-+++---",
    "telemetry_sessionize": "++++++--",
}
HOSTILE = "\x1b[2J\x1b]52;c;cm0gLXJmIH4K\x07\u009b31m\u202egpj.exe"
HOSTILE_ID = "\x1b[31m+:\u009b2J\u202egpj %41"  # '+', ':' and '%' break a path that is not encoded


class Api:
    def __init__(self):
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.token = None
        self.token = self.call("POST", "/auth/token", {
            "username": os.environ.get("AIRFLOW_USERNAME", "admin"),
            "password": os.environ["AIRFLOW_PASSWORD"]})["access_token"]

    def call(self, method, path, body=None, **query):
        # SQLite lets one writer in at a time: the server answers 500 or 503 when it lost that race.
        for attempt in range(6):
            try:
                return self.once(method, path, body, query)
            except urllib.error.HTTPError as exc:
                if exc.code < 500 or attempt == 5:
                    raise SystemExit(f"drive.py: {method} {path}: {exc.code} {exc.read()[:300]!r}")
                time.sleep(1 + attempt)

    def once(self, method, path, body, query):
        url = URL + path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", "Bearer " + self.token)
        with self.opener.open(request, timeout=60) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else None  # a deletion answers nothing

    def all(self, path, key, **query):
        """Every row, by offset: the portal pages with cursors, so that one checks the other."""
        rows = []
        while True:
            page = self.call("GET", path, limit=100, offset=len(rows), order_by="id", **query)
            rows += page[key]
            if not page[key] or len(rows) >= page["total_entries"]:
                break
        if len(rows) != page["total_entries"]:
            raise SystemExit(f"drive.py: {path}: {len(rows)} rows of {page['total_entries']}, is the server still busy?")
        return rows


def wait(what, done):
    deadline = time.monotonic() + TIMEOUT_S
    while not done():
        if time.monotonic() > deadline:
            print(f"drive.py: waited {TIMEOUT_S} s for {what}", file=sys.stderr)
            raise SystemExit(3)
        time.sleep(1)


def wait_known(api):
    def known():
        dags = {d["dag_id"] for d in api.call("GET", "/api/v2/dags", limit=100)["dags"] if not d["is_stale"]}
        return dags >= INTENDED.keys() | SCHEDULED.keys()

    wait("the DAGs", known)


def count_runs(api, dag_id, **query):
    return api.call("GET", f"/api/v2/dags/{dag_id}/dagRuns", limit=1, **query)["total_entries"]


def wait_idle(api):
    wait("the runs", lambda: count_runs(api, "~", state=["queued", "running"]) == 0
         and all(count_runs(api, dag_id) >= n for dag_id, n in SCHEDULED.items()))


def set_healthy(names):
    """The DAGs look this file up when their tasks run."""
    with open(os.path.join(os.environ["AIRFLOW_HOME"], "healthy"), "w") as file:
        file.write("".join(f"{name}\n" for name in names))


def history(api):
    wait_known(api)
    for wave in zip(*HISTORY.values()):
        set_healthy(dag_id for dag_id, sign in zip(HISTORY, wave) if sign == "+")
        for dag_id in HISTORY:
            api.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})
        wait_idle(api)


def run(api, prefix):
    wait_known(api)
    result = {}
    for dag_id in INTENDED:
        hostile = dag_id == "hostile_strings"
        body = {"logical_date": None, "dag_run_id": f"{prefix}__{dag_id}", "note": f"live test {prefix}", "conf": {}}
        if hostile:
            body["dag_run_id"] += HOSTILE_ID
            body["note"] = f"note {HOSTILE}\nsecond line"
            body["conf"] = {"title": HOSTILE, HOSTILE: 1}
        made = api.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)
        result[dag_id] = {"run_id": made["dag_run_id"], "state": made["state"]}
    wait_idle(api)
    for dag_id, row in result.items():
        run_id = urllib.parse.quote(row["run_id"], safe="")
        row["state"] = api.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"]
    print(json.dumps(result, indent=1))
    wrong = [f"{d}: {result[d]['state']}, not {want}" for d, want in INTENDED.items() if result[d]["state"] != want]
    if wrong:
        print("drive.py: " + "; ".join(wrong), file=sys.stderr)
        raise SystemExit(1)


def trigger(api, dag_id, run_id, conf):
    wait(f"DAG {dag_id}", lambda: any(d["dag_id"] == dag_id for d in api.call("GET", "/api/v2/dags", limit=100)["dags"]))
    api.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "dag_run_id": run_id, "conf": json.loads(conf)})


def epoch_ms(text):
    if text is None:
        return None
    delta = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return delta // datetime.timedelta(milliseconds=1)


def earlier_tries(api, row):
    if row["try_number"] < 2:
        return []
    path = "/".join(urllib.parse.quote(str(part), safe="") for part in (
        row["dag_id"], "dagRuns", row["dag_run_id"], "taskInstances", row["task_id"], row["map_index"]))
    tries = api.call("GET", f"/api/v2/dags/{path}/tries")["task_instances"]
    return [t for t in tries if t["try_number"] < row["try_number"]]


def expect(api):
    lines = []
    for row in api.all("/api/v2/dags/~/dagRuns", "dag_runs"):
        lines.append({"type": "run", "dag_id": row["dag_id"], "run_id": row["dag_run_id"], "state": row["state"],
                      "start_ms": epoch_ms(row["start_date"]), "end_ms": epoch_ms(row["end_date"]),
                      "conf": row["conf"] or {}})
    for row in api.all("/api/v2/dags/~/dagRuns/~/taskInstances", "task_instances"):
        lines.append({"type": "step", "dag_id": row["dag_id"], "run_id": row["dag_run_id"], "task_id": row["task_id"],
                      "map_index": row["map_index"], "rendered_map_index": row["rendered_map_index"],
                      "state": row["state"], "try_number": row["try_number"],
                      "start_ms": epoch_ms(row["start_date"]), "end_ms": epoch_ms(row["end_date"])})
        lines += [{**lines[-1], "type": "try", "state": t["state"], "try_number": t["try_number"],
                   "start_ms": epoch_ms(t["start_date"]), "end_ms": epoch_ms(t["end_date"])}
                  for t in earlier_tries(api, row)]
    for line in sorted(json.dumps(line) for line in lines):
        print(line)


def main(args):
    if len(args) == 2 and args[0] == "run":
        run(Api(), args[1])
    elif len(args) == 4 and args[0] == "trigger":
        trigger(Api(), *args[1:])
    elif args == ["expect"]:
        expect(Api())
    elif args == ["history"]:
        history(Api())
    elif args == ["wait"]:
        wait_idle(Api())
    elif len(args) in (3, 4) and args[0] == "call":
        print(json.dumps(Api().call(args[1], args[2], json.loads(args[3]) if len(args) == 4 else None)))
    else:
        print(__doc__, file=sys.stderr)
        raise SystemExit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
