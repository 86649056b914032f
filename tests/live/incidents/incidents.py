# SPDX-License-Identifier: GPL-3.0-or-later
"""Incidents, a DAG each, as they really look: what breaks is the machine, a library or a service, not a raised
imitation of it where that can be had. See incidents.sh.

A task that runs Python costs seconds of CPU, an EmptyOperator none.
"""
import argparse
import csv
import datetime as dt
import http.server
import io
import json
import logging
import os
import resource
import signal
import sqlite3
import threading
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import chain, dag, get_current_context, task

log = logging.getLogger(__name__)
MANUAL = {"schedule": None, "start_date": dt.datetime(2026, 1, 1), "catchup": False}


def empty(*names):
    return [EmptyOperator(task_id=name) for name in names]


class ExpectationFailed(Exception):
    pass


class FeatureError(Exception):
    pass


class ClientError(Exception):
    """As botocore words what an AWS service answers."""

    def __init__(self, operation, body):
        said = xml.etree.ElementTree.fromstring(body)
        super().__init__(f"An error occurred ({said.findtext('Code')}) when calling the {operation} operation:"
                         f" {said.findtext('Message')}")


@dag(**MANUAL)
def data_check():
    @task
    def validate():
        players = [None if i % 3 == 0 else i for i in range(3000)]
        failed = []
        for name, observed, upper in (("row_count", len(players), 10000),
                                      ("null_rate(player_id)", players.count(None) / len(players), 0.02)):
            log.info("expectation %s observed %s upper %s", name, observed, upper)
            if observed > upper:
                failed.append(f"{name} = {observed:.3f} > {upper}")
        if failed:
            raise ExpectationFailed(f"1 of 2 data checks failed: {'; '.join(failed)}: 1000 of 3000 rows are null")

    chain(validate(), *empty("publish"))


@dag(**MANUAL)
def exception_chain():
    @task
    def join_profiles():
        def country_of(profile):
            return profile["address"]["country"]

        def features(profile):
            try:
                return {"country": country_of(profile)}
            except KeyError as exc:
                raise FeatureError("profile 81 has no features") from exc

        try:
            features({"id": 81, "address": {"city": "Lyon"}})
        except FeatureError as exc:
            raise RuntimeError("join_profiles did not finish") from exc

    chain(join_profiles(), *empty("publish"))


@dag(**MANUAL)
def out_of_memory():
    @task
    def load_events():
        before = resource.getrlimit(resource.RLIMIT_AS)
        with open("/proc/self/statm") as statm:
            now = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + (64 << 20), before[1]))
        parts = []
        try:
            for part in range(64):
                log.info("reading part %d of 64", part)
                parts.append(bytearray(16 << 20))
        finally:
            parts.clear()
            resource.setrlimit(resource.RLIMIT_AS, before)

    chain(load_events(), *empty("publish"))


@dag(**MANUAL)
def killed():
    @task
    def fit_trees():
        log.info("trees=100 auc=0.7350")
        os.kill(os.getpid(), signal.SIGKILL)

    chain(fit_trees(), *empty("publish"))


@dag(**MANUAL)
def sensor_timeout():
    chain(PythonSensor(task_id="wait_price_feed", python_callable=lambda: False, poke_interval=1, timeout=2),
          *empty("publish"))


@dag(**MANUAL)
def upstream_late():
    @task
    def read_partition():
        day = dt.date.today() - dt.timedelta(days=1)
        with open(f"/srv/lake/raw/play_events/ds={day}/part-00000.parquet", "rb") as part:
            part.read()

    chain(read_partition(), *empty("publish"))


@dag(**MANUAL)
def schema_change():
    @task
    def sessions():
        events = csv.DictReader(io.StringIO("user_id,at\n7,2026-11-20\n8,2026-11-20\n"))  # it was player_id
        warehouse = sqlite3.connect(":memory:")
        warehouse.execute(f"CREATE TABLE events ({', '.join(events.fieldnames)})")
        warehouse.executemany("INSERT INTO events VALUES (?, ?)", (list(row.values()) for row in events))
        warehouse.execute("SELECT player_id, count(*) FROM events GROUP BY player_id").fetchall()

    chain(sessions(), *empty("publish"))


