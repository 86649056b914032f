#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples by keys: on a fresh machine, with the recorded sample that `make run` shows, one key runs popularity.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
unset PORTHOLE_NOW # the sample has a clock of its own
mkdir -p "$dir/build/sample"
cp -r "$root/sample" "$dir/sample"
config=$dir/sample/portal.yaml
run 0 sync

# by_keys TEXT KEYS… -- ARGS…: the portal on a terminal, which must end well
by_keys() {
    local pairs=()
    while [ "$1" != -- ]; do
        pairs+=("$1")
        shift
    done
    shift
    python3 "$here/keys.py" "${pairs[@]}" -- "$PORTHOLE" --config "$config" "$@" >"$out" 2>"$err" ||
        bad "$(tr -d '\033' <"$out" | tail -c 600)"
}

# awaits PATTERN ARGS…: what runs has come so far that a line of what ARGS prints as JSON has PATTERN; that is in $out.
awaits() {
    local pattern=$1 until=$((SECONDS + 60))
    shift
    while [ "$SECONDS" -lt "$until" ]; do
        "$PORTHOLE" --config "$config" sync local >/dev/null 2>&1
        "$PORTHOLE" --config "$config" "$@" --json >"$out" 2>"$err"
        grep -q "$pattern" "$out" && return
    done
    bad "$*: no /$pattern/"
}

t "home shows the key that runs popularity for real, and its run is opened by Enter"
[ ! -e "$XDG_DATA_HOME/porthole/runs" ] || bad "there were runs already"
by_keys 'run an example' T 'popularity passed' $'\r' 'hit_rate' Q --
run 0 runs source:local --json
json 'len(rows) == 1 and row["state"] == "success" and row["pipeline"] == "popularity"'
run 0 checks pipeline:popularity --json
json 'len(rows) == 6 and {r["state"] for r in rows} == {"pass"}'
run 0 triage --json
json 'not any("popularity" in r["place"] for r in rows)'

t "from the list of examples one is read, and seen to fail"
by_keys 'run an example' I association $'j\r' 'association --copy' F '0.3071' Q --
awaits association triage
json 'any(r["place"] == "association ▸ check" and "null_rate(player_id) = 0.3071" in r["title"] for r in rows)'

t "what runs goes on when the portal ends"
by_keys 'run it' TQ -- doc:examples/association/README
awaits success runs pipeline:association state:success
json 'len(rows) == 1'

t "read-only runs nothing"
by_keys 'run an example' T 'nothing is run' Q -- --read-only
run 0 runs pipeline:popularity --json
json 'len(rows) == 1'

done_testing
