"""Does not import: no DAG comes of it, only an import error."""
from airflow.sdk import dag
from feature_platform.v2 import FeatureView  # noqa: F401


@dag(schedule=None)
def clan_recommender():
    pass


clan_recommender()
