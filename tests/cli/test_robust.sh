#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the portal must withstand: files that cannot be written, are damaged, newer or full, kills, sources that
# crash or hang. In each case it shows what it has, says what is wrong and what to do, and loses nothing.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
command -v sqlite3 >/dev/null || {
    t 'sqlite3 is needed'
    skip 'it is not installed'
    done_testing
    exit
}

config_of shop shop
db=$dir/shop.db
run 0 sync
cp "$db" "$dir/good.db"
cp "$db.team" "$dir/good.team"
# A fresh copy of what that sync made.
restore() {
    rm -rf "$db"* "$dir"/*.damaged*
    cp "$dir/good.db" "$db"
    cp "$dir/good.team" "$db.team"
}
# What a person must not lose, row by row and without ids and the times of this machine.
dump() { # DATABASE
    sqlite3 "$1" "ATTACH '$1.team' AS team;
        SELECT p.pipeline, r.run, r.state, r.at_ms, r.ended_ms, r.failed_steps, r.gone FROM run r
            JOIN pipeline p ON p.id = r.pipeline_id ORDER BY 1, 2;
        SELECT p.pipeline, r.run, t.step, t.idx, t.attempt, t.state, t.is_newest, t.gone FROM step_run t
            JOIN run r ON r.id = t.run_id JOIN pipeline p ON p.id = t.pipeline_id ORDER BY 1, 2, 3, 4, 5;
        SELECT p.pipeline, p.last_state, r.run FROM pipeline p LEFT JOIN run r ON r.id = p.last_run_id ORDER BY 1;
        SELECT r.run, q.key, q.value FROM param q JOIN run r ON r.id = q.run_id ORDER BY 1, 2;
        SELECT pipeline, run, step, idx, attempt, fingerprint, cause_line, cause FROM team.evidence ORDER BY 1, 2, 3, 4, 5;
        SELECT key, title, state, count, first_ms, last_ms, blocked_steps FROM team.problem ORDER BY 1;
        SELECT source, pipeline, run, step, idx, attempt FROM team.occurrence ORDER BY 1, 2, 3, 4, 5;
        SELECT name, state, cursor FROM source ORDER BY 1" 2>&1
}
dump "$db" >"$dir/clean"
[ "$(wc -l <"$dir/clean")" -gt 80 ] || bad 'nothing to compare with'
# The portal still answers.
still_shows() {
    run 0 triage
    out_has 'recsys_daily'
    run 0 runs --limit 0
    out_lines 14
}
# What makes a plain user of a command run by root; nothing else is bound by file modes.
as_user() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
    else
        "$@"
    fi
}
# A checkout below a home of mode 0700 is out of a plain user's reach: the programs are copied.
mkdir "$dir/bin"
cp "$PORTHOLE" "$dir/bin/porthole"
cp "$PORTHOLE_SOURCE" "$dir/bin/porthole-source"
run_as_user() { # STATUS ARGS…
    local want=$1
    shift
    as_user "$dir/bin/porthole" --config "$config" "$@" >"$out" 2>"$err" </dev/null
    status=$?
    [ "$status" -eq "$want" ] || bad "porthole $* as a plain user: status $status, not $want"
    check_sane
}

# --- files -------------------------------------------------------------------
t 'a catalogue and a folder that cannot be written are read'
restore
chmod 0400 "$db" "$db.team"
chmod 0755 "$dir"
mkdir "$dir/ro"
cp -p "$db" "$db.team" "$dir/ro/"
sed "s|$dir/shop.db|$dir/ro/shop.db|" "$config" >"$dir/ro.yaml"
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$dir/ro"
chmod 0500 "$dir/ro"
chmod 0644 "$dir/ro.yaml"
if as_user "$dir/bin/porthole" --version >/dev/null 2>&1 && ! as_user touch "$dir/ro/x" 2>/dev/null; then
    config=$dir/ro.yaml
    run_as_user 0 triage
    out_has 'recsys_daily'
    run_as_user 0 runs --limit 0
    out_lines 14
    run_as_user 0 doctor
    out_has '^[a-z]+	shop	synced'
    t 'sync of it fails, and says where'
    run_as_user 3 sync
    err_has 'ro/shop.db'
    err_lines 1
    t 'a catalogue that a person may not read is told'
    chmod 0000 "$dir/ro/shop.db"
    run_as_user 3 runs
    err_has 'ro/shop.db'
    err_lines 1
else
    skip 'no plain user can run the program here'
fi
config=$dir/shop.yaml
chmod -R u+w "$dir/ro"

t 'a newer catalogue is refused, and left alone'
restore
sqlite3 "$db" "UPDATE meta SET value = '999' WHERE key = 'schema'"
before=$(sha256sum <"$db")
run 3 runs
err_has 'newer'
err_lines 1
run 3 sync
err_has 'newer'
[ "$before" = "$(sha256sum <"$db")" ] || bad 'it was changed'
run 1 doctor
out_has '^error	catalogue	.*newer.*	install the newer porthole'
t 'a newer team store is refused, and left alone'
restore
sqlite3 "$db.team" "UPDATE meta SET value = '999' WHERE key = 'schema'"
run 3 sync
err_has 'newer'
[ "$(sqlite3 "$db.team" 'SELECT count(*) FROM problem')" -eq 5 ] || bad 'it was changed'

t 'a damaged catalogue is told; sync sets it aside, reads all anew and keeps what people know'
restore
sqlite3 "$db.team" "UPDATE problem SET assignee = 'mlee', state = 'acknowledged' WHERE title LIKE '%player_id%'"
printf 'not a database at all' | dd of="$db" conv=notrunc status=none
run 3 runs
err_has "damaged|corrupt|not a database"
err_has 'sync'
err_lines 1
run 1 doctor
out_has "^error	catalogue	"
run 0 sync
err_has 'was damaged .* moved to .*damaged-2.* built anew'
out_has '^shop: 3 pipelines, 13 runs, 42 steps'
ls "$db".damaged-* >/dev/null 2>&1 || bad 'the damaged file is gone'
run 0 triage --json player_id
json 'row["assignee"] == "mlee" and row["state"] == "acknowledged" and row["count"] == 2'
t 'pages damaged in the middle crash nothing, and a sync heals them'
for place in 5000 20000 40000 60000 90000; do
    restore
    size=$(stat -c %s "$db")
    [ "$place" -lt "$size" ] || continue
    head -c 8192 /dev/urandom | dd of="$db" bs=1 seek="$place" conv=notrunc status=none
    for command in runs steps triage pipelines 'show problem:1' doctor sources; do
        # shellcheck disable=SC2086
        "$PORTHOLE" --config "$config" $command --json >"$out" 2>"$err"
        status=$?
        [ "$status" -le 3 ] || bad "$command: status $status"
        check_sane
    done
    "$PORTHOLE" --config "$config" sync >"$out" 2>"$err"
    "$PORTHOLE" --config "$config" sync >"$out" 2>"$err" || bad "damage at $place: a second sync still fails"
    still_shows
done
t 'an empty catalogue file, and a folder in its place'
restore
: >"$db"
"$PORTHOLE" --config "$config" runs >"$out" 2>"$err"
status=$?
[ "$status" -eq 3 ] || bad "an empty file: status $status"
err_has 'sync'
run 0 sync
still_shows
rm -rf "$db"*
mkdir "$db"
run 3 runs
err_lines 1
run 3 sync
err_lines 1
rmdir "$db"
t 'a damaged team store is told and never set aside'
restore
printf 'not a database at all' | dd of="$db.team" conv=notrunc status=none
before=$(sha256sum <"$db.team")
"$PORTHOLE" --config "$config" runs --limit 0 >"$out" 2>"$err"
status=$?
check_sane
[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || bad "runs: status $status"
err_has 'team'
run 3 sync
err_has 'shop.db.team'
[ "$before" = "$(sha256sum <"$db.team")" ] || bad 'it was changed'

# --- the disk ----------------------------------------------------------------
t 'a full disk: sync says so and changes nothing; when there is room it goes on'
rm -rf "$db"*
mkdir -p "$dir/small"
if mount -t tmpfs -o size=160k none "$dir/small" 2>/dev/null; then
    at_exit() {
        umount -l "$dir/small" 2>/dev/null
        rm -rf "$dir"
    }
    sed "s|$dir/shop.db|$dir/small/shop.db|" "$config" >"$dir/small.yaml"
    config=$dir/small.yaml run 3 sync
    err_has 'full|No space|disk'
    config=$dir/small.yaml run 1 doctor
    out_has '^error	disk	'
    mount -o remount,size=16m "$dir/small"
    config=$dir/small.yaml run 0 sync
    dump "$dir/small/shop.db" | diff "$dir/clean" - >"$dir/diff" || bad "it differs: $(head -n 3 "$dir/diff")"
    umount "$dir/small"
else
    ( # a limit of the file's size: the nearest to a full disk without a mount
        trap '' XFSZ
        ulimit -f 100
        exec "$PORTHOLE" --config "$config" sync
    ) >"$out" 2>"$err"
    status=$?
    [ "$status" -eq 3 ] || bad "status $status"
    check_sane
    err_has 'full|disk|too large|I/O|write'
    run 0 sync
    dump "$db" | diff "$dir/clean" - >"$dir/diff" || bad "it differs: $(head -n 3 "$dir/diff")"
fi
config=$dir/shop.yaml

# --- kills -------------------------------------------------------------------
t 'sync killed 25 times at any moment loses nothing'
run 0 sync
rm -rf "$dir/cache" "$db" "$db-wal" "$db-shm"
began=$(date +%s%N)
run 0 sync
whole_us=$((($(date +%s%N) - began) / 1000))
rm -rf "$db"*
killed=0
for i in $(seq 25); do
    # the catalogue and the copies of logs are rebuildable, so each sync has all to do; team is not
    rm -rf "$dir/cache" "$db" "$db-wal" "$db-shm"
    python3 - "$((whole_us * i / 26))" "$PORTHOLE" --config "$config" sync >"$dir/moment" 2>&1 <<'PY' && killed=$((killed + 1))
import subprocess, sys
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
process = subprocess.Popen(sys.argv[2:], **quiet)
try:
    process.wait(timeout=int(sys.argv[1]) / 1e6)
except subprocess.TimeoutExpired:
    process.kill()
    process.wait()
sys.exit(process.returncode >= 0)
PY
    "$PORTHOLE" --config "$config" triage >"$out" 2>"$err"
    status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || bad "triage after kill $i: status $status"
    check_sane
done
[ "$killed" -ge 3 ] || bad "only $killed were killed in time"
run 0 sync
dump "$db" | diff "$dir/clean" - >"$dir/diff" || bad "it differs: $(head -n 3 "$dir/diff" | tr '\n' ' ')"
for file in "$db" "$db.team"; do
    [ "$(sqlite3 "$file" 'PRAGMA integrity_check')" = ok ] || bad "$file is damaged"
done

# --- sources -----------------------------------------------------------------
plugins=$root/tests/fixtures/plugins
many=$dir/many.yaml
{
    printf 'catalogue: sqlite:%s/many.db\nsources:\n' "$dir"
    printf '  - {name: %s, kind: plugin, command: [python3, "%s"]}\n' crashing "$plugins/crashes.py" garbled "$plugins/garbage.py"
    printf '  - {name: missing, kind: plugin, command: ["%s"]}\n' "$dir/no-such-program"
    printf '  - {name: gone, kind: local, path: "%s"}\n' "$dir/no-such-folder"
    printf '  - {name: healthy, kind: plugin, command: [python3, "%s"]}\n' "$plugins/healthy.py"
    printf '  - {name: shop, kind: local, path: "%s"}\n' "$root/tests/fixtures/local/shop"
} >"$many"
t 'sources that fail hold up no other: their data are stored, one line of error for each that failed'
config=$many run 3 sync
out_has '^shop: 3 pipelines, 13 runs'
out_has '^healthy: 1 pipelines, 1 runs'
err_lines 4
for source in crashing garbled missing gone; do
    [ "$(grep -c "^porthole: $source: " "$err")" -eq 1 ] || bad "not one line for $source"
done
config=$many run 0 sources --json
json '{r["name"]: r["state"] for r in rows}["shop"] == "ok" and {r["name"]: r["error"] for r in rows}["crashing"]'
config=$many run 0 runs --limit 0
out_has '^success.nightly|	healthy	|	shop	'
t 'the failed ones are problems once they fail again, and doctor names them'
config=$many run 3 sync
config=$many run 0 triage kind:platform
for source in crashing garbled missing gone; do
    out_has "$source"
done
config=$many run 1 doctor
out_has '^(error|stale)	crashing	'
t 'a source that never answers is left behind when sync is asked to end, with what others said'
{
    printf 'catalogue: sqlite:%s/hang.db\nsources:\n' "$dir"
    printf '  - {name: hanging, kind: plugin, command: [python3, "%s"]}\n' "$plugins/hangs.py"
    printf '  - {name: shop, kind: local, path: "%s"}\n' "$root/tests/fixtures/local/shop"
} >"$dir/hang.yaml"
: >"$out" # the child may not have emptied it yet when it is looked at
"$PORTHOLE" --config "$dir/hang.yaml" sync >"$out" 2>"$err" &
pid=$!
for _ in $(seq 600); do
    grep -q '^shop: ' "$out" && break
    sleep 0.1
done
out_has '^shop: 3 pipelines, 13 runs'
t 'meanwhile the portal shows them, and a second sync says that another is at work'
config=$dir/hang.yaml
run 0 runs --limit 0
out_lines 14
run 0 doctor
out_has '^ok	sync	at work'
run 3 sync
err_has "another 'porthole sync' is at work"
err_lines 1
kill -TERM "$pid"
wait "$pid"
status=$?
[ "$status" -eq 3 ] || [ "$status" -eq 143 ] || bad "ended with $status"
! grep -laE 'plugins/hangs[.]py' /proc/[0-9]*/cmdline >/dev/null 2>&1 || bad 'the plug-in was left running'
config=$dir/shop.yaml

t 'two syncs at once: one does it, the other says so'
rm -rf "$db"*
"$PORTHOLE" --config "$config" sync >"$dir/one" 2>&1 &
one=$!
"$PORTHOLE" --config "$config" sync >"$dir/two" 2>&1
two=$?
wait "$one"
one=$?
case $one$two in
00) ;; # they missed each other
03) grep -q "another 'porthole sync' is at work" "$dir/two" || bad 'the second does not say why' ;;
30) grep -q "another 'porthole sync' is at work" "$dir/one" || bad 'the first does not say why' ;;
*) bad "status $one and $two" ;;
esac
dump "$db" | diff "$dir/clean" - >"$dir/diff" || bad "it differs: $(head -n 3 "$dir/diff")"

