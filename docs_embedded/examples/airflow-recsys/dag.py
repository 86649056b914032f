# SPDX-License-Identifier: GPL-3.0-or-later
"""pipeline.yaml as a DAG of Airflow: the same steps, commands, parameters and limits, so that both are one thing.

RECSYS_RUNS    where the files between steps lie, a folder each run; all workers must see it
RECSYS_SOURCE  what portal.yaml calls this Airflow (default: airflow)
"""
import datetime
import os
import shlex
import tempfile

import yaml
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

HERE = os.path.dirname(os.path.abspath(__file__))
RUNS = os.environ.get("RECSYS_RUNS", os.path.join(tempfile.gettempdir(), "recsys-runs"))
SOURCE = os.environ.get("RECSYS_SOURCE", "airflow")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}

with open(os.path.join(HERE, "pipeline.yaml"), encoding="utf-8") as file:
    PIPELINE = yaml.safe_load(file)


def environment(step):
    """What `porthole run` gives to a step too. The ref is the one that the portal has for the run."""
    return {
        "PORTHOLE_RUN": SOURCE + "/" + PIPELINE["name"] + "/{{ run_id | urlencode | replace('/', '%2F') }}",
        "PORTHOLE_STEP": step["step"],
        "PORTHOLE_DIR": RUNS + "/{{ run_id | urlencode | replace('/', '%2F') }}",
        **{f"PORTHOLE_PARAM_{name}": "{{ params.%s }}" % name for name in PIPELINE["params"]},
        **step["env"],
    }


def limit(text):
    """A time-out as pipeline.yaml has it: 30s, 5m, 1h."""
    return datetime.timedelta(**{UNITS[text[-1]]: int(text[:-1])})


def task(step):
    return BashOperator(
        task_id=step["step"],
        bash_command='mkdir -p "$PORTHOLE_DIR" && exec ' + shlex.join(step["run"]),
        cwd=HERE,
        env=environment(step),
        append_env=True,
        execution_timeout=limit(step["timeout"]),
    )


with DAG(
    PIPELINE["name"],
    description=PIPELINE["title"],
    schedule=None,
    params=PIPELINE["params"],
    tags=["example", "recommender"],
    default_args={"owner": "platform team"},
):
    tasks = {}
    for described in PIPELINE["steps"]:
        tasks[described["step"]] = task(described)
        for before in described.get("after", []):
            tasks[before].set_downstream(tasks[described["step"]])
