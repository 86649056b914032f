#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The views of a whole platform from the command line: projects, models, checks, alerts, comparisons, what is late.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

# A training platform in Python: 40 green runs, then one that differs, a model, checks, an alert.
cat >"$dir/lab.py" <<'END'
import json, sys
now = 1795262400000
def out(message):
    sys.stdout.write(json.dumps(dict(jsonrpc="2.0", **message)) + "\n"); sys.stdout.flush()
def note(method, **params):
    out({"method": method, "params": params})
def pull():
    note("pipeline", pipeline="ranker", kind="flow", schedule="0 2 * * *", paused=False, next_due_ms=now + 3600000,
         steps=[{"step": "extract"}, {"step": "prep.clean", "upstream": ["extract"]},
                {"step": "prep.join", "upstream": ["prep.clean"]}, {"step": "train", "upstream": ["prep.join"]}])
    for i in range(41):
        run, red, at = f"r{i:02}", i == 40, now - (50 - i) * 3600000
        note("run", pipeline="ranker", run=run, state="failed" if red else "success", started_ms=at, ended_ms=at + 60000,
             params={"depth": str(i % 7), "region": "eu"}, metrics={"auc": 0.2 if red else 0.7 + i % 5 / 100, "val loss": i},
             tags={"git_commit": "b" if red else "a"})
        for step in ("extract", "prep.clean", "prep.join", "train"):
            failed = red and step == "train"
            note("step_run", pipeline="ranker", run=run, step=step, attempt=1, state="failed" if failed else "success",
                 started_ms=at, ended_ms=at + 10000)
        note("input", pipeline="ranker", run=run, name="events", version="42" if red else "41", rows=3000 if red else 1000)
        note("check", pipeline="ranker", run=run, step="extract", check="null_rate", state="fail" if red else "pass",
             observed=0.3123456 if red else 0.004, lower=None, upper=0.02, at_ms=at)
    for version in ("40", "41"):
        note("model", model="ranker", version=version, stage="Production" if version == "41" else "Archived",
             aliases=["champion", "eu"] if version == "41" else [], pipeline="ranker", run=f"r{version}", created_ms=now - 7200000 + int(version))
    note("alert", monitor="rows", state="open", opened_ms=now - 60000, closed_ms=None, value=12.5, lower=20, upper=30)
for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:
        continue
    method, answer = request["method"], {}
    if method == "hello":
        answer = {"protocol": 1, "name": "lab", "methods": ["pull"], "verbs": []}
    elif method == "pull":
        pull()
    out({"id": request["id"], "result": answer})
END
config=$dir/lab.yaml
cat >"$config" <<END
catalogue: sqlite:$dir/lab.db
timezone: Europe/Paris
sources:
  - {name: lab, kind: plugin, command: [python3, $dir/lab.py]}
projects:
  - name: discovery
    title: Game discovery
    owner: team-discovery
    owners: {"train*": "@ml"}
    oncall: "@mlee"
    pipelines: ["lab/ranker"]
    due: {"lab/ranker": "06:00"}
    fallback: yesterday's list
    consumers: [{name: store front, contact: "@web", promise: fresh by 07:00}]
    docs: [guide/recommenders]
  - {name: idle, severity: playground, phase: preproduction}
calendar: [{name: Season 9, from: 2026-12-03, kind: launch, project: discovery}]
END

t 'sync keeps runs, models, checks and alerts'
run 0 sync
run 0 models --json
json 'len(rows) == 2'
run 0 checks --limit 0
out_lines 42

