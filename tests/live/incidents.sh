#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Twenty incidents on a real Airflow, a DAG each (incidents/), and twenty days that go well. Of each the first screen at
# 120x40, after one key at most, names cause, owner, due time and the right next act; incidents_check.py has the table.
#
#   PORTHOLE_LIVE   where Airflow is installed; its data are made anew below incidents/   (default: build/live)
#   LIVE_PROGRAM    the portal under test   (default: ./porthole, with porthole-source beside it)
#   LIVE_CATALOGUE, RESULTS, CI             as for run.sh
#
# What takes a while to be an incident (a queue that stands, a run that does not end) is looked at half an hour later, by
# the portal's clock. Without PyPI every test is skipped, by name.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
live=$(realpath -m "${PORTHOLE_LIVE:-$root/build/live}")
program=$(realpath "${LIVE_PROGRAM:-$root/porthole}")
unset PORTHOLE_NOW PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE COLORTERM NO_COLOR TMUX
export PYTHONPYCACHEPREFIX=$live/pycache # one for all servers, and not in the checkout

work=$(mktemp -d)
cd "$work" || exit 1
# shellcheck source=tests/live/tap.bash
. "$here/tap.bash"

airflow() { PORTHOLE_LIVE=$live/incidents "$here/airflow.sh" "$@"; }

finish() {
    touch "$live/incidents/airflow/home/done" 2>/dev/null
    airflow stop >/dev/null 2>&1
    wait
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

p() { "$program" --config "$work/portal.yaml" "$@"; }
check() { "$here/incidents_check.py" "$@"; }

# --- setting up ----------------------------------------------------------------
install() {
    PORTHOLE_LIVE=$live "$here/airflow.sh" install >install.log 2>&1 && return
    skip="Airflow cannot be installed: $(tail -n 1 install.log | cut -c1-120)"
    [ "${CI:-}" != true ] || { echo "$skip" >&2; cat install.log >&2; }
}

start() {
    mkdir -p "$live/incidents/airflow" && ln -sfn "$live/airflow/venv" "$live/incidents/airflow/venv" || return 1
    airflow stop
    rm -rf "$live/incidents/airflow/home"
    airflow start
}

# Due in three hours, so that nothing is late by that.
configure() {
    eval "$(airflow env)"
    cat >portal.yaml <<YAML
catalogue: "${LIVE_CATALOGUE:-sqlite:$work/catalogue.db}"
sources:
  - {name: airflow, kind: airflow, url: "$AIRFLOW_URL", username: admin, password_env: AIRFLOW_PASSWORD}
projects:
  - name: games
    owner: "@games"
    owners: {"train*": "@ml-eng"}
    pipelines: ["airflow/*"]
    due: {"airflow/*": "$(date -d '+3 hours' +%H:%M)"}
  - {name: platform, owner: "@ops", pipelines: [airflow]}
YAML
}

# --- the tests --------------------------------------------------------------------
half_an_hour_later() {
    PORTHOLE_NOW=$((($(date +%s) + 1800) * 1000))
    export PORTHOLE_NOW
}

# Each is looked at alone, as it is met: all others are put away.
take_them() {
    p sync || return 1
    half_an_hour_later
    p sync && p triage --json --limit 0 >triage.jsonl || return 1
    check refs triage.jsonl >problems || return 1
    xargs "$program" --config "$work/portal.yaml" ignore <problems
}

meet() { # INCIDENT
    local ref status
    ref=$(check ref triage.jsonl "$1") || return 1
    [ -z "$ref" ] || p reopen "$ref" || return 1
    check look "$1" "$program" portal.yaml
    status=$?
    [ -z "$ref" ] || p ignore "$ref" || return 1
    return "$status"
}

no_green_day() { check calm triage.jsonl green_days && [ "$(p runs pipeline:green_days state:success --limit 0 | wc -l)" -eq 21 ]; }

scheduler_dead() {
    for _ in {1..90}; do
        curl --silent --max-time 5 "$AIRFLOW_URL/api/v2/monitor/health" | grep -q unhealthy && break
        sleep 1
    done
    half_an_hour_later
    p sync && check look scheduler_dead "$program" portal.yaml
}

tests() {
    local name what
    t "Airflow starts, with a pipeline for each incident" start
    [ -n "$skip" ] || configure
    t "all goes wrong as it is meant to" check make
    t "a sync takes it" take_them
    t "it opens these problems and no other" check all triage.jsonl
    t "twenty green days raise no problem" no_green_day
    [ -n "$skip" ] || airflow stop-scheduler # it takes half a minute to be called dead
    while IFS=$'\t' read -r name what; do
        t "$what: cause, owner, due and next act on the first screen" meet "$name"
    done < <(check list)
    t "scheduler dead: cause, owner, due and next act on the first screen" scheduler_dead
}

export PORTHOLE_AIRFLOW_PORT
PORTHOLE_AIRFLOW_PORT=$(free_port)
install # with the user's own cache of packages
export PORTHOLE_AIRFLOW_DAGS=$here/incidents
export HOME=$work/home XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
export LC_ALL=C.UTF-8 TZ=UTC
tests
end_tests
