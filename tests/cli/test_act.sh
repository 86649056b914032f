#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Actions by the whole programs on stand-ins for the tools (tool_act.py) that fault as they are told.
#
#   ACTIONS=N   how many the seeded run makes (1000, with TESTS_QUICK 40)
#   SEED=N      other ones (1)
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
: "${ACTIONS:=$([ -n "${TESTS_QUICK:-}" ] && echo 40 || echo 1000)}"
unset PORTHOLE_NOW # what is told to wait does, and by the real clock

python3 "$here/tool_act.py" "$dir" >"$dir/port" 2>/dev/null &
tool=$!
at_exit() {
    kill "$tool" 2>/dev/null
    wait "$tool" 2>/dev/null
    rm -rf "$dir"
}
while ! [ -s "$dir/port" ]; do
    kill -0 "$tool" 2>/dev/null || { echo "not ok 1 the stand-in starts"; exit 1; }
    sleep 0.05
done

config=$dir/portal.yaml
cat >"$config" <<YAML
catalogue: sqlite:$dir/c.db
sources:
  - {name: af, kind: airflow, url: "http://127.0.0.1:$(cat "$dir/port")", actions: true}
  - {name: ml, kind: mlflow, url: "http://127.0.0.1:$(cat "$dir/port")", actions: true}
  - {name: shut, kind: airflow, url: "http://127.0.0.1:$(cat "$dir/port")"}
projects:
  - {name: discovery, pipelines: ["af/prod_*"]}
  - {name: lab, severity: playground, pipelines: ["af/lab_*"]}
calendar:
  - {name: Christmas, from: $(date -d yesterday +%F), to: $(date -d tomorrow +%F), kind: freeze, project: lab}
YAML
printf "%s\n" churn lab_x prod_daily >"$dir/dags"

# sent N: so many requests that change something went out since the last call; done_times N: so many took effect
sent() {
    local n
    n=$(grep -c '^act ' "$dir/requests")
    [ "$n" -eq "$1" ] || bad "$n requests that act, not $1: $(grep '^act ' "$dir/requests")"
    : >"$dir/requests"
}
ledger_is() {
    local got
    got=$(tr '\n' ';' <"$dir/ledger" 2>/dev/null)
    [ "$got" = "$1" ] || bad "took effect: '$got', not '$1'"
    : >"$dir/ledger"
}
fault() { echo "$1 $2" >"$dir/faults"; }

t "a catalogue to keep the audit in"
run 0 sync
: >"$dir/requests"
: >"$dir/ledger"

t "a dry run says what would be done, and does nothing"
run 0 rerun af/churn/r1 --dry-run
out_has '^rerun af/churn/r1$'
out_has '^  clear check \(failed, attempt 2\)$'
out_has '^  clear score:7 \[eu\] \(failed, attempt 1\)$'
sent 0
ledger_is ''

t "what nobody confirmed is not done"
run 4 rerun af/churn/r1
err_has 'not confirmed: --yes=1 does it'
run 4 rerun af/churn/r1 af/lab_x/r1 --yes=1
err_has 'says another number than 2'
sent 0

t "an object named twice is one"
run 0 rerun af/churn/r1 af/churn/r1 --yes=1 --json
json 'len(rows) == 1 and row["done"] == "yes" and row["ref"] == "af/churn/r1" and len(row["effect"]) == 3'
sent 1
ledger_is 'clear churn;'

t "the audit has a row before and a row after"
run 0 audit --json --sort at_ms
json 'len(rows) == 2 and {r["verb"] for r in rows} == {"rerun"} and {r["object_ref"] for r in rows} == {"af/churn/r1"}'
json 'sorted(str(r["result"]) for r in rows) == ["None", "done: 3 steps cleared"]'

t "what does not need it is not done again"
run 1 rerun af/churn/r1 --yes
err_has 'nothing failed here'
sent 0

t "one mapped step, another with what is behind it"
run 0 clear af/lab_x/r1/score:7 --yes --json
json 'row["effect"] == ["clear score:7 [eu] (failed, attempt 1)"]'
ledger_is 'clear lab_x;'
: >"$dir/requests"

