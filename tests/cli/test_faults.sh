#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The commands that change stores or files, each on a disk that is full or broken, without descriptors left, and killed
# at any moment: a message and a status, and what was there is whole, before or after.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
# Sanitizers want to be loaded first, and take seconds where this takes many starts: the plain programs.
if nm -D "$PORTHOLE" 2>/dev/null | grep -q __asan; then
    PORTHOLE=${PORTHOLE_PLAIN:-$root/porthole} PORTHOLE_SOURCE=${PORTHOLE_PLAIN:-$root/porthole}-source
fi
if [ ! -x "$PORTHOLE" ] || [ ! -x "$PORTHOLE_SOURCE" ]; then
    t 'the plain programs are built (make all)'
    skip 'they are not'
    done_testing
    exit
fi
cc -O1 -fPIC -shared -o "$dir/fail_io.so" "$here/fail_io.c" -ldl || exit 1

config_of main shop
main=$config
run 0 sync
run 0 backup "$dir/team.backup"
printf 'projects:\n  - {name: one, owner: ann, pipelines: ["shop/*"]}\n  - {name: two, owner: bob}\n' >"$dir/declared.yaml"
mkdir "$dir/good"
cp "$dir"/main.db* "$dir/good/"
for store in there kept other; do sed "s|/main.db|/$store.db|" "$main" >"$dir/$store.yaml"; done
echo 'keep: {runs: 2h}' >>"$dir/kept.yaml"

# Rows of LIST in the catalogue of CONFIGURATION; a question that must be answered.
rows() { # CONFIGURATION LIST
    "$PORTHOLE" --config "$dir/$1.yaml" "$2" --json --limit 0 2>>"$dir/asked" | wc -l
}
sound() { # NAME: both files of the catalogue
    local file said
    for file in "$dir/$1.db" "$dir/$1.db.team"; do
        [ -e "$file" ] || continue
        # who was killed may still hold its locks: timeout kills itself along, and nobody has waited for it
        said=$(sqlite3 -cmd '.timeout 60000' "$file" 'PRAGMA integrity_check' 2>&1)
        [ "$said" = ok ] || bad "$label: $file is damaged: $said"
    done
}
one_of() { # WHAT GOT WANT…
    local want
    for want in "${@:3}"; do [ "$2" != "$want" ] || return 0; done
    bad "$label: $2 $1, not one of: ${*:3}"
}

# For each command: where it starts from, what it is, and what holds afterwards however it ended (DONE: it said so).
fresh() {
    rm -rf "$dir"/main.db* "$dir"/there.db* "$dir"/kept.db* "$dir"/other.db* "$dir/new.backup"*
    cp "$dir/good/"main.db* "$dir/"
}
declare -A words=(
    [backup]="--config $main backup $dir/new.backup"
    [restore]="--config $dir/other.yaml restore $dir/team.backup --yes"
    [move]="--config $main move --to sqlite:$dir/there.db"
    [forget]="--config $main forget shop --yes"
    [apply]="--config $main apply $dir/declared.yaml"
    [keep]="--config $dir/kept.yaml sync")
from_restore() { for file in "$dir/good/"*; do cp "$file" "$dir/other${file#"$dir/good/main"}"; done; }
from_keep() { for file in "$dir/good/"*; do cp "$file" "$dir/kept${file#"$dir/good/main"}"; done; }
from_backup() { :; }
from_move() { :; }
from_forget() { :; }
from_apply() { :; }
holds_backup() {
    [ -z "$done" ] || [ -s "$dir/new.backup" ] || bad "$label: it says that it is written"
    [ ! -e "$dir/new.backup" ] || "$PORTHOLE" --config "$dir/there.yaml" restore "$dir/new.backup" >"$out" 2>"$err" ||
        bad "$label: the backup is not whole"
}
holds_restore() {
    sound other
    # what was there may stand aside, where the kill came between the two renames: it is not lost
    local n
    n=$(rows other problems)
    [ "$n" -eq 5 ] || compgen -G "$dir/other.db.team.before-*" >/dev/null || bad "$label: $n problems"
    [ -z "$done" ] || one_of problems "$n" 5
}
holds_move() {
    sound main
    one_of 'runs are left behind' "$(rows main runs)" 13
    "$PORTHOLE" --config "$dir/there.yaml" runs --json --limit 0 >"$out" 2>"$err" # the new one: whole, or says that it is not
    case $? in
    0)
        # none: it was made, and no row had come
        local n
        n=$(wc -l <"$out")
        [ "$n" -gt 0 ] || [ -n "$done" ] || {
            # shellcheck disable=SC2086
            "$PORTHOLE" ${words[move]} >"$out" 2>"$err" || bad "$label: not a second time: $(head -n 1 "$err")"
            n=$(rows there runs)
        }
        one_of 'runs were moved' "$n" 13
        ;;
    3) [ -z "$done" ] || bad "$label: it says that it has moved" ;;
    *) bad "$label: the new one cannot be asked" ;;
    esac
}
holds_forget() {
    sound main
    one_of problems "$(rows main problems)" 5
    one_of 'runs (done: 0)' "$(rows main runs)" 0 "${done:-13}"
    [ -n "$done" ] || { # it can be asked again, and goes on
        "$PORTHOLE" --config "$main" forget shop --yes >"$out" 2>"$err"
        one_of 'runs after a second try' "$(rows main runs)" 0
    }
}
holds_apply() {
    sound main
    [ -z "$done" ] || one_of 'projects (done)' "$(rows main projects)" 2
    one_of projects "$(rows main projects)" 0 2
}
holds_keep() {
    sound kept
    one_of problems "$(rows kept problems)" 5 6 # that sync fails may be one
    "$PORTHOLE" --config "$dir/kept.yaml" sync >"$out" 2>"$err" || bad "$label: the next sync fails: $(cat "$err")"
    [ "$(rows kept runs)" -ge 3 ] || bad "$label: newest runs are lost"
}
holds() { # COMMAND STATUS
    done=''
    [ "$2" -ne 0 ] || done=0
    "holds_$1"
}

