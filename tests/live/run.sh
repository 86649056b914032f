#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The portal against a real Airflow: what the tool's own API says is the truth, every check is a test of its own.
#
#   PORTHOLE_LIVE   where Airflow is installed and runs  (default: build/live); its data are made anew
#   LIVE_PROGRAM    the portal under test                (default: ./porthole, with porthole-source beside it)
#   RESULTS=FILE    "passed failed skipped" is added there
#   CI=true         what cannot run has failed
#
# Without PyPI every test is skipped, by name.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export PORTHOLE_LIVE=${PORTHOLE_LIVE:-$root/build/live} PYTHONDONTWRITEBYTECODE=1
program=${LIVE_PROGRAM:-$root/porthole}
unset PORTHOLE_NOW PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE COLORTERM NO_COLOR

work=$(mktemp -d)
mkdir "$work/said"
cd "$work" || exit 1

finish() {
    "$here/airflow.sh" stop >/dev/null 2>&1
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# shellcheck source=tests/live/tap.bash
. "$here/tap.bash"
# shellcheck source=tests/live/act.sh
. "$here/act.sh"

# --- the portal, every output kept for the tests of what must never be in one ---
calls=0

# p ARG…: runs the portal; what it says goes to standard output. Status as it is.
p() {
    local status said
    calls=$((calls + 1))
    said=$work/said/$BASHPID.$calls
    "$program" --config "$work/portal.yaml" "$@" >"$said.out" 2>"$said.err"
    status=$?
    cat "$said.out"
    cat "$said.err" >&2
    return "$status"
}

check() { "$here/check.py" "$@"; }
drive() { "$here/drive.py" "$@"; }
api() { drive call "$@"; }

# What the portal holds now, for check.py.
look() {
    p runs --json --limit 0 deleted:no >runs.jsonl && p steps --json --limit 0 >steps.jsonl &&
        p triage --json --limit 0 >triage.jsonl && p sources --json --limit 0 >sources.jsonl
}
sync_and_look() { p sync && look; }

is_status() {
    local expected=$1 status
    shift
    "$@"
    status=$?
    [ "$status" -eq "$expected" ] || { echo "status $status, not $expected: $*" >&2; return 1; }
}

# run_ref DAG: its newest run; step_ref DAG STEP [INDEX]: a step of it.
run_ref() { check value runs.jsonl ref "pipeline=$1"; }
step_ref() { echo "$(run_ref "$1")/$2${3:+:$3}"; }

# --- setting up ----------------------------------------------------------------
install() {
    "$here/airflow.sh" install >install.log 2>&1 && return
    skip="Airflow cannot be installed: $(tail -n 1 install.log | cut -c1-120)"
    [ "${CI:-}" != true ] || { echo "$skip" >&2; cat install.log >&2; }
}

start() {
    "$here/airflow.sh" stop
    rm -rf "$PORTHOLE_LIVE/airflow/home"
    "$here/airflow.sh" start
}

configure() {
    eval "$("$here/airflow.sh" env)"
    export CATALOGUE=${LIVE_CATALOGUE:-sqlite:$work/catalogue.db}
    cat >portal.yaml <<YAML
catalogue: "$CATALOGUE"
sources:
  - {name: airflow, kind: airflow, url: "$AIRFLOW_URL", username: admin, password_env: AIRFLOW_PASSWORD}
projects:
  - {name: discovery, owner: team-discovery, pipelines: ["airflow/recsys_*"]}
YAML
}

# --- the tests --------------------------------------------------------------------
take_everything() { PORTHOLE_TRACE=$work/trace.first p sync && drive expect >truth.jsonl && look; }

all_runs() {
    cut_refs runs.jsonl | while read -r ref; do p show "$ref" --json || exit 1; done >shows.jsonl && check runs
}
cut_refs() { python3 -c 'import json, sys; [print(json.loads(l)["ref"]) for l in open(sys.argv[1])]' "$1"; }

# api_path DAG: of its newest run
api_path() {
    local run
    run=$(check value runs.jsonl run "pipeline=$1") &&
        python3 -c 'import sys, urllib.parse as u; print("/api/v2/dags/%s/dagRuns/%s" % tuple(u.quote(a, safe="") for a in sys.argv[1:]))' \
            "$1" "$run"
}

same_log() { # DAG STEP [INDEX]
    api GET "$(api_path "$1")/taskInstances/$2/logs/1?map_index=${3:--1}&full_content=true" >api.json &&
        p logs "$(step_ref "$@")" >log.txt && check log api.json log.txt
}

# Step that passed: no sync has read its log, so that the first reading goes out and the second does not.
second_reading() {
    local ref
    ref=$(step_ref embeddings_refresh pull_vectors)
    PORTHOLE_TRACE=$work/trace.log1 p logs "$ref" >first.txt && PORTHOLE_TRACE=$work/trace.log2 p logs "$ref" >second.txt &&
        grep -q '^GET' trace.log1 && ! grep -qE '^(GET|POST)' trace.log2 && cmp first.txt second.txt && grep -q 'pulled 1204331 vectors' second.txt
}

earlier_try() { p logs "$(step_ref embeddings_refresh pull_vectors)" --attempt 1 | grep -q 'Connection reset by peer'; }

only_the_cause() {
    p logs --cause "$(step_ref telemetry_sessionize spark_submit)" >cause.txt &&
        grep -q 'java.lang.OutOfMemoryError: Java heap space' cause.txt && ! grep -q 'Pre Execute' cause.txt
}

there_and_back() { # REF
    local url back
    url=$(p open "$1") && back=$(p open "$url") && [ "$back" = "$1" ] && [ "${url#"$AIRFLOW_URL/dags/"}" != "$url" ]
}
run_address() { there_and_back "$(run_ref recsys_daily)" && there_and_back "$(run_ref hostile_strings)"; }

failed_in_green() {
    check row runs.jsonl pipeline=churn_features -- state=success && check cause \
        churn_features/features.spend.compute "211 of 48020 players have negative spend"
}

labels() {
    check row steps.jsonl step=score_region index=2 -- label=apac-south state=failed &&
        check row steps.jsonl step=score_region index=5 -- label=sa-east state=failed &&
        grep -qF 'score_region [apac-south]' triage.jsonl && grep -qF 'score_region [sa-east]' triage.jsonl
}

harmless_commands() {
    local run step
    run=$(run_ref hostile_strings) && step=$run/moderate_names || return 1
    for args in "runs" "runs --json" "steps" "steps --tsv" "pipelines" "pipelines --json" "triage" "triage --json" \
        "problems" "sources" "doctor" "show airflow/hostile_strings" "show $run" "show $run --json" "show $step" \
        "logs $step" "logs --cause $step" "logs --cause $step --json" "search hostile" "open $run" "$run" \
        "show ${run%??}" "runs --color always" "triage --color always --ascii"; do
        # shellcheck disable=SC2086
        p $args
    done >/dev/null 2>&1
    p logs "$step" | grep -q 'player name rejected' || return 1
    for file in said/*; do
        # colour was asked for: only that may be in it
        sed 's/\x1b\[[0-9;]*m//g' "$file" >plain
        check clean plain || { head -c 300 "$file" | cat -v; return 1; }
    done
}

harmless_screen() { check tui "$program" "$work/portal.yaml" "$(run_ref hostile_strings)"; }

# Airflow is asked for what changed in the minute before the last sync too, so that minute must be over.
small_second_sync() {
    local bytes ended
    ended=$(stat -c %Y truth.jsonl)
    while [ "$(($(date +%s) - ended))" -lt 65 ]; do sleep 1; done
    p sync || return 1
    PORTHOLE_TRACE=$work/trace.second p sync && bytes=$(check bytes trace.second) || return 1
    echo "$bytes bytes"
    [ "$bytes" -gt 0 ] && [ "$bytes" -lt 20000 ] && look && check runs && check steps
}

stopped_scheduler() {
    "$here/airflow.sh" stop-scheduler
    p sync || return 1
    # a minute lies between two rounds; Airflow itself calls a scheduler dead after half of that
    for _ in {1..60}; do
        curl --silent --max-time 5 "$AIRFLOW_URL/api/v2/monitor/health" | grep -q unhealthy && break
        sleep 1
    done
    sync_and_look && check platform scheduler
}

started_scheduler() { "$here/airflow.sh" start-scheduler && sync_and_look && check no-platform scheduler; }

cleared_step() {
    local body
    check cause store_catalogue/wait_price_feed 'AirflowSensorTimeout' || return 1
    echo store_catalogue >"$AIRFLOW_HOME/healthy"
    body=$(printf '{"dry_run": false, "dag_run_id": "%s", "only_failed": true, "reset_dag_runs": true}' \
        "$(check value runs.jsonl run pipeline=store_catalogue)")
    api POST /api/v2/dags/store_catalogue/clearTaskInstances "$body" && drive wait && sync_and_look &&
        check calm store_catalogue && check row steps.jsonl step=wait_price_feed -- state=success attempt=2 &&
        check row runs.jsonl pipeline=store_catalogue -- state=success &&
        p problems state:resolved --json >resolved.jsonl && grep -q AirflowSensorTimeout resolved.jsonl
}

still_equal() { drive expect >truth.jsonl && look && all_runs && check steps && check tries; }

deleted_run() { # SYNC-ARG…
    local dag=$1
    shift
    run_ref "$dag" && api DELETE "$(api_path "$dag")" && p sync "$@" && look && ! run_ref "$dag" && check calm "$dag"
}
deleted_a_day_later() {
    PORTHOLE_NOW=$(($(date +%s%3N) + 25 * 3600 * 1000)) deleted_run ltv_forecast
}

one_message() {
    cat err.txt
    [ "$(wc -l <err.txt)" -eq 1 ] && grep -q '^porthole: airflow: ' err.txt
}

refused='Invalid credentials'
wrong_password() {
    AIRFLOW_PASSWORD=wrong-one is_status 3 p sync 2>err.txt || return 1
    one_message || return 1
    look && check row sources.jsonl name=airflow -- state=error && check platform "$refused"
}
right_password() {
    sync_and_look && check row sources.jsonl name=airflow -- state=ok error=null && check no-platform "$refused"
}

secret_nowhere() {
    local seen
    p sync >/dev/null & # its processes are looked at while they run
    for _ in {1..40}; do cat /proc/[0-9]*/cmdline; done 2>/dev/null | tr '\0' '\n' >cmdlines
    wait $!
    cp "$work"/trace.* said/
    [ "${#AIRFLOW_PASSWORD}" -gt 20 ] || return 1
    seen=$(grep -rlaF -- "$AIRFLOW_PASSWORD" "$work") && { echo "password in $seen"; return 1; }
    seen=$(grep -rlaE 'eyJ[A-Za-z0-9_-]{20,}\.' "$work") && { echo "token in $seen"; return 1; }
    grep -q porthole cmdlines && [ "$(find said -type f | wc -l)" -gt 50 ]
}

tool_down() {
    "$here/airflow.sh" stop
    cp runs.jsonl before.jsonl
    is_status 3 p sync 2>err.txt || return 1
    one_message || return 1
    look && cmp runs.jsonl before.jsonl && grep -qE '"state":"(stale|error)"' sources.jsonl
}

tests() {
    local place
    t "Airflow starts" start
    [ -n "$skip" ] || configure
    t "the pipelines end as they are meant to" drive run A
    t "a first sync takes everything" take_everything
    t "every run equals the API's: state, times, parameters" all_runs
    t "every step equals the API's: state, newest try, index, label, times" check steps
    t "earlier tries are kept" check tries
    while IFS=$'\t' read -r place text; do
        t "the cause of $place is right" check cause "$place" "$text"
    done < <(python3 -c 'import json, sys
for place, text in json.load(open(sys.argv[1])).items(): print(place, text, sep="\t")' "$here/expected_causes.json")
    t "a step that failed inside a green run is a problem" failed_in_green
    t "a step that passed at its second try is none" check calm embeddings_refresh
    t "mapped steps bear their labels" labels
    t "a file that does not import is a problem of the platform" check platform broken_import.py
    t "a log equals the API's" same_log recsys_daily check_events
    t "a log of shell output equals the API's" same_log telemetry_sessionize spark_submit
    t "a log of a mapped step equals the API's" same_log matchmaking_score score_region 5
    t "a log is fetched once" second_reading
    t "the log of an earlier try is there" earlier_try
    t "logs --cause shows the evidence only" only_the_cause
    t "a run's address leads to the tool and back" run_address
    t "hostile text: no command lets it out" harmless_commands
    t "hostile text: no screen lets it out" harmless_screen
    t "a second sync over unchanged runs takes under 20 kB" small_second_sync
    t "a scheduler that is stopped is a problem within two syncs" stopped_scheduler
    t "a scheduler that is back is none" started_scheduler
    t "a cleared step that passes resolves its problem" cleared_step
    act_tests
    t "after all that everything still equals the API's" still_equal
    t "a deleted run is gone after sync --since" deleted_run fraud_train --since 2d
    t "a deleted run is gone after the daily full sync" deleted_a_day_later
    t "a wrong password: one line, exit 3, a problem" wrong_password
    t "with the right one it is over" right_password
    t "password and token are in no output, file or command line" secret_nowhere
    t "Airflow down: exit 3, and the data stay" tool_down
}

export PORTHOLE_AIRFLOW_PORT
PORTHOLE_AIRFLOW_PORT=$(free_port)
install # with the user's own cache of packages
export HOME=$work/home XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
export LC_ALL=C.UTF-8 TZ=UTC
tests
end_tests
