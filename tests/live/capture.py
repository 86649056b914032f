#!/usr/bin/env python3
"""Write what the Airflow of airflow.sh answers into tests/fixtures/airflow, with a README that tells the requests.

  capture.py PREFIX        after `drive.py run PREFIX`, best on a server that has only that run
  capture.py --health      only health_scheduler_down.json, half a minute after `airflow.sh stop-scheduler`

Bodies stay as received, but for host, user and folder names and the token.
"""
import json
import os
import pathlib
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

import drive

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent / "fixtures" / "airflow"
LIVE = os.path.abspath(os.environ.get("PORTHOLE_LIVE", HERE.parents[1] / "build" / "live"))
NDJSON = "application/x-ndjson"
FAILED = {  # file: step, map index, try
    "log_data_check": ("recsys_daily", "check_events", -1, 1),
    "log_inside_green_run": ("churn_features", "features.spend.compute", -1, 1),
    "log_sigkill": ("fraud_train", "fit_trees", -1, 1),
    "log_java": ("telemetry_sessionize", "spark_submit", -1, 1),
    "log_sensor_timeout": ("store_catalogue", "wait_price_feed", -1, 1),
    "log_mapped": ("matchmaking_score", "score_region", 2, 1),
    "log_module": ("ltv_forecast", "fit_forecast", -1, 1),
    "log_implicit_chain": ("feature_store_sync", "fetch_profiles", -1, 1),
    "log_hostile": ("hostile_strings", "moderate_names", -1, 1),
    "log_flaky_try1": ("embeddings_refresh", "pull_vectors", -1, 1),
    "log_flaky_try2": ("embeddings_refresh", "pull_vectors", -1, 2),
    "log_blocked": ("recsys_daily", "publish", -1, 0),
}


class Capture:
    def __init__(self):
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.rows = []

    def get(self, name, path, *, method="GET", body=None, token="admin", accept="application/json", note="", **query):
        target = path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")
        request = urllib.request.Request(drive.URL + target, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Accept", accept)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", "Bearer " + self.tokens.get(token, token))
        try:
            with self.opener.open(request, timeout=60) as answer:
                status, raw, kind = answer.status, answer.read(), answer.headers["Content-Type"]
        except urllib.error.HTTPError as exc:
            status, raw, kind = exc.code, exc.read(), exc.headers["Content-Type"]
        text = self.neutral(raw.decode())
        (OUT / name).write_text(text)
        shown = {k: "..." if k == "password" else v for k, v in (body or {}).items()}
        asked = f"{method} {target}" + (f" {json.dumps(shown)}" if body is not None else "")
        self.rows.append((name, asked, status, kind, note))
        return json.loads(raw) if kind == "application/json" else None

    @staticmethod
    def neutral(text):
        text = re.sub(r'"access_token":"[^"]*"', '"access_token":"eyJ0eXAiOiJKV1QifQ.ZHVtbXk.ZHVtbXk"', text)
        for folder in (str(HERE), os.path.join(LIVE, "airflow")):
            text = text.replace(folder, "/srv/airflow")
        # the interpreter's own library lies where that machine keeps it
        text = re.sub(r'"(?!/srv/)/[^"]*/lib/(python3\.\d+)/', r'"/usr/lib/\1/', text)
        text = re.sub(r'(host_?name\\?": ?\\?")[^"\\]+', r"\1worker-1", text)  # also in JSON inside a JSON string
        text = re.sub(r'("unixname":")[^"]*', r"\1airflow", text)
        text = re.sub(r'("triggering_user_name":")[^"]*', r"\1mlee", text)
        return text

    def pages(self, name, path, limit, **query):
        cursor, number = "", 0
        while cursor is not None:
            number += 1
            cursor = self.get(f"{name}_{number}.json", path, limit=limit, cursor=cursor, **query)["next_cursor"]

    def readme(self):
        lines = ["# Answers of a real Airflow", "",
                 "apache-airflow 3.3.2, SQLite, LocalExecutor, simple auth manager; DAGs of `tests/live/dags`. Made by",
                 "`tests/live/capture.py`: bodies as received, but for host, user and folder names and the token.", "",
                 "| file | request | status | type | |", "| --- | --- | --- | --- | --- |"]
        for name, asked, status, kind, note in self.rows:
            lines.append(f"| {name} | `{asked}` | {status} | {kind} | {note} |")
        (OUT / "README.md").write_text("\n".join(lines) + "\n")


def login(capture):
    capture.tokens = {}
    for user, variable in (("admin", "AIRFLOW_PASSWORD"), ("viewer", "AIRFLOW_VIEWER_PASSWORD")):
        answer = capture.get("token.json", "/auth/token", method="POST", token=None,
                             body={"username": user, "password": os.environ[variable]})
        capture.tokens[user] = answer["access_token"]
    capture.rows.pop()


