# SPDX-License-Identifier: GPL-3.0-or-later
"""Spark on this machine, small: two cores, the event log beside the run's other files, nothing on the network."""
import os
import sys

from mlplatform import platform
from pyspark.sql import SparkSession

SETTINGS = {
    "spark.driver.memory": "1g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",  # a log is no terminal
    "spark.sql.shuffle.partitions": "2",  # of 200, which are for clusters: most would be empty
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
    "spark.eventLog.rolling.enabled": "false",  # one file, that can be read without a tool
    # What pays off after a minute only costs in a job that is over by then.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
}


def start(step, **more):
    """MORE: further settings, with _ for the dot."""
    os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1",
                      SPARK_LOCAL_DIRS=platform.path("spark-tmp"))
    os.makedirs(platform.path("spark-events"), exist_ok=True)
    builder = SparkSession.builder.master("local[2]").appName(f"als-spark {step}")
    for name, value in SETTINGS.items():
        builder.config(name, value)
    for name, value in more.items():
        builder.config("spark." + name.replace("_", "."), value)
    return (builder.config("spark.eventLog.dir", platform.path("spark-events"))
            .config("spark.sql.warehouse.dir", platform.path("warehouse")).getOrCreate())