t 'a sync that was silent for long is told by whoever reads'
restore
PORTHOLE_NOW=$((PORTHOLE_NOW + 3600000)) run 0 triage
out_has 'porthole sync is silent'
PORTHOLE_NOW=$((PORTHOLE_NOW + 3660000)) run 0 sync
out_has '1 resolved$'

# --- what surrounds it -------------------------------------------------------
t 'a FIFO, a device or a folder as configuration hangs nothing'
mkfifo "$dir/fifo.yaml"
for file in "$dir/fifo.yaml" /dev/null /dev/zero "$dir"; do
    timeout 10 "$PORTHOLE" --config "$file" runs >"$out" 2>"$err" </dev/null
    status=$?
    [ "$status" -eq 2 ] || [ "$status" -eq 3 ] || bad "$file: status $status"
    check_sane
    err_lines 1
done
t 'a FIFO among the events of a source hangs nothing'
mkdir -p "$dir/odd/sub"
mkfifo "$dir/odd/events.jsonl"
cp "$root/tests/fixtures/local/shop/events.jsonl" "$dir/odd/sub/"
printf 'catalogue: sqlite:%s/odd.db\nsources:\n  - {name: odd, kind: local, path: "%s/odd"}\n' "$dir" "$dir" >"$dir/odd.yaml"
timeout 20 "$PORTHOLE" --config "$dir/odd.yaml" sync >"$out" 2>"$err" </dev/null
status=$?
[ "$status" -le 3 ] || bad "status $status"
check_sane
t 'HOME unset, nowhere, or not writable'
env -u HOME -u XDG_CONFIG_HOME -u XDG_DATA_HOME -u XDG_CACHE_HOME "$PORTHOLE" --config "$config" runs >"$out" 2>"$err"
status=$?
[ "$status" -eq 0 ] || bad "unset: status $status"
for home in /nowhere/at/all /proc ''; do
    env -u XDG_CONFIG_HOME -u XDG_DATA_HOME -u XDG_CACHE_HOME HOME="$home" "$PORTHOLE" --config "$config" sync >"$out" 2>"$err"
    status=$?
    [ "$status" -eq 0 ] || bad "HOME='$home': status $status"
    check_sane
done
t 'without room for log copies a log is still read'
rm -rf "$dir/cache"
: >"$dir/cache"
rm -rf "$db"*
run 0 sync
dump "$db" | diff "$dir/clean" - >"$dir/diff" || bad "it differs: $(head -n 3 "$dir/diff")"
rm -f "$dir/cache"
t 'porthole-source that is not there is told'
cp "$PORTHOLE" "$dir/porthole"
"$dir/porthole" --config "$config" sync >"$out" 2>"$err"
status=$?
[ "$status" -eq 3 ] || bad "status $status"
err_has 'porthole-source'
"$dir/porthole" --config "$config" doctor >"$out" 2>"$err"
out_has "^error	porthole-source	.*'make' builds it"
"$dir/porthole" --config "$config" runs --limit 0 >"$out" 2>"$err"
out_lines 14
done_testing
