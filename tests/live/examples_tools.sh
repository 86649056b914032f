#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples that need a tool, with the tool: Metaflow in local mode, moto for SageMaker, a real Airflow, and MLflow
# behind the calls of an example that knows nothing of it. Each runs, comes out as its folder says, is what the tool
# itself says, and is seen in the portal; with a fault its data check fails, and the portal says why.
#
#   PORTHOLE_LIVE   where the tools are installed; data go below its folder examples   (default: build/live)
#   LIVE_PROGRAM    the portal under test   (default: ./porthole, with porthole-source beside it)
#   LIVE_CATALOGUE, RESULTS, CI             as for run.sh
#
# A tool that PyPI does not give is skipped, by name.
set -u

# shellcheck source=tests/live/examples.bash
. "$(dirname "${BASH_SOURCE[0]}")/examples.bash"
moto=

finish() {
    PORTHOLE_LIVE=$live/examples "$here/airflow.sh" stop >/dev/null 2>&1
    PORTHOLE_LIVE=$live/examples "$here/mlflow.sh" stop >/dev/null 2>&1
    [ -z "$moto" ] || kill "$moto" 2>/dev/null
    wait
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# server TOOL: where it is installed for all live tests, with data of our own
server() {
    PORTHOLE_LIVE=$live "$here/$1.sh" install && mkdir -p "$live/examples/$1" &&
        ln -sfn "$live/$1/venv" "$live/examples/$1/venv"
}

# as_expected EXAMPLE [SETTING…]: runs with its own venv, and comes out as its folder says
as_expected() {
    local example=$1
    shift
    with "$example" p run "example:$example" "$@" || return 1
    cmp "$examples/$example/expected.json" "runs/$example"-*/files/outcome.json
}

tests_of_metaflow() {
    have venv metaflow-recsys
    t "metaflow-recsys runs in Metaflow's local mode, and comes out as expected" as_expected metaflow-recsys
    t "its steps, checks, scores, input and logs are in the portal" seen metaflow-recsys 10
    t "Metaflow's own client has the run, and its scores as artifacts" metaflow_agrees
    t "with fault=null_rate its step check fails, and the portal says why" with_fault metaflow-recsys
}
metaflow_agrees() {
    local folder
    folder=$(echo "$XDG_CACHE_HOME"/porthole/examples/*/metaflow-recsys)
    METAFLOW_DATASTORE_SYSROOT_LOCAL=$folder METAFLOW_USER=porthole with metaflow-recsys \
        python3 "$here/examples_check.py" metaflow "$examples/metaflow-recsys/expected.json" RecsysFlow
}

# --- SageMaker ------------------------------------------------------------------------
aws=
start_moto() {
    aws=http://127.0.0.1:$(free_port)
    "$live/examples/sagemaker-recsys/bin/moto_server" -H 127.0.0.1 -p "${aws##*:}" >moto.log 2>&1 &
    moto=$!
    for _ in {1..600}; do
        curl --silent --fail --max-time 5 --output /dev/null "$aws/moto-api/data.json" && return
        kill -0 "$moto" || break
        sleep 0.2
    done
    tail -n 5 moto.log
    return 1
}
aws_agrees() {
    with sagemaker-recsys python3 "$here/examples_check.py" aws "$examples/sagemaker-recsys/expected.json" "$aws"
}

# A server that is not there is named, and it is no data problem.
away() {
    ! with sagemaker-recsys p run example:sagemaker-recsys --set "endpoint=http://127.0.0.1:$(free_port)" || return 1
    holds 'any("Could not connect to the endpoint URL" in r["title"] and r["cause_kind"] == "infrastructure" for r in rows)' triage
}

tests_of_sagemaker() {
    have venv sagemaker-recsys
    t "moto starts, for SageMaker and S3" start_moto
    t "sagemaker-recsys runs, and comes out as expected" as_expected sagemaker-recsys --set "endpoint=$aws"
    t "its steps, checks, scores, input and logs are in the portal" seen sagemaker-recsys 9
    t "SageMaker and S3 hold its pipeline, execution, jobs, files and model version" aws_agrees
    t "with fault=null_rate its step check fails, and the portal says why" with_fault sagemaker-recsys --set "endpoint=$aws"
    t "without a server it says which address did not answer" away
}

# --- MLflow behind an example that does not know it -------------------------------------
mlflow() { PORTHOLE_LIVE=$live/examples "$here/mlflow.sh" "$@"; }
start_mlflow() {
    mlflow stop
    rm -rf "$live/examples/mlflow/data"
    mlflow start
}
tracked() {
    local ref url
    eval "$(mlflow env)"
    url=$MLFLOW_TRACKING_URI
    add_source mlflow "url: \"$url\", username: admin, password_env: MLFLOW_TRACKING_PASSWORD"
    PLATFORM_TRACKER=mlflow with mlflow/venv p run example:popularity || return 1
    cmp "$examples/popularity/expected.json" runs/popularity-*/files/outcome.json && ref=$(newest popularity) &&
        "$live/mlflow/venv/bin/python" "$here/examples_check.py" mlflow "$examples/popularity/expected.json" "$ref" &&
        p sync mlflow && p show "$ref" --json >run.json &&
        check says run.json 'any(link.startswith("mlflow/") for link in row["links"])'
}
tests_of_mlflow() {
    have server mlflow
    t "MLflow starts" start_mlflow
    t "with PLATFORM_TRACKER=mlflow popularity is in MLflow too, and the portal links both runs" tracked
    [ -n "$skip" ] || mlflow stop
}

# --- Airflow ------------------------------------------------------------------------------
airflow() { PORTHOLE_LIVE=$live/examples "$here/airflow.sh" "$@"; }

# Its workers find porthole, the catalogue and the folder of files by the environment that Airflow is started in.
start_airflow() {
    airflow stop
    rm -rf "$live/examples/airflow/home"
    p examples airflow-recsys --copy "$work/dags" &&
        PATH=${program%/*}:$PATH PORTHOLE_CONFIG=$work/portal.yaml RECSYS_RUNS=$work/recsys airflow start || return 1
    eval "$(airflow env)"
    add_source airflow "url: \"$AIRFLOW_URL\", username: admin, password_env: AIRFLOW_PASSWORD"
}

dag_run() { "$here/drive.py" call GET "/api/v2/dags/airflow-recsys/dagRuns/$1"; }

# ended RUN STATE: waits for its end
ended() {
    local state=
    for _ in {1..900}; do
        state=$(dag_run "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])') || return 1
        case $state in success | failed) break ;; esac
        sleep 1
    done
    [ "$state" = "$2" ] || { echo "$1 is $state, not $2" >&2; return 1; }
}

both_runs() {
    p sync airflow && "$here/drive.py" trigger airflow-recsys good '{}' &&
        "$here/drive.py" trigger airflow-recsys 'bad 1+1' '{"fault": "null_rate"}' &&
        ended good success && ended bad%201%2B1 failed
}
good_run() {
    cmp "$examples/airflow-recsys/expected.json" recsys/good/outcome.json && p sync airflow &&
        holds "len(rows) == 8 and {r['state'] for r in rows} == {'success'}" steps pipeline:airflow-recsys run:good &&
        holds "len(rows) == 6 and {r['state'] for r in rows} == {'pass'}" checks pipeline:airflow-recsys run:good &&
        p logs airflow/airflow-recsys/good/check | grep -q 'check null_rate(player_id) = 0: pass' &&
        check screen "$program" portal.yaml airflow/airflow-recsys/good success 'null_rate(player_id)'
}
tests_of_airflow() {
    have server airflow
    t "Airflow starts, with a copy of airflow-recsys as its DAGs" start_airflow
    t "the same steps run as a DAG, well and with fault=null_rate" both_runs
    t "it came out as expected; steps, logs and the checks that its tasks recorded are in the portal" good_run
    t "with fault=null_rate its step check failed, and the portal says why" told airflow/airflow-recsys/bad%201%2B1
}

export PORTHOLE_AIRFLOW_PORT PORTHOLE_MLFLOW_PORT
PORTHOLE_AIRFLOW_PORT=$(free_port) PORTHOLE_MLFLOW_PORT=$(free_port)
export PORTHOLE_AIRFLOW_DAGS=$work/dags LC_ALL=C.UTF-8 TZ=UTC
export XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config METAFLOW_HOME=$work/metaflow
mkdir -p "$live/examples"
configure
tests_of_metaflow
tests_of_sagemaker
tests_of_mlflow
tests_of_airflow
end_tests
