#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples that train with a library: PySpark in local mode, and TensorFlow on the CPU. Each runs, comes out as its
# folder says, leaves what the library itself can read, and is seen in the portal; with a fault of the data, or a
# training that diverges, its step fails, and the portal says why.
#
#   PORTHOLE_LIVE   where the libraries are installed, below its folder examples   (default: build/live)
#   LIVE_PROGRAM    the portal under test   (default: ./porthole, with porthole-source beside it)
#   LIVE_CATALOGUE, RESULTS, CI             as for run.sh
#
# A library that PyPI does not give is skipped, by name; so is Spark where there is no Java.
set -u

# shellcheck source=tests/live/examples.bash
. "$(dirname "${BASH_SOURCE[0]}")/examples.bash"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The first run of an example: the one that went well.
files_of() { echo "$work/runs/$1"-*/files; }

judge() { with "$1" python3 "$here/examples_ml_check.py" "${@:2}"; }

# as_expected EXAMPLE: runs with its own venv, and comes out as its folder says, but for the processor's rounding
as_expected() {
    with "$1" p run "example:$1" && judge "$1" outcome "$examples/$1/expected.json" "$(files_of "$1")/outcome.json"
}

# published EXAMPLE COMMAND: the version that lies there is whole, and so is what was written on the way to it
published() {
    local files=
    files=$(files_of "$1")
    judge "$1" "$2" "$files/published/$1"/* "$files"
}

java_and_venv() {
    if ! command -v java >/dev/null; then
        echo "there is no java"
        return 1
    fi
    venv "$1"
}

tests_of_spark() {
    have java_and_venv als-spark
    t "als-spark runs in Spark's local mode, and comes out as expected" as_expected als-spark
    t "its steps, checks, scores, input and logs are in the portal" seen als-spark 8 7
    t "the published version has factors and lists; Spark's event logs are whole" published als-spark als
    t "with fault=null_rate its step check fails, and the portal says why" with_fault als-spark
    t "a row that the job cannot read: the problem is Python's own line, not Spark's hundred" bad_row
}
bad_row() {
    ! with als-spark p run example:als-spark --set trouble=row || return 1
    holds "('ValueError: substring not found', 'als-spark ▸ features') in [(r['title'], r['place']) for r in rows]" triage
}

tests_of_tensorflow() {
    have venv ranking-tensorflow
    t "ranking-tensorflow runs, and comes out as expected" as_expected ranking-tensorflow
    t "its steps, checks, scores, input and logs are in the portal" seen ranking-tensorflow 8
    t "the published SavedModel ranks games; its curve is in event files" published ranking-tensorflow savedmodel
    t "with fault=null_rate its step check fails, and the portal says why" with_fault ranking-tensorflow
    t "a training that diverges says NaN, and that learning_rate changed" diverges
}
diverges() {
    ! with ranking-tensorflow p run example:ranking-tensorflow --set learning_rate=1e30 || return 1
    holds "any(r['title'].startswith('FloatingPointError: loss is NaN at step ') and
        any((c['key'], c['before'], c['after']) == ('learning_rate', '0.01', '1e30') for c in r['changes'])
        for r in rows)" triage
}

export LC_ALL=C.UTF-8 TZ=UTC
export XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
mkdir -p "$live/examples"
configure
tests_of_spark
tests_of_tensorflow
end_tests
