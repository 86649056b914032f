# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in Spark jobs, for once on purpose: `--set trouble=` skew, row, executor or driver.

    skew      one player has half of the purchases
    row       one row of all is not as the code expects
    executor  a task needs more memory than its Python worker may have
    driver    more is collected than the driver takes
"""
from mlplatform import platform

KINDS = ("", "skew", "row", "executor", "driver")
LIMITS = {"executor": {"executor_pyspark_memory": "512m"}, "driver": {"driver_maxResultSize": "1m"}}

_kind = platform.param("trouble")
if _kind not in KINDS:
    raise SystemExit(f"no trouble '{_kind}'; there are {', '.join(KINDS[1:])}")


def limits():
    """Settings under which it happens."""
    return LIMITS.get(_kind, {})


def in_rows(rows):
    from pyspark.sql import functions as F

    if _kind == "skew":
        return rows.union(rows.withColumn("player_id", F.lit("p0")))
    if _kind == "row":
        return rows.union(rows.limit(1).withColumn("game", F.lit("game_17")))
    return rows


def in_training(wants):
    if _kind == "executor":
        wants.rdd.mapPartitions(_hoard).count()
    if _kind == "driver":
        wants.crossJoin(wants.limit(200)).collect()


def _hoard(rows):
    """Keeps a table of all pairs, for each row."""
    return [bytearray(64 << 20) for _ in rows]
