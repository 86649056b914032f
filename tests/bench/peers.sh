#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The CPU of `porthole runs --json` against that of the tools' own commands on the same data (TAP):
#   tests/bench/peers.sh CONFIG      a portal.yaml whose catalogue was synced from the MLflow and the Airflow
#                                    below, as tests/live leaves it
#   PORTHOLE        the portal (default: ./porthole)
#   PORTHOLE_LIVE   where tests/live installed the tools (default: build/live); what is not there is skipped
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
live=${PORTHOLE_LIVE:-$root/build/live}
porthole=${PORTHOLE:-$root/porthole}
config=${1:?"usage: peers.sh CONFIG"}
bar=50 times=10 failed=0 n=0

# The CPU seconds of a command, and of TIMES of it for one: a short one is measured better so.
cpu_of() { python3 "$here/measure.py" "$@" 2>/dev/null | cut -d' ' -f2; }

# shellcheck disable=SC2317 # called by name, in a shell of its own
many() { for ((i = 0; i < times; i++)); do "$porthole" --config "$config" runs --json >/dev/null || return 1; done; }
export -f many
export porthole config times
own=$(cpu_of bash -c many)
[ -n "$own" ] || { echo "Bail out! 'porthole runs --json' failed with $config"; exit 1; }

compare() { # NAME EXECUTABLE ARGUMENT…
    local name="at least $bar times less CPU than '$1'" theirs
    shift
    n=$((n + 1))
    if [ ! -x "$1" ]; then
        echo "ok $n - $name # SKIP $1 is not installed"
        return
    fi
    theirs=$(cpu_of "$@")
    if awk -v t="$theirs" -v o="$own" -v k="$times" -v b="$bar" 'BEGIN { exit !(t > 0 && t >= b * o / k) }'; then
        echo "ok $n - $name ($(awk -v t="$theirs" -v o="$own" -v k="$times" 'BEGIN { printf "%.0f", t * k / (o ? o : 0.01) }') times)"
    else
        echo "not ok $n - $name: ${theirs:-failed} s against $own s for $times of ours"
        failed=1
    fi
}

export MLFLOW_TRACKING_URI=sqlite:///$live/mlflow/data/mlflow.db MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true
export AIRFLOW_HOME=$live/airflow/home
compare 'mlflow experiments search' "$live/mlflow/venv/bin/mlflow" experiments search
compare 'airflow dags list' "$live/airflow/venv/bin/airflow" dags list
echo "1..$n"
exit "$failed"
