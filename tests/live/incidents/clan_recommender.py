# SPDX-License-Identifier: GPL-3.0-or-later
"""An incident: it does not import, so that nothing of it can start. See incidents.sh."""
from airflow.sdk import dag
from feature_platform.v2 import FeatureView  # noqa: F401


@dag(schedule=None)
def clan_recommender():
    pass


clan_recommender()
