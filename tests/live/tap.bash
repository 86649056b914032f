# SPDX-License-Identifier: GPL-3.0-or-later
# For the live tests: TAP whose tests all have a name, also where they cannot run.
#   $work   a folder for what a test says
#   $skip   why no test can run; with CI=true that is a failure
# shellcheck shell=bash
count=0 passed=0 failed=0 skipped=0 skip=

# t NAME COMMAND…: one test. What it writes is shown where it fails, lines that start with "# " always.
t() {
    local name=$1 status
    shift
    count=$((count + 1))
    if [ -n "$skip" ] && [ "${CI:-}" = true ]; then
        failed=$((failed + 1))
        echo "not ok $count $name # $skip"
        return
    elif [ -n "$skip" ]; then
        skipped=$((skipped + 1))
        echo "ok $count $name # SKIP $skip"
        return
    fi
    "$@" >"$work/test.out" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok $count $name"
        grep '^# ' "$work/test.out"
    else
        failed=$((failed + 1))
        echo "not ok $count $name"
        sed 's/^/# /' "$work/test.out" | head -n 40
    fi
}

# The counts, also added to the file RESULTS. Status 1 where a test failed.
end_tests() {
    [ -z "${RESULTS:-}" ] || echo "$passed $failed $skipped" >>"$RESULTS"
    echo "1..$count"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
