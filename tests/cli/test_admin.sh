#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The administration of the stores: backup and restore, forget, keep, move, apply.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

config_of main shop
sed "s|/main.db|/other.db|" "$config" >"$dir/other.yaml"
main=$config
use() { config=$dir/$1.yaml; }
# lists NAME: what the lists say of the configuration at hand, into the file NAME.
lists() {
    local list
    for list in sources pipelines runs steps problems checks; do
        "$PORTHOLE" --config "$config" "$list" --json --limit 0 2>>"$err"
    done >"$dir/$1"
}
same() { cmp -s "$dir/$1" "$dir/$2" || bad "$1 and $2 differ: $(diff "$dir/$1" "$dir/$2" | head -n 2)"; }
rows_of() { grep -v -e '"porthole_backup"' -e '"end"' -e '"restore"' "$1" >"$2"; }
count() { "$PORTHOLE" --config "$config" "$@" --json --limit 0 2>>"$err" | wc -l; }
is() { [ "$1" = "$2" ] || bad "'$1', not '$2'"; }
mode_of() { stat -c %a "$1"; }

run 0 sync
lists before

t 'a backup says what it holds, and is for its owner alone'
run 0 backup "$dir/team.backup" --json
json 'next(r for r in rows if r["table"] == "team.problem")["rows"] == 5'
is "$(mode_of "$dir/team.backup")" 600
t 'a backup that cannot be written leaves nothing behind'
run 3 backup "$dir/nowhere/team.backup"
err_has 'cannot write'
t 'without a change a dry run counts what would go into a backup'
run 0 backup "$dir/dry.backup" --dry-run --json
json 'len(rows) > 5'
[ ! -e "$dir/dry.backup" ] || bad 'it was written'

t 'restored where nothing was, it is the same, and so is its own backup'
use other
run 0 restore "$dir/team.backup"
run 0 backup "$dir/again.backup"
rows_of "$dir/team.backup" "$dir/one"
rows_of "$dir/again.backup" "$dir/two"
same one two
run 0 problems --json
json 'len(rows) == 5'
t 'a restore is in the audit'
run 0 audit --json
json '[r["verb"] for r in rows] == ["restore", "restore"] and rows[0]["result"] == "done"'
t 'over what is there it is refused, and changes nothing'
run 4 restore "$dir/team.backup"
err_has 'holds something already'
t '--yes=N counts the rows of the backup'
run 4 restore "$dir/team.backup" --yes=1
err_has 'another number'
t 'with --yes what was there is kept aside'
run 0 restore "$dir/team.backup" --yes
err_has 'kept as .*other.db.team.before-'
compgen -G "$dir/other.db.team.before-*" >/dev/null || bad 'nothing was set aside'
[ ! -e "$dir/other.db.restore" ] || bad 'a leftover'
run 0 problems --json
json 'len(rows) == 5'
t 'a team store too damaged to open is replaced, too'
printf 'not a database, certainly not, %.0s' {1..200} >"$dir/other.db.team"
run 4 restore "$dir/team.backup"
err_has '--yes sets it aside'
run 0 restore "$dir/team.backup" --yes
run 0 problems --json
json 'len(rows) == 5'

t 'a backup that was cut, changed or is none is refused before anything happens'
lists other
head -n 7 "$dir/team.backup" >"$dir/cut"
run 3 restore "$dir/cut" --yes
err_has 'incomplete'
head -c -1 "$dir/team.backup" | sed 's/"open"/"shut"/' >"$dir/changed"
run 3 restore "$dir/changed" --yes
err_has 'damaged'
cat "$dir/team.backup" "$dir/team.backup" >"$dir/double"
run 3 restore "$dir/double" --yes
err_has 'behind its end'
run 3 restore "$main" --yes
err_has 'no backup'
: >"$dir/empty"
run 3 restore "$dir/empty" --yes
err_has 'empty'
sed '1s/"schema":[0-9]*/"schema":99/' "$dir/team.backup" >"$dir/newer"
run 3 restore "$dir/newer" --yes
err_has 'newer porthole'
run 1 restore "$dir/missing" --yes
lists still
same other still

use main
t 'a dry run of forget counts'
run 0 forget shop --dry-run --json
json 'row["runs"] == 13 and row["pipelines"] == 3'
lists still
same before still
t 'unconfirmed, or confirmed for another number, it is refused'
run 4 forget shop
err_has '--yes=13'
run 4 forget shop --yes=12
lists still
same before still
t 'a source that nobody knows is not found'
run 1 forget nobody --yes

