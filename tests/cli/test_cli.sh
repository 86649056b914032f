#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The command line as people and scripts meet it: commands, filters, JSON keys, exit statuses.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

config_of shop shop
cat >>"$config" <<'END'
user: mlee
projects:
  - name: discovery
    owner: team-discovery
    owners: {"notify": "@web"}
    oncall: "@mlee"
    pipelines: ["shop/recsys_*"]
    due: {"shop/recsys_daily": "06:00"}
    fallback: yesterday's list
  - {name: play, owner: someone, severity: playground, pipelines: ["shop/popularity"]}
END
failed=shop/recsys_daily/scheduled__2026-11-21

# --- before the first sync ---------------------------------------------------
t 'without a catalogue a list says what makes one'
run 3 runs
err_has "'porthole sync' makes it"
t 'doctor tells of a catalogue that is not there, and finds the rest well'
run 0 doctor
out_has '^never.catalogue'

# --- sync --------------------------------------------------------------------
t 'sync --read-only is refused'
run 4 --read-only sync
err_has 'read-only'
[ ! -e "$dir/shop.db" ] || bad 'it wrote all the same'
t 'sync says what it stored, a line for each source, and the problems'
run 0 sync
out_has '^shop: 3 pipelines, 13 runs, 42 steps, 5 logs read in '
out_has '^problems: 5 open, 5 new, 0 returned, 0 resolved$'
err_lines 0
t 'a second sync finds nothing new'
run 0 sync shop
out_has '^shop: 0 pipelines, 0 runs, 0 steps in '
out_has '^problems: 5 open, 0 new, 0 returned, 0 resolved$'
t 'sync --since reads again and changes nothing'
run 0 sync --since 7d
out_has '^problems: 5 open, 0 new, 0 returned, 0 resolved$'
t 'sync of a source that nobody configured is a usage error'
run 2 sync nobody
err_has "no source 'nobody'"
t 'sync --since takes a time'
run 2 sync --since yesterdayish
err_has "'yesterdayish' is no time"

# --- lists -------------------------------------------------------------------
t 'runs are printed as TSV in a pipe, newest first'
run 0 runs
out_lines 14
out_has '^state	pipeline	run	'
column_is run 'w47 nightly-5 nightly-4 nightly-3 nightly-2 scheduled__2026-11-21 nightly-1 scheduled__2026-11-20 scheduled__2026-11-19 scheduled__2026-11-18 scheduled__2026-11-17 w46 w45'
t '--limit cuts, 0 shows all'
run 0 runs --limit 2
column_is run 'w47 nightly-5'
run 0 runs --limit 0
out_lines 14
t '--sort sorts up, -KEY down'
run 0 runs pipeline:popularity --sort run
column_is run 'nightly-1 nightly-2 nightly-3 nightly-4 nightly-5'
run 0 runs pipeline:popularity --sort -run
column_is run 'nightly-5 nightly-4 nightly-3 nightly-2 nightly-1'
run 2 runs --sort nonsense
err_has "^porthole: sort: this list has no key 'nonsense'; it has state "
t 'options stand anywhere, with = or a blank'
run 0 --limit=1 --tsv runs state:failed
column_is run nightly-4
run 0 runs --limit 1 state:failed --tsv
column_is run nightly-4
t 'every list takes --json: an object a line'
for list in sources pipelines runs steps problems triage; do
    run 0 "$list" --json
    json 'rows and all(type(r) is dict for r in rows)'
