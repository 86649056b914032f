#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A terminal that goes, or that nobody reads: the portal ends, and the next one knows where it was.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

unset PORTHOLE_NOW
config_of gone shop hostile
t 'a catalogue to look at'
run 0 sync

# What a sanitizer says would go to the terminal that is gone.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:log_path=$dir/sanitizer"
for how in unread closed hung-up new; do
    t "the portal ends where its terminal is $how"
    said=$(PORTHOLE=$PORTHOLE python3 "$here/gone.py" "$how" "$config" 2>&1) || bad "$said"
    for log in "$dir"/sanitizer.*; do
        [ ! -e "$log" ] || bad "$(head -n 12 "$log")"
    done
    rm -f "$dir"/sanitizer.*
done

t 'no session, lock or temporary file is left where nobody had gone anywhere'
[ -z "$(ls -A "$XDG_STATE_HOME/porthole/sessions")" ] || bad "$(ls "$XDG_STATE_HOME/porthole/sessions")"

done_testing
