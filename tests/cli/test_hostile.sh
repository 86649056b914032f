#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever a source says, no command lets a byte through that steers a terminal: in text, TSV and JSON,
# on standard output and standard error.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
# shellcheck source=tests/cli/clean.bash
. "$here/clean.bash"

config_of hostile hostile

t 'sync of a hostile source stores what is sound, and says it cleanly'
run 0 sync
keep text sync
judge
out_has '^hostile: '
t 'each sound record is there, each broken one failed alone'
run 0 runs --limit 0 --json
json 'len(rows) >= 36 and "the-last" in [r["run"] for r in rows]'
json 'not {"no-pipeline", "no-state", "cut", "still-being-written"} & {r["run"] for r in rows}'
t 'states that nobody knows are unknown, and stand beside the word of the tool'
run 0 runs --json 'run:state-*'
json '{r["tool_state"]: r["state"] for r in rows}["ABENDED"] == "unknown"'
json 'all(r["state"] in "queued running success failed skipped cancelled lost unknown".split() for r in rows)'
t 'dates that are none are null'
run 0 runs --json run:null-dates,text-dates,negative,far
json 'len(rows) == 4 and all(r["started_ms"] is None and r["duration_ms"] is None for r in rows)'
run 0 runs --json run:backwards
json 'row["started_ms"] > row["ended_ms"] and row["duration_ms"] is None'
t 'a run that only its step tells of is there'
run 0 runs --json run:orphan
json 'len(rows) == 1 and row["state"] == "unknown"'

t 'lists are clean'
for list in sources pipelines runs steps problems; do
    ask 0 "$list" --limit 0
done
judge
t 'triage is clean'
ask 0 triage --limit 0
judge
t 'search is clean'
ask 0 search e
ask 0 search title
ask 1 search "$(printf 'x\033]52;c;AAAA\007\302\233')"
judge
t 'doctor is clean'
ask 0 doctor
judge

# Every ref that a list prints can be given back to every command that takes one.
refs() { # LIST
    run 0 "$1" --limit 0 --json
    python3 -c 'import json, sys
for line in open(sys.argv[1]): print(json.loads(line)["ref"])' "$out" >"$dir/$1"
    some "$dir/$1"
}
show_all() { # LIST
    local ref
    refs "$1"
    while read -r ref; do
        run 0 show "$ref"
        keep text "show $ref"
        run 0 show "$ref" --ascii
        keep ascii "show $ref"
        run 0 show "$ref" --json
        keep json "show $ref"
        out_lines 1
    done <"$dir/$1"
    judge
}
t 'every pipeline is shown cleanly, by the ref that the list gave'
show_all pipelines
t 'every run is shown cleanly'
show_all runs
t 'every step is shown cleanly'
show_all steps
t 'every problem is shown cleanly'
show_all problems
t 'every log is printed cleanly, and its evidence'
while read -r ref; do
    for form in '' --cause '--cause --json'; do
        # shellcheck disable=SC2086
        "$PORTHOLE" --config "$config" logs "$ref" $form >"$out" 2>"$err"
        status=$?
        [ "$status" -le 1 ] || bad "logs $ref $form: status $status"
        check_sane
        case $form in
        *--json) keep json "logs $ref $form" ;;
        *) keep text "logs $ref $form" ;;
        esac
    done
done <"$dir/steps"
judge
run 0 logs "hostile/odd/orphan/alone"
out_has 'FATAL'
t '--raw keeps what steers a terminal, for a pipe only'
run 0 logs --raw hostile/odd/orphan/alone
out_has $'^FATAL: \033\\]52;c;[A-Za-z0-9=]+\007$'
script -qec "'$PORTHOLE' --config '$config' logs --raw hostile/odd/orphan/alone" /dev/null </dev/null >"$out"
out_has 'would let a log steer this terminal'
t 'explain of a hostile log is clean'
for log in "$root"/tests/fixtures/local/hostile/logs/*/*/*.log; do
    for form in '' --json; do
        # shellcheck disable=SC2086
        "$PORTHOLE" explain "$log" $form >"$out" 2>"$err"
        status=$?
        [ "$status" -le 1 ] || bad "status $status"
        check_sane
        keep "${form#--}" "explain $log $form"
    done
done
judge
t 'what a person types comes back cleanly too'
evil=$(printf 'x\033[2J\302\233\342\200\256\377')
for args in "runs x:$evil" "show a/$evil" "$evil" "runs --sort $evil" "--config $evil runs" "runs --$evil" \
    "explain $evil" "open http://$evil" "sync $evil" "logs a/b/c/$evil" "runs since:$evil" "runs --limit $evil"; do
    # shellcheck disable=SC2086
    "$PORTHOLE" --config "$config" $args >"$out" 2>"$err"
    status=$?
    if [ "$status" -lt 1 ] || [ "$status" -gt 3 ]; then bad "$args: status $status"; fi
    check_sane
    keep text "$args"
    err_lines 1
done
judge
t 'a terminal gets no byte that a pipe would not, but colours'
for command in runs triage 'steps --limit 0' pipelines; do
    script -qec "'$PORTHOLE' --config '$config' $command" /dev/null </dev/null 2>"$err" |
        tr -d '\r' | sed -E $'s/\033\\[[0-9;]*m//g' >"$out"
    : >"$err"
    keep text "$command"
done
judge
done_testing
