#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `porthole record`: from a step of a run on this machine, and for another tool's runs.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
unset PORTHOLE_NOW
config=
export PORTHOLE

# pipeline NAME COMMAND: a pipeline with one step, into $dir/NAME.yaml.
pipeline() {
    printf '%s\n' "$2" >"$dir/$1.sh"
    printf 'name: %s\nsteps:\n  - {step: load, run: [sh, -e, %s.sh]}\n' "$1" "$1" >"$dir/$1.yaml"
}

t "a step tells of its run: checks, metrics, inputs, cost"
# shellcheck disable=SC2016 # the step expands it
pipeline all '
"$PORTHOLE" record check --check null_rate --observed 0.31 --upper 0.02
"$PORTHOLE" record check --check rows --observed 10 --lower 10 --upper 10
"$PORTHOLE" record check --check odd --observed NaN --upper 1
"$PORTHOLE" record check --check drift --observed 3 --state no_baseline
"$PORTHOLE" record metric auc=0.75 loss=Infinity
"$PORTHOLE" record metric auc=0.8 "rows read=10"
"$PORTHOLE" record input events 2026-11-21 --rows 4200
"$PORTHOLE" record cost --amount 1.5 --month 2026-11 --currency EUR --estimate'
run 0 run "$dir/all.yaml"
run 0 checks --json
json '{r["check"]: r["state"] for r in rows} == {"null_rate": "fail", "rows": "pass", "odd": "fail", "drift": "no_baseline"}'
json '[(r["observed"], r["upper"], r["step"]) for r in rows if r["check"] == "null_rate"] == [(0.31, 0.02, "load")]'
run 0 runs --json
ref=$(sed -n 's/.*"ref":"\([^"]*\)".*/\1/p' "$out")
json 'row["user"] and row["started_ms"]'
run 0 show "$ref" --json
json 'row["metrics"]["auc"] == 0.8 and row["metrics"]["loss"] == "Infinity" and row["metrics"]["rows read"] == 10 and len(row["metrics"]) == 3'
run 0 show "$ref"
out_has 'events 2026-11-21 · 4 200 rows'
run 0 logs "$ref/load"
out_has '^check null_rate: fail$'

