# SPDX-License-Identifier: GPL-3.0-or-later
# For the tests of whole programs: each `t NAME` starts a test, what follows it must hold, `done_testing` ends.
# All state lies below $dir, which goes at exit.
# shellcheck shell=bash
set -u
export LC_ALL=C.UTF-8 TZ=Europe/Paris PORTHOLE_NOW=1795262400000 # 2026-11-21 12:00 UTC
unset LANG LC_CTYPE NO_COLOR COLORTERM PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
: "${PORTHOLE:=$root/build/address/porthole}" "${PORTHOLE_SOURCE:=$root/build/address/porthole-source}"
if [ ! -x "$PORTHOLE" ] || [ ! -x "$PORTHOLE_SOURCE" ]; then
    echo "not ok 1 $PORTHOLE and $PORTHOLE_SOURCE are built"
    exit 1
fi
dir=$(mktemp -d)
export HOME=$dir/home XDG_CONFIG_HOME=$dir/config XDG_DATA_HOME=$dir/data XDG_CACHE_HOME=$dir/cache
export XDG_STATE_HOME=$dir/state XDG_RUNTIME_DIR=$dir TERM=xterm-256color
mkdir -p "$HOME"
out=$dir/out err=$dir/err status=0
judge='' # the process behind `json`, once there is one
at_exit() { rm -rf "$dir"; }
trap 'end_judge; at_exit' EXIT

tests=0 failures=0 name='' why=''

end_test() {
    [ -n "$name" ] || return 0
    tests=$((tests + 1))
    if [ -n "$why" ]; then
        failures=$((failures + 1))
        printf 'not ok %d %s\n%b' "$tests" "$name" "$why"
    else
        printf 'ok %d %s\n' "$tests" "$name"
    fi
    name='' why=''
}

t() {
    end_test
    name=$1
}

# The test at hand does not apply here.
skip() {
    tests=$((tests + 1))
    printf 'ok %d %s # SKIP %s\n' "$tests" "$name" "$1"
    name='' why=''
}

bad() {
    why+="#   $1\n$(head -c 2000 "$err" | sed 's/\\/\\\\/g; s/^/#   stderr: /' | head -n 12)\n"
}

# What no run may show, whatever it was asked.
check_sane() {
    grep -qE 'AddressSanitizer|LeakSanitizer|runtime error:|^BUG' "$err" && bad "a sanitizer complains"
    [ "$status" -lt 128 ] || bad "died: status $status"
}

# run STATUS ARGS…: the program with ARGS, into $out and $err, must end with STATUS.
run() {
    local want=$1
    shift
    "$PORTHOLE" ${config:+--config "$config"} "$@" >"$out" 2>"$err" </dev/null
    status=$?
    [ "$status" -eq "$want" ] || bad "porthole $*: status $status, not $want"
    check_sane
}

out_has() { grep -qE -- "$1" "$out" || bad "no /$1/ on standard output"; }
out_lacks() { ! grep -qE -- "$1" "$out" || bad "/$1/ on standard output"; }
err_has() { grep -qE -- "$1" "$err" || bad "no /$1/ on standard error"; }
out_lines() { [ "$(wc -l <"$out")" -eq "$1" ] || bad "$(wc -l <"$out") lines, not $1"; }
err_lines() { [ "$(wc -l <"$err")" -eq "$1" ] || bad "$(wc -l <"$err") lines on standard error, not $1"; }
# The values of column KEY of the TSV that was printed are WANT (blank-separated).
column_is() {
    local got
    got=$(awk -F'\t' -v key="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == key) c = i; next } c { print $c }' "$out" | tr '\n' ' ')
    [ "${got% }" = "$2" ] || bad "$1: '${got% }', not '$2'"
}
# json EXPRESSION: true in Python, where `rows` are the objects that were printed and `row` the first. One Python
# answers for the whole script: starting it costs more than the program that is tested.
json() {
    local verdict
    [ -n "$judge" ] || start_judge
    printf '%s\0%s' "$out" "$1" >"$dir/judge.in"
    read -r verdict <"$dir/judge.out"
    [ "$verdict" = true ] || bad "not so: $1: $verdict"
}
start_judge() {
    mkfifo "$dir/judge.in" "$dir/judge.out"
    python3 -IS -c '
import json, signal, sys
signal.alarm(3600)  # whatever becomes of the script
while True:
    with open(sys.argv[1], encoding="utf-8") as question:
        path, expression = question.read().split("\0")
    try:
        rows = [json.loads(line) for line in open(path, encoding="utf-8")]
        is_so = eval(expression, {"rows": rows, "row": rows[0] if rows else {}, "json": json})
        verdict = "true" if is_so else "rows: " + json.dumps(rows)[:300]
    except Exception as e:
        verdict = f"{type(e).__name__}: {e}"
    with open(sys.argv[2], "w", encoding="utf-8") as answer:
        print(verdict.replace("\n", " "), file=answer)
' "$dir/judge.in" "$dir/judge.out" &
    judge=$!
    disown # bash would tell of its end
}
end_judge() { [ -z "$judge" ] || kill "$judge" 2>/dev/null; }
# config_of NAME FIXTURE…: a configuration with the folders of tests/fixtures/local as sources; into $config.
config_of() {
    config=$dir/$1.yaml
    {
        printf 'catalogue: sqlite:%s/%s.db\ntimezone: Europe/Paris\nsources:\n' "$dir" "$1"
        for source in "${@:2}"; do
            printf '  - {name: %s, kind: local, path: "%s/tests/fixtures/local/%s"}\n' "$source" "$root" "$source"
        done
    } >"$config"
}

done_testing() {
    end_test
    printf '1..%d\n' "$tests"
    [ "$failures" -eq 0 ]
}
