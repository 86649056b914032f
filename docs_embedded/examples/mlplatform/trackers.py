# SPDX-License-Identifier: GPL-3.0-or-later
"""Trackers that can stand behind platform.py: PLATFORM_TRACKER names a function of this file.

It is called once a process and gives a function that hears the kind of each record and its fields. One more
tracker is one function more.
"""
import atexit
import os
import sys

from mlplatform import platform

# MLflow's own limits let a server that is away hold up each step for minutes.
MLFLOW_LIMITS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}


def mlflow():
    """MLflow, wherever MLFLOW_TRACKING_URI says: a run of it for each run of the pipeline, which lead to each other."""
    for name, value in MLFLOW_LIMITS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    client = MlflowClient()
    run_id = _mlflow_run(client)
    failed = []

    def hear(kind, fields):
        if kind == "run":
            for name, value in fields["metrics"].items():
                client.log_metric(run_id, name, float(value))
        elif kind == "check":
            client.set_tag(run_id, f"check.{fields['check']}".replace("(", ".").replace(")", ""), fields["state"])
            failed.extend([fields["check"]] if fields["state"] == "fail" else [])
        elif kind == "input":
            client.set_tag(run_id, f"input.{fields['name']}", fields["version"])
        elif kind == "model":
            client.set_tag(run_id, f"model.{fields['model']}", fields["version"])

    def end():
        crashed = hasattr(sys, "last_value")
        client.set_terminated(run_id, "FAILED" if failed or crashed else "FINISHED")

    # The steps are processes of their own: who ends last has the last word.
    atexit.register(end)
    return hear


def _mlflow_run(client):
    """The run of MLflow that is this run's; the first step makes it."""
    pipeline, run = platform.place() or ("by-hand", "by-hand")
    experiment = client.get_experiment_by_name(pipeline)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(pipeline)
    ref = os.environ.get("PORTHOLE_RUN", "by-hand")
    found = client.search_runs([experiment_id], f"tags.`porthole.run` = '{ref}'", max_results=1)
    if found:
        client.update_run(found[0].info.run_id, status="RUNNING")
        return found[0].info.run_id
    made = client.create_run(experiment_id, run_name=run, tags={"porthole.run": ref})
    for name, value in os.environ.items():
        if name.startswith("PORTHOLE_PARAM_") and not name.isupper():
            client.log_param(made.info.run_id, name[len("PORTHOLE_PARAM_"):], value)
    return made.info.run_id
