#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What incidents.sh expects of its twenty incidents. What differs goes to standard error, exit 1.

  incidents_check.py make              starts them (set the environment: airflow.sh env), and waits until they have happened
  incidents_check.py list              their names and what they are, without the last one, which is the server's own
  incidents_check.py refs TRIAGE       of the problems in that file (porthole triage --json)
  incidents_check.py ref TRIAGE NAME   of the one that stands for the incident; nothing where it needs nobody
  incidents_check.py all TRIAGE        each has a problem there, and nothing else has
  incidents_check.py calm TRIAGE DAG   it has none
  incidents_check.py look NAME PROGRAM CONFIG   the first screen at 120x40, after its key where it needs one
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import drive

Incident = collections.namedtuple("Incident", "what place cause act owner key also", defaults=("@games", "", ""))

# PLACE is where, as the screen says; ACT the word before its reason; KEY the one that is needed; ALSO what stands
# there besides.
INCIDENTS = {
    "data_check": Incident(
        "data check failed", "data_check ▸ validate", "null_rate(player_id) = 0.333 > 0.02: 1000 of 3000 rows are null", "fix"),
    "exception_chain": Incident("exception chain", "exception_chain ▸ join_profiles", "KeyError: 'country'", "fix"),
    "out_of_memory": Incident("out of memory", "out_of_memory ▸ load_events", "MemoryError", "trigger"),
    "killed": Incident("killed", "killed ▸ fit_trees", "Process terminated by signal", "rerun"),
    "sensor_timeout": Incident(
        "sensor time-out", "sensor_timeout ▸ wait_price_feed", "AirflowSensorTimeout: Sensor has timed out", "wait"),
    "upstream_late": Incident(
        "upstream late", "upstream_late ▸ read_partition", "FileNotFoundError: [Errno 2] No such file or directory: '/srv/lake", "wait"),
    "schema_change": Incident(
        "schema change", "schema_change ▸ sessions", "OperationalError: no such column: player_id", "fix"),
    "expired_credential": Incident(
        "expired credential", "expired_credential ▸ fetch_telemetry", "HTTP Error 403: Forbidden", "fix",
        also="runbooks/expired-credentials"),
    "import_error": Incident(
        "import error", "airflow ▸ import dags-folder/clan_recommender.py", "No module named 'feature_platform'", "fix"),
    "mapped": Incident(
        "mapped 2 of 20", "mapped ▸ score_region [region-", "ZeroDivisionError: division by zero", "fix", also="2 times"),
    "green_with_failed_step": Incident(
        "green run with a failed step", "green_with_failed_step ▸ spend", "could not convert string to float: 'n/a'", "fix"),
    "flaky_retry": Incident(
        "flaky retry", "flaky_retry ▸ pull_vectors", "URLError: <urlopen error [Errno 111] Connection refused>", "none", key=".",
        also="nothing needs you · 1 flaky"),
    "cascade": Incident(
        "cascade of 13", "cascade ▸ parse_settings", "JSONDecodeError", "fix", also="blocks 13 steps"),
    "stuck_queue": Incident(
        "stuck queue", "stuck_queue ▸ train_on_gpu", "train_on_gpu is queued since", "restart", "@ml-eng"),
    "lost_worker": Incident("lost worker", "lost_worker ▸ train", "Task did not emit heartbeat", "rerun", "@ml-eng"),
    "wrong_conf": Incident(
        "wrong conf", "wrong_conf ▸ train", "argument --region: invalid choice: 'euu'", "trigger", "@ml-eng"),
    "disk_full": Incident("disk full", "disk_full ▸ write_features", "[Errno 28] No space left on device", "fix"),
    "dependency_missing": Incident(
        "dependency missing", "dependency_missing ▸ fit_forecast", "No module named 'player_features'", "fix"),
    "slow_run": Incident("slow run", "slow_run", "its last 6 green runs took", "wait"),
    "scheduler_dead": Incident(
        "scheduler dead", "airflow ▸ scheduler", "silent, last heartbeat", "restart", "@ops", also="refused: nothing would start"),
}
LAST = "scheduler_dead"
OF_SERVER = {"import_error", LAST}  # no run of a DAG
UNDER_WAY = {"stuck_queue", "slow_run"}
HISTORY = 6
LOOK_S = 30


def fail(text):
    print(f"incidents_check.py: {text}", file=sys.stderr)
    raise SystemExit(1)


def rows(name):
    with open(name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


# --- making them -------------------------------------------------------------------
def start(api, dag_id, run_id="i1", **conf):
    api.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "dag_run_id": run_id, "conf": conf})


def under_way(api, dag_id="~"):
    return drive.count_runs(api, dag_id, state=["queued", "running"])


def is_healthy(api):
    """On a loaded machine a heartbeat may be late, and that would be one problem more."""
    said = api.call("GET", "/api/v2/monitor/health")
    return all((said[name] or {}).get("status") == "healthy" for name in ("scheduler", "dag_processor", "triggerer"))


