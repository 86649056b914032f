#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs test programs that speak TAP (cmocka's own, and the shell ones) and closes with one line:
# "N passed, N failed, N skipped". With RESULTS=FILE the three numbers are added there too.
set -u
export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8 TZ=Europe/Paris
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0} UBSAN_OPTIONS=print_stacktrace=1
unset PORTHOLE_NOW PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE COLORTERM NO_COLOR

passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

for program in "$@"; do
    timeout -k 5 "${TEST_SECONDS:-120}" "$program" >"$log" 2>&1
    status=$?
    ok=$(grep -cE '^ok ' "$log")
    skip=$(grep -cE '^ok .*# SKIP' "$log")
    bad=$(grep -cE '^not ok ' "$log")
    # a program that dies or leaks after its last test has failed too
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$ok" -eq 0 ] && [ "$bad" -eq 0 ] && bad=1
    passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
    name=${program##*/tests/}
    if [ "$bad" -gt 0 ]; then
        printf 'FAIL %s (status %d)\n' "$name" "$status"
        grep -vE "^ok |^$" "$log" | head -n 60
    else
        printf 'ok   %-34s %3d\n' "$name" "$ok"
    fi
    grep -E '^ok .*# SKIP' "$log" | sed 's/^/     /'
done

[ -z "${RESULTS:-}" ] || echo "$passed $failed $skipped" >>"$RESULTS"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