t "metrics that steps tell at the same time are all there"
# shellcheck disable=SC2016
pipeline crowd 'for i in $(seq 40); do "$PORTHOLE" record metric m$i=$i & done; wait'
run 0 run "$dir/crowd.yaml"
run 0 show "$("$PORTHOLE" runs pipeline:crowd --json | sed -n 's/.*"ref":"\([^"]*\)".*/\1/p')" --json
json 'row["metrics"] == {"m%d" % i: i for i in range(1, 41)}'

t "from outside a check goes to the team store, and again replaces it"
run 0 record check --run "$ref" --step late --check freshness --observed 3 --upper 1 --json
json 'row["state"] == "fail" and row["check"] == "freshness" and row["observed"] == 3 and row["step"] == "late"'
run 0 record check --run "$ref/late" --check freshness --observed 1 --upper 1
run 0 checks check:freshness --json
json '[(r["state"], r["observed"]) for r in rows] == [("pass", 1)]'

t "a cost is in the audit"
run 0 record cost --run local/all --amount 12.5 --month 2026-10
run 0 audit --json
json 'any(r["verb"] == "record cost" and "12.5" in json.dumps(r) for r in rows)'

t "a dry run shows the record and writes nothing; read-only refuses"
run 0 record check --run "$ref" --step s --check dry --observed 1 --dry-run
json 'row["check"] == "dry"'
run 4 record check --run "$ref" --step s --check dry --observed 1 --read-only
run 0 checks --json
json 'not any(r["check"] == "dry" for r in rows)'

t "metrics and inputs of other runs are refused, and it says what works"
run 4 record metric --run "$ref" auc=1
err_has "works in a step of 'porthole run'"
run 4 record input --run "$ref" events
run 1 record check --run nowhere/p/1 --step s --check c --observed 1
err_has "no source 'nowhere'"

t "what is missing or wrong is told: exit 2"
# wrong MESSAGE ARGS…
wrong() {
    run 2 record "${@:2}"
    err_has "$1"
}
wrong 'record what' nothing
wrong 'of which run' check --check c --observed 1
wrong 'needs SOURCE/PIPELINE/RUN' check --run local/all --step s --check c --observed 1
wrong '--step S' check --run "$ref" --check c --observed 1
wrong '--check NAME' check --run "$ref" --step s --observed 1
wrong '--observed X, or --state S' check --run "$ref" --step s --check c
wrong "'many' is no number" check --run "$ref" --step s --check c --observed many
wrong 'is above --upper' check --run "$ref" --step s --check c --observed 1 --lower 3 --upper 2
wrong 'is none of pass' check --run "$ref" --step s --check c --state good
wrong "'auc' is not NAME=VALUE" metric --run "$ref" auc
wrong "'-1' is no number of rows" input --run "$ref" events --rows -1
wrong "'2026-13' is no month" cost --run "$ref" --amount 1 --month 2026-13
wrong 'is no sum' cost --run "$ref" --amount NaN --month 2026-11

t "a journal that is not there is told: exit 3"
export PORTHOLE_RUN=$ref PORTHOLE_STEP=load PORTHOLE_EVENTS=$dir/none.jsonl
run 3 record input events
err_has 'none.jsonl'
unset PORTHOLE_RUN PORTHOLE_STEP PORTHOLE_EVENTS

# --- A/B tests ----------------------------------------------------------------------
# rows_are TEXT: what the team store has of the test ranker.
rows_are() {
    local got
    got=$(sqlite3 "$XDG_DATA_HOME/porthole/porthole.db.team" \
        "SELECT day, arm, segment, metric, n, sum, sumsq, coalesce(xy, '-'), coalesce(nd, '-') FROM abtest_row WHERE name = 'ranker' ORDER BY 1, 2, 3, 4")
    [ "$got" = "$1" ] || bad "the rows are $got"
}
t "an arm's day of an A/B test, by options; told again it is replaced"
run 0 record abtest ranker --day 2026-11-20 --arm A --metric ctr --n 100 --sum 12 --sumsq 12
run 0 record abtest ranker --day 2026-11-20 --arm A --metric ctr --n 110 --sum 14 --sumsq 14 --json
json 'row == {"abtest": "ranker", "day": "2026-11-20", "arm": "A", "metric": "ctr", "n": 110.0, "sum": 14.0, "sumsq": 14.0}'
rows_are '2026-11-20|A||ctr|110.0|14.0|14.0|-|-'
run 0 record abtest ranker --day 2026-11-21 --arm A --metric ctr --n 1 --sum 1 --sumsq 1 --dry-run
run 4 record abtest ranker --day 2026-11-21 --arm A --metric ctr --n 1 --sum 1 --sumsq 1 --read-only
rows_are '2026-11-20|A||ctr|110.0|14.0|14.0|-|-'

t "or any number of rows, a line of JSON each: all of them or none"
printf '%s\n' '{"day": "2026-11-20", "arm": "B", "metric": "ctr", "n": 90, "sum": 20, "sumsq": 20, "x": 1, "xx": 2, "xy": 3}' '' \
    '{"day": "2026-11-20", "arm": "B", "segment": "eu", "metric": "spend", "n": 9, "sum": -2.5, "sumsq": 7, "d": 1, "dd": 1, "nd": 4, "more": []}' \
    >"$dir/rows"
"$PORTHOLE" record abtest ranker - <"$dir/rows" >"$out" 2>"$err" || bad "$(cat "$err")"
two=$'2026-11-20|A||ctr|110.0|14.0|14.0|-|-\n2026-11-20|B||ctr|90.0|20.0|20.0|3.0|-\n2026-11-20|B|eu|spend|9.0|-2.5|7.0|-|4.0'
rows_are "$two"
printf '%s\n' '{"day": "2026-11-22", "arm": "B", "metric": "ctr", "n": 1, "sum": 1, "sumsq": 1}' '{"day": "2026-11-22", "arm": 3}' |
    "$PORTHOLE" record abtest ranker - >"$out" 2>"$err" && bad 'a bad row is taken'
err_has 'line 2: arm: it is no text'
rows_are "$two"

t "what is wrong with a row is told: exit 2"
row=(--day 2026-11-20 --arm A --metric ctr --n 1 --sum 1 --sumsq 1)
wrong 'record abtest NAME' abtest
wrong 'day is missing' abtest ranker --arm A --metric ctr --n 1 --sum 1 --sumsq 1
wrong "arm is missing" abtest ranker "${row[@]}" --arm ''
wrong "'2026-02-30' is no day" abtest ranker "${row[@]}" --day 2026-02-30
wrong "'2026-11-20T00' is no day" abtest ranker "${row[@]}" --day 2026-11-20T00
wrong "'many' is no number" abtest ranker "${row[@]}" --n many
wrong 'is no number of units' abtest ranker "${row[@]}" --n 1.5
wrong '--sumsq: -1 is less than 0' abtest ranker "${row[@]}" --sumsq -1
wrong '--x is given, and xx is not' abtest ranker "${row[@]}" --x 1
wrong 'it holds what no terminal shows' abtest ranker "${row[@]}" --arm $'A\033[31m'
wrong '300 bytes' abtest ranker "${row[@]}" --metric "$(printf 'm%.0s' {1..300})"
printf '{"day": "2026-11-20", "arm": "A", "metric": "ctr", "n": 1, "sum": NaN, "sumsq": 1}\n' |
    "$PORTHOLE" record abtest ranker - >"$out" 2>"$err" && bad 'NaN is taken'
rows_are "$two"

# --- on a PostgreSQL, from a worker ----------------------------------------------------
t "PostgreSQL: the role porthole_record reports, and reads nothing else"
if [ -z "${PORTHOLE_TEST_PG:-}" ]; then
    skip 'no PostgreSQL is at hand'
    done_testing
    exit
fi
psql() { "$PORTHOLE_TEST_PG/psql" -qAtX "$@" >"$out" 2>"$err"; }
database=record_$$
psql -c "CREATE DATABASE $database" "postgresql://postgres@/postgres?host=$PORTHOLE_TEST_PG" || bad "$(cat "$err")"
printf 'catalogue: "postgresql://postgres@/%s?host=%s"\nsources: [{name: shop, kind: local, path: "%s"}]\n' \
    "$database" "$PORTHOLE_TEST_PG" "$root/tests/fixtures/local/shop" >"$dir/pg.yaml"
"$PORTHOLE" --config "$dir/pg.yaml" sync >"$out" 2>"$err" || bad "$(cat "$err")"
psql -c "CREATE ROLE worker_$$ LOGIN IN ROLE porthole_record" "postgresql://postgres@/$database?host=$PORTHOLE_TEST_PG" || bad "$(cat "$err")"
export PORTHOLE_DSN="postgresql://worker_$$@/$database?host=$PORTHOLE_TEST_PG"
run 0 record check --run shop/shop/r1 --step load --check null_rate --observed 0.31 --upper 0.02
run 0 record check --run shop/shop/r1 --step load --check null_rate --observed 0.01 --upper 0.02
run 0 record cost --run shop/shop --amount 12.5 --month 2026-10
run 0 record abtest ranker "${row[@]}"
run 0 record abtest ranker "${row[@]}" --n 2
run 4 runs
run 4 triage
unset PORTHOLE_DSN
admin="postgresql://postgres@/$database?host=$PORTHOLE_TEST_PG"
psql -c "SELECT state, observed FROM team.data_check WHERE name = 'null_rate' AND run = 'r1'" "$admin"
out_has '^pass|0.01$'
psql -c "SELECT amount FROM team.cost WHERE month = '2026-10'" "$admin"
out_has '^12.5$'
psql -c "SELECT name, n FROM team.abtest_row" "$admin"
out_has '^ranker|2$'
psql -c "SELECT count(*) FROM team.audit WHERE verb = 'record cost' AND who = 'worker_$$'" "$admin"
out_has '^2$'
psql -c "DROP OWNED BY worker_$$; DROP ROLE worker_$$" "$admin" || bad 'the role stays'

done_testing