# --- projects ----------------------------------------------------------------
t 'projects have the keys of the contract, and counts'
run 0 projects --json
json 'all(r.keys() >= set("name title owner oncall severity phase pipelines problems".split()) for r in rows)'
json '[(r["name"], r["title"], r["pipelines"], r["severity"]) for r in rows] == [("discovery", "Game discovery", 1, "production"), ("idle", "idle", 0, "playground")]'
json 'row["problems"] >= 1 and rows[1]["problems"] == 0'
t 'projects are filtered, sorted and cut as other lists are'
run 0 projects severity:playground
column_is name idle
run 0 projects 'pipelines>0'
column_is name discovery
run 0 projects game
column_is name discovery
run 0 projects oncall:-
column_is name idle
run 0 projects --sort -pipelines --limit 1
column_is name discovery
run 0 projects --sort pipelines --limit 1
column_is name idle
run 2 projects nonsense:x
err_has "no key 'nonsense'; it has name title "
t 'a project is shown with what it promised'
run 0 show project:discovery
out_has '^owner +team-discovery$'
out_has '@ml for train\*'
out_has '^due +lab/ranker by 06:00 · next in 17h 00m$'
out_has 'store front · fresh by 07:00 · @web'
out_has 'Season 9 · launch · 2026-12-03 · in 11d'
run 0 show project:discovery --json
json 'row["name"] == "discovery" and row["due"] == {"lab/ranker": "06:00"} and row["owners"] == {"train*": "@ml"}'
json 'row["consumers"] == [{"name": "store front", "contact": "@web", "promise": "fresh by 07:00"}]'
run 1 show project:nobody
err_has "no project 'nobody'; 'porthole projects' lists them"
run 1 show project:nobody --json

# --- models ------------------------------------------------------------------
t 'models: one row a version, newest first'
run 0 models --json
json 'all(r.keys() >= set("ref source model version stage aliases run_ref created_ms".split()) for r in rows)'
json '[r["version"] for r in rows] == ["41", "40"] and row["aliases"] == ["champion", "eu"] and rows[1]["aliases"] == []'
json 'row["ref"] == "model:lab/ranker/41" and rows[1]["run_ref"] == "lab/ranker/r40"'
run 0 models stage:Production
column_is version 41
t 'a model shows its versions and the run that made it'
run 0 show model:lab/ranker/40
out_has '^made by +ranker ▸ r40$'
out_has 'auc = 0.2'
out_has 'depth = 5'
run 0 show model:lab/ranker/40 --json
json 'row["version"] == "40" and row["metrics"]["auc"] == 0.2 and len(row["versions"]) == 2 and "lab/ranker/r40" in row["links"]'
run 0 show model:lab/ranker --json
json 'row["version"] == "41"'
run 1 show model:lab/nothing
err_has "no model 'nothing' in lab"
run 1 show model:lab/ranker/99
err_has "no version '99' in ranker"

# --- checks, alerts, audit ---------------------------------------------------
t 'checks and alerts: the keys of the contract, numbers as they are'
run 0 checks state:fail --json
json 'row.keys() >= set("ref run_ref step check state observed lower upper at_ms".split()) and len(rows) == 1'
json 'row["observed"] == 0.3123456 and row["lower"] is None and row["ref"] == "lab/ranker/r40/extract" and row["run_ref"] == "lab/ranker/r40"'
run 0 checks 'observed>0.1'
column_is state fail
run 0 alerts --json
json 'row.keys() >= set("ref monitor state opened_ms closed_ms value lower upper object_ref".split())'
json 'row["ref"] == "monitor:rows" and row["value"] == 12.5 and row["closed_ms"] is None and row["object_ref"] is None'
run 0 audit --json
json 'rows == []'

# --- runs ----------------------------------------------------------------------
t 'a run is shown with all that was reported of it'
run 0 show lab/ranker/r40 --json
json 'row["inputs"] == [{"name": "events", "version": "42", "rows": 3000}] and row["tags"] == {"git_commit": "b"}'
json 'row["metrics"] == {"auc": 0.2, "val loss": 40} and "model:lab/ranker/40" in row["links"] and len(row["steps"]) == 4'
t 'runs are sorted by a metric or a param, and keys may hold blanks'
run 0 runs --sort metrics.auc --limit 1
column_is run r40
run 0 runs --sort '-metrics.val loss' --limit 2
column_is run 'r40 r39'
run 0 runs --sort -params.depth --limit 1
column_is run r34
run 0 runs 'metrics."val loss">38' --sort run
column_is run 'r39 r40'
run 2 runs --sort tags.git_commit
t 'all rows come in pages, each once'
run 0 runs --limit 0 --json
json 'len(rows) == 41 and len({r["ref"] for r in rows}) == 41'

