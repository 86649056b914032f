#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparisons of examples_tools.sh. What differs goes to standard error, exit 1.

  examples_check.py says FILE EXPRESSION     true for `rows`, the JSON lines of FILE, and `row`, the first of them
  examples_check.py screen PROGRAM CONFIG REF TEXT…   opened at REF the portal shows these texts
  examples_check.py metaflow SCORES FLOW     Metaflow's own client has the newest run of FLOW with these scores as artifacts
  examples_check.py aws SCORES URL           moto at URL has the pipeline, its execution, jobs, files and model version
  examples_check.py mlflow SCORES REF        the MLflow of the environment has the run of REF, ended, with these scores
"""
import json
import os
import sys
import time

PIPELINE = "sagemaker-recsys"
SECONDS = 60  # a portal that has not painted by then will not


def fail(text):
    print(f"examples_check.py: {text}", file=sys.stderr)
    raise SystemExit(1)


def scores_of(file):
    with open(file, encoding="utf-8") as text:
        said = json.load(text)
    return {name: said[name] for name in ("hit_rate", "baseline_hit_rate")}


def same(what, got, expected):
    got = {name: round(float(got[name]), 4) for name in expected}
    if got != expected:
        fail(f"{what}: {got}, not {expected}")


def says(file, expression):
    with open(file, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    if not eval(f"({expression})", {"rows": rows, "row": rows[0] if rows else None}):
        fail(f"not so: {expression}: {rows[:5]}")


def screen(program, config, ref, *texts):
    from check import SEQUENCE, Terminal, judge_screen

    terminal = Terminal([program, "--config", config, "--read-only", ref])
    end = time.monotonic() + SECONDS
    while not all(text.encode() in SEQUENCE.sub(b"", terminal.raw) for text in texts) and time.monotonic() < end:
        terminal.settle(0.2, 1)
    if terminal.end() != 0:
        fail("the portal did not end well")
    seen = judge_screen(terminal.raw, ref)
    for text in texts:
        if text not in seen:
            fail(f"no '{text}' on the screen of {ref}")


def metaflow(expected, flow):
    from metaflow import Flow, namespace

    namespace(None)
    run = Flow(flow).latest_run
    if not run.successful:
        fail(f"{run.pathspec} is not successful")
    same(run.pathspec, run["evaluate"].task.data.scores, scores_of(expected))


def aws(expected, url):
    import boto3

    def client(service):
        return boto3.client(service, endpoint_url=url, region_name="eu-west-1",
                            aws_access_key_id="testing", aws_secret_access_key="testing")

    sagemaker, s3 = client("sagemaker"), client("s3")
    executions = sagemaker.list_pipeline_executions(PipelineName=PIPELINE)["PipelineExecutionSummaries"]
    jobs = sagemaker.list_processing_jobs()["ProcessingJobSummaries"], sagemaker.list_training_jobs()["TrainingJobSummaries"]
    versions = sagemaker.list_model_packages(ModelPackageGroupName=PIPELINE)["ModelPackageSummaryList"]
    if (len(executions), *map(len, jobs), len(versions)) != (1, 5, 1, 1):
        fail(f"{len(executions)} executions, {len(jobs[0])} and {len(jobs[1])} jobs, {len(versions)} versions")
    about = sagemaker.describe_model_package(ModelPackageName=versions[0]["ModelPackageArn"])
    bucket, key = about["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"].removeprefix("s3://").split("/", 1)
    same("its scores in S3", json.load(s3.get_object(Bucket=bucket, Key=key)["Body"]), scores_of(expected))


def mlflow(expected, ref):
    from mlflow import MlflowClient

    client = MlflowClient()
    experiment = client.get_experiment_by_name(ref.split("/")[1])
    runs = client.search_runs([experiment.experiment_id], f"tags.`porthole.run` = '{ref}'")
    if len(runs) != 1 or runs[0].info.status != "FINISHED":
        fail(f"{len(runs)} runs, {[run.info.status for run in runs]}")
    same(ref, runs[0].data.metrics, scores_of(expected))
    if runs[0].data.params["days"] != "28" or runs[0].data.tags["check.rows"] != "pass":
        fail(f"{runs[0].data.params} {runs[0].data.tags}")


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    commands = {"says": says, "screen": screen, "metaflow": metaflow, "aws": aws, "mlflow": mlflow}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        raise SystemExit(2)
    commands[sys.argv[1]](*sys.argv[2:])
