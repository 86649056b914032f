#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh PROGRAM…: runs test programs that speak TAP (cmocka's own, and the shell ones), as many side by side as there
# are processors (JOBS), and closes with one line: "N passed, N failed, N skipped". With RESULTS=FILE the three
# numbers are added there too. With TESTS_QUICK=1 nothing is asked of a PostgreSQL.
set -u
export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8 TZ=Europe/Paris
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0} UBSAN_OPTIONS=print_stacktrace=1
unset PORTHOLE_NOW PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE COLORTERM NO_COLOR

here=$(dirname "$0")
work=$(mktemp -d /tmp/porthole-tests-XXXXXX)
at_exit() {
    [ -z "${our_pg:-}" ] || "$here/pg.sh" stop "$our_pg"
    rm -rf "$work"
}
trap at_exit EXIT

# One PostgreSQL for all that want one; without it their tests are skipped by name.
case " $* " in
*/tests/catalogue/* | */tests/sync/* | */tests/triage/* | */tests/views/* | */test_postgres* | */test_admin_postgres* | */test_away* | */test_record*)
    if [ -z "${PORTHOLE_TEST_PG:-}${TESTS_QUICK:-}" ]; then
        our_pg=$(mktemp -d /tmp/porthole-pg-XXXXXX)
        if "$here/pg.sh" start "$our_pg"; then
            export PORTHOLE_TEST_PG=$our_pg
        else
            echo "no PostgreSQL for the tests (status $?)"
        fi
    fi
    ;;
esac

# What PROGRAM came to, from its LOG and STATUS: its line, what failed, what was skipped; the counts go to a file.
report() { # PROGRAM LOG STATUS SECONDS CPU
    local ok skip bad name=${1##*/tests/}${PORTHOLE_TEST_ENGINE:+ on $PORTHOLE_TEST_ENGINE}
    sed -i 's/^not ok \([0-9]* # SKIP\)/ok \1/' "$2" # so says cmocka 1.1.7
    ok=$(grep -cE '^ok ' "$2")
    skip=$(grep -cE '^ok .*# SKIP' "$2")
    bad=$(grep -cE '^not ok ' "$2")
    # a program that dies or leaks after its last test has failed too
    [ "$3" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$ok" -eq 0 ] && [ "$bad" -eq 0 ] && bad=1
    echo "$((ok - skip)) $bad $skip" >>"$work/counts"
    if [ "$bad" -gt 0 ]; then
        printf 'FAIL %s (status %d)\n' "$name" "$3"
        grep -vE "^ok |^$" "$2" | head -n 60
    else
        printf 'ok   %-38s %3d  %3ds  cpu %6.1fs\n' "$name" "$ok" "$4" "$5"
    fi
    grep -E '^ok .*# SKIP' "$2" | sed 's/^/     /'
}

run_one() { # PROGRAM NUMBER
    local status started=$SECONDS log=$work/$2.log server=()
    case $1 in # they stop it under way: with one of their own they disturb nobody
    */test_store_postgres | */test_away.sh) [ -z "${our_pg:-}" ] || server=(env -u PORTHOLE_TEST_PG "$here/pg.sh" run) ;;
    esac
    TIMEFORMAT='%U %S'
    {
        time timeout -k 5 "${TEST_SECONDS:-600}" "${server[@]}" "$1" >"$log" 2>&1 </dev/null
        status=$?
    } 2>"$work/$2.cpu"
    report "$1" "$log" "$status" $((SECONDS - started)) "$(awk '{ print $1 + $2 }' "$work/$2.cpu")" >"$work/$2.said"
    flock "$work" cat "$work/$2.said" # one after the other
}

# Whether PROGRAM works on a catalogue of either engine (tests/catalogue/scratch.h).
is_on_both() {
    local source=${1##*/tests/}
    [ -n "${PORTHOLE_TEST_PG:-}" ] && grep -qsE '(scratch|sql)_catalogue\(|lab_new\(' "$here/$source.c"
}

i=0
start() { # PROGRAM
    while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-$(nproc)}" ]; do
        wait -n
    done
    i=$((i + 1))
    run_one "$1" "$i" &
}

for program in "$@"; do
    start "$program"
    is_on_both "$program" && PORTHOLE_TEST_ENGINE=postgres start "$program"
done
wait

read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$work/counts")
[ -z "${RESULTS:-}" ] || echo "$passed $failed $skipped" >>"$RESULTS"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
