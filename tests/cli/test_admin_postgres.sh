#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The administration of a store on PostgreSQL: what test_admin.sh shows of files, there.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

if [ -z "${PORTHOLE_TEST_PG:-}" ]; then
    t 'the administration of a store on PostgreSQL'
    skip 'no PostgreSQL is installed'
    done_testing
    exit
fi

config_of main shop
main=$config
address() { echo "postgresql://postgres@/porthole_admin_$1_$$?host=$PORTHOLE_TEST_PG"; }
psql() { "$PORTHOLE_TEST_PG/psql" -qAtX "$@" 2>>"$err"; }
# database NAME: an empty one, and a configuration of that name for it.
database() {
    psql "postgresql://postgres@/postgres?host=$PORTHOLE_TEST_PG" -c "CREATE DATABASE porthole_admin_$1_$$" || exit 1
    sed "s#^catalogue:.*#catalogue: \"$(address "$1")\"#" "$main" >"$dir/$1.yaml"
}
use() { config=$dir/$1.yaml; }
# lists NAME: what the lists say of the configuration at hand, into the file NAME.
lists() {
    local list
    for list in sources pipelines runs steps problems checks; do
        "$PORTHOLE" --config "$config" "$list" --json --limit 0 2>>"$err"
    done >"$dir/$1"
}
same() { cmp -s "$dir/$1" "$dir/$2" || bad "$1 and $2 differ: $(diff "$dir/$1" "$dir/$2" | head -n 2)"; }
rows_of() { grep -v -e '"porthole_backup"' -e '"end"' -e '"restore"' -e '"move"' "$1" >"$2"; }
count() { "$PORTHOLE" --config "$config" "$@" --json --limit 0 2>>"$err" | wc -l; }
is() { [ "$1" = "$2" ] || bad "'$1', not '$2'"; }

run 0 sync
lists before

t 'moved from a file to PostgreSQL all lists are the same'
database there
use main
run 0 move --to "$(address there)"
use there
lists there
same before there
run 0 audit --json
json 'rows[0]["verb"] == "move" and rows[0]["result"] == "done"'
t 'the moved store goes on counting'
run 0 sync --since 2020-01-01
is "$(count runs)" 13
is "$(psql "$(address there)" -c 'SELECT count(DISTINCT id) FROM porthole.run')" 13
t 'what is not empty is no place to move to'
use main
run 4 move --to "$(address there)"
err_has 'not empty'
t 'moved back to a file it is still the same'
use there
lists there
run 0 move --to "sqlite:$dir/back.db"
sed "s#^catalogue:.*#catalogue: sqlite:$dir/back.db#" "$main" >"$dir/back.yaml"
use back
lists back
same there back
t 'what a move left half done says so'
database half
use main
run 0 move --to "$(address half)"
psql "$(address half)" -c "INSERT INTO porthole.meta VALUES ('moving', '1')"
use half
run 3 runs
err_has 'incomplete'

t 'a backup of PostgreSQL is restored on PostgreSQL, and in a file'
use there
run 0 backup "$dir/team.backup" --json
json 'next(r for r in rows if r["table"] == "team.problem")["rows"] == 5'
database restored
sed "s#^catalogue:.*#catalogue: sqlite:$dir/file.db#" "$main" >"$dir/file.yaml"
rows_of "$dir/team.backup" "$dir/want"
for store in restored file; do
    use "$store"
    run 0 restore "$dir/team.backup"
    run 0 backup "$dir/$store.backup"
    rows_of "$dir/$store.backup" "$dir/$store.rows"
    same want "$store.rows"
done
t 'over what is there it is refused, and changes nothing'
use restored
lists restored
run 4 restore "$dir/team.backup"
err_has 'holds something already'
head -n 7 "$dir/team.backup" >"$dir/cut"
run 3 restore "$dir/cut" --yes
err_has 'incomplete'
lists still
same restored still

t 'what is declared stands behind what the file says'
cat >"$dir/declared.yaml" <<'YAML'
sources:
  - {name: lab, kind: local, path: /nowhere/lab}
projects:
  - {name: discovery, title: Game discovery, owner: team-discovery, pipelines: ["shop/recsys_*"]}
YAML
use there
run 0 apply "$dir/declared.yaml" --json
json 'len(rows) == 2 and all(r["change"] == "added" for r in rows)'
run 0 apply "$dir/declared.yaml" --json
json 'all(r["change"] == "same" for r in rows)'
run 0 pipelines project:discovery
out_has 'recsys_daily'

t 'a dry run of forget counts; unconfirmed it is refused'
lists there
run 0 forget shop --dry-run --json
json 'row["runs"] == 13 and row["pipelines"] == 3'
run 4 forget shop
err_has '--yes=13'
lists still
same there still
t 'forgotten, the source is gone; what people know stays'
run 0 forget shop --yes=13
is "$(count runs)" 0
is "$(count steps)" 0
is "$(count problems)" 5
run 0 audit --json
json 'rows[0]["verb"] == "forget" and rows[0]["object_ref"] == "shop" and rows[0]["result"] == "done"'
t 'the next sync reads it again'
run 0 sync shop
is "$(count runs)" 13

t 'keep: the same goes, and the same stays, as in a file'
database kept
sed "s#^catalogue:.*#catalogue: sqlite:$dir/kept.db#" "$main" >"$dir/sqlite.yaml"
for store in kept sqlite; do
    use "$store"
    run 0 sync
    echo 'keep: {runs: 2h}' >>"$config"
    PORTHOLE_NOW=$((PORTHOLE_NOW + 3600000)) run 0 sync
    "$PORTHOLE" --config "$config" runs --json --limit 0 >"$dir/$store.runs" 2>>"$err"
done
same sqlite.runs kept.runs
[ "$(wc -l <"$dir/kept.runs")" -lt 13 ] || bad 'nothing went'

done_testing
