#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What people do about problems, by the command line, and two portals that see each other, on both engines.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "${BASH_SOURCE[0]}")/tap.bash"

server='' syncs=()
at_exit() {
    [ -z "$server" ] || "$here/../pg.sh" stop "$server"
    rm -rf "$dir"
}

# as USER: whose configuration is used from now on.
as() { config=$dir/$1.yaml; }

# catalogue_at ADDRESS: three people on it.
catalogue_at() {
    config_of base shop
    sed -i "s#^catalogue: .*#catalogue: \"$1\"#" "$config"
    for user in mlee ana; do
        { cat "$config" && printf 'user: %s\n' "$user"; } >"$dir/$user.yaml"
    done
    as mlee
    run 0 sync
}

steps_of_people() {
    t "$1: taken, by one alone"
    as mlee
    run 0 ack problem:1
    column_is state acknowledged
    column_is assignee mlee
    run 0 problems state:acknowledged --json
    json '[r["ref"] for r in rows] == ["problem:1"] and row["assignee"] == "mlee"'
    as ana
    run 4 ack problem:1
    err_lines 1
    err_has '^porthole: problem 1: mlee has it \(mlee: acknowledged at .*\); .assign. takes it over$'
    run 0 assign problem:1
    column_is assignee ana

    t "$1: several at once, and what cannot be done stops none of the others"
    as mlee
    run 4 ack problem:2 problem:1 problem:3 --json
    err_lines 1
    json '[r["ref"] for r in rows] == ["problem:2", "problem:3"]'
    run 1 ack problem:99
    err_has "no problem 99; 'porthole problems' lists them"
    run 4 resolve problem:2 problem:3 --yes=3
    run 0 resolve problem:2 problem:3 --yes=2

    t "$1: one undo takes back one command"
    run 0 undo
    column_is state 'acknowledged acknowledged'
    run 0 undo --dry-run
    err_has 'a dry run'
    run 0 undo
    column_is state 'open open'
    run 4 undo
    err_has 'problem 1: ana: assigned to ana at .*, meanwhile; nothing was changed'

    t "$1: snoozed for an hour, until morning, until any time; what is no time is told"
    run 0 snooze problem:2 --json
    json 'row["state"] == "snoozed" and row["until_ms"] == 1795262400000 + 3600000'
    run 0 snooze problem:2 morning --json
    json 'row["until_ms"] == 1795330800000'
    run 0 snooze problem:2 --until 17:30 --json
    json 'row["until_ms"] == 1795278600000'
    run 2 snooze problem:2 never
    run 2 snooze problem:2 due
    run 2 snooze
    run 0 triage --json
    json 'not [r for r in rows if r["ref"] == "problem:2"]'

    t "$1: it comes back by itself"
    PORTHOLE_NOW=1795278600000 run 0 sync
    run 0 problems state:open --json
    json '[r for r in rows if r["ref"] == "problem:2"]'

    t "$1: notes, from the line and from standard input, are on the timeline"
    run 0 note problem:2 the partition is reloaded
    "$PORTHOLE" --config "$config" note problem:2 - <<<'and a long one' >"$out" 2>"$err" || bad 'note - fails'
    run 2 note problem:2
    run 0 show problem:2 --json
    json '[n["text"] for n in row["notes"] if n["verb"] == "note"] == ["the partition is reloaded", "and a long one"]'
    json '{"at_ms", "who", "verb", "text"} == set(row["notes"][0]) and row["notes"][0]["verb"] == "opened"'
    run 0 show problem:2
    out_has 'mlee: and a long one'

    t "$1: by a run or step that it stands for"
    run 0 problems 'id=2' --json
    run 0 show problem:2 --json
    run 0 note shop/popularity 'the pipeline names it'
    run 1 note shop/nosuch 'nobody'

    t "$1: ignored, reopened, resolved"
    run 0 ignore problem:3
    column_is state ignored
    run 4 ack problem:3
    err_has "is ignored .*; 'reopen' it first"
    run 0 reopen problem:3
    column_is state open
    run 0 resolve problem:3 'the disk was full'
    run 0 problems state:resolved --json
    json 'row["ref"] == "problem:3"'

    t "$1: every step is audited, who and when"
    run 0 audit --json --limit 0
    json '{"ack", "assign", "snooze", "note", "undo", "ignore", "reopen", "resolve"} <= {r["verb"] for r in rows}'
    json 'all(r["who"] in ("mlee", "ana") for r in rows if r["object_ref"].startswith("problem:"))'
    run 0 audit object_ref=problem:1 --json
    json 'any(r["verb"] == "assign" and r["who"] == "ana" and r["result"] == "done" for r in rows)'

    t "$1: a dry run and read-only change nothing"
    before=$("$PORTHOLE" --config "$config" problems --json)
    run 0 resolve problem:1 --dry-run
    column_is state resolved
    for words in 'ack problem:1' 'snooze problem:1 2h' 'note problem:1 x' 'resolve problem:1' undo 'ask problem:1 x'; do
        # shellcheck disable=SC2086
        run 4 $words --read-only
    done
    [ "$before" = "$("$PORTHOLE" --config "$config" problems --json)" ] || bad 'something changed'

    t "$1: a report hands it over"
    run 0 report --since 1h
    out_has '^# Report from 2026-11-21 12:00:00 CET to 2026-11-21 13:00:00 CET$'
    out_has '^## Fixed$'
    out_has '^- \*\*churn.*NoSuchFileException.* \(problem:3\), .* mlee: the disk was full$'
    out_has '^- \*\*recsys..daily ▸ check\*\*: .* taken by ana'
    run 0 report --since 7d --json
    json '{r["section"] for r in rows} == {"new", "fixed", "watch"} and any(r["why"] == "flaky" for r in rows)'
    json '[r["ref"] for r in rows if r["section"] == "fixed"] == ["problem:3"]'
    PORTHOLE_NOW=$((PORTHOLE_NOW + 86400000)) run 0 report --json
    json '{r["section"] for r in rows} == {"open"}'
    run 2 report --since yesterday
    run 2 report nosuch

    t "$1: whom to ask nobody said"
    run 2 ask problem:1 'do you know this?'
    err_has "nobody said how to reach"
}