t 'moved to another store all lists are the same'
run 0 move --to "sqlite:$dir/moved/there.db"
out_has "^catalogue: sqlite:$dir/moved/there.db\$"
sed "s|/main.db|/moved/there.db|" "$main" >"$dir/moved.yaml"
use moved
lists there
same before there
t 'who moved it is in its audit'
run 0 audit --json
json 'rows[0]["verb"] == "move" and rows[0]["result"] == "done"'
t 'the moved store goes on counting'
run 0 sync --since 2020-01-01
is "$(count runs)" 13
use main
lists still
same before still
t 'what is not empty is no place to move to'
run 4 move --to "sqlite:$dir/moved/there.db"
err_has 'not empty'
t 'nor is the store itself, nor what is no store'
run 2 move --to "sqlite:$dir/main.db"
run 2 move --to mysql://localhost/x
run 2 move
run 2 move --to postgresql://me:secret@localhost/x
err_has 'password'
grep -q secret "$err" && bad 'it was shown'
t 'what a move left half done says so'
python3 - "$dir/moved/there.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO meta VALUES ('moving', '1')")
db.commit()
PY
use moved
run 3 runs
err_has 'incomplete'
run 3 sync
err_has 'incomplete'

use main
t 'forgotten, the source is gone with its logs; what people know stays'
run 0 problems --json
mkdir -p "$XDG_CACHE_HOME/porthole/logs/shop" && echo x >"$XDG_CACHE_HOME/porthole/logs/shop/1.log"
run 0 forget shop --yes=13
err_has 'still configured'
is "$(count runs)" 0
is "$(count steps)" 0
is "$(count sources)" 0
is "$(count problems)" 5
[ ! -e "$XDG_CACHE_HOME/porthole/logs/shop" ] || bad 'its logs are there'
run 0 audit --json
json 'rows[0]["verb"] == "forget" and rows[0]["object_ref"] == "shop" and rows[0]["result"] == "done"'
t 'the next sync reads it again'
run 0 sync
lists again
grep -c '"run"' "$dir/before" >"$dir/one"
grep -c '"run"' "$dir/again" >"$dir/two"
same one two

t 'keep: what is older goes, the newest run of a pipeline and what a problem needs stay'
sed "s|/main.db|/kept.db|" "$main" >"$dir/kept.yaml"
use kept
run 0 sync
echo 'keep: {runs: 2h}' >>"$config"
PORTHOLE_NOW=$((PORTHOLE_NOW + 3600000)) run 0 sync
"$PORTHOLE" --config "$main" runs --json --limit 0 >"$dir/all" 2>>"$err"
python3 - "$dir/all" "$PORTHOLE" "$config" >"$out" 2>&1 <<'PY' || bad "$(tail -n 3 "$out")"
import json, subprocess, sys
def ask(*words):
    text = subprocess.run([sys.argv[2], "--config", sys.argv[3], *words, "--json", "--limit", "0"],
                          capture_output=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]
every = [json.loads(line) for line in open(sys.argv[1])]
kept = {r["ref"] for r in ask("runs")}
cutoff = 1795262400000 + 3600000 - 2 * 3600000
newest = {}
for r in every:
    newest.setdefault(r["pipeline"], r["ref"])  # the list is newest first
needed = {"/".join(s["ref"].split("/")[:3]) for s in ask("steps", "state:failed")}
for r in every:
    old = (r["started_ms"] or 0) and r["started_ms"] < cutoff
    if not old or r["ref"] in newest.values() or r["state"] in ("queued", "running"):
        assert r["ref"] in kept, ("went", r)
assert len(kept) < len(every), "nothing went"
assert len(ask("problems", "state:open")) == 5, "a problem went"
PY
t 'keep: acts once an hour'
before=$(count runs)
sed -i 's/runs: 2h/runs: 1s/' "$config"
PORTHOLE_NOW=$((PORTHOLE_NOW + 3660000)) run 0 sync
is "$(count runs)" "$before"

use other
cat >"$dir/declared.yaml" <<'YAML'
timezone: Europe/Paris
sources:
  - {name: lab, kind: local, path: /nowhere/lab}
projects:
  - {name: discovery, title: Game discovery, owner: team-discovery, pipelines: ["shop/recsys_*"]}
  - {name: shop, owner: team-shop, pipelines: ["shop/*"], due: {"shop/*": "06:00"}}