done
t 'the keys of each list are those of the contract'
run 0 sources --json
json 'row.keys() >= set("name kind url state synced_ms behind_ms error".split())'
run 0 pipelines --json
json 'row.keys() >= set("ref source pipeline kind project paused schedule last_state last_run_ms next_due_ms".split())'
run 0 runs --json
json 'row.keys() >= set("ref source pipeline run name kind state tool_state started_ms ended_ms duration_ms user parent_ref url".split())'
run 0 steps --json
json 'row.keys() >= set("ref run_ref step index label state tool_state attempt started_ms ended_ms upstream".split())'
run 0 problems --json
json 'row.keys() >= set("ref kind title count pipelines severity first_ms last_ms state assignee known cause_kind due_ms".split())'
run 0 search check --json
json 'row.keys() >= set("type ref title excerpt score".split())'
run 0 doctor --json
json 'row.keys() == set("subject state message remedy".split())'
t 'the values of a row are typed: null where nobody said, true and false, whole ms'
run 0 pipelines --json
json '[(r["pipeline"], r["paused"], r["project"]) for r in rows] == [("churn_weekly", True, None), ("popularity", None, "play"), ("recsys_daily", False, "discovery")]'
run 0 runs --json run:w47
json 'row["started_ms"] is None and row["ended_ms"] is None and row["duration_ms"] is None'
run 0 runs --json run:nightly-3
json 'row["parent_ref"] == "shop/popularity/nightly-2" and row["started_ms"] == 1795240800000 and row["duration_ms"] == 480000'
run 0 steps --json run:w46 step:predict
json '[(r["index"], r["label"], r["state"], r["attempt"]) for r in rows] == [("2", "asia", "success", 1), ("1", "us", "failed", 2), ("0", "eu", "success", 1)]'
json 'row["ref"] == "shop/churn_weekly/w46/predict:2" and row["run_ref"] == "shop/churn_weekly/w46" and row["upstream"] == ["features"]'
run 0 steps --json run:scheduled__2026-11-21 step:train
json 'row["attempt"] == 0 and row["state"] == "skipped" and row["tool_state"] == "upstream_failed"'
t 'views that show one object are no commands'
run 2 pipeline
run 2 home

