#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Logs as they are printed: what is masked.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
config=$dir/portal.yaml
write_config() {
    cat >"$config" <<END
catalogue: sqlite:$dir/porthole.db
sources:
  - {name: lab, kind: plugin, command: [python3, "-IS", "$root/tests/fixtures/plugins/training.py"]}
$1
END
}

write_config ''
run 0 sync

t "without patterns a log is printed cleaned, and without what looks like a secret"
run 0 logs lab/ranker/r3/train
out_lines 6
out_lacks 's3cret'
out_has '"api_key": "\*\*\*"'
out_has '^plain: password=\*\*\* end$'

t "--raw prints it as it came"
run 0 logs lab/ranker/r3/train --raw
out_has 's3cret-1'
out_has 'password=s3cret-2 end'

t "what a pattern of mask matches is hidden too, in a pipe and on a terminal"
write_config 'mask: ["out of \\w+", "1[0-9]7"]'
run 0 logs lab/ranker/r3/train
out_lines 6
out_lacks 's3cret|out of memory|137'
out_has '"event": "\*\*\*", "code": \*\*\*'
script -qec "'$PORTHOLE' --config '$config' logs lab/ranker/r3/train" /dev/null >"$out" 2>"$err" </dev/null
out_lacks 's3cret|out of memory'
out_has 'plain: password=\*\*\* end'

t "a pattern that is wrong is told, and nothing is printed"
write_config 'mask: ["a("]'
run 2 logs lab/ranker/r3/train
out_lines 0
err_has "mask: pattern 'a\(': missing closing parenthesis"

t "no secret is stored: of params, tags, notes, messages, causes and excerpts"
cat >"$dir/leaky.py" <<'END'
import json, sys
for line in sys.stdin:
    q = json.loads(line)
    say = lambda **m: print(json.dumps({"jsonrpc": "2.0", **m}), flush=True)
    if q["method"] == "hello":
        say(id=q["id"], result={"protocol": 1, "name": "leaky", "methods": ["pull", "log"]})
    elif q["method"] == "pull":
        say(method="run", params={"pipeline": "p", "run": "r", "state": "failed", "started_ms": 1795262000000,
            "ended_ms": 1795262100000, "note": "password=s3cret-1",
            "params": {"db_password": "s3cret-2", "conf": '{"token": "s3cret-3"}', "mine": "pin 4711", "depth": "12"},
            "tags": {"url": "https://ann:s3cret-4@host/x"}})
        say(method="step_run", params={"pipeline": "p", "run": "r", "step": "s", "index": None, "attempt": 1,
            "state": "failed", "started_ms": 1795262000000, "ended_ms": 1795262100000, "note": "api_key=s3cret-5"})
        say(method="health", params={"component": "queue", "state": "failed", "message": "secret=s3cret-6"})
        say(id=q["id"], result={"cursor": "1"})
    elif q["method"] == "log":
        say(method="log", params={"id": q["id"], "text": "connecting with password=s3cret-7\nTraceback (most recent call last):\n"
            "  File \"a.py\", line 1, in <module>\nRuntimeError: no login for postgresql://ann:s3cret-8@db, pin 4711\n"})
        say(id=q["id"], result={"offset": 1, "complete": True})
END
cat >"$config" <<END
catalogue: sqlite:$dir/leaky.db
sources:
  - {name: lab, kind: plugin, command: [python3, "-IS", "$dir/leaky.py"]}
mask: ['pin [0-9]+']
END
run 0 sync
! grep -la 's3cret\|4711' "$dir"/leaky.db* >"$out" || bad "a secret is in $(cat "$out")"
run 0 logs lab/p/r/s --cause --json
json 'row["cause"]["text"] == "RuntimeError: no login for postgresql://ann:***@db, ***"'
run 0 show lab/p/r --json
json 'row["params"] == {"db_password": "***", "conf": "{\"token\": \"***\"}", "mine": "***", "depth": "12"}'
json 'row["tags"] == {"url": "https://ann:***@host/x"}'

done_testing
