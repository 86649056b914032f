#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Plug-ins: the example of the guide, one with every record and method, and ones that misbehave.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
config=''
plugins=$root/tests/fixtures/plugins

# plugin NAME SCRIPT [MODE]: a configuration with one plug-in; into $config.
plugin() {
    config=$dir/$1.yaml
    printf 'catalogue: sqlite:%s/%s.db\nsources:\n  - {name: %s, kind: plugin, command: [python3, "-IS", "%s"%s]}\n' \
        "$dir" "$1" "$1" "$2" "${3:+, $3}" >"$config"
}
# sql_is DATABASE QUERY WANT: its rows, joined by blanks.
sql_is() {
    local got
    got=$(sqlite3 "$dir/$1" "$2" 2>&1 | tr '\n' ' ')
    [ "${got% }" = "$3" ] || bad "$2: '${got% }', not '$3'"
}
# Nothing on standard output or error steers a terminal.
no_escapes() {
    ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\x8b\xae]' "$out" "$err" || bad "an escape came through"
}

cd "$dir" || exit 1

t "source new writes a program that passes its own test"
run 0 source new legacy
out_has 'name: legacy, kind: plugin, command: \[python3, "/.*/legacy\.py"\]'
[ -x legacy.py ] || bad "legacy.py is not executable"
[ "$(wc -l <legacy.py)" -lt 60 ] || bad "it has $(wc -l <legacy.py) lines"
run 0 source test ./legacy.py
out_lacks '^not ok|SKIP'
out_has '^1\.\.18$'

t "it is the program that the guide shows"
awk '/^```python$/ { on = 1; next } /^```$/ { on = 0 } on' "$root/docs_embedded/guide/write-a-plug-in.md" >shown.py
cmp -s shown.py legacy.py || bad "they differ"

t "source new overwrites nothing, and takes no path for a name"
echo mine >kept.py
run 2 source new kept
[ "$(cat kept.py)" = mine ] || bad "kept.py was overwritten"
run 2 source new ../up
[ ! -e ../up.py ] || bad "it wrote outside"

t "a plug-in that claims less is tried for less; one that is wrong is told"
run 0 source test python3 -IS "$plugins/whole.py" bare
out_has '^1\.\.8$'
run 1 source test python3 -IS "$plugins/whole.py" wrong-state
out_has "^not ok 3 - a first pull"
out_has "^#   record 'run': 'ok' is no state of it$"
out_has "^#   see porthole source guide pull$"
run 0 source guide pull
out_has '^## pull$'
out_lacks '^## log$'
run 1 source guide nothing

t "the built-in adapters pass it too"
printf 'sources:\n  - {name: shop, kind: local, path: "%s/tests/fixtures/local/shop"}\n' "$root" >shop.yaml
run 0 --config shop.yaml source test shop
out_has '^ok .*a followed log'
out_lacks '^not ok'

t "every record of a plug-in lands in the catalogue"
plugin whole "$plugins/whole.py" whole
run 0 sync
sql_is whole.db "SELECT run || ' ' || state FROM run ORDER BY run" "r1 success r2 running"
sql_is whole.db "SELECT pipeline || ' ' || title || ' ' || schedule FROM pipeline" "p Whole 0 2 * * *"
run 0 runs --json
json 'len(rows) == 2 and {r["run"] for r in rows} == {"r1", "r2"}'
run 0 show whole/p/r1 --json
json 'row["params"] == {"lr": "0.1"} and row["metrics"] == {"auc": 0.7}'

t "the rest of its records does, too"
sql_is whole.db "SELECT model || ' ' || version || ' ' || stage FROM model_version" "ranker 3 Production"
sql_is whole.db "SELECT alias FROM model_alias" champion
sql_is whole.db "SELECT name || ' ' || version || ' ' || rows FROM input" "events 7 1204"
sql_is whole.db.team "SELECT name || ' ' || state FROM data_check" "null_player fail"
sql_is whole.db.team "SELECT monitor || ' ' || state FROM alert" "rows open"
sql_is whole.db.team "SELECT month || ' ' || amount FROM cost" "2026-11 12.5"

t "a second sync finds the same"
run 0 sync
sql_is whole.db "SELECT count(*) FROM run" 2

