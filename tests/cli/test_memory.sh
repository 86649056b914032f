#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# When memory runs out at any allocation: a clean message or success, no signal, and nothing is lost. MEMORY_STEP=1
# tries every allocation of every command; unless given, the first ones and then one of some.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
step=${MEMORY_STEP:-53}
# Sanitizers have an allocator of their own: the plain programs are needed.
if nm -D "$PORTHOLE" 2>/dev/null | grep -q __asan; then
    PORTHOLE=$root/porthole PORTHOLE_SOURCE=$root/porthole-source
fi
if [ ! -x "$PORTHOLE" ] || [ ! -x "$PORTHOLE_SOURCE" ]; then
    t 'the plain programs are built (make all)'
    skip 'they are not'
    done_testing
    exit
fi
cc -O1 -fPIC -shared -o "$dir/fail_alloc.so" "$here/fail_alloc.c" -ldl || exit 1

config_of shop shop
db=$dir/shop.db
run 0 sync
cp "$db" "$dir/good.db"
cp "$db.team" "$dir/good.team"
run 0 runs --json
cp "$out" "$dir/good.runs"
printf 'ok\nTraceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: no rows\n' >"$dir/a.log"

failing() { # N ARGS…: with the N-th allocation failing
    timeout 20 env FAIL_AT="$1" FAIL_TOTAL="$dir/total" LD_PRELOAD="$dir/fail_alloc.so" \
        "$PORTHOLE" --config "$config" "${@:2}" >"$out" 2>"$err" </dev/null
    status=$?
}
total_of() { sed -n "s/^$1 //p" "$dir/total" 2>/dev/null | tail -n 1; }
# Every allocation of the command, or a sample of them.
torture() { # ARGS…
    local total n
    rm -f "$dir/total"
    failing 999999999 "$@"
    total=$(total_of porthole)
    [ "$total" -gt 20 ] || bad "only $total allocations"
    for ((n = 1; n <= total; n += n < 40 ? 1 : step)); do
        failing "$n" "$@"
        case $status in
            0) ;;
            1 | 2 | 3 | 4) [ -s "$err" ] || [ -s "$out" ] || bad "porthole $*: allocation $n of $total fails: status $status without a word" ;;
            *) bad "porthole $*: allocation $n of $total fails: status $status" ;;
        esac
        [ ${#why} -lt 4000 ] || break
    done
}

for command in 'runs' 'runs --json' 'pipelines state:failed' 'triage --json' 'show shop/recsys_daily' \
    "explain $dir/a.log" 'search recsys' 'doctor' 'complete -- runs st' '--help'; do
    t "porthole ${command//$dir\//}"
    # shellcheck disable=SC2086 # words are wanted
    torture $command
done

t 'porthole sync: what was stored stays, and the next one goes on'
torture sync
run 0 sync
run 0 runs --json
cmp -s "$out" "$dir/good.runs" || bad 'the runs are not what they were'

t 'porthole-source says so, or answers'
hello='{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1,"source":"shop","config":{}}}'
pull='{"jsonrpc":"2.0","id":2,"method":"pull","params":{"cursor":null,"since_ms":null}}'
for ((n = 1; n < 4000; n += n < 40 ? 1 : step)); do
    printf '%s\n%s\n' "$hello" "$pull" |
        timeout 20 env FAIL_AT="$n" FAIL_TOTAL="$dir/total" LD_PRELOAD="$dir/fail_alloc.so" \
            "$PORTHOLE_SOURCE" --config "$config" shop >"$out" 2>"$err"
    status=$?
    [ "$status" -lt 124 ] || bad "allocation $n fails: status $status"
    n_made=$(total_of porthole-source)
    [ "${n_made:-$n}" -lt "$n" ] && break
    rm -f "$dir/total"
done

done_testing
