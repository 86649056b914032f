# SPDX-License-Identifier: GPL-3.0-or-later
"""Games like those that you have, as a pipeline of SageMaker.

    recsys.py define      makes the pipeline, or changes it, and starts an execution of it
    recsys.py run STEP    does what the container of that step would do
    recsys.py register    the model becomes a version of a model package group

moto keeps the books of SageMaker but runs no code: hence `run`, which takes the command of a step from the
definition that the execution was started with.
"""
import json
import subprocess
import sys
import tarfile

import aws
from mlplatform import data, platform

NAME = "sagemaker-recsys"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recsys:1"
INSTANCE = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
LONGEST = {"MaxRuntimeInSeconds": 600}
PARAMETERS = ("scale", "days", "fault")
STEPS = {  # step: its module, its command, the files it leaves
    "extract": ("mlplatform.steps", "extract", ["events.json"]),
    "check": ("mlplatform.steps", "check", []),
    "features": ("mlplatform.steps", "features", ["features.json"]),
    "train": ("mlplatform.neighbours", "train", ["model.json"]),
    "evaluate": ("mlplatform.neighbours", "evaluate", ["scores.json"]),
    "gate": ("mlplatform.steps", "gate", []),
}


def definition():
    """The pipeline as SageMaker has it."""
    steps, before = [], []
    for name, (module, command, _) in STEPS.items():
        entrypoint = ["python3", "-B", "-m", module, command]
        steps.append({"Name": name, "DependsOn": before, **(_training if name == "train" else _processing)(entrypoint)})
        before = [name]
    parameters = [{"Name": name, "Type": "String", "DefaultValue": platform.param(name)} for name in PARAMETERS]
    return {"Version": "2020-12-01", "Parameters": parameters, "Steps": steps}


def _processing(entrypoint):
    return {"Type": "Processing", "Arguments": {
        "RoleArn": aws.ROLE,
        "ProcessingResources": {"ClusterConfig": INSTANCE},
        "StoppingCondition": LONGEST,
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": entrypoint}}}


def _training(entrypoint):
    return {"Type": "Training", "Arguments": {
        "RoleArn": aws.ROLE,
        "ResourceConfig": INSTANCE,
        "StoppingCondition": LONGEST,
        "OutputDataConfig": {"S3OutputPath": f"s3://{aws.BUCKET}/models"},
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File",
                                   "ContainerEntrypoint": entrypoint}}}


def define():
    sagemaker, s3 = aws.client("sagemaker"), aws.client("s3")
    if aws.BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=aws.BUCKET, CreateBucketConfiguration={"LocationConstraint": aws.REGION})
    about = {"PipelineName": NAME, "PipelineDefinition": json.dumps(definition()), "RoleArn": aws.ROLE}
    names = [p["PipelineName"] for p in sagemaker.list_pipelines(PipelineNamePrefix=NAME)["PipelineSummaries"]]
    (sagemaker.update_pipeline if NAME in names else sagemaker.create_pipeline)(**about)
    started = sagemaker.start_pipeline_execution(
        PipelineName=NAME, PipelineParameters=[{"Name": name, "Value": platform.param(name)} for name in PARAMETERS])
    data.save("execution.json", started["PipelineExecutionArn"])
    print("execution", started["PipelineExecutionArn"])


def run(name):
    sagemaker = aws.client("sagemaker")
    told = sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=data.load("execution.json"))
    step = next(s for s in json.loads(told["PipelineDefinition"])["Steps"] if s["Name"] == name)
    job = "-".join((*(platform.place() or ("by", "hand")), name))
    arguments = step["Arguments"]
    if step["Type"] == "Training":
        sagemaker.create_training_job(TrainingJobName=job, **arguments)
        entrypoint = arguments["AlgorithmSpecification"]["ContainerEntrypoint"]
    else:
        sagemaker.create_processing_job(ProcessingJobName=job, **arguments)
        entrypoint = arguments["AppSpecification"]["ContainerEntrypoint"]
    print(f"{step['Type']} job {job}", flush=True)
    if status := subprocess.run(entrypoint, check=False).returncode:
        raise SystemExit(status)
    for file in STEPS[name][2]:
        print("output", aws.upload(file))


def register():
    sagemaker = aws.client("sagemaker")
    with tarfile.open(platform.path("model.tar.gz"), "w:gz") as archive:
        archive.add(platform.path("model.json"), "model.json")
    if not sagemaker.list_model_package_groups(NameContains=NAME)["ModelPackageGroupSummaryList"]:
        sagemaker.create_model_package_group(ModelPackageGroupName=NAME)
    scores = {"ContentType": "application/json", "S3Uri": aws.upload("scores.json")}
    container = {"Image": IMAGE, "ModelDataUrl": aws.upload("model.tar.gz")}
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=NAME, ModelApprovalStatus="Approved", ModelMetrics={"ModelQuality": {"Statistics": scores}},
        InferenceSpecification={"Containers": [container], "SupportedContentTypes": ["application/json"],
                                "SupportedResponseMIMETypes": ["application/json"]})["ModelPackageArn"]
    version = sagemaker.describe_model_package(ModelPackageName=arn)["ModelPackageVersion"]
    print("model package", arn)
    platform.publish(NAME, platform.path("model.json"), version=str(version))


if __name__ == "__main__":
    {command.__name__: command for command in (define, run, register)}[sys.argv[1]](*sys.argv[2:])