t "series gives the points, NaN and Infinity as texts"
run 0 series whole/p/r1 --json
json '[r["value"] for r in rows if r["metric"] == "auc"] == [0.1, "NaN", 0.3, "Infinity"]'
json 'all(list(r) == ["metric", "step", "time_ms", "value"] for r in rows) and rows[1]["time_ms"] == 1795220400001'
run 0 series whole/p/r1 loss
column_is value "3.0 2.0 1.0"
column_is step "0 1 2"

t "what is not there is 1, what the source has not is 2, a source that fails is 3"
run 1 series whole/p/r1 loss nothing
out_has '^loss'
err_has "has no metric 'nothing'"
run 1 series whole/p/nothing
run 2 series whole/p
plugin bare "$plugins/whole.py" bare
run 0 sync
run 2 series bare/p/r1
err_has "have no series"
out_lines 0
run 2 artifacts bare/p/r1
plugin series "$plugins/whole.py" series-error
run 0 sync
run 3 series series/p/r1
err_has 'the curve is damaged'
err_lines 1

t "the curve of a run that ended is fetched once, one of a run that goes on each time"
plugin whole "$plugins/whole.py" whole
run 0 series whole/p/r1 auc --json
cp "$out" first
sed -i 's/whole\.py/nowhere.py/' "$config"
run 0 series whole/p/r1 auc --json
cmp -s "$out" first || bad "it differs"
run 3 series whole/p/r2 auc
sed -i 's/nowhere\.py/whole.py/' "$config"

t "artifacts lists a folder, and prints a file as it is"
run 0 artifacts whole/p/r1
column_is path "model note.txt big.bin"
run 0 artifacts whole/p/r1 --json
json 'row == {"path": "model", "size": None, "is_dir": True} and rows[1]["size"] == 14'
run 0 artifacts whole/p/r1 model
column_is path model/MLmodel
run 0 artifacts whole/p/r1 note.txt
printf 'one\ntwo\nthree\n' | cmp -s - "$out" || bad "note.txt differs"
run 0 artifacts whole/p/r1 big.bin
python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 1024)' | cmp -s - "$out" || bad "big.bin differs"
run 0 artifacts whole/p/r1 note.txt --tail 6
printf 'three\n' | cmp -s - "$out" || bad "its tail differs"
run 1 artifacts whole/p/r1 nothing
run 1 artifacts whole/p/r1 model/nothing
"$PORTHOLE" --config "$config" artifacts whole/p/r1 big.bin 2>"$err" | head -c 10 >/dev/null
[ "${PIPESTATUS[0]}" -eq 0 ] || bad "a closed pipe is no failure"

t "nothing hostile that a plug-in says reaches a terminal as it is"
plugin evil "$plugins/whole.py" hostile
run 0 sync
no_escapes
run 0 runs --json
ref=$(python3 -c 'import json, sys; print(next(r["ref"] for r in map(json.loads, open(sys.argv[1])) if r["run"] == "r1"))' "$out")
run 0 series "$ref"
no_escapes
out_has pwned
run 0 series "$ref" --json
no_escapes
run 0 artifacts "$ref"
no_escapes
run 0 artifacts "$ref" --json
json 'row["path"].startswith("e\x1b[2J") and row["path"].endswith("%2F")'
script -qefc "$PORTHOLE --config $config artifacts '$ref' '$(printf 'e\033[2J\033]0;pwned\007\342\200\256x\342\200\213\n\t%%2F')'" /dev/null >"$out" 2>"$err" </dev/null
out_has pwned
! LC_ALL=C grep -qP '\x1b\[2J|\x1b\]0|\x07' "$out" || bad "an escape came through"
run 0 source test python3 -IS "$plugins/whole.py" hostile
no_escapes

t "a plug-in that misbehaves costs its own source one line, and loses nothing that was vouched for"
for mode in crash long-line words; do
    plugin "$mode" "$plugins/whole.py" "$mode"
    run 3 sync
    err_lines 1
    no_escapes
done
err_has "source 'words'|^porthole: words"
plugin bad-utf8 "$plugins/whole.py" bad-utf8
run 0 sync
sql_is bad-utf8.db "SELECT count(*) FROM run" 3
plugin twice "$plugins/whole.py" twice
run 0 sync
plugin wrong-id "$plugins/whole.py" wrong-id
run 0 sync
sql_is wrong-id.db "SELECT count(*) FROM run" 2
plugin no-run "$plugins/whole.py" no-run
run 0 sync
sql_is no-run.db "SELECT run FROM run WHERE state = 'running'" r2

done_testing
