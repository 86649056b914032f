#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `porthole series --plot`: the curves of a run, drawn as text.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
printf 'catalogue: sqlite:%s/p.db\nsources:\n  - {name: lab, kind: plugin, command: [python3, "-IS", "%s", "300"]}\n' \
    "$dir" "$root/tests/fixtures/plugins/training.py" >"$dir/portal.yaml"
export PORTHOLE_CONFIG=$dir/portal.yaml

t "a run is there"
run 0 sync

t "a curve is drawn in Braille, 80 columns wide where no terminal says otherwise, with its axes and its legend"
run 0 series lab/ranker/r1 loss --plot
out_has 'loss   X step   Y linear'
out_has '⣿|⠉|⣀|⠈|⠛'
out_has 'LOWEST @STEP'
[ "$(wc -L <"$out")" -le 80 ] || bad "it is wider than 80 columns"

t "in ASCII where that is asked for"
run 0 series lab/ranker/r1 loss --plot --ascii
! LC_ALL=C grep -q '[^ -~]' "$out" || bad "something is not ASCII"
out_has '\*\*\*'

t "every metric that the run has, one below the other, where none is named"
run 0 series lab/ranker/r1 --plot
[ "$(grep -c ' X step ' "$out")" = 2 ] || bad "not two plots"

t "a metric that it does not have is told"
run 1 series lab/ranker/r1 nosuch --plot

t "a drawing is neither JSON nor a table"
run 2 series lab/ranker/r1 --plot --json
done_testing
