# SPDX-License-Identifier: GPL-3.0-or-later
"""From events to how much each player wants each game: purchases, of which the recent ones count more."""
from mlplatform import data, platform, steps, telemetry
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType
import session
import trouble

HALF_LIFE = 3  # days after which a purchase is worth half
MOST_OF_ONE = 0.05  # share of the purchases: who has more is no person, and the one task with them ends last

number = F.udf(lambda name: int(name[name.index("-") + 1:]), IntegerType())  # "game-17": what ALS wants of an id


def purchases(spark):
    first_held_back = data.days() - data.HELD_BACK
    day = F.datediff("date", F.lit(telemetry.FIRST_DAY))
    events = spark.read.schema("event string, player_id string, date date, game string").json(
        platform.path("events.json"), multiLine=True)
    return (events.where(F.col("event") == "purchase").withColumn("age", F.lit(first_held_back) - day)
            .where("age > 0").select("player_id", "game", "age"))


def check_skew(rows):
    of_one = rows.groupBy("player_id").count().agg((F.max("count") / F.sum("count")).alias("share")).first()
    platform.check("share_of_one(player_id)", of_one["share"], upper=MOST_OF_ONE)
    platform.require_checks()


steps.features()
spark = session.start("features")
rows = trouble.in_rows(purchases(spark)).cache()
check_skew(rows)
wants = rows.groupBy("player_id", "game").agg(F.sum(F.pow(F.lit(0.5), F.col("age") / HALF_LIFE)).alias("weight"))
wants = wants.select(F.expr("int(substr(player_id, 2))").alias("player"), number("game").alias("game"), "weight")
wants.coalesce(1).sortWithinPartitions("player", "game").write.parquet(platform.path("wants.parquet"))
spark.stop()
