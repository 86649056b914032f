#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A synchronisation as a person watches it, and as a pipe does; sources side by side; one sync at a time.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

mkfifo "$dir/gate"
config=$dir/two.yaml
cat >"$config" <<YAML
catalogue: sqlite:$dir/two.db
sources:
  - {name: slow, kind: plugin, command: [python3, "$root/tests/fixtures/plugins/gated.py", "$dir/gate"]}
  - {name: shop, kind: local, path: "$root/tests/fixtures/local/shop"}
YAML

open_gate() { : >"$dir/gate"; }
# Waits until COMMAND… holds, a minute at most.
until_so() {
    local tries=600
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || {
            bad "never so: $*"
            return
        }
        sleep 0.1
    done
}
shows() { tr -d '\r' <"$dir/screen" 2>/dev/null | grep -qE -- "$1"; }
has_rows() { [ "$("$PORTHOLE" --config "$config" runs source:"$1" --limit 0 --json 2>"$err" | wc -l)" -gt 0 ]; }

t 'on a terminal each source that is at work has a line: what, how many, how fast'
: >"$dir/screen"
python3 "$root/tests/cli/on_terminal.py" "$dir/screen" "$PORTHOLE" --config "$config" sync &
sync=$!
until_so shows 'slow: .*600 runs and steps, .* a second'
t 'a source that takes its time holds up no other'
until_so has_rows shop
t 'meanwhile another sync says so, with status 3'
run 3 sync
err_has "another 'porthole sync' is at work"
t 'when it is over only the results stay'
open_gate
wait "$sync" || bad "status $?"
tail -n 3 "$dir/screen" >"$out"
out_has 'slow: 0 pipelines, 600 runs, 0 steps in'
out_has 'problems: [0-9]+ open'
[ "$(grep -c $'\033\\[A\033\\[2K' "$dir/screen")" -gt 0 ] || bad 'no line was taken back'

t 'the pull of everything, once a day, says of how many'
: >"$dir/screen"
PORTHOLE_NOW=$((PORTHOLE_NOW + 90000000)) \
    python3 "$root/tests/cli/on_terminal.py" "$dir/screen" "$PORTHOLE" --config "$config" sync slow &
sync=$!
until_so shows 'slow: 600 of about 600 runs'
open_gate
wait "$sync" || bad "status $?"

t 'in a pipe there are plain lines, one a source, and no escape'
(open_gate) &
run 0 sync
wait
out_lines 3
out_lacks $'\033'
out_has '^slow: '
out_has '^shop: '

t '--watch asks again at once by CONT'
rounds() { [ "$(grep -c '^problems:' "$out")" -ge "$1" ]; }
: >"$out" # the child may not have emptied it yet when it is looked at
(open_gate) &
"$PORTHOLE" --config "$config" sync --watch >"$out" 2>"$err" &
watch=$!
until_so rounds 1
(open_gate) &
since=$SECONDS
kill -CONT "$watch"
until_so rounds 2
[ $((SECONDS - since)) -lt 45 ] || bad "that was the round that comes every minute"

t 'and ends by TERM with 143, and what was stored stays'
kill -TERM "$watch"
wait "$watch"
status=$?
[ "$status" -eq 143 ] || bad "status $status"
status=0
run 0 runs --limit 0
out_has '^success'

done_testing
