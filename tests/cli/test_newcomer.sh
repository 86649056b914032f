#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Somebody who has never seen the portal finds out how to do a thing, with the keys that the screen names alone.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
unset PORTHOLE_NOW
export PORTHOLE

config=$dir/portal.yaml
sed -e '/^#/d' -e "s|^catalogue:.*|catalogue: sqlite:$dir/c.db|" -e "s|path: airflow|path: $root/sample/airflow|" \
    "$root/sample/portal.yaml" >"$config"
run 0 sync

# finds WORDS PAGE WANT…: within 6 keys and the words
finds() {
    local keys
    keys=$(python3 -B "$here/newcomer.py" "$config" "$@" 2>"$err") || bad "not found: $1"
    [ "${keys:-7}" -le 6 ] || bad "$keys keys"
}

t "how to add a data check"
finds "add a data check" "Add a data check" "require_checks|CHECKS|porthole record check"

t "how to rerun a failed step"
finds "rerun a failed step" "Rerun a failed step" "press !" "porthole rerun"

t "what to read first"
finds "tour" "A tour"

done_testing
