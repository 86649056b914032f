"""Pipelines of a games platform that go wrong in eight different ways, and a few that do not.

A task that runs Python or a shell costs seconds of CPU, an EmptyOperator none: hence so many of these.
DAGs named in $AIRFLOW_HOME/healthy go well while they are: a run's parameters are the same then and now.
"""
import datetime as dt
import logging
import os
import signal

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import TaskGroup, chain, dag, get_current_context, task

log = logging.getLogger(__name__)
HERE = os.path.dirname(os.path.abspath(__file__))
MANUAL = {"schedule": None, "start_date": dt.datetime(2026, 1, 1), "catchup": False}


def is_healthy(dag_id):
    try:
        with open(os.path.join(os.environ["AIRFLOW_HOME"], "healthy")) as file:
            return dag_id in file.read().split()
    except FileNotFoundError:
        return False


def empty(*names):
    return [EmptyOperator(task_id=name) for name in names]


class DataCheckError(Exception):
    pass


class CheckSuiteError(Exception):
    pass


class ProfileStoreError(Exception):
    pass


# 1. A data check, wrapped with `raise ... from`; everything after it is blocked.
@dag(tags=["recsys", "daily"], default_args={"owner": "team-discovery"}, **MANUAL)
def recsys_daily():
    @task
    def check_events():
        def null_rate(column, rate, upper):
            log.info("check null_rate(%s) observed=%.3f upper=%.3f", column, rate, upper)
            if rate > upper:
                raise DataCheckError(f"null_rate({column}) = {rate:.3f}, upper bound {upper:.3f}, telemetry.play_events")

        log.info("read 4100312 rows of telemetry.play_events")
        log.warning("column 'platform' has 3 new values")
        try:
            null_rate("game_id", 0.0, 0.001)
            null_rate("player_id", 0.004 if is_healthy("recsys_daily") else 0.312, 0.02)
        except DataCheckError as exc:
            raise CheckSuiteError("1 of 14 data checks failed for recsys_daily") from exc

    extract, = empty("extract_events")
    chain(extract, check_events(),
          *empty("build_features", "train_retrieval", "train_ranker", "evaluate", "publish", "refresh_cache"))


# 2. A failed step inside a green run: the closing task runs whatever happened, and it decides the run's state.
@dag(tags=["churn", "features"], default_args={"owner": "team-retention"}, **MANUAL)
def churn_features():
    with TaskGroup("features") as features:
        with TaskGroup("sessions"):
            chain(*empty("compute", "store"))
        with TaskGroup("spend"):
            @task
            def compute():
                currencies = {"EUR": 1.0, "USD": 1.08}
                rates = [currencies[c] for c in ("EUR", "USD")]
                log.info("spend_30d over %d currencies", len(rates))
                if not is_healthy("churn_features"):
                    raise ValueError("spend_30d: 211 of 48020 players have negative spend (min -4.99 EUR)")

            chain(compute(), *empty("store"))

    chain(*empty("extract"), features, EmptyOperator(task_id="report", trigger_rule="all_done"))


# 3. Killed from outside, as the kernel does it when memory runs out.
@dag(tags=["fraud", "train"], default_args={"owner": "team-trust"}, **MANUAL)
def fraud_train():
    @task
    def fit_trees():
        for trees in range(100, 500, 100):
            log.info("trees=%d auc=%.4f rss_gb=%.1f", trees, 0.71 + trees / 4000, 9.1 + trees / 50)
        if not is_healthy("fraud_train"):
            os.kill(os.getpid(), signal.SIGKILL)

    chain(*empty("load_payments"), fit_trees(), *empty("register_model"))


# 4. A shell step: what the JVM said is in info lines, the error record only tells the exit code.
@dag(tags=["telemetry", "spark"], default_args={"owner": "team-telemetry"}, **MANUAL)
def telemetry_sessionize():
    submit = BashOperator(task_id="spark_submit",
                          bash_command=f"bash {HERE}/spark_submit.sh --class com.games.telemetry.Sessionize")
    chain(submit, *empty("write_sessions"))