failing() { # COMMAND CALL ERRNO FROM
    fresh
    "from_$1"
    label="$1, $2 fails with $3 from call $4 on"
    # shellcheck disable=SC2086
    PORTHOLE_NOW=$now FAIL_BELOW=$dir FAIL_CALL=$2 FAIL_ERRNO=$3 FAIL_FROM=$4 LD_PRELOAD=$dir/fail_io.so \
        timeout 20 "$PORTHOLE" ${words[$1]} >"$out" 2>"$err" </dev/null
    status=$?
    if [ "$status" -gt 0 ]; then
        [ "$status" -le 4 ] || bad "$label: status $status"
        grep -q '^porthole: ' "$err" || bad "$label: no message"
        failed=$((failed + 1))
    fi
    holds "$1" "$status"
}
now=$((PORTHOLE_NOW + 3600000))
for command in backup restore move forget apply keep; do
    t "$command on a full or broken disk, and without descriptors"
    failed=0
    for n in 1 2 4 9 20; do
        failing $command write 28 "$n" # ENOSPC
        failing $command sync 5 "$n"   # EIO
        failing $command open 24 "$n"  # EMFILE
    done
    failing $command rename 28 1
    [ "$failed" -ge 6 ] || bad "only $failed of 16 failed: the faults do not reach it"
done

for command in backup restore move forget apply keep; do
    t "$command killed at any moment"
    fresh
    "from_$command"
    began=$(date +%s%N)
    # shellcheck disable=SC2086
    PORTHOLE_NOW=$now "$PORTHOLE" ${words[$command]} >"$out" 2>"$err" || bad "$(head -n 1 "$err")"
    whole_us=$((($(date +%s%N) - began) / 1000)) killed=0
    for i in 1 2 3 4 5 6 7 8; do
        fresh
        "from_$command"
        label="$command, kill $i of 8"
        { # that the shell tells of it
            # shellcheck disable=SC2086
            PORTHOLE_NOW=$now timeout -s KILL "$(printf '0.%06d' $((whole_us * i / 9 % 1000000)))" \
                "$PORTHOLE" ${words[$command]} >"$out" 2>"$err" </dev/null
        } 2>/dev/null
        status=$?
        [ "$status" -ne 137 ] || killed=$((killed + 1))
        holds "$command" "$status"
    done
    [ "$killed" -ge 1 ] || bad "only $killed of 8 were killed in time"
done

# --- the portal's own files ---------------------------------------------------------
t 'a view that cannot be saved is told, and those that are saved stay'
mkdir -p "$XDG_CONFIG_HOME/porthole"
printf 'red:\n  view: runs\n' >"$XDG_CONFIG_HOME/porthole/views.yaml"
cp "$XDG_CONFIG_HOME/porthole/views.yaml" "$dir/views.before"
fresh
for fault in 'write 28 No.space' 'sync 5 Input/output' 'rename 28 No.space'; do
    read -r call number text <<<"$fault"
    said=$(FAIL_BELOW=$dir FAIL_CALL=$call FAIL_ERRNO=$number FAIL_FROM=1 LD_PRELOAD=$dir/fail_io.so PORTHOLE=$PORTHOLE \
        python3 -IS "$here/files.py" "$main" ':runs\r:save blue\r' --read-only 2>&1) || bad "$call: $said"
    cmp -s "$dir/views.before" "$XDG_CONFIG_HOME/porthole/views.yaml" || bad "$call: the saved views are others ($text)"
    compgen -G "$XDG_CONFIG_HOME/porthole/views.yaml.*" >/dev/null && bad "$call: a leftover"
done
done_testing