def main(prefix):
    for old in OUT.glob("*json"):
        if old.name != "health_scheduler_down.json":
            old.unlink()
    c = Capture()
    login(c)
    rows, run, ti = "/api/v2/dags/~/dagRuns", {}, "/api/v2/dags/~/dagRuns/~/taskInstances"
    for dag_id in drive.INTENDED:
        run_id = f"{prefix}__{dag_id}" + (drive.HOSTILE_ID if dag_id == "hostile_strings" else "")
        run[dag_id] = f"/api/v2/dags/{dag_id}/dagRuns/" + urllib.parse.quote(run_id, safe="")
    churn, mapped = run["churn_features"], run["matchmaking_score"] + "/taskInstances/score_region"

    c.get("version.json", "/api/v2/version", token=None)
    c.get("health.json", "/api/v2/monitor/health", token=None)
    c.get("dags.json", "/api/v2/dags", limit=100, exclude_stale="false")
    c.get("dags_page_1.json", "/api/v2/dags", limit=8, offset=0, order_by="dag_id")
    c.get("dags_page_2.json", "/api/v2/dags", limit=8, offset=8, order_by="dag_id")
    c.pages("dag_runs", rows, 5)
    c.pages("task_instances", ti, 20)
    c.get("dag_runs_updated.json", rows, limit=3, cursor="", order_by="updated_at", updated_at_gte="2026-01-01T00:00:00Z")
    c.get("task_instances_updated.json", ti, limit=3, cursor="", updated_at_gte="2026-01-01T00:00:00Z")
    c.get("task_instances_updated_none.json", ti, limit=3, cursor="", updated_at_gte="2100-01-01T00:00:00Z")
    c.get("run_hostile.json", run["hostile_strings"])
    c.get("task_instances_failed.json", ti, limit=100, state="failed", order_by="start_date")
    c.get("tasks_mapped.json", "/api/v2/dags/matchmaking_score/tasks")
    c.get("tasks_grouped.json", "/api/v2/dags/churn_features/tasks")
    c.get("tasks_line.json", "/api/v2/dags/recsys_daily/tasks")
    c.get("task_instances_mapped.json", mapped + "/listMapped", order_by="map_index")
    c.get("tries_flaky.json", run["embeddings_refresh"] + "/taskInstances/pull_vectors/tries")
    c.get("tries_mapped.json", mapped + "/2/tries")
    c.get("import_errors.json", "/api/v2/importErrors")
    c.get("pools.json", "/api/v2/pools")
    c.get("event_logs.json", "/api/v2/eventLogs", limit=5, order_by="-when", dag_id="recsys_daily")
    c.get("dag_source.json", "/api/v2/dagSources/hostile_strings")
    for name, (dag_id, task, index, attempt) in FAILED.items():
        c.get(name + ".ndjson", f"{run[dag_id]}/taskInstances/{task}/logs/{attempt}", accept=NDJSON, map_index=index)
    c.get("log_data_check.json", run["recsys_daily"] + "/taskInstances/check_events/logs/1", map_index=-1)
    c.get("clear_dry_run.json", "/api/v2/dags/recsys_daily/clearTaskInstances", method="POST",
          body={"dry_run": True, "only_failed": True, "dag_run_id": f"{prefix}__recsys_daily",
                "task_ids": ["check_events"], "include_downstream": True})

    c.get("err_400_order_by.json", ti, order_by="updated_at")
    c.get("err_400_cursor.json", rows, cursor="nonsense")
    c.get("err_401_no_token.json", "/api/v2/dags", token=None)
    c.get("err_401_bad_password.json", "/auth/token", method="POST", token=None,
          body={"username": "admin", "password": "wrong"})
    c.get("err_403_bad_token.json", "/api/v2/dags", token="eyJhbGciOiJIUzUxMiJ9.e30.x", note="a token that does not verify")
    c.get("err_403_viewer_trigger.json", "/api/v2/dags/recsys_daily/dagRuns", method="POST", token="viewer",
          body={"logical_date": None}, note="as viewer")
    c.get("err_404_dag.json", "/api/v2/dags/no_such_dag")
    c.get("err_404_run.json", "/api/v2/dags/recsys_daily/dagRuns/no_such_run")
    c.get("err_404_mapped_without_index.json", mapped)
    c.get("err_404_log_try.json", churn + "/taskInstances/features.spend.compute/logs/9", accept=NDJSON, map_index=-1)
    c.get("err_406_log_text.json", churn + "/taskInstances/features.spend.compute/logs/1", accept="text/plain", map_index=-1)
    c.get("err_409_duplicate_run.json", "/api/v2/dags/recsys_daily/dagRuns", method="POST",
          body={"logical_date": None, "dag_run_id": f"{prefix}__recsys_daily"})
    c.get("err_422_state.json", rows, state="nonsense")
    c.get("err_422_missing.json", "/api/v2/dags/recsys_daily/dagRuns", method="POST", body={})
    c.get("err_422_date.json", rows, updated_at_gte="yesterday")
    c.get("err_400_cursor_shape.json", rows, cursor="kQU", order_by="updated_at", note="a cursor of another sort order")
    c.get("err_500_naive_date.json", rows, updated_at_gte="2026-01-01T00:00:00", note="no zone in the time")
    c.rows.append(("health_scheduler_down.json", "GET /api/v2/monitor/health", 200, "application/json",
                   "after `airflow.sh stop-scheduler`"))
    c.readme()


def health():
    Capture().get("health_scheduler_down.json", "/api/v2/monitor/health", token=None)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    OUT.mkdir(parents=True, exist_ok=True)
    health() if sys.argv[1] == "--health" else main(sys.argv[1])