# --- filters -----------------------------------------------------------------
filter() { # LIST COLUMN WANT TERM…
    run 0 "$1" "${@:4}"
    column_is "$2" "$3"
}
t 'a glob, a comma, a minus'
filter runs run 'scheduled__2026-11-21 scheduled__2026-11-20' 'run:*2026-11-2?'
filter runs run 'w47 nightly-5' state:queued,cancelled
filter runs run 'w47 w46 w45' -pipeline:popularity '-run:sched*'
filter runs run 'w46' state:failed -pipeline:recsys_daily,popularity
t 'words and phrases search the names, a minus leaves them out'
filter runs run 'scheduled__2026-11-18' '"night of 18"'
filter runs run 'scheduled__2026-11-18' NIGHT '"of 18"'
filter runs run 'w47 w46 w45' churn
filter runs run 'w47 w46 w45' -popularity -recsys
t 'a quoted value is plain: its star and comma match themselves'
filter runs run '' 'run:"w4*"'
filter runs run 'w46' 'run:"w46"'
t 'comparisons: numbers, durations, times'
filter runs run 'w46 w45' 'duration_ms>=30m' 'duration_ms<40m'
filter runs run 'w46 w45' duration_ms=1800000
filter runs run 'nightly-3 nightly-2' 'started_ms>=2026-11-21T04:00:00Z' 'started_ms<2026-11-21T07:00:00Z'
filter runs run 'w47 nightly-5 nightly-4 nightly-3 nightly-2 scheduled__2026-11-21' since:24h
filter runs run 'w46 w45' until:2026-11-17
filter runs run 'nightly-1 scheduled__2026-11-20' since:2026-11-20 until:2026-11-21
filter runs run 'nightly-5 nightly-4 nightly-3 nightly-2 nightly-1' 'run!=w47' 'user=mlee'
t 'what nobody knows matches only KEY:-'
filter runs run 'w47' started_ms:-
filter runs run 'nightly-5 nightly-4 nightly-3 nightly-2 nightly-1' kind:-
filter runs run 'nightly-5 nightly-4 nightly-3 nightly-2 nightly-1' -kind:scheduled
filter runs run '' 'started_ms<1' pipeline:churn_weekly
t 'params, metrics and tags of a run'
filter runs run 'nightly-2' params.scale:10
filter runs run 'nightly-4 nightly-3' 'params.scale>15'
filter runs run 'nightly-4 nightly-3 nightly-2' 'params.scale:2*,10'
filter runs run 'nightly-5 nightly-1' pipeline:popularity params.scale:-
filter runs run 'nightly-4 nightly-3 nightly-2' pipeline:popularity -params.scale:-
filter runs run 'nightly-3' 'metrics.ndcg>0.45'
filter runs run 'nightly-2' metrics.loss:NaN
filter runs run 'nightly-5 nightly-4 nightly-3 nightly-1' pipeline:popularity metrics.loss:-
filter runs run 'nightly-2' tags.team:disc*
t 'a bare key is a param, metric or tag where it is only one of them'
filter runs run 'nightly-2' scale:10
filter runs run 'nightly-3' 'ndcg>0.45'
run 2 runs days_:1
t 'an unknown key is a usage error that names the nearest'
run 2 runs stat:failed
err_has "no key 'stat'; did you mean 'state'\?"
run 2 runs zzz:1
err_has "no key 'zzz'; it has state pipeline run "
err_lines 1
t 'a value of the wrong kind, an open quote and no value are usage errors'
run 2 runs duration_ms:soon
err_has "'soon' is no value for 'duration_ms'"
run 2 runs since:whenever
err_has "'whenever' is no time"
run 2 runs 'run:"w46'
err_has 'a quote is not closed'
run 2 runs run:
err_has "'run:-'"
t 'project:, owner: and mine: come from the configuration'
filter runs pipeline 'popularity popularity popularity popularity popularity' project:play
filter pipelines pipeline 'recsys_daily' project:disc*
filter pipelines pipeline 'recsys_daily' mine:yes
filter pipelines pipeline 'churn_weekly popularity' -mine:yes
filter runs pipeline 'recsys_daily recsys_daily recsys_daily recsys_daily recsys_daily' owner:team-discovery
filter pipelines pipeline 'recsys_daily' owner:team-discovery
t 'a filter that matches nothing is an answer, not an error'
run 0 runs state:lost
out_lines 1
run 0 runs state:lost --json
out_lines 0
t 'a hostile filter is a filter'
run 0 runs "run:'; DROP TABLE run; --"
run 0 runs 'run:%' 'run:_' 'a\b' "x' OR '1'='1"
out_lines 1
run 2 runs "$(printf 'x%.0s ' {1..40})"
run 2 runs "$(printf '%05000d' 0)"

