"""Pipelines for both.sh: one whose tasks log to MLflow, and say there where they come from; one with a long log."""
import base64
import datetime as dt
import json
import logging
import os
import time
import urllib.error
import urllib.parse
import urllib.request

from airflow.sdk import chain, dag, get_current_context, task

log = logging.getLogger(__name__)
MANUAL = {"schedule": None, "start_date": dt.datetime(2026, 1, 1), "catchup": False}
LONG_LOG_LINES = 60_000


def mlflow(path, body):
    who = f"{os.environ['MLFLOW_TRACKING_USERNAME']}:{os.environ['MLFLOW_TRACKING_PASSWORD']}"
    request = urllib.request.Request(
        f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/{path}", data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(who.encode()).decode()})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        return json.loads(answer.read())


def track(name, experiment, tags):
    """A finished run of MLflow."""
    now = int(time.time() * 1000)
    run = mlflow("runs/create", {"experiment_id": experiment, "run_name": name, "start_time": now,
                                 "tags": [{"key": key, "value": value} for key, value in tags.items()]})
    run_id = run["run"]["info"]["run_id"]
    mlflow("runs/log-metric", {"run_id": run_id, "key": "auc", "value": 0.83, "timestamp": now})
    mlflow("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": now + 1000})


@dag(tags=["tracked"], default_args={"owner": "team-discovery"}, **MANUAL)
def tracked_training():
    @task
    def train():
        """Says so by the names that Airflow has for it."""
        context = get_current_context()
        run_id = context["dag_run"].run_id
        try:
            experiment = mlflow("experiments/create", {"name": "tracked"})["experiment_id"]
        except urllib.error.HTTPError as exc:
            if exc.code != 400:  # it is there already
                raise
            experiment = mlflow("experiments/search", {"max_results": 1, "filter": "name = 'tracked'"})["experiments"][0]["experiment_id"]
        track(f"train {run_id}", experiment, {"airflow.dag_id": "tracked_training", "airflow.dag_run_id": run_id,
                                              "airflow.task_id": "train"})
        return experiment

    @task
    def evaluate(experiment):
        """Says so by a ref of the portal."""
        run_id = get_current_context()["dag_run"].run_id
        ref = "/".join(urllib.parse.quote(part, safe="") for part in ("airflow", "tracked_training", run_id, "evaluate"))
        track(f"evaluate {run_id}", experiment, {"porthole.run": ref})

    evaluate(train())


@dag(tags=["long"], default_args={"owner": "team-telemetry"}, **MANUAL)
def long_log():
    @task
    def talk():
        for number in range(LONG_LOG_LINES):
            log.info("line %d: shard %d of 512 has %d rows", number, number % 512, number * 7919)

    chain(talk())


tracked_training()
long_log()