calendar: [{name: Christmas, from: 2026-12-24, to: 2026-12-26, kind: holiday}]
volumes: [{game: Popular Game, daily_players: 4100000, as_of: 2026-11-01}]
monitors: [{name: rows, series: "shop/recsys_daily/extract#rows", min_change: 0.05}]
YAML
t 'a dry run of apply shows what would be declared'
run 0 apply "$dir/declared.yaml" --dry-run --json
json 'len(rows) == 6 and all(r["change"] == "added" for r in rows)'
err_has 'left out.*timezone'
t 'applied it is there, applied again it is the same'
run 0 apply "$dir/declared.yaml" --json
json 'len(rows) == 6 and all(r["change"] == "added" for r in rows)'
run 0 apply "$dir/declared.yaml" --json
json 'len(rows) == 6 and all(r["change"] == "same" for r in rows)'
t 'what is declared stands behind what the file says'
run 0 sync shop
run 0 pipelines project:discovery
out_has '^recsys_daily|	recsys_daily	'
run 3 sync
err_has '^porthole: lab: '
t 'a change is shown by key'
sed -i 's/Game discovery/Discovery of games/' "$dir/declared.yaml"
run 0 apply "$dir/declared.yaml" --json
json '[r for r in rows if r["change"] == "changed"] == [dict(row, change="changed", kind="project", name="discovery", key="title", before="Game discovery", after="Discovery of games", who=r["who"], at_ms=r["at_ms"]) for r in rows if r["change"] == "changed"]'
t 'what somebody else put there needs a yes'
echo 'user: mallory' >>"$config"
sed -i 's/Discovery of games/Mine/' "$dir/declared.yaml"
run 4 apply "$dir/declared.yaml"
err_has 'put there by'
run 4 apply "$dir/declared.yaml" --yes=2
run 0 apply "$dir/declared.yaml" --yes=1
run 0 audit --json
json 'rows[0]["verb"] == "apply" and rows[0]["who"] == "mallory" and rows[0]["object_ref"] == "project:discovery"'
t 'no command, no credential, nor where one lies'
while read -r key; do
    echo "sources: [{name: lab2, kind: mlflow, url: \"http://127.0.0.1:1\", $key}]" >"$dir/secret.yaml"
    run 2 apply "$dir/secret.yaml" --yes
    err_has 'secret.yaml:1: .*files of your own'
done <<'KEYS'
token_env: LAB_TOKEN
token_file: /etc/token
token_command: [pass, show, lab]
username: me, password_env: LAB_PASSWORD
username: me, password_command: [pass, show, lab]
headers: {X-Team: search}
client_cert: /etc/cert.pem
ca_file: /etc/ca.pem
KEYS
echo 'sources: [{name: lab2, kind: plugin, command: [sh]}]' >"$dir/secret.yaml"
run 2 apply "$dir/secret.yaml" --yes
echo 'projects: [{name: lab2, oncall_command: [sh]}]' >"$dir/secret.yaml"
run 2 apply "$dir/secret.yaml" --yes
run 0 apply "$dir/declared.yaml" --json
json 'len(rows) == 6'
t 'what is wrong in a file is named by line, and nothing of it is stored'
printf 'projects:\n  - {name: new, pipelines: []}\n  - {name: bad, phase: nonsense}\n' >"$dir/wrong.yaml"
run 2 apply "$dir/wrong.yaml"
err_has 'wrong.yaml:3'
run 2 apply "$dir/missing.yaml"
run 2 apply "$dir/declared.yaml" "$dir/declared.yaml"
err_has 'second time'

t 'a command that somebody put into the shared catalogue by hand is never run'
python3 - "$dir/other.db.team" "$dir/owned" <<'PY'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
body = {"name": "evil", "kind": "plugin", "command": ["touch", sys.argv[2]]}
db.execute("INSERT INTO declared VALUES ('source', 'evil', ?, 'mallory', 1)", [json.dumps(body)])
db.execute("INSERT INTO declared VALUES ('project', 'broken', '{\"name\": ', 'mallory', 1)")
db.commit()
PY
run 0 runs
err_has "left out: declared .*'evil'"
run 3 sync
[ ! -e "$dir/owned" ] || bad 'it was run'
t 'only PORTHOLE_DSN is a configuration, where the catalogue declares'
PORTHOLE_DSN=sqlite:$dir/other.db config='' run 0 pipelines project:discovery
out_has 'recsys_daily'

t 'read-only refuses all of it'
use other
lists before
for words in "backup $dir/ro" "restore $dir/team.backup" "forget shop --yes" "move --to sqlite:$dir/ro.db" \
    "apply $dir/declared.yaml"; do
    # shellcheck disable=SC2086
    run 4 $words --read-only
    err_has 'read-only'
done
for file in "$dir/ro" "$dir/ro.db"; do [ ! -e "$file" ] || bad "$file was written"; done
lists still
same before still
t 'while a sync is at work they say so'
mkfifo "$dir/gate"
cat >"$dir/busy.yaml" <<YAML
catalogue: sqlite:$dir/main.db
sources:
  - {name: slow, kind: plugin, command: [python3, "$root/tests/fixtures/plugins/gated.py", "$dir/gate"]}
YAML
use busy
"$PORTHOLE" --config "$config" sync >"$dir/sync" 2>&1 &
sync=$!
tries=600
while flock -n "$dir/main.db.lock" true && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
done
run 3 forget shop --yes
err_has 'at work'
run 3 move --to "sqlite:$dir/busy.db"
timeout 10 tee "$dir/gate" </dev/null >/dev/null || bad 'nobody waited at the gate'
wait "$sync" || bad "sync: status $?"

done_testing