# --- problems and evidence ---------------------------------------------------
t 'triage is worst first: production by what is due, then the playground'
run 0 triage --json
json '[r["place"] for r in rows] == ["recsys_daily ▸ notify", "recsys_daily ▸ check ×2", "shop ▸ definition broken_flow", "churn_weekly ▸ predict [us]", "popularity"] or [r["severity"] for r in rows] == ["production"] * 4 + ["playground"]'
json 'row.keys() >= set("ref kind title count pipelines severity first_ms last_ms state assignee known cause_kind due_ms owner oncall blocked_steps next_act next_why evidence changes history runbook fallback rerun_passed rerun_tried".split())'
t 'one cause in two runs is one problem, with what it blocks, who has it and what waits'
run 0 triage --json check
json 'len(rows) == 1 and row["count"] == 2 and row["blocked_steps"] == 3 and row["pipelines"] == ["shop/recsys_daily"]'
json 'row["owner"] == "team-discovery" and row["oncall"] == "@mlee" and row["fallback"] == "yesterday\x27s list"'
json 'row["known"] == "new" and row["state"] == "open" and row["due_ms"] > row["last_ms"]'
json 'row["evidence"]["cause"]["text"].startswith(("KeyError", "recsys.checks.DataCheckError")) and row["evidence"]["ref"].endswith("/check")'
json 'row["evidence"].keys() == set("ref attempt fingerprint cause candidates excerpt".split())'
t "the owner of a step goes before the project's"
run 0 triage --json notify
json 'row["owner"] == "@web"'
t 'what has no log says its text'
run 0 triage --json kind:platform
json 'row["evidence"] == {"text": ["broken_flow.yaml: line 3: a step has no \x27run\x27"]}'
t 'a failure that passed since, and a retry that passed, are no problems'
run 0 problems 'title:*ZeroDivision*,*ConnectionReset*'
out_lines 1
t 'logs prints a log, --attempt an older one'
run 0 logs "$failed/check"
out_has "^KeyError: 'player_id'$"
run 0 logs shop/recsys_daily/scheduled__2026-11-18/check
out_has '^\[info\] check of '
run 0 logs shop/recsys_daily/scheduled__2026-11-18/check --attempt 1
out_has '^ConnectionResetError'
run 0 logs 'shop/recsys_daily/scheduled__2026-11-18/check@1'
out_has '^ConnectionResetError'
run 0 logs shop/churn_weekly/w46/predict:1
out_has 'NoSuchFileException'
t 'logs --cause gives the evidence, numbered in text, whole in JSON'
run 0 logs "$failed/check" --cause
out_has "^ +6  KeyError: 'player_id'$"
run 0 logs "$failed/check" --cause --json
json 'row.keys() == set("ref attempt fingerprint cause candidates excerpt".split())'
json 'row["cause"].keys() == {"line", "text"} and row["candidates"][0].keys() == {"line", "text", "score"}'
json 'row["fingerprint"].startswith("1-") and len(row["fingerprint"]) == 18 and type(row["excerpt"][0]) is str'
t 'logs of what has none says so'
run 1 logs "$failed/train"
err_has 'log'
run 1 logs "$failed/extract" --cause
err_has 'no evidence for it'
run 2 logs "$failed"
err_has 'is no step'
run 2 logs
run 2 logs "$failed/check" --attempt newest
t 'explain reads a file or standard input'
run 0 explain "$root/tests/fixtures/logs/java_caused_by.log"
out_has '^25	[0-9.]+	Caused by: java.nio.file.NoSuchFileException'
run 0 explain "$root/tests/fixtures/logs/java_caused_by.log" --json
json 'row.keys() == set("candidates excerpt fingerprint".split()) and row["candidates"][0]["line"] == 25'
"$PORTHOLE" explain - <"$root/tests/fixtures/logs/java_caused_by.log" >"$out" 2>"$err" || bad 'standard input'
out_has '^25	'
run 1 explain - # empty
run 1 explain "$dir/none.log"
err_has 'No such file'
run 2 explain

# --- objects -----------------------------------------------------------------
t 'show prints each kind of object'
run 0 show shop/recsys_daily
out_has 'recsys_daily'
run 0 show "$failed"
out_has '^state +failed after 12m'
out_has '^check +KeyError|KeyError'
run 0 show "$failed/check"
out_has 'fingerprint +1-[0-9a-f]{16}$'
run 0 show shop/churn_weekly/w46/predict:1
out_has 'NoSuchFileException'
run 0 show problem:1
out_has '^problem 1$'
t 'show --json has the keys of its list and what belongs to it'
run 0 show shop/popularity/nightly-2 --json
json 'len(rows) == 1 and row.keys() >= set("ref source pipeline run state started_ms params metrics tags inputs steps children notes links".split())'
json 'row["params"] == {"scale": "10", "days": "28"} and row["metrics"] == {"loss": "NaN", "ndcg": 0.4312} and row["tags"] == {"team": "discovery"}'
json '[c["run"] for c in row["children"]] == ["nightly-3"] and sorted(s["step"] for s in row["steps"]) == ["count", "rank"]'
run 0 show shop/popularity/nightly-4 --json
json 'row["notes"] == ["timed out after 8 minutes"]'
run 0 show "$failed" --json
json 'row["links"] == ["http://tools.example/dags/recsys_daily/runs/scheduled__2026-11-21"]'
for ref in shop/recsys_daily "$failed/check" problem:1; do
    run 0 show "$ref" --json
    json 'len(rows) == 1 and row.keys() >= set("ref params metrics tags inputs steps children notes links".split())'
