#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A plug-in whose every record and answer means harm: no command lets a byte of it through that steers a terminal, in
# text, TSV and JSON, into a pipe and onto a terminal; and none of it stops the others.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
# shellcheck source=tests/cli/clean.bash
. "$here/clean.bash"

# plugin NAME [MODE]: a configuration with the hostile plug-in and a sound source; into $config.
plugin() {
    config=$dir/$1.yaml
    {
        printf 'catalogue: sqlite:%s/%s.db\nsources:\n' "$dir" "$1"
        printf '  - {name: %s, kind: plugin, command: [python3, "-IS", "%s"%s]}\n' \
            "$1" "$root/tests/fixtures/plugins/hostile.py" "${2:+, $2}"
        printf '  - {name: shop, kind: local, path: "%s/tests/fixtures/local/shop"}\n' "$root"
    } >"$config"
}
# on_terminal ARGS…: what a terminal would get, but for its colours and line ends.
on_terminal() {
    local words
    printf -v words '%q ' "$PORTHOLE" --config "$config" "$@"
    script -qefc "$words" /dev/null </dev/null 2>"$err" | tr -d '\r' | sed -E $'s/\033\\[[0-9;]*m//g' >"$out"
    status=${PIPESTATUS[0]}
    check_sane
    keep text "on a terminal: $*"
}
# refs LIST: the refs of its rows into the file LIST, but for those that no command line holds.
refs() {
    run 0 "$1" --limit 0 --json
    python3 -c 'import json, sys
for line in open(sys.argv[1]):
    row = json.loads(line)
    if len(row["ref"]) < 100000: print(row["ref"])' "$out" >"$dir/$1"
    some "$dir/$1"
}
any() { # ARGS…: whatever it answers, it is said cleanly
    "$PORTHOLE" --config "$config" "$@" >"$out" 2>"$err" </dev/null
    status=$?
    [ "$status" -le 4 ] || bad "porthole $*: status $status"
    check_sane
}

plugin evil
t 'sync stores what is sound and refuses the rest, record by record'
run 0 sync
keep text sync
out_has '^shop: 3 pipelines'
out_has '^evil: .* 12 records refused'
err_lines 0
judge

t 'every list is clean, in every form'
for list in sources projects pipelines runs steps models checks alerts problems triage audit; do
    run 0 "$list" --limit 0
    keep text "$list"
    run 0 "$list" --limit 0 --json
    keep json "$list"
    on_terminal "$list" --limit 0
done
run 0 models --json
[ "$(wc -l <"$out")" -ge 17 ] || bad 'models are missing'
run 0 alerts --json
[ "$(wc -l <"$out")" -ge 28 ] || bad 'alerts are missing'
judge
for list in pipelines runs steps models problems; do
    t "each of the $list is shown cleanly by the ref that the list gave, whatever its name"
    refs "$list"
    n=0
    while read -r ref; do
        run 0 show "$ref"
        keep text "show $ref"
        n=$((n + 1)) # as JSON the lists have shown all these texts already: some will do
        [ $((n % 4)) -eq 1 ] || continue
        run 0 show "$ref" --json
        keep json "show $ref --json"
    done <"$dir/$list"
    on_terminal show "$ref"
    judge
done
t 'why, diff, open, logs, series and artifacts of each run are clean'
while read -r ref; do
    for args in 'why %s' 'diff %s' 'open %s' 'diff %s --json'; do
        # shellcheck disable=SC2086
        any ${args%% *} "$ref" ${args#*%s}
        case $args in *--json) keep json "$args $ref" ;; *) keep text "$args $ref" ;; esac
    done
done < <(head -n 8 "$dir/runs")
while read -r ref; do
    any logs "$ref"
    keep text "logs $ref"
    any logs "$ref" --cause --json
    keep json "logs $ref --cause --json"
    any why "$ref"
    keep text "why $ref"
done < <(head -n 6 "$dir/steps")
judge
ref=$(head -n 1 "$dir/runs")
t 'curves, and the names of files, are clean and whole'
for command in series artifacts; do
    run 0 $command "$ref"
    keep text $command
    run 0 $command "$ref" --json
    keep json $command
    on_terminal $command "$ref"
    [ "$(wc -c <"$out")" -lt 20000000 ] || bad "one long name fills up the rows of all: $(wc -c <"$out") bytes"
done
judge
t 'what a file holds reaches a terminal as text'
on_terminal artifacts "$ref" file
out_has '^text$'
out_has '\^\[\[2J'
judge
t 'a file goes into a pipe as it is'
run 0 artifacts "$ref" file
grep -q $'\033\\[2J' "$out" || bad 'the bytes were changed'
t 'search and completion are clean'
for words in e pwned a item; do
    any search "$words"
    keep text "search $words"
    any search "$words" --json
    keep json "search $words"
    any complete show "evil/$words"
    keep text "complete show evil/$words"
done
any complete show evil/
keep text 'complete show'
any complete runs pipeline:
keep text 'complete runs'
judge
t 'doctor is clean'
any doctor
keep text doctor
any doctor --json
keep json doctor
judge

for mode in bye refuse errors dies; do
    t "clean, too: the plug-in that fails by '$mode'"
    plugin "$mode" "$mode"
    any sync
    keep text "$mode: sync"
    out_has '^shop: 3 pipelines'
    for command in sources triage doctor; do
        any $command
        keep text "$mode: $command"
    done
    for command in series artifacts 'artifacts %s file' logs; do
        case $command in *%s*) any artifacts "$mode/raw/x" file ;; *) any "$command" "$mode/${ref#evil/}" ;; esac
        keep text "$mode: $command"
    done
    any source test python3 -IS "$root/tests/fixtures/plugins/hostile.py" "$mode"
    keep text "$mode: source test"
    judge
done
done_testing
