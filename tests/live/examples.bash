# SPDX-License-Identifier: GPL-3.0-or-later
# For the live tests of the examples: their tools, the portal that looks on, and what is the same for all of them.
#   $work, $examples, $live   a folder for this run; the examples; where installations are (PORTHOLE_LIVE)
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
live=$(realpath -m "${PORTHOLE_LIVE:-$root/build/live}")
program=$(realpath "${LIVE_PROGRAM:-$root/porthole}")
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX=$live/pycache # one for all servers, and not in the checkout
unset PORTHOLE_NOW PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE PORTHOLE_RUN PORTHOLE_EVENTS COLORTERM NO_COLOR

work=$(mktemp -d)
cd "$work" || exit 1
# shellcheck source=tests/live/tap.bash
. "$here/tap.bash"
examples=$root/docs_embedded/examples

p() { "$program" --config "$work/portal.yaml" "$@"; }
check() { "$here/examples_check.py" "$@"; }

# holds EXPRESSION COMMAND…: what the portal answers, as `rows` and `row`
holds() {
    p "${@:2}" --json >rows.jsonl && check says rows.jsonl "$1"
}

# --- setting up ----------------------------------------------------------------
# venv EXAMPLE: with what its requirements.txt names. It is whole once that file lies in it.
venv() {
    local venv=$live/examples/$1 wanted=$examples/$1/requirements.txt
    cmp -s "$wanted" "$venv/requirements.txt" && return
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv" && "$venv/bin/pip" install --quiet uv &&
        "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --requirement "$wanted" &&
        cp "$wanted" "$venv/"
}

# have COMMAND…: the tests from here on are skipped where it fails
have() {
    skip=
    "$@" >install.log 2>&1 && return
    skip="${*: -1} cannot be installed: $(tail -n 1 install.log | cut -c1-120)"
    [ "${CI:-}" != true ] || cat install.log >&2
}

configure() {
    cat >portal.yaml <<YAML
catalogue: "${LIVE_CATALOGUE:-sqlite:$work/catalogue.db}"
sources:
  - {name: local, kind: local, path: "$work/runs"}
YAML
    mkdir -p runs
}
add_source() { echo "  - {name: $1, kind: $1, $2}" >>portal.yaml; }

# --- an example that `porthole run` starts -----------------------------------------
# with VENV COMMAND…: where its Python comes first
with() { PATH=$live/examples/$1/bin:$PATH "${@:2}"; }

newest() { p runs "pipeline:$1" --limit 1 --json | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["ref"])'; }

# seen EXAMPLE STEPS [CHECKS]: run, steps, checks, scores, input and log in the portal; and on its screen
seen() {
    local ref
    ref=$(newest "$1") && holds 'row["state"] == "success"' runs "pipeline:$1" &&
        holds "len(rows) == $2 and {r['state'] for r in rows} == {'success'}" steps "pipeline:$1" &&
        holds "len(rows) == ${3:-6} and {r['state'] for r in rows} == {'pass'}" checks "pipeline:$1" &&
        holds 'row["metrics"]["hit_rate"] > row["metrics"]["baseline_hit_rate"]' show "$ref" &&
        holds "any(r['model'] == '$1' for r in rows)" models && p show "$ref" | grep -q 'telemetry.events' &&
        p logs "$ref/check" | grep -qx 'check null_rate(player_id) = 0: pass' &&
        check screen "$program" portal.yaml "$ref" success hit_rate 'null_rate(player_id)'
}

# told REF: the run failed at its step check, and triage says why: one problem, its page, the screen
told() {
    local pipeline=${1%/*}
    holds "row['state'] == 'fail' and row['step'] == 'check' and row['check'] == 'null_rate(player_id)'" \
        checks "pipeline:${pipeline#*/}" state:fail &&
        holds "[(r['title'], r['cause_kind'], r['runbook']) for r in rows if '$pipeline' in r['pipelines']] ==
            [('DataCheckError: null_rate(player_id) = 0.3071, allowed <= 0.02', 'data', 'runbooks/data-check-failed')]" triage &&
        p logs --cause "$1/check" | grep -q 'DataCheckError: null_rate' &&
        check screen "$program" portal.yaml "$1" failed 'null_rate(player_id)'
}

# with_fault EXAMPLE [SETTING…]
with_fault() {
    local example=$1
    shift
    ! with "$example" p run "example:$example" --set fault=null_rate "$@" || return 1
    told "$(newest "$example")"
}
