# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of AWS for the steps: never of your own account, unless you make it so here."""
import boto3
from botocore.config import Config

from mlplatform import platform

BUCKET = "recsys-example"
REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/recsys"
QUICK = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2}, proxies={})


def client(service):
    """Of the stand-in at the parameter `endpoint`. The keys are invented, so that no real ones are sent there."""
    endpoint = platform.param("endpoint")
    if not endpoint:
        raise SystemExit("ValueError: no endpoint; start `moto_server -p 5000`, and --set endpoint=http://127.0.0.1:5000")
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, config=QUICK,
                        aws_access_key_id="testing", aws_secret_access_key="testing")


def upload(name):
    """A file of this run to S3. Returns its address."""
    _, run = platform.place() or ("", "by-hand")
    key = f"{run}/{name}"
    client("s3").upload_file(platform.path(name), BUCKET, key)
    return f"s3://{BUCKET}/{key}"
