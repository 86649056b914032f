#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A person's own files, as bad as they can be: huge, deep, cut, with NUL bytes or sequences for the terminal, a folder, a
# FIFO, a device, not readable. What is wrong is said in one clean line, or it is passed over where it is a state file of
# ours; nothing hangs, crashes or reaches the terminal, and what a person wrote stays as it is.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
# shellcheck source=tests/cli/clean.bash
. "$here/clean.bash"

config_of files shop
run 0 sync
run 0 backup "$dir/good.backup"
mine=$XDG_CONFIG_HOME/porthole state=$XDG_STATE_HOME/porthole
mkdir -p "$mine/themes" "$state/sessions"

# bad_file KIND GOOD PATH: a file at PATH that is bad in the way KIND; GOOD is a sound one of its sort.
kinds='huge deep deep-map nul escape bytes cut folder fifo zero'
bad_file() {
    rm -rf "$3"
    case $1 in
    huge) truncate -s 100M "$3" ;;
    deep) head -c 200000 /dev/zero | tr '\0' '[' >"$3" ;;
    deep-map) head -c 200000 /dev/zero | sed 's/\x00/{a: /g' >"$3" ;;
    nul) { printf 'a\0b: \0\n' && cat "$2"; } >"$3" ;;
    escape) printf 'x\033]0;PWNED\007\033[41m: "\302\233\342\200\256PWNED\007"\n\033]0;PWNED\007: [\n' >"$3" ;;
    bytes) head -c 3000 /dev/urandom >"$3" ;;
    cut) head -c $(($(stat -c %s "$2") * 2 / 3)) "$2" >"$3" ;;
    folder) mkdir "$3" ;;
    fifo) mkfifo "$3" ;;
    zero) ln -s /dev/zero "$3" ;;
    esac
    [ -d "$3" ] || [ -p "$3" ] || [ -L "$3" ] || chmod 600 "$3"
}
# refuses LABEL ARGS…: a command ends soon, with a status of ours and one clean line of what is wrong.
refuses() {
    local label=$1
    shift
    timeout 20 "$PORTHOLE" --config "$config" "$@" >"$out" 2>"$err" </dev/null
    status=$?
    case $status in
    [1-4]) ;;
    *) bad "$label: status $status" ;;
    esac
    [ "$(wc -l <"$err")" -eq 1 ] || bad "$label: $(wc -l <"$err") lines on standard error"
    check_sane
    keep text "$label"
}
# The portal on a terminal: opens, takes KEYS, ends.
opens() { # LABEL KEYS ARGS…
    local said
    said=$(PORTHOLE=$PORTHOLE python3 -IS "$here/files.py" "$config" "$2" "${@:3}" 2>&1) || bad "$1: $said"
}
t 'a configuration'
good=$config
for kind in $kinds; do
    bad_file "$kind" "$good" "$dir/bad.yaml"
    config=$dir/bad.yaml refuses "$kind" runs
done
rm -rf "$dir/bad.yaml"
judge

t 'a backup: it is refused, and what is there stays'
for kind in $kinds; do
    bad_file "$kind" "$dir/good.backup" "$dir/bad.backup"
    refuses "$kind" restore "$dir/bad.backup" --yes
done
rm -rf "$dir/bad.backup"
run 0 problems --json
json 'len(rows) == 5'
judge

t 'what apply is to declare'
printf 'projects:\n  - {name: one, owner: ann, title: "some words that can be cut", pipelines: ["shop/*"]}\n' >"$dir/good.apply"
run 0 apply "$dir/good.apply" --dry-run
for kind in $kinds; do
    bad_file "$kind" "$dir/good.apply" "$dir/bad.apply"
    refuses "$kind" apply "$dir/bad.apply"
done
rm -rf "$dir/bad.apply"
run 0 projects --json
json 'not [r for r in rows if r["project"] == "one"]'
judge

t 'a theme'
for kind in $kinds; do
    bad_file "$kind" "$root/themes/dark.yaml" "$mine/themes/mine.yaml"
    opens "$kind" 'jj' --theme mine
done
rm -rf "$mine/themes/mine.yaml"

# All at once, one start for each way to be bad; the session of another portal is among them.
printf 'log: [v, l]\nmark: none\nsort: S\n' >"$dir/keys.good"
printf 'red:\n  view: runs\n  filter: state:failed\n  columns: [state, pipeline, run]\n' >"$dir/views.good"
printf 'runs:\n  columns: [state, run]\n' >"$dir/state.good"
t 'keys, saved views, history, columns and sessions; no saved view is lost by saving another one'
for kind in $kinds; do
    bad_file "$kind" "$dir/keys.good" "$mine/keys.yaml"
    bad_file "$kind" "$dir/views.good" "$mine/views.yaml"
    for file in history columns.yaml sessions/1-1.json; do
        bad_file "$kind" "$dir/state.good" "$state/$file"
    done
    [ ! -f "$mine/views.yaml" ] || [ "$kind" = zero ] || ln "$mine/views.yaml" "$dir/views.before"
    opens "$kind" ':runs\r:\033[A\033:save blue\r'
    if [ -e "$dir/views.before" ]; then
        [ "$mine/views.yaml" -ef "$dir/views.before" ] || bad "$kind: views.yaml is another one"
        rm "$dir/views.before"
    fi
    rm -rf "$mine/keys.yaml" "$mine/views.yaml" "$state/history" "$state/columns.yaml" "$state/sessions/1-1.json"
done
t 'sound ones are taken, so the ones above were refused for what they are'
cp "$dir/views.good" "$mine/views.yaml"
opens sound ':save blue\r:runs\r:save blue\r'
grep -q '^red:' "$mine/views.yaml" || bad 'red is lost'
grep -q '^blue:' "$mine/views.yaml" || bad 'blue is not there'

t 'a session that would lead anywhere leads nowhere bad'
python3 -IS - "$dir/files.db" "$state/sessions/1-2.json" <<'PY'
import json, os, sys
places = [{"view": "runs", "filter": "\x1b]0;PWNED\x07" * 9, "sort": "\x9b41m", "cursor": "\u202e/" * 99}]
places += [{"ref": "a/b\x00c/d"}, {"log": "../../../../etc/passwd"}, {"view": "home", "ref": "x" * 9999}] * 40
with open(sys.argv[2], "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
    json.dump({"catalogue": sys.argv[1], "terminal": "xterm-256color", "at_ms": 1795262300000, "places": places}, f)
PY
opens session '-jq-'

t 'what may not be read is told, or passed over'
if [ "$(id -u)" -eq 0 ]; then
    skip 'root may read everything'
else
    cp "$good" "$dir/closed.yaml"
    chmod 0 "$dir/closed.yaml"
    config=$dir/closed.yaml refuses configuration runs
    cp "$dir/views.good" "$mine/views.yaml"
    chmod 0 "$mine/views.yaml"
    opens views ':runs\r:save blue\r'
    chmod 600 "$mine/views.yaml"
    cmp -s "$dir/views.good" "$mine/views.yaml" || bad 'the saved views are lost'
fi
judge
done_testing
