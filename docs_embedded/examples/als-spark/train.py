# SPDX-License-Identifier: GPL-3.0-or-later
"""Alternating least squares on implicit feedback: factors of players and games, and the list for each player."""
from mlplatform import data, platform
from pyspark.ml.recommendation import ALS
import session
import trouble

spark = session.start("train", **trouble.limits())
wants = spark.read.parquet(platform.path("wants.parquet")).cache()
trouble.in_training(wants)
als = ALS(implicitPrefs=True, rank=8, regParam=0.5, alpha=10.0, maxIter=5, seed=7, numUserBlocks=1, numItemBlocks=1,
          userCol="player", itemCol="game", ratingCol="weight")
model = als.fit(wants)
model.write().overwrite().save(platform.path("model/als"))


def names(recommendations):
    return [f"game-{r['game']}" for r in recommendations]


lists = {f"p{row['player']}": names(row["recommendations"])
         for row in model.recommendForAllUsers(data.LONGEST).collect()}
popular = wants.groupBy("game").sum("weight").orderBy("sum(weight)", ascending=False).collect()
data.save("model/lists.json", {"lists": lists, "popular": names(popular)})
print(f"lists for {len(lists)} players, of {len(popular)} games")
spark.stop()
