#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What `make run` does after building: opens the user's own portal, or without one the recorded sample.
set -eu

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
porthole=$root/porthole
config=${XDG_CONFIG_HOME:-$HOME/.config}/porthole/portal.yaml

if [ -n "${PORTHOLE_CONFIG:-}${PORTHOLE_DSN:-}" ] || [ -e "$config" ]; then
    exec "$porthole" "$@"
fi

sample=$root/sample/portal.yaml
# The recording's times are fixed, so its catalogue is made anew: what a former version left there would mislead.
rm -rf "$root/build/sample"
"$porthole" sync --config "$sample" >/dev/null
echo "This is a recorded sample. To see your own tools, name them in $config" \
    "and run 'porthole sync'; 'porthole doctor' checks it." >&2
exec "$porthole" --config "$sample" "$@"