done
t 'a ref alone shows its object in a pipe; nothing shows what needs somebody'
run 0 "$failed"
out_has 'failed after 12m'
run 0 problem:1
out_has '^problem 1$'
run 0
out_has '^known	'
t 'what is not there is the answer no, and says what is missing'
for ref in nowhere/x shop/nope shop/recsys_daily/nope "$failed/nope" "$failed/check:3" problem:999; do
    run 1 show "$ref"
    err_lines 1
    run 1 show "$ref" --json
    out_lines 0
done
err_has "no problem 999"
t 'an attempt that never was is not there'
run 1 show "$failed/check@7"
t 'what is no ref is a usage error'
for ref in 'a/b/c/d/e' problem:x 'shop//x' 'shop/%zz'; do
    run 2 show "$ref"
    err_lines 1
done
run 2 show
run 2 nonsense
err_has "'nonsense' is no command and no ref"
t 'an address of a tool is a ref, and open gives it back'
run 0 open "$failed"
out_has '^http://tools.example/dags/recsys_daily/runs/scheduled__2026-11-21$'
run 0 open http://tools.example/dags/recsys_daily/runs/scheduled__2026-11-21
out_has "^$failed\$"
run 0 show http://tools.example/dags/recsys_daily/runs/scheduled__2026-11-21
out_has 'failed after 12m'
run 1 open http://elsewhere.example/
run 0 open shop/popularity/nightly-1 # no address of its own: its source's
out_has '/tests/fixtures/local/shop$'
run 1 open problem:1
t 'search finds problems, pipelines, steps and runs; nothing found is the answer no'
run 0 search player_id
out_has '^problem	'
run 0 search recsys
out_has '^pipeline	recsys_daily	'
run 0 search publish
out_has '^step	publish	'
run 0 search nightly-4
out_has '^run	popularity . nightly-4	'
run 1 search qqxyzzy
run 2 search

# --- the program -------------------------------------------------------------
t 'help and version'
run 0 --help
for word in sync triage show logs explain open search doctor themes runs pipelines steps problems sources; do
    out_has "^  porthole $word "
done
run 0 runs --help
out_has '^porthole runs \[FILTER'
out_has '^  --limit'
run 0 -h
run 0 --version
out_has '^porthole [0-9]+\.[0-9]+'
t 'options that are not, or not here, or lack a value, are usage errors'
run 2 runs --nonsense
err_has "unknown option '--nonsense'"
run 2 show "$failed" --limit 3
err_has "'show' has no option --limit"
run 2 runs --limit
err_has "'--limit' needs a value"
run 2 runs --limit many
run 2 runs --limit 9223372036854775807
run 0 runs --limit 2147483647
out_lines 14
run 0 search night --limit 2147483647
run 2 runs --json --tsv
run 2 runs --json=yes
t 'behind -- nothing is an option'
run 0 runs -- --help
out_has '^state	pipeline	'
t 'themes are listed, one a line'
run 0 themes
out_has '^dark$'
out_has '^mono$'
t 'doctor finds all well'
run 0 doctor
out_has '^ok	configuration	'
out_has '^ok	catalogue	'
out_has '^ok	shop	synced now'
out_lacks '^error'
t 'a closed pipe is no error'
for command in runs 'runs --json' triage "logs $failed/check" help --help; do
    [ "$command" = help ] && continue
    # shellcheck disable=SC2086
    "$PORTHOLE" --config "$config" $command 2>"$err" | head -n 1 >"$out"
    [ "${PIPESTATUS[0]}" -eq 0 ] || bad "$command: status ${PIPESTATUS[0]}"
    err_lines 0
