#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every live test, with the catalogue in SQLite and in PostgreSQL (the examples and the incidents once, in SQLite); the
# last line has their sums. The tools wait a lot, so Airflow and MLflow have their turns side by side.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# in_both SCRIPT…: with either catalogue, one after the other; what it says comes whole, at its end.
in_both() {
    local engine
    for engine in SQLite PostgreSQL; do
        {
            echo "# $*, catalogue in $engine"
            if [ "$engine" = SQLite ]; then
                RESULTS=$work/sums "$here/$1" "${@:2}"
            else
                RESULTS=$work/sums "$here/on_postgres.sh" "$here/$1" "${@:2}"
            fi || echo "$*, $engine" >>"$work/failed"
        } >"$work/$1.said" 2>&1
        flock "$work" cat "$work/$1.said"
    done
}

# once SCRIPT…: with a catalogue in SQLite.
once() {
    echo "# $*"
    RESULTS=$work/sums "$here/$1" "${@:2}" || echo "$*" >>"$work/failed"
}

# Lanes have process groups of their own, so that their servers end with them.
lanes=()
end_lanes() {
    local lane
    for lane in "${lanes[@]}"; do kill -TERM -- "-$lane" 2>/dev/null; done
    wait
    exit 130
}
trap end_lanes INT TERM
set -m
in_both run.sh &
lanes+=($!)
in_both mlflow.sh test &
lanes+=($!)
wait
in_both both.sh &
lanes=($!)
wait
once examples_tools.sh &
lanes=($!)
wait
once examples_ml.sh &
lanes=($!)
once incidents.sh &
lanes+=($!)
wait

touch "$work/sums"
awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' "$work/sums"
[ -z "${RESULTS:-}" ] || cat "$work/sums" >>"$RESULTS"
[ ! -e "$work/failed" ]
