#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Notices of problems: to webhooks in both forms and to commands; what fails is tried again, nothing comes twice.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "${BASH_SOURCE[0]}")/tap.bash"

got=$dir/got
mkdir "$got"
exec {said}< <(exec python3 "$here/notify.py" "$got")
receiver=$!
at_exit() {
    kill "$receiver"
    rm -rf "$dir"
}
read -r port <&"$said"

# at SECONDS: it is so much later.
start=$PORTHOLE_NOW
at() { export PORTHOLE_NOW=$((start + $1 * 1000)); }

# notify_of NAME ENTRY…: a catalogue of one problem in project `one` (and more in others), with ENTRYs below notify:
notify_of() {
    config_of "$1" shop
    printf 'projects:\n  - {name: one, pipelines: ["shop/popularity"], owner: "@data-eng"}\nuser: mlee\nnotify:\n' >>"$config"
    printf '  - {projects: [one], %s}\n' "${@:2}" >>"$config"
    rm -f "$got"/*
    at 0
}

# came NAME N: so many bodies came there.
came() {
    local n=0
    [ ! -e "$got/$1" ] || n=$(wc -l <"$got/$1")
    [ "$n" -eq "$2" ] || bad "$n bodies came to $1, not $2"
}

export HOOK_OK=http://127.0.0.1:$port/ok/s3cret HOOK_NO=http://127.0.0.1:$port/no/s3cret
export HOOK_CUT=http://127.0.0.1:$port/cut/s3cret HOOK_SLOW=http://127.0.0.1:$port/slow/s3cret
export HOOK_GONE=http://127.0.0.1:$port/gone/s3cret HOOK_MOVED=http://127.0.0.1:$port/moved/s3cret
export HOOK_CLEAR=http://192.0.2.1/s3cret

t 'a new problem is told to a webhook once, in plain JSON'
notify_of plain 'name: hook, webhook_env: HOOK_OK'
run 0 sync
out_has '^notices: 1 sent$'
came ok 1
cp "$got/ok" "$out"
json 'row["event"] == "new" and row["project"] == "one" and row["pipeline"] == "popularity"'
json 'row["ref"].startswith("problem:") and row["severity"] == "production" and row["owner"] == "@data-eng"'
json 'row["title"] in row["text"] and row["ref"] in row["text"] and row["id"].endswith("/hook")'
at 600
run 0 sync
out_lacks notices
came ok 1

t 'in the form of Slack it is one text'
notify_of slack 'name: hook, webhook_env: HOOK_OK, form: slack'
run 0 sync
cp "$got/ok" "$out"
json 'list(row) == ["text"] and "popularity" in row["text"]'

t 'a command gets it in its arguments, without a shell'
notify_of command "name: pager, command: [$dir/page, --, \"{title}\", \"{ref} {owner} {other}\"]"
# shellcheck disable=SC2016
printf '#!/bin/sh\nprintf "%%s\\n" "$#" "$@" >>"%s/page"\n' "$got" >"$dir/page"
chmod +x "$dir/page"
run 0 sync
[ "$(sed -n '1p;3,4p' "$got/page" | tr '\n' '|')" = '3|the run failed; no step of it did|problem:4 @data-eng {other}|' ] ||
    bad "$(cat "$got/page")"

t 'what an answer refuses for now is tried again, later and later, and then comes once'
notify_of again 'name: hook, webhook_env: HOOK_NO'
touch "$got/no.fails"
run 0 sync
out_has '^notices: 0 sent, 1 to be tried again$'
err_has "^porthole: notice to 'hook': HTTP 500; tried again later$"
at 29
run 0 sync
out_lacks notices
at 31
run 0 sync
came no 2
at 60
run 0 sync
came no 2
rm "$got/no.fails"
at 92
run 0 sync
out_has '^notices: 1 sent$'
came no 3
at 9000
run 0 sync
came no 3
uniq "$got/no" >"$out"
out_lines 1 # the same id and words each time

t 'a lost answer is not asked for twice: cut, and too slow'
notify_of lost 'name: cut, webhook_env: HOOK_CUT' 'name: slow, webhook_env: HOOK_SLOW' 'name: ok, webhook_env: HOOK_OK'
run 0 sync
out_has '^notices: 1 sent, 2 lost$'
err_has 'whether it arrived is not known, so it is not sent again'
came ok 1
for later in 60 600 90000; do
    at "$later"
    run 0 sync
done
came cut 1
came slow 1
came ok 1

t 'what nobody can take is given up; a redirect carries it nowhere'
notify_of gone 'name: gone, webhook_env: HOOK_GONE' 'name: moved, webhook_env: HOOK_MOVED'
run 0 sync
out_has '^notices: 0 sent, 2 lost$'
at 600
run 0 sync
came gone 1
came moved 1
came ok 0

t 'without a connection, an address or a right to send it in the clear nothing went out: it is tried again'
notify_of unsent 'name: away, webhook_env: HOOK_AWAY' 'name: none, webhook_env: HOOK_NONE' 'name: clear, webhook_env: HOOK_CLEAR' \
    "name: missing, command: [$dir/nosuch]" 'name: says_no, command: ["false"]'
unset HOOK_NONE
HOOK_AWAY=http://127.0.0.1:1/s3cret run 0 sync
out_has '^notices: 0 sent, 5 to be tried again$'
at 40
HOOK_AWAY=$HOOK_OK run 0 sync
out_has '^notices: 1 sent, 4 to be tried again$'
came ok 1

t 'no address of a webhook is in what was printed or stored'
grep -rqs s3cret "$dir"/*.db* "$out" "$err" && bad 'it is'

t 'below its severity nobody is told'
notify_of quiet 'name: hook, webhook_env: HOOK_OK' 'name: all, webhook_env: HOOK_NO, severity: playground'
sed -i 's/name: one, pipelines/name: one, severity: playground, pipelines/' "$config"
run 0 sync
came ok 0
came no 1

t 'many at once are one message'
notify_of many 'name: hook, webhook_env: HOOK_OK'
sed -i 's/projects: \[one\], //' "$config"
mkdir -p "$dir/many"
cp -r "$root"/tests/fixtures/local/shop "$dir/many/other"
sed -i "s#^projects:#  - {name: other, kind: local, path: \"$dir/many/other\"}\nprojects:#" "$config"
run 0 sync
came ok 1
cp "$got/ok" "$out"
json 'row["event"] == "many" and len(row["refs"]) > 5'

t 'a question goes to the channel of the owner at once'
notify_of ask 'name: data-eng, webhook_env: HOOK_OK'
run 0 sync
run 0 ask problem:4 'do you' know this
came ok 2
tail -n 1 "$got/ok" >"$out"
json 'row["event"] == "asked" and "mlee asks: do you know this" in row["text"]'
run 2 ask problem:4
err_has 'it has no text'

t 'secrets are masked'
notify_of masked 'name: data-eng, webhook_env: HOOK_OK'
printf 'mask: ["Zwölf[a-z]+"]\n' >>"$config"
run 0 sync
run 0 ask problem:4 'password=hunter2 and Zwölfaffen'
grep -qE 'hunter2|affen' "$got/ok" && bad "$(tail -n 1 "$got/ok")"

t 'read-only sends nothing'
notify_of read 'name: hook, webhook_env: HOOK_OK'
run 4 sync --read-only
came ok 0

done_testing
