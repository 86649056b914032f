#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What opening the portal costs, as a multiple of the least that a program like it does: see README.md.
#   tests/bench/run.sh [TIMES [IDLE_SECONDS]]     PORTHOLE, RUNS from the environment
set -eu
here=$(cd "$(dirname "$0")" && pwd)
porthole=${PORTHOLE:-$here/../../porthole}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME=$dir XDG_CONFIG_HOME=$dir/config XDG_DATA_HOME=$dir/data XDG_CACHE_HOME=$dir/cache
export PORTHOLE_NOW=1795262400000 LC_ALL=C.UTF-8 TZ=UTC
unset PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE NO_COLOR

cc -O2 -o "$dir/floor" "$here/floor.c" -lncursesw -ltinfo -lsqlite3
python3 "$here/generate.py" "$dir/runs" "${RUNS:-3000}"
printf 'catalogue: sqlite:%s/portal.db\nsources:\n  - {name: local, kind: local, path: "%s/runs"}\n' "$dir" "$dir" >"$dir/portal.yaml"
"$porthole" --config "$dir/portal.yaml" sync
status=0
python3 "$here/drive.py" "${1:-15}" "${2:-5}" "$dir/floor" "$dir/portal.db" -- \
    "$porthole" --config "$dir/portal.yaml" || status=$?
[ -z "${KEEP:-}" ] || { trap - EXIT; echo "kept: $dir"; }
exit "$status"