t "a trigger takes parameters from a file, from --set, as JSON writes them"
echo '{"scale": 1, "who": "x", "list": [1, {"a": null}]}' >"$dir/conf"
run 0 trigger af/churn --conf "$dir/conf" --set scale=2 --set 'name="7"' --set region=eu --yes --json
json 'row["run_ref"].startswith("af/churn/porthole__")'
ledger_is 'trigger churn {"list": [1, {"a": null}], "name": "7", "region": "eu", "scale": 2, "who": "x"};'
run 2 trigger af/churn --set scale --yes
err_has "is not KEY=VALUE"
echo '[1]' >"$dir/conf"
run 2 trigger af/churn --conf "$dir/conf" --yes
run 2 trigger af/churn/r1 --yes
err_has 'trigger wants a pipeline'
sent 1

t "cancel, pause, unpause, set-state, tag"
run 0 cancel af/churn/live1 --yes
run 0 pause af/churn --yes
run 0 pause af/churn --yes
out_has 'is so already'
run 0 unpause af/churn --yes
run 0 set-state af/churn/r1/check --state success --note 'checked by hand' --yes
run 2 set-state af/churn/r1/check --yes
run 0 tag ml/e/run1 --set owner=me --note good --yes
run 0 tag af/churn/r1 --note 'seen by me' --yes
run 2 tag af/churn/r1 --set a=1 --yes
ledger_is 'run churn;pause churn;pause churn;step churn;tag run1;run churn;'
sent 6

t "read-only wins, and asks for nothing"
for args in "rerun af/lab_x/r1" "clear af/lab_x/r1" "trigger af/churn" "cancel af/churn/live2" "pause af/churn" \
    "unpause af/churn" "set-state af/churn/r1 --state failed" "tag ml/e/r --set a=1"; do
    # shellcheck disable=SC2086
    run 4 $args --yes --read-only
    err_has 'read-only'
done
[ -s "$dir/requests" ] && bad "something was asked: $(cat "$dir/requests")"
run 0 cancel af/churn/live2 --dry-run --read-only
sent 0
ledger_is ''

t "a source without 'actions: true' is left alone"
run 4 rerun shut/churn/r1 --yes
err_has "allows no actions; 'actions: true' in portal.yaml does"
run 4 rerun shut/churn/r1 --dry-run
[ -s "$dir/requests" ] && bad "something was asked: $(cat "$dir/requests")"

t "what the tool forbids is refused, what it has not is not found"
run 4 rerun af/mine/r1 --yes
err_has 'refused: .*HTTP 403: Forbidden'
run 1 rerun af/gone/r1 --yes
run 1 rerun nowhere/x/r1 --yes
run 2 rerun af --yes
run 2 rerun --yes
run 4 tag ml/e/dead1 --set a=1 --yes
: >"$dir/requests"
ledger_is ''

t "a rerun that could not start is refused with the reason"
: >"$dir/scheduler-dead"
run 4 rerun af/prod_daily/r1 --yes
err_has 'nothing would start: the scheduler is silent, last heartbeat 2026-11-21T02:51:58'
run 4 trigger af/prod_daily --yes
run 0 cancel af/prod_daily/live1 --yes
rm "$dir/scheduler-dead"
sent 1
ledger_is 'run prod_daily;'

t "a freeze is told"
run 0 trigger af/lab_x --dry-run
out_has 'but: frozen: Christmas'

t "an answer that was lost after it was done: done"
fault lab_a cut-after
run 0 rerun af/lab_a/r1 --yes --json
json 'row["done"] == "yes" and "the answer was lost, the tool shows that it was done" in row["message"]'
fault lab_b 500-after
run 0 trigger af/lab_b --yes --json
json 'row["done"] == "yes" and row["run_ref"].startswith("af/lab_b/porthole__")'
sent 2
ledger_is 'clear lab_a;trigger lab_b {};'

