#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The example pipelines: they run, they come out as their folders say, and what is wrong with data is found.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
unset PORTHOLE_NOW
config=
runs=$XDG_DATA_HOME/porthole/runs
examples=$root/docs_embedded/examples

t "platform.py and the generator do what they say"
python3 -B "$root/tests/examples/test_platform.py" >"$out" 2>"$err" || bad "$(tail -n 3 "$err")"

t "the statistics give the numbers that other libraries give"
python3 -B "$root/tests/examples/test_statistics.py" >"$out" 2>"$err" || bad "$(tail -n 3 "$err")"

t "lists are judged by what was bought next, and a ranker learns nothing of a later day"
python3 -B "$root/tests/examples/test_ranking.py" >"$out" 2>"$err" || bad "$(tail -n 3 "$err")"

t "they are listed, with what they need"
run 0 examples --json
json '" ".join(r["name"] for r in rows) == "ab-test airflow-recsys als-spark association metaflow-recsys monitoring popularity ranking-tensorflow sagemaker-recsys scale-test"'
json 'all(r["title"] and "Python 3" in r["needs"] for r in rows)'
run 1 examples none
err_has "no example 'none'"

t "one can be read"
run 0 examples popularity
out_has 'What sells best, of late'
out_has 'porthole run example:popularity'

for example in popularity association; do
    t "$example runs, and comes out as expected"
    run 0 run "example:$example"
    cmp -s "$examples/$example/expected.json" "$(echo "$runs/$example"-*/files/outcome.json)" || bad "$(cat "$runs/$example"-*/files/outcome.json)"
    run 0 runs "pipeline:$example" --json
    json 'len(rows) == 1 and row["state"] == "success"'
    ref=$(sed -n 's/.*"ref":"\([^"]*\)".*/\1/p' "$out")
    run 0 show "$ref" --json
    json 'row["metrics"]["hit_rate"] > row["metrics"]["baseline_hit_rate"] and row["params"]["days"] == "28"'
    run 0 show "$ref"
    out_has 'telemetry.events'
    run 0 checks "pipeline:$example" --json
    json 'len(rows) == 6 and {r["state"] for r in rows} == {"pass"}'
    run 0 steps "pipeline:$example" --json
    json 'len(rows) == 8 and {r["state"] for r in rows} == {"success"}'
    run 0 models --json
    json "[r['model'] for r in rows].count('$example') == 1"
    run 0 logs "$ref/check"
    out_has '^check null_rate\(player_id\) = 0: pass$'
done

# judged EXAMPLE STEPS CHECKS METRIC [PARAM…]: it runs, comes out as expected, and the portal knows what it measured.
judged() {
    local example=$1 steps=$2 checks=$3 metric=$4 ref
    shift 4
    t "$example runs, and comes out as expected"
    run 0 run "example:$example" "$@"
    cmp -s "$examples/$example/expected.json" "$(echo "$runs/$example"-*/files/outcome.json)" || bad "$(cat "$runs/$example"-*/files/outcome.json)"
    run 0 runs "pipeline:$example" --json
    json 'len(rows) == 1 and row["state"] == "success"'
    ref=$(sed -n 's/.*"ref":"\([^"]*\)".*/\1/p' "$out")
    run 0 show "$ref" --json
    json "row['metrics']['$metric'] >= 0"
    run 0 steps "pipeline:$example" --json
    json "len(rows) == $steps and {r['state'] for r in rows} == {'success'}"
    run 0 checks "pipeline:$example" --json
    json "len(rows) == $checks and {r['state'] for r in rows} == {'pass'}"
}
judged ab-test 4 7 lift
judged monitoring 3 6 alerts
judged scale-test 4 6 volume_at_due --set due_s=1000 # CPU seconds, which no machine takes for it

t "an unusual day is an alert, which the next usual one closes"
run 0 run example:monitoring --set days=150 --set incident=outage
run 0 alerts --json
json 'len(rows) == 1 and row["state"] == "closed" and row["monitor"] == "purchases a day" and row["value"] < row["lower"]'

# wrong EXAMPLE STEP CHECK PARAM…: a run with it fails at STEP, by that check alone, and triage says so.
wrong() {
    local example=$1 step=$2 check=$3
    shift 3
    t "$example finds what is wrong with ${*: -1}"
    run 1 run "example:$example" "$@"
    out_has "^✗ failed    $step "
    run 0 checks "pipeline:$example" state:fail --json
    json "[(r['step'], r['check']) for r in rows] == [('$step', '$check')]"
    run 0 triage --json
    json "any(r['title'].startswith('DataCheckError: $check = ') and r['place'] == '$example ▸ $step' for r in rows)"
}
wrong ab-test judge srm_p --set lost=0.25
wrong monitoring watch 'psi(minutes)' --set days=150 --set incident=drift
wrong scale-test judge volume_at_due --set days=14 --set due_s=0.000001

# fault NAME CHECK: a run with it fails at the step `check`, by that check alone, and triage says so.
fault() {
    t "with fault=$1 the step check fails, and triage names $2"
    run 1 run popularity --set "fault=$1"
    out_has '^✗ failed    check '
    out_has '^– skipped   publish$'
    run 0 checks pipeline:popularity state:fail --limit 1 --json
    json "row['check'] == '$2' and row['step'] == 'check'"
    run 0 triage --json
    json "any(r['title'].startswith('DataCheckError: $2 = ') and r['cause_kind'] == 'data' for r in rows)"
}
fault null_rate 'null_rate(player_id)'
fault late days_late
fault schema columns_missing
fault duplicate 'duplicate_rate(event_id)'

t "each fault is a problem of its own, with its page"
run 0 triage --json
json 'len(rows) == 7 and all(r["runbook"] == "runbooks/data-check-failed" for r in rows)'

t "a copy runs from where it was put"
run 0 examples popularity --copy "$dir/mine"
[ "$(cat "$out")" = "porthole run $dir/mine/popularity/pipeline.yaml" ] || bad "it says: $(cat "$out")"
for part in popularity mlplatform; do
    diff -r -x __pycache__ "$examples/$part" "$dir/mine/$part" >/dev/null || bad "$part is not the same"
done
run 0 run "$dir/mine/popularity/pipeline.yaml" --set days=21

t "nothing is overwritten"
echo mine >"$dir/mine/mlplatform/platform.py"
run 4 examples popularity --copy "$dir/mine"
err_has 'is there already'
run 0 examples association --copy "$dir/mine"
err_has 'platform.py. is another one, and stays'
[ "$(cat "$dir/mine/mlplatform/platform.py")" = mine ] || bad "it was overwritten"
run 4 examples popularity --copy "$dir/no" --read-only
[ ! -e "$dir/no" ] || bad "written although read-only"

t "what somebody spoiled in the cache is made anew"
cached=$(echo "$XDG_CACHE_HOME"/porthole/examples/*/popularity/train.py)
echo 'raise SystemExit(9)' >"$cached"
run 0 run example:popularity
cmp -s "$examples/popularity/train.py" "$cached" || bad "it is still spoiled"

t "a file goes before an example of the same name; one that is none says so"
printf 'name: own\nsteps:\n  - {step: a, run: [echo, own]}\n' >"$dir/popularity"
(cd "$dir" && "$PORTHOLE" run popularity --dry-run >"$out" 2>"$err") || bad "status $?"
out_has '^a: echo own$'
run 1 run example:none
err_has "no example 'none'"

done_testing
