#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the pages claim to run, runs, and prints what they show (tests/docs/blocks.py; guide/write-a-page says how).
# Of the examples' pages those that need Python alone: tests/live runs the others.
#
#   UPDATE_BLOCKS=1   writes the output of today into the pages instead
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
unset PORTHOLE_NOW
export PORTHOLE PORTHOLE_SOURCE
name='' # the program says what it tests

mapfile -t pages < <(
    find "$root"/docs_embedded/{guide,runbooks,reference,news} -name '*.md' 2>/dev/null | sort
    grep -l '^Needs: Python 3, standard library only' "$root"/docs_embedded/examples/*/README.md
)
python3 -B "$root/tests/docs/blocks.py" "$dir" "${pages[@]}"
