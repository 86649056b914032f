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
here=$(dirname "$0")
at_exit() {
    rm -f "$log"
    [ -z "${our_pg:-}" ] || "$here/pg.sh" stop "$our_pg"
}
trap at_exit EXIT

# One PostgreSQL for all that want one; without it their tests are skipped by name.
case " $* " in
*/tests/catalogue/* | */tests/sync/* | */tests/triage/* | */tests/views/* | */test_postgres*)
    if [ -z "${PORTHOLE_TEST_PG:-}" ]; then
        our_pg=$(mktemp -d /tmp/porthole-pg-XXXXXX)
        if "$here/pg.sh" start "$our_pg"; then
            export PORTHOLE_TEST_PG=$our_pg
        else
            echo "no PostgreSQL for the tests (status $?)"
        fi
    fi
    ;;
esac

# Whether PROGRAM works on a catalogue of either engine (tests/catalogue/scratch.h).
is_on_both() {
    local source=${1##*/tests/}
    [ -n "${PORTHOLE_TEST_PG:-}" ] && grep -qs scratch_catalogue "$here/$source.c"
}

run_one() { # PROGRAM [what its name is followed by]
    local program=$1 status ok skip bad name
    timeout -k 5 "${TEST_SECONDS:-120}" "$program" >"$log" 2>&1
    status=$?
    sed -i 's/^not ok \([0-9]* # SKIP\)/ok \1/' "$log" # so says cmocka 1.1.7
    ok=$(grep -cE '^ok ' "$log")
    skip=$(grep -cE '^ok .*# SKIP' "$log")
    bad=$(grep -cE '^not ok ' "$log")
    # a program that dies or leaks after its last test has failed too
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$ok" -eq 0 ] && [ "$bad" -eq 0 ] && bad=1
    passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
    name=${program##*/tests/}${2:-}
    if [ "$bad" -gt 0 ]; then
        printf 'FAIL %s (status %d)\n' "$name" "$status"
        grep -vE "^ok |^$" "$log" | head -n 60
    else
        printf 'ok   %-34s %3d\n' "$name" "$ok"
    fi
    grep -E '^ok .*# SKIP' "$log" | sed 's/^/     /'
}

for program in "$@"; do
    run_one "$program"
    is_on_both "$program" && PORTHOLE_TEST_ENGINE=postgres run_one "$program" ' on PostgreSQL'
done

[ -z "${RESULTS:-}" ] || echo "$passed $failed $skipped" >>"$RESULTS"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
