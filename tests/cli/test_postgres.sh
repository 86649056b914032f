#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The catalogue on PostgreSQL: whatever is asked, the answer is the one that SQLite gives.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
# shellcheck disable=SC2034  # read by tap.bash
config=

if [ -z "${PORTHOLE_TEST_PG:-}" ]; then
    t 'PostgreSQL gives the answers that SQLite gives'
    skip 'no PostgreSQL is installed'
    done_testing
    exit
fi

export HOME=$dir/home
database=porthole_cli_$$
dsn="postgresql://postgres@/$database?host=$PORTHOLE_TEST_PG"
"$PORTHOLE_TEST_PG/psql" -qX "postgresql://postgres@/postgres?host=$PORTHOLE_TEST_PG" -c "CREATE DATABASE $database" || exit 1
sql() { "$PORTHOLE_TEST_PG/psql" -qAtX "$dsn" -c "$1" 2>>"$err"; }

# The recorded sample and the folders of the fixtures, and many runs by a plug-in that knows no end.
sources() {
    sed -n '/^recorded_until:/p; /^sources:/,$p' "$root/sample/portal.yaml" |
        sed "s#path: airflow#path: \"$root/sample/airflow\"#"
}
{ echo "catalogue: sqlite:$dir/portal.db" && sources; } >"$dir/sqlite.yaml"
{ echo "catalogue: \"$dsn\"" && sources; } >"$dir/postgres.yaml"

# both ARGS…: the program with ARGS on both engines; what it prints is the same, and something.
both() {
    "$PORTHOLE" --config "$dir/sqlite.yaml" "$@" >"$dir/want" 2>"$dir/want.err" </dev/null
    local want=$?
    config=$dir/postgres.yaml run "$want" "$@"
    sed -i 's/ in [0-9.]*s$//' "$dir/want" "$out" # how long sync took
    cmp -s "$dir/want" "$out" || bad "porthole $*: $(diff "$dir/want" "$out" | head -n 4)"
    cmp -s "$dir/want.err" "$err" || bad "porthole $*: $(diff "$dir/want.err" "$err" | head -n 4)"
}

t 'without a schema a list says what makes one'
config=$dir/postgres.yaml run 3 runs
err_has "'porthole sync' makes it"

out_lacks "$PORTHOLE_TEST_PG"

t 'sync stores the same on both engines'
both sync
[ "$(sql 'SELECT count(*) > 100 FROM porthole.step_run')" = t ] || bad 'there are no step runs'

t 'a second sync finds the same'
both sync --since 2000-01-01

t 'every list is the same, every column'
for list in sources projects pipelines runs steps models problems checks alerts audit; do
    both "$list" --json --limit 0
    both "$list" --json --limit 3
done
both triage --json

t 'every list sorts alike by what is sorted by, up and down'
for key in started_ms -duration_ms state; do
    both runs --sort "$key" --limit 20
done

t 'filters of every kind find the same'
for filter in state:failed state:failed,lost pipeline:recsys_* -pipeline:recsys_* 'duration_ms>1000' 'user:-' \
    'since:2026-11-20' 'until:2026-11-20' recsys check 'project:discovery' mine:no '-state:success' \
    'params.days:*' 'tags.x:-' 'name:"no such"' 'started_ms>=2026-11-19'; do
    both runs --json --limit 0 "$filter"
done
for filter in 'step:check*' 'index:-' 'attempt>1' 'label:*' 'state:failed since:7d' 'upstream:extract'; do
    both steps --json --limit 0 "$filter"
done
both problems --json 'severity:production' 'count>0'
both pipelines --json 'last_run_ms>0' 'paused:no'

t 'objects, logs, differences and words are the same'
run_ref=$("$PORTHOLE" --config "$dir/sqlite.yaml" runs state:failed --tsv --limit 1 | tail -n 1 | cut -f 1)
step_ref=$("$PORTHOLE" --config "$dir/sqlite.yaml" steps state:failed --tsv --limit 1 | tail -n 1 | cut -f 1)
for ref in airflow-prod "${run_ref%/*}" "$run_ref" "$step_ref" problem:1 project:discovery; do
    both show "$ref" --json
    both show "$ref"
done
both logs "$step_ref" --cause --json
both diff "$run_ref" --json
both search recsys --json
both search "check_" --json

t 'the rows of people and the version are in their schemas'
[ "$(sql "SELECT count(*) FROM team.problem WHERE state = 'open'")" -gt 0 ] || bad 'no problem in team'
[ "$(sql "SELECT n > 0 FROM team.change WHERE who = 'sync'")" = t ] || bad 'no change was counted'

t 'the portal itself loads no libpq'
! ldd "$PORTHOLE" | grep -q libpq || bad 'it does'

t 'PORTHOLE_DSN alone is enough'
PORTHOLE_DSN=$dsn run 0 runs --limit 1 --json
json 'len(rows) == 1'

t 'a password is nowhere to be read'
PORTHOLE_DSN='postgresql://mlee:hunter2@127.0.0.1:1/portal' run 3 runs
! grep -q hunter2 "$err" "$out" || bad 'it is'

done_testing