class Expired(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>")
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@dag(**MANUAL)
def expired_credential():
    @task
    def fetch_telemetry():
        server = http.server.HTTPServer(("127.0.0.1", 0), Expired)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/telemetry/part-0", timeout=10)
        except urllib.error.HTTPError as exc:
            raise ClientError("GetObject", exc.read()) from exc

    chain(fetch_telemetry(), *empty("publish"))


@dag(**MANUAL)
def mapped():
    """Two of twenty fail."""
    @task(map_index_template="{{ region }}")
    def score_region(region):
        get_current_context()["region"] = region
        players, matches = 1290, 0 if region in ("region-03", "region-17") else 4
        log.info("%s: %.1f players a match", region, players / matches)

    chain(score_region.expand(region=[f"region-{i:02}" for i in range(20)]), *empty("publish"))


@dag(**MANUAL)
def green_with_failed_step():
    """The closing task runs whatever happened, and it decides the run's state."""
    @task
    def spend():
        amounts = ["4.99", "1.99", "n/a"]
        log.info("spend: %.2f", sum(float(amount) for amount in amounts))

    chain(spend(), EmptyOperator(task_id="report", trigger_rule="all_done"))


@dag(**MANUAL)
def flaky_retry():
    @task(retries=1, retry_delay=dt.timedelta(seconds=1))
    def pull_vectors(ti=None):
        if ti.try_number == 1:
            urllib.request.urlopen("http://127.0.0.1:9/vectors", timeout=2)

    chain(pull_vectors(), *empty("publish"))


@dag(**MANUAL)
def cascade():
    @task
    def parse_settings():
        return json.loads('{"regions": ["eu", "us",]}')

    chain(parse_settings(), *empty(*(f"step_{i:02}" for i in range(13))))


@dag(**MANUAL)
def stuck_queue():
    """Its pool has no slot; incidents.sh makes that."""
    chain(EmptyOperator(task_id="prepare"), PythonSensor(task_id="train_on_gpu", pool="gpu", python_callable=lambda: True))


@dag(**MANUAL)
def lost_worker():
    @task
    def train():
        log.info("epoch 3 of 20 loss=0.412")
        time.sleep(1)  # so that the line above is out
        os.kill(os.getppid(), signal.SIGKILL)  # its supervisor, which sends the heartbeats
        os._exit(0)

    chain(train(), *empty("publish"))


@dag(**MANUAL)
def wrong_conf():
    @task
    def train():
        parser = argparse.ArgumentParser(prog="train")
        parser.add_argument("--region", choices=["eu", "us", "apac"])
        parser.parse_args(["--region", str(get_current_context()["dag_run"].conf.get("region"))])

    chain(train(), *empty("publish"))


@dag(**MANUAL)
def disk_full():
    @task
    def write_features():
        with open("/dev/full", "wb") as features:
            for _ in range(64):
                features.write(bytes(1 << 16))

    chain(write_features(), *empty("publish"))


@dag(**MANUAL)
def dependency_missing():
    @task
    def fit_forecast():
        import player_features.v2  # noqa: F401

    chain(fit_forecast(), *empty("publish"))


@dag(**MANUAL)
def slow_run():
    """A moment in the runs of its history; the last one goes on until somebody says `done`."""
    @task
    def train():
        done = os.path.join(os.environ["AIRFLOW_HOME"], "done")
        while get_current_context()["dag_run"].conf.get("slow") and not os.path.exists(done):
            time.sleep(0.5)

    chain(train(), *empty("publish"))


# Twenty days that go well, by catch-up. Each is as old as the server, so that none begins while the test runs.
FIRST = dt.datetime.fromtimestamp(os.stat(os.path.join(os.environ["AIRFLOW_HOME"], "airflow.cfg")).st_mtime, dt.timezone.utc)


@dag(schedule=f"{FIRST.minute} {FIRST.hour} * * *", catchup=True,
     start_date=FIRST.replace(second=0, microsecond=0) - dt.timedelta(days=19))
def green_days():
    chain(*empty("extract", "check", "train", "publish"))


for build in (data_check, exception_chain, out_of_memory, killed, sensor_timeout, upstream_late, schema_change,
              expired_credential, mapped, green_with_failed_step, flaky_retry, cascade, stuck_queue, lost_worker,
              wrong_conf, disk_full, dependency_missing, slow_run, green_days):
    build()