t "an answer that was lost before it was done: not done"
fault lab_c cut-before
run 3 rerun af/lab_c/r1 --yes --json
json 'row["done"] == "no" and "the tool shows nothing of it" in row["message"]'
err_lines 1
sent 1
ledger_is ''

t "of several each is told, and the first that is unknown stops them"
cat >"$dir/lost.py" <<'PY'
import json, sys
for line in sys.stdin:
    ask = json.loads(line)
    p = ask["params"]
    result = {"protocol": 1, "name": "lost", "methods": ["act"], "verbs": ["rerun"]}
    if ask["method"] == "act":
        result = {"effect": ["start " + p["ref"] + " anew"]} if p["dry_run"] else \
            {"done": "yes" if "good" in p["ref"] else "unknown", "message": "gone"}
    print(json.dumps({"jsonrpc": "2.0", "id": ask["id"], "result": result}), flush=True)
PY
sed -i "s|^projects:|  - {name: lost, kind: plugin, command: [python3, \"$dir/lost.py\"], actions: true}\nprojects:|" "$config"
run 3 rerun lost/p/good lost/p/bad lost/p/good2 --yes=3 --json
json '[r["done"] for r in rows] == ["yes", "unknown", "no"]'
json 'rows[2]["result"] == "not tried" and "what the tool shows does not tell" in rows[1]["message"]'

t "a plug-in's answer is never sent for twice, also where the plug-in dies of it"
cat >"$dir/dies.py" <<'PY'
import json, os, sys
for line in sys.stdin:
    ask = json.loads(line)
    p = ask["params"]
    result = {"protocol": 1, "name": "dies", "methods": ["act"], "verbs": ["rerun"]}
    if ask["method"] == "act":
        result = {"effect": ["start"], "done": "no"}
        if not p["dry_run"]:
            open(sys.argv[1], "a").write("x")
            os._exit(1)
    print(json.dumps({"jsonrpc": "2.0", "id": ask["id"], "result": result}), flush=True)
PY
sed -i "s|^projects:|  - {name: dies, kind: plugin, command: [python3, \"$dir/dies.py\", \"$dir/died\"], actions: true}\nprojects:|" "$config"
run 3 rerun dies/p/r --yes --json
json 'row["done"] == "no"'
[ "$(cat "$dir/died")" = x ] || bad "acted '$(cat "$dir/died")'"

t "a person confirms by the name, typed after the question; a paste and a wrong name do nothing"
confirm() { # WANT TYPED ARG…
    local want=$1 typed=$2
    shift 2
    python3 "$here/confirm.py" "$typed" "$PORTHOLE" --config "$config" "$@" >"$out" 2>"$err"
    status=$?
    [ "$status" -eq "$want" ] || bad "$*: status $status, not $want: $(cat "$out")"
    check_sane
}
: >"$dir/ledger"
confirm 4 yes pause af/prod_daily
confirm 4 'paste:prod_daily' pause af/prod_daily
confirm 4 'ahead:prod_daily' pause af/prod_daily
ledger_is ''
confirm 0 prod_daily pause af/prod_daily
out_has 'pause prod_daily: it starts no more runs'
confirm 0 yes pause af/lab_x
confirm 0 lab pause af/lab_y af/lab_z
ledger_is 'pause prod_daily;pause lab_x;pause lab_y;pause lab_z;'

t "without a catalogue to keep the audit in nothing is done"
chmod 0400 "$dir/c.db.team"
if [ "$(id -u)" -eq 0 ]; then
    skip "root may write anything"
else
    run 4 rerun af/lab_q/r1 --yes
    err_has 'nothing is done without an audit'
    ledger_is ''
fi
chmod 0600 "$dir/c.db.team"

t "$ACTIONS seeded actions: none twice, none on another object, none reported falsely"
: >"$dir/requests"
: >"$dir/ledger"
"$here/act_thousand.py" "$PORTHOLE" "$config" "$dir" "${SEED:-1}" "$ACTIONS" >"$out" 2>"$err" ||
    bad "$(cat "$out")"

done_testing
