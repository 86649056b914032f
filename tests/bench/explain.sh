#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CPU of `porthole explain` against `grep -c ERROR | cat` on the same file, and its resident memory:
# explain.sh [MEGABYTES]: a plain log and a mixed one, made here and removed.
set -u
megabytes=${1:-300}
porthole=${PORTHOLE:-./porthole}
most_ratio=3 most_kb=65536
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0

make_log() { # KIND
    awk -v kind="$1" 'BEGIN {
        n = split("task scheduler worker executor queue shuffle stage model batch epoch metric rows order shard", w)
        srand(7)
        for (i = 0; i < 100000; i++) {
            t = sprintf("2026-03-%02d %02d:%02d:%02d,%03d", 1 + i % 28, i / 3600 % 24, i / 60 % 60, i % 60, i % 1000)
            r = kind == "mixed" ? i % 50 : -1
            if (r == 3) { print t " ERROR request " i " failed: connection refused by 10.0.0." i % 256; continue }
            if (r == 13) { print t " WARN  retrying after timeout, attempt " i % 5; continue }
            if (r == 33) { print "\033[32m" t " INFO\033[0m done " i; continue }
            printf "%s INFO  [%s-%d]", t, w[1 + int(rand() * n)], i % 16
            for (k = 4 + int(rand() * 9); k > 0; k--) printf " %s", w[1 + int(rand() * n)]
            print " id=" int(rand() * 1e9) " took " int(rand() * 900) " ms"
        }
    }' >"$dir/block"
    local i n
    n=$((megabytes * 1000000 / $(stat -c %s "$dir/block") + 1))
    for ((i = 0; i < n; i++)); do cat "$dir/block"; done >"$dir/log"
}

cpu() { # COMMAND…: user and system seconds of all of it
    local TIMEFORMAT='%U %S'
    { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{print $1 + $2}'
}
# shellcheck disable=SC2317  # called by name
floor() { grep -c ERROR "$dir/log" | cat; }

for kind in plain mixed; do
    make_log "$kind"
    cat "$dir/log" >/dev/null
    low=$(cpu floor)
    own=$(cpu "$porthole" explain "$dir/log")
    kb=$(python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$porthole" explain "$dir/log")
    awk -v kind="$kind" -v low="$low" -v own="$own" -v kb="$kb" -v most="$most_ratio" -v most_kb="$most_kb" 'BEGIN {
        ratio = low > 0 ? own / low : 0
        over = ratio > most || kb > most_kb
        printf "explain %-6s %.2f s, grep %.2f s: %.1f times, %d kB resident%s\n", kind, own, low, ratio, kb,
            over ? "  OVER" : ""
        exit over
    }' || status=1
done
exit $status
