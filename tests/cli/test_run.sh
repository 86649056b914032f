#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pipelines on this machine: `porthole run`, and what the portal knows of them afterwards.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
unset PORTHOLE_NOW
config=
runs=$XDG_DATA_HOME/porthole/runs

# states PIPELINE: "step.attempt:state …" of its newest run, by name.
states() {
    "$PORTHOLE" runs "pipeline:$1" --limit 1 --json >"$dir/newest" && "$PORTHOLE" steps "pipeline:$1" --json | python3 -c '
import json, sys
newest = json.load(open(sys.argv[1]))["ref"]
print(*sorted("%s.%d:%s" % (s["step"], s["attempt"], s["state"]) for s in map(json.loads, sys.stdin) if s["run_ref"] == newest))' "$dir/newest"
}
states_are() {
    local got
    got=$(states "$1")
    [ "$got" = "$2" ] || bad "$1: '$got', not '$2'"
}

mkdir "$dir/p"
cat >"$dir/p/good.yaml" <<'END'
name: good
params: {scale: 1, days: 28}
steps:
  - {step: publish, after: [check], run: [sh, -c, 'cat "$PORTHOLE_DIR/rows"']}
  - {step: check, after: [extract], run: [sh, -c, 'echo "try $PORTHOLE_ATTEMPT of $PORTHOLE_STEP"; test "$PORTHOLE_ATTEMPT" -gt 1'], retries: 1}
  - step: extract
    run: [sh, -c, 'test -f good.yaml && echo "$PORTHOLE_PARAM_scale $PORTHOLE_PARAM_DAYS $MINE $PORTHOLE_RUN" >"$PORTHOLE_DIR/rows"']
    env: {MINE: "a b"}
END

t "a pipeline is run in the order of its steps, with its parameters, and is in the catalogue"
run 0 run "$dir/p/good.yaml" --set days=3 --scale 10
out_has '^✓ success   extract  '
out_has '^✗ failed    check  .*exit status 1$'
out_has '^✓ success   check, try 2  '
out_has '^success local/good/'
run 0 runs --json
json 'len(rows) == 1 and row["state"] == "success" and row["source"] == "local" and row["pipeline"] == "good"'
states_are good 'check.2:success extract.1:success publish.1:success'
run=$(sed -n 's/.*"run":"\([^"]*\)".*/\1/p' "$out")
run 0 show "local/good/$run" --json
json 'row["params"] == {"scale": "10", "days": "3"}'

t "logs are each attempt's own"
run 0 logs "local/good/$run/publish"
out_has "^10 3 a b local/good/$run\$"
run 0 logs "local/good/$run/check@1"
out_has '^try 1 of check$'
out_has 'ERROR exit status 1$'

t "what waits for a failed step is not run; exit 1; the problem has its cause"
cat >"$dir/p/bad.yaml" <<'END'
name: bad
steps:
  - {step: extract, run: [sh, -c, 'echo "ValueError: no column player_id"; exit 3']}
  - {step: late, run: [sleep, '60'], timeout: 1s}
  - {step: gone, run: [/no/such/program]}
  - {step: publish, after: [extract], run: ['true']}
END
run 1 run "$dir/p/bad.yaml" --jobs 1
states_are bad 'extract.1:failed gone.1:failed late.1:failed publish.0:skipped'
run 0 triage --json
json 'sorted(r["title"] for r in rows if r["pipelines"] == ["local/bad"]) == ["ValueError: no column player_id", "cannot run '"'/no/such/program'"': No such file or directory", "timed out after 1.0s"]'

t "--dry-run shows the commands and runs none; --read-only refuses"
run 0 run "$dir/p/good.yaml" --dry-run
out_has '^publish: sh -c '
run 4 run "$dir/p/good.yaml" --read-only
err_has 'read-only'
[ "$(find "$runs" -name events.jsonl | wc -l)" -eq 2 ] || bad "another run was begun"

t "wrong parameters, wrong files: exit 2, and where"
run 2 run "$dir/p/good.yaml" --set day=3
err_has "'good' has no parameter 'day'; it has: scale, days"
printf 'name: x\nsteps:\n  - {step: a, run: [x], wait: 3}\n' >"$dir/p/wrong.yaml"
run 2 run "$dir/p/wrong.yaml"
err_has 'wrong.yaml:3: a step has no key .wait.'
run 1 run "$dir/p/none.yaml"
err_has "cannot open '.*none.yaml'"

cat >"$dir/p/slow.yaml" <<'END'
name: slow
steps:
  - {step: a, run: [sh, -c, 'echo begun; exec sleep 100']}
  - {step: b, after: [a], run: [echo, b]}
END
# begin N: the slow one in the background, until its step is at work, for the Nth time.
begin() {
    "$PORTHOLE" run "$dir/p/slow.yaml" >"$out" 2>"$err" &
    pid=$!
    for _ in $(seq 600); do
        [ "$(cat "$runs"/slow-*/logs/slow/*/a.1.log 2>/dev/null | grep -c begun)" -eq "$1" ] && return
        sleep 0.1
    done
    bad "it does not begin"
}

t "Ctrl-C ends the steps and says so; exit 130"
begin 1
kill -INT "$pid"
wait "$pid"
status=$?
[ "$status" -eq 130 ] || bad "status $status"
states_are slow 'a.1:cancelled b.0:skipped'

t "--json: a line an event; what is not there is null"
run 0 run "$dir/p/good.yaml" --json
json 'rows[0]["state"] == "running" and rows[0]["note"] is None and all(r["note"] != "" for r in rows)'
json 'rows[-1]["step"] is None and rows[-1]["state"] == "success"'

t "after kill -9 the run is lost, once its heartbeat stayed away"
begin 2
kill -9 "$pid"
wait "$pid" 2>/dev/null
for _ in $(seq 600); do # the one that it had started may still be at work
    "$PORTHOLE" sync local >/dev/null 2>&1 && break
    sleep 0.1
done
states_are slow 'a.1:running b.0:queued'
PORTHOLE_NOW=$(($(date +%s%3N) + 61000)) run 0 sync local
states_are slow 'a.1:lost b.0:skipped'

t "a run that cannot be written is not begun: exit 3, and where"
mv "$runs" "$runs.aside"
: >"$runs"
run 3 run "$dir/p/good.yaml"
err_has "cannot .*'$runs"

done_testing