# 5. Data that never come.
@dag(tags=["catalogue", "sensor"], default_args={"owner": "team-store"}, **MANUAL)
def store_catalogue():
    chain(PythonSensor(task_id="wait_price_feed", python_callable=lambda: is_healthy("store_catalogue"),
                       poke_interval=1, timeout=3),
          *empty("load_prices", "publish_offers"))


# 6. Two of six mapped instances, with labels that are not the index.
@dag(tags=["matchmaking", "mapped"], default_args={"owner": "team-matchmaking"}, **MANUAL)
def matchmaking_score():
    @task(map_index_template="{{ region }}")
    def score_region(region):
        get_current_context()["region"] = region
        log.info("scoring %s", region)
        if is_healthy("matchmaking_score"):
            return
        if region == "apac-south":
            raise ZeroDivisionError(f"{region}: skill normaliser is zero (players=1290, matches=0)")
        if region == "sa-east":
            raise AssertionError(f"{region}: NaN rating in rows [2, 17]")

    regions = ["eu-west", "eu-north", "apac-south", "us-east", "us-west", "sa-east"]
    chain(score_region.expand(region=regions), *empty("merge"))


# 7. An image without the module: found only when the step runs.
@dag(tags=["ltv", "forecast"], default_args={"owner": "team-monetisation"}, **MANUAL)
def ltv_forecast():
    @task
    def fit_forecast():
        log.info("loading 31000000 player months")
        if not is_healthy("ltv_forecast"):
            import player_features.v2  # noqa: F401

    chain(fit_forecast(), *empty("publish_ltv"))


# 8. A service is away, and the code meant for that has the bug: an implicit chain over an explicit one.
@dag(tags=["features", "online"], default_args={"owner": "team-platform"}, **MANUAL)
def feature_store_sync():
    @task
    def fetch_profiles():
        import urllib.request
        settings = {"url": "http://127.0.0.1:9/profiles", "timeout": 2}

        def fetch(url):
            try:
                return urllib.request.urlopen(url, timeout=settings["timeout"]).read()
            except OSError as exc:
                raise ProfileStoreError(f"profile store does not answer at {url}") from exc

        if is_healthy("feature_store_sync"):
            return
        try:
            fetch(settings["url"])
        except ProfileStoreError:
            log.warning("primary is away, trying the replica")
            fetch(settings["replica_url"])

    chain(fetch_profiles(), *empty("push_online"))


# Fails once, then passes: green in the end.
@dag(tags=["recsys", "embeddings"], default_args={"owner": "team-discovery"}, **MANUAL)
def embeddings_refresh():
    @task(retries=1, retry_delay=dt.timedelta(seconds=1))
    def pull_vectors(ti=None):
        if ti.try_number == 1 and not is_healthy("embeddings_refresh"):
            raise ConnectionResetError(104, "Connection reset by peer: vector store shard 3")
        log.info("pulled 1204331 vectors")

    chain(pull_vectors(), *empty("build_index"))


# On a schedule. The start moves along, so that the catch-up is three runs on whatever day the server is set up.
@dag(tags=["telemetry", "daily"], default_args={"owner": "team-telemetry"}, schedule="@daily", catchup=True,
     start_date=dt.datetime.combine(dt.datetime.now(dt.timezone.utc).date(), dt.time(), dt.timezone.utc) - dt.timedelta(days=2))
def telemetry_rollup():
    chain(*empty("collect", "aggregate", "publish"))


@dag(tags=["season", "train"], default_args={"owner": "team-liveops"}, schedule="0 3 * * 1", catchup=False,
     start_date=dt.datetime(2026, 1, 1), is_paused_upon_creation=True)
def season_pass_retrain():
    chain(*empty("retrain", "publish"))


for build in (recsys_daily, churn_features, fraud_train, telemetry_sessionize, store_catalogue, matchmaking_score,
              ltv_forecast, feature_store_sync, embeddings_refresh, telemetry_rollup, season_pass_retrain):
    build()