two_portals() {
    local said
    said=$(PORTHOLE=$PORTHOLE python3 "$here/team.py" "$dir/mlee.yaml" "$dir/ana.yaml" 2>&1) || bad "${said//$'\n'/$'\n'#   }"
    echo "# ${said%%$'\n'*}"
}

catalogue_at "sqlite:$dir/team.db"
steps_of_people SQLite
t 'SQLite: two portals see each other within a second'
catalogue_at "sqlite:$dir/portals.db"
two_portals

t 'PostgreSQL: a server'
server=${PORTHOLE_TEST_PG:-}
if [ -z "$server" ]; then
    server=$(mktemp -d /tmp/porthole-team-XXXXXX)
    "$here/../pg.sh" start "$server"
    if [ "$?" -eq 77 ]; then
        rm -rf "$server"
        server=''
        skip 'no PostgreSQL is installed'
        done_testing
        exit
    fi
else
    trap 'rm -rf "$dir"' EXIT # it is not ours to stop
fi
database() {
    "$server/psql" -qAtX -c "CREATE DATABASE $1" "postgresql://postgres@/postgres?host=$server" >"$out" 2>"$err" || bad 'no database'
    catalogue_at "postgresql://postgres@/$1?host=$server"
}
database "team_$$"
steps_of_people PostgreSQL
t 'PostgreSQL: two portals see each other within a second'
database "portals_$$"
two_portals

t 'PostgreSQL: of two that send at once each notice goes out once'
mkdir "$dir/got"
exec {said}< <(exec python3 "$here/notify.py" "$dir/got")
receiver=$!
read -r port <&"$said"
export HOOK=http://127.0.0.1:$port/ok
database "notices_$$"
printf 'notify: [{name: hook, webhook_env: HOOK, owners: ["@data-eng"]}]\nprojects: [{name: p, pipelines: ["shop/*"], owner: "@data-eng"}]\n' >>"$config"
run 0 sync # who owns them is known from now on
for i in 1 2 3 4 5 6 7 8; do
    HOOK='' run 0 ask problem:1 "question $i"
done
export PORTHOLE_NOW=$((PORTHOLE_NOW + 40000))
for place in a b; do
    XDG_DATA_HOME=$dir/$place "$PORTHOLE" --config "$config" sync >"$dir/$place.out" 2>&1 &
    syncs[${#syncs[@]}]=$!
done
wait "${syncs[@]}"
kill "$receiver"
[ "$(sort -u "$dir/got/ok" | grep -c question)" -eq 8 ] || bad "not each came: $(cat "$dir"/?.out)"
[ "$(grep -c question "$dir/got/ok")" -eq 8 ] || bad 'one came twice'

done_testing