def make():
    api = drive.Api()
    dags = INCIDENTS.keys() - OF_SERVER
    drive.wait("the DAGs", lambda: dags <= {d["dag_id"] for d in api.call("GET", "/api/v2/dags", limit=100)["dags"]})
    api.call("POST", "/api/v2/pools", {"name": "gpu", "slots": 0})
    start(api, "lost_worker")  # Airflow waits a minute for its heartbeat, so it goes first
    for i in range(HISTORY):
        start(api, "slow_run", f"h{i}")
    for dag_id in sorted(dags - {"lost_worker", "slow_run"}):
        start(api, dag_id, **({"region": "euu"} if dag_id == "wrong_conf" else {}))
    drive.wait("the history of slow_run", lambda: not under_way(api, "slow_run"))
    start(api, "slow_run", "slow", slow=True)
    drive.wait("the incidents", lambda: under_way(api) == len(UNDER_WAY) and drive.count_runs(api, "green_days") == 20)
    drive.wait("the import error", lambda: api.call("GET", "/api/v2/importErrors")["total_entries"] == 1)
    drive.wait("a healthy server", lambda: is_healthy(api))


# --- looking at problems -------------------------------------------------------------
def name_of(row):
    if row["kind"] == "platform":
        return "import_error" if "feature_platform" in row["title"] else row["title"]
    return ",".join(pipeline.partition("/")[2] for pipeline in row["pipelines"])


def ref(name, incident):
    found = [row["ref"] for row in rows(name) if name_of(row) == incident]
    if len(found) != (incident != "flaky_retry"):
        fail(f"{len(found)} problems for {incident}")
    print(*found)


def all_of(name):
    got = sorted(map(name_of, rows(name)))
    expected = sorted(INCIDENTS.keys() - {LAST, "flaky_retry"})
    if got != expected:
        fail(f"expected and not there: {sorted(set(expected) - set(got))}, not expected: {[g for g in got if g not in expected]}"
             f", {len(got)} problems")


def calm(name, dag_id):
    if any(dag_id in name_of(row) for row in rows(name)):
        fail(f"{dag_id} has a problem")


# --- the screen -------------------------------------------------------------------
class Screen:
    """A terminal of 120x40, as tmux draws it."""

    def __init__(self, argv):
        self.dir = tempfile.TemporaryDirectory()
        config = os.path.join(self.dir.name, "conf")
        with open(config, "w") as file:
            file.write("set -g status off\nset -g default-terminal tmux-256color\n")
        self.tmux("-f", config, "new-session", "-d", "-x", "120", "-y", "40", *argv)

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", os.path.join(self.dir.name, "sock"), *args], check=True, text=True,
                              encoding="utf-8", stdout=subprocess.PIPE).stdout

    def key(self, key):
        self.tmux("send-keys", key)

    def text(self):
        return self.tmux("capture-pane", "-p")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")
        self.dir.cleanup()


def fact(screen, label):
    """The line of the fact, with those that go on with it; of the first block that has it."""
    match = re.search(rf"^ {re.escape(label)} +(.*(?:\n {{{len(label) + 2},}}.*)*)", screen, re.M)
    return " ".join(match.group(1).split()) if match else ""


def missing(incident, screen):
    """What the screen does not name."""
    rules = (("place", fact(screen, "where"), re.escape(incident.place)),
             ("cause", fact(screen, "cause"), re.escape(incident.cause)),
             ("next act", fact(screen, "next"), f"^{incident.act} · .{{8,}}"),
             ("due", fact(screen, "can wait?"), r"due 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC \(in \dh\)"),
             ("owner", fact(screen, "who"), f"owner {re.escape(incident.owner)} "),
             ("what else", screen, re.escape(incident.also)))
    return [f"{what}: '{said if what != 'what else' else ''}' is not '{pattern}'" for what, said, pattern in rules
            if not re.search(pattern, said)]


def look(name, program, config):
    incident = INCIDENTS[name]
    with Screen([program, "--config", config, "--read-only"]) as screen:
        end, is_pressed, wrong, text = time.monotonic() + LOOK_S, not incident.key, ["nothing came"], ""
        while wrong and time.monotonic() < end:
            text = screen.text()
            if not is_pressed and "what needs you" in text:
                screen.key(incident.key)
                is_pressed = True
            wrong = missing(incident, text)
            time.sleep(0.1)
    if wrong:
        fail("\n  ".join([name, *wrong, *text.split("\n")]))
    print(f"# {fact(text, 'cause')[:80]} | {fact(text, 'next')} | {fact(text, 'who').partition(' · ')[0]}")


def main(args):
    commands = {"make": make, "ref": ref, "all": all_of, "calm": calm, "look": look,
                "list": lambda: [print(name, i.what, sep="\t") for name, i in INCIDENTS.items() if name != LAST],
                "refs": lambda name: [print(row["ref"]) for row in rows(name)]}
    if not args or args[0] not in commands:
        print(__doc__, file=sys.stderr)
        raise SystemExit(2)
    commands[args[0]](*args[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
