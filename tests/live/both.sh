#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real Airflow whose tasks log to a real MLflow, and the portal over both: links between their runs, a long log,
# and what the tools' own commands cost on the same data. The variables are those of run.sh and mlflow.sh.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export PORTHOLE_LIVE=${PORTHOLE_LIVE:-$root/build/live} PYTHONDONTWRITEBYTECODE=1
program=$(realpath "${LIVE_PROGRAM:-$root/porthole}")
unset PORTHOLE_NOW PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE COLORTERM NO_COLOR

work=$(mktemp -d)
cd "$work" || exit 1
# shellcheck source=tests/live/tap.bash
. "$here/tap.bash"

finish() {
    "$here/airflow.sh" stop >/dev/null 2>&1
    "$here/mlflow.sh" stop >/dev/null 2>&1
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

p() { "$program" --config "$work/portal.yaml" "$@"; }
check() { "$here/both_check.py" "$@"; }
drive() { "$here/drive.py" "$@"; }

# --- setting up ----------------------------------------------------------------
install() {
    "$here/airflow.sh" install >install.log 2>&1 && "$here/mlflow.sh" install >>install.log 2>&1 && return
    skip="Airflow or MLflow cannot be installed: $(tail -n 1 install.log | cut -c1-120)"
    [ "${CI:-}" != true ] || cat install.log >&2
}

# MLflow first: the tasks find it by the environment that Airflow is started in.
start() {
    "$here/airflow.sh" stop
    "$here/mlflow.sh" stop
    rm -rf "$PORTHOLE_LIVE/airflow/home" "$PORTHOLE_LIVE/mlflow/data"
    "$here/mlflow.sh" start || return 1
    eval "$("$here/mlflow.sh" env)"
    "$here/airflow.sh" start
}

configure() {
    eval "$("$here/mlflow.sh" env)"
    eval "$("$here/airflow.sh" env)"
    cat >portal.yaml <<YAML
catalogue: "${LIVE_CATALOGUE:-sqlite:$work/catalogue.db}"
sources:
  - {name: airflow, kind: airflow, url: "$AIRFLOW_URL", username: admin, password_env: AIRFLOW_PASSWORD}
  - {name: ml, kind: mlflow, url: "$MLFLOW_TRACKING_URI", username: admin, password_env: MLFLOW_TRACKING_PASSWORD}
projects:
  - {name: discovery, owner: team-discovery, pipelines: ["airflow/tracked_*"]}
YAML
}

# --- the tests --------------------------------------------------------------------
conforms() { p source test "$1" >conforms.txt && ! grep -q '^not ok' conforms.txt && grep -q '^ok' conforms.txt; }

# runs of bulk, so that the lists are as long as somewhere else
seed() { "$PORTHOLE_LIVE/mlflow/venv/bin/python" "$here/mlflow_check.py" seed 40 900; }

first_run() { drive trigger tracked_training first '{"epochs": 10}' && drive trigger long_log long '{}' && drive wait; }
second_run() { drive trigger tracked_training second '{"epochs": 20, "region": "eu-west"}' && drive wait; }

# tracked NAME: the ref of that run of MLflow
tracked() {
    p runs source:ml "name:\"$1\"" --json | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["ref"])'
}

are_linked() { # RUN: of tracked_training
    local train evaluate of=airflow/tracked_training/$1
    train=$(tracked "train $1") && evaluate=$(tracked "evaluate $1") &&
        p show "$of" --json >run.json && check linked run.json "$train" "$evaluate" &&
        p show "$train" --json >train.json && check linked train.json "$of/train" &&
        p show "$evaluate" --json >evaluate.json && check linked evaluate.json "$of/evaluate"
}
airflow_first() { p sync airflow && p sync ml && are_linked first; }
mlflow_first() { p sync ml && p sync airflow && are_linked second && are_linked first; }

differ() {
    p diff airflow/tracked_training/second airflow/tracked_training/first --json >diff.jsonl && cat diff.jsonl &&
        grep -q '"epochs"' diff.jsonl && grep -q '"region"' diff.jsonl && grep -q '"20"' diff.jsonl && grep -q '"10"' diff.jsonl
}

project() { p projects --json | grep '"name":"discovery"' | grep -q '"pipelines":1,'; }
registered() { p models --json | grep -q '"ranker"'; }
curve() { [ "$(p series "$(tracked 'train first')" auc --json | wc -l)" -eq 1 ]; }

long_log=airflow/long_log/long/talk
requests() { grep -cE '^(GET|POST) .*/logs/' "$1"; }
long_log() {
    PORTHOLE_TRACE=$work/trace.1 p logs "$long_log" >long.txt && PORTHOLE_TRACE=$work/trace.2 p logs "$long_log" >again.txt &&
        cmp long.txt again.txt || return 1
    echo "# $(wc -l <long.txt) lines, $(requests trace.1) requests for the log, $(requests trace.2) the second time"
    [ "$(requests trace.1)" -eq 1 ] && ! grep -qE '^(GET|POST)' trace.2 && [ "$(grep -c 'line [0-9]*: shard' long.txt)" -eq 60000 ]
}
soon() { check first 40 200 60 "$work/long.txt" "$program" --config "$work/portal.yaml" logs "$long_log"; }

cheaper() {
    PORTHOLE=$program "$root/tests/bench/peers.sh" "$work/portal.yaml" >peers.txt
    sed 's/^/# /' peers.txt
    [ "$(grep -c '^ok' peers.txt)" -eq 2 ] && ! grep -q SKIP peers.txt
}

tests() {
    t "Airflow and MLflow start" start
    [ -n "$skip" ] || configure
    t "MLflow has runs of every kind" seed
    t "tasks of Airflow log to MLflow" first_run
    t "porthole source test passes on the real Airflow" conforms airflow
    t "porthole source test passes on the real MLflow" conforms ml
    t "Airflow synced first: its run and those of MLflow lead to each other" airflow_first
    t "they run once more, with other parameters" second_run
    t "MLflow synced first: they lead to each other all the same" mlflow_first
    t "diff of two runs of Airflow shows the parameters that differ" differ
    t "projects counts the pipelines of a project" project
    t "models has what is registered" registered
    t "series has the curve that a task logged" curve
    t "a log of 60,000 lines is fetched once, by one request" long_log
    t "its first lines come within 200 ms, and all of it in under 60 MB" soon
    t "porthole runs --json takes a fiftieth of the CPU of the tools' own lists" cheaper
}

export PORTHOLE_AIRFLOW_PORT PORTHOLE_MLFLOW_PORT
PORTHOLE_AIRFLOW_PORT=$(free_port) PORTHOLE_MLFLOW_PORT=$(free_port)
install # with the user's own cache of packages
export HOME=$work/home XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
export LC_ALL=C.UTF-8 TZ=UTC
tests
end_tests
