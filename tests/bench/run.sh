#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A catalogue of any size through a plug-in, and what sync, lists and portal cost on it, each as a multiple of
# the least that a C program does, or against a bar: see README.md. Exits 1 where one is over its bar.
#   tests/bench/run.sh [RUNS [TIMES [IDLE_SECONDS]]]        1,000,000 runs, 15 times, 5 s
#   PORTHOLE, LISTS and PAGES (the programs of lists.c and pages.c) and CC from the environment; KEEP=1 leaves the catalogue
set -eu
here=$(cd "$(dirname "$0")" && pwd)
runs=${1:-1000000} times=${2:-15} idle=${3:-5}
porthole=$(realpath "${PORTHOLE:-$here/../../porthole}")
lists=$(realpath "${LISTS:-$here/../../build/release/tests/bench/lists}")
pages=$(realpath "${PAGES:-$here/../../build/release/tests/bench/pages}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME=$dir XDG_CONFIG_HOME=$dir/config XDG_DATA_HOME=$dir/data XDG_CACHE_HOME=$dir/cache
export PORTHOLE_NOW=1795262400000 LC_ALL=C.UTF-8 TZ=UTC
unset PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE NO_COLOR
status=0

# ratio A B: A / B with two places; hold: holds VALUE against BAR.
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b ? a / b : 0 }'; }
hold() { # WHAT VALUE BAR at-most|at-least
    local bad
    bad=$(awk -v v="$2" -v b="$3" -v how="$4" 'BEGIN { print (how == "at-most" ? (v > b) : (v < b)) }')
    printf '%s  %-36s %12s   bar %s %s\n' "$([ "$bad" = 0 ] && echo PASS || echo MISS)" "$1" "$2" "${4/-/ }" "$3"
    [ "$bad" = 0 ] || status=1
}

for program in synthetic floor rows; do
    ${CC:-cc} -O2 -std=gnu17 -o "$dir/$program" "$here/$program.c" -lncursesw -ltinfo -lsqlite3
done
printf 'catalogue: sqlite:%s/portal.db\nsources:\n  - {name: lab, kind: plugin, command: ["%s", "%s"]}\n' \
    "$dir" "$dir/synthetic" "$runs" >"$dir/portal.yaml"

echo "sync of $runs runs"
read -r wall cpu rss < <(python3 "$here/measure.py" "$porthole" --config "$dir/portal.yaml" sync)
read -r again_wall again_cpu _ < <(python3 "$here/measure.py" "$porthole" --config "$dir/portal.yaml" sync --since 2020-01-01)
pull='{"jsonrpc":"2.0","id":1,"method":"pull","params":{"cursor":null}}'
read -r _ source_cpu _ < <(python3 "$here/measure.py" bash -c "'$dir/synthetic' $runs <<<'$pull' 2>&1 >/dev/null" 2>/dev/null)
read -r n floor_ms < <("$dir/rows" "$dir/portal.db" "$dir/floor.db")
rm -f "$dir"/floor.db*
own=$(awk -v c="$cpu" -v s="$source_cpu" 'BEGIN { print c - s }')
again=$(awk -v c="$again_cpu" -v s="$source_cpu" 'BEGIN { print c - s }')
hold 'runs a second' "$(ratio "$n" "$wall")" 20000 at-least
hold 'CPU of sync / of a bare loop' "$(ratio "$own" "$(ratio "$floor_ms" 1000)")" 4 at-most
hold 'CPU of the same again / of new' "$(ratio "$again" "$own")" 1 at-most
hold 'resident kB' "$rss" 65536 at-most
hold 'bytes of the catalogue for a run' "$(ratio "$(stat -c %s "$dir/portal.db")" "$n")" 1000 at-most
echo "  (wall $wall s, again $again_wall s)"

echo 'first pages of lists'
"$lists" "$dir/portal.db" 50 || status=1

echo 'documentation'
"$pages" 20 15 || status=1

echo 'portal at 120x40'
python3 "$here/drive.py" "$times" "$idle" "$dir/floor" "$dir/portal.db" -- \
    "$porthole" --config "$dir/portal.yaml" || status=$?
# What it shows then is what sync left. Last, for the sync that the portal starts may find out.
sed "s|command: .*|command: [\"$dir/down\"]}|" "$dir/portal.yaml" >"$dir/down.yaml"
echo "the same, each tool down, $((n / 20)) of $n runs failed"
python3 "$here/drive.py" "$times" 0 "$dir/floor" "$dir/portal.db" -- \
    "$porthole" --config "$dir/down.yaml" || status=$?
echo 'explain, against grep on the same log'
PORTHOLE=$porthole "$here/explain.sh" || status=1
[ -z "${KEEP:-}" ] || { trap - EXIT; echo "kept: $dir"; }
exit "$status"