# --- diff -----------------------------------------------------------------------
t 'diff compares with the last green run: kind, key, before, after, unusual'
run 0 diff lab/ranker/r40 --json
json 'all(r.keys() >= set("kind key before after unusual".split()) for r in rows)'
json '{"param", "metric", "check", "input", "step", "code"} <= {r["kind"] for r in rows}'
json '[(r["before"], r["after"], r["unusual"] > 5) for r in rows if r["kind"] == "check" and r["key"] == "extract/null_rate"] == [(0.004, 0.3123456, True)]'
json '[(r["before"], r["after"]) for r in rows if (r["kind"], r["key"]) == ("input", "events")] == [("41", "42")]'
json '[r["unusual"] for r in rows if r["kind"] == "param"] == [1.0] # it changes in each run'
t 'diff of two: only what differs'
run 0 diff lab/ranker/r05 lab/ranker/r12 --json
json '{(r["kind"], r["key"]) for r in rows} == {("metric", "auc"), ("metric", "val loss")}'
t 'what cannot be compared is said'
run 1 diff lab/ranker/r00
err_has "no green run before 'r00'"
run 2 diff
run 2 diff lab/ranker
run 1 diff lab/ranker/r40 lab/ranker/nowhere

# --- late -----------------------------------------------------------------------
t 'a failed run is a problem, and a late one beside it would say it twice'
run 0 triage --json
json '{r["kind"] for r in rows} == {"failed"}'
t 'triage says what to do next, with its reason, what changed and how it went before'
json 'row.keys() >= set("owner oncall blocked_steps next_act next_why evidence changes history runbook fallback rerun_passed rerun_tried".split())'
json 'row["next_act"] in "rerun clear trigger wait fix restart none".split() and row["next_why"]'
json '{"code", "input", "check"} <= {c["kind"] for c in row["changes"]} and all(c.keys() == set("kind key before after unusual".split()) for c in row["changes"])'
json 'row["history"]["runs"] == 41 and row["history"]["failed"] == 1 and row["rerun_tried"] == 0'
t 'why says which problem stands for a step, and what it has in common with the others'
run 0 why lab/ranker/r40/train --json
json 'len(rows) == 1 and row["kind"] == "failed" and row["key"] == "failed:lab/ranker/train" and row["ref"] == "lab/ranker/r40/train"'
run 0 why "problem:$(python3 -c 'import json,sys; print(json.loads(open(sys.argv[1]).readline())["problem"])' "$out")"
out_lines 2
run 1 why lab/ranker/r39
err_has 'no problem stands for this'
run 1 why problem:999
run 2 why lab
run 2 why
t 'what should have run and did not is late, until it runs'
sed -i 's/range(41)/range(30)/' "$dir/lab.py"
sed "s/lab\.db/late.db/" "$config" >"$dir/late.yaml"
config=$dir/late.yaml
run 0 sync
run 0 triage --json
json '[(r["kind"], r["pipelines"], r["severity"]) for r in rows] == [("late", ["lab/ranker"], "production")]'
json 'row["title"].startswith("due 06:00, no green run since 2026-11-20 ") and row["due_ms"] == 1795237200000 and row["fallback"] == "yesterday'"'"'s list"'
run 0 show lab/ranker
out_has '^problem +late: due 06:00'
sed -i 's/range(30)/range(48)/; s/i == 40/False/' "$dir/lab.py"
run 0 sync
run 0 triage
out_lines 1
run 0 problems kind:late --json
json 'row["state"] == "resolved"'

done_testing