done
# shellcheck disable=SC2094
"$PORTHOLE" --config "$config" runs >&- 2>"$err"
[ $? -lt 128 ] || bad 'dies without a standard output'
t 'a full disk on standard output is told'
"$PORTHOLE" --config "$config" runs >/dev/full 2>"$err"
[ $? -eq 3 ] || bad 'a list that was not printed is status 3'
err_has 'No space left'
t 'LANG unset is UTF-8; another locale gets ASCII'
(
    unset LC_ALL
    "$PORTHOLE" --config "$config" show "$failed"
) >"$out" 2>"$err" || bad status
out_has '▸'
LC_ALL=C "$PORTHOLE" --config "$config" show "$failed" >"$out" 2>"$err" || bad status
! LC_ALL=C grep -q '[^ -~]' "$out" || bad 'bytes beyond ASCII in locale C'
t 'no colour in a pipe, with NO_COLOR or TERM=dumb; --color always has it'
for setting in TERM=xterm-256color TERM=dumb NO_COLOR=1 TERM=; do
    env "$setting" "$PORTHOLE" --config "$config" runs >"$out" 2>"$err" || bad "$setting: status"
    ! grep -q $'\033' "$out" || bad "$setting: an escape"
done
run 0 show "$failed" --color always
grep -q $'\033\[' "$out" || bad 'no colour where it was asked for'
run 0 show "$failed" --color never
! grep -q $'\033' "$out" || bad 'an escape'
run 2 runs --color sometimes
t 'on a terminal a list is an aligned table'
script -qec "'$PORTHOLE' --config '$config' runs --limit 2 --color never" /dev/null </dev/null >"$out" 2>"$err" || bad status
out_has 'STATE +PIPELINE +RUN'
out_has '^… more: --limit 0 shows all.?$'
NO_COLOR=1 script -qec "'$PORTHOLE' --config '$config' runs" /dev/null </dev/null >"$out" 2>"$err"
! grep -q $'\033' "$out" || bad 'colour with NO_COLOR'
script -qec "'$PORTHOLE' --config '$config' runs" /dev/null </dev/null >"$out" 2>"$err"
grep -q $'\033\[' "$out" || bad 'no colour on a terminal that has it'

# --- configuration -----------------------------------------------------------
t 'without any configuration a list says what to do'
config='' run 3 runs
err_has "'porthole sync' makes it"
config='' run 2 sync
err_has 'no source is configured; name one in portal.yaml'
config='' run 0 doctor
out_has '^stale	configuration	none was found'
t 'an unknown key is told with file, line and the nearest key'
printf 'catalogue: sqlite:%s/x.db\nsorces:\n  - {name: a, kind: local, path: /}\n' "$dir" >"$dir/wrong.yaml"
config=$dir/wrong.yaml run 2 runs
err_has "wrong.yaml:2: .*'sorces'.*'sources'"
err_lines 1
t 'a configuration that is not there, no YAML, or a folder is told'
config=$dir/none.yaml run 2 runs
err_has 'none.yaml'
printf '{[}' >"$dir/torn.yaml"
config=$dir/torn.yaml run 2 runs
err_has 'torn.yaml:1'
config=$dir run 2 runs
t 'PORTHOLE_CONFIG and the user file are found'
mkdir -p "$XDG_CONFIG_HOME/porthole"
cp "$config" "$XDG_CONFIG_HOME/porthole/portal.yaml"
config='' run 0 runs --limit 1
column_is run w47
PORTHOLE_CONFIG=$dir/wrong.yaml config='' run 2 runs
rm "$XDG_CONFIG_HOME/porthole/portal.yaml"
t 'PORTHOLE_NOW must be a number'
PORTHOLE_NOW=noon run 2 runs
t 'the portal links neither libcurl nor libpq'
if ldd "$PORTHOLE" >"$out" 2>"$err"; then
    out_has 'libsqlite3'
    out_lacks 'libcurl|libpq'
else
    skip 'no ldd'
fi
done_testing
