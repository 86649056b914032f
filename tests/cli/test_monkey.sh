#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Seeded random keys into a portal on a terminal: it neither dies, hangs nor leaks, whatever comes and whatever
# happens to its catalogue meanwhile. MONKEY_SEEDS="7 8" MONKEY_SECONDS=60 plays longer.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
seconds=${MONKEY_SECONDS:-2}

# play SEED END: the portal over $config must withstand it and end as asked.
play() {
    local said
    said=$(python3 "$here/monkey.py" "$1" "$seconds" "$2" "$config" "$err" 2>&1) || bad "$said"
    status=0
    check_sane
    [ ! -s "$err" ] || bad "it said something"
}

unset PORTHOLE_NOW
config_of monkey shop hostile
printf '  - {name: evil, kind: plugin, command: [python3, "-IS", "%s"]}\n' "$root/tests/fixtures/plugins/hostile.py" >>"$config"
cd "$dir" || exit 1 # curves are written where the portal runs
t 'a catalogue to play with'
run 0 sync
i=0 ends=(Q TERM HUP close)
for seed in ${MONKEY_SEEDS:-1 2 3 4}; do
    how=${ends[i++ % 4]}
    t "random keys, seed $seed, then $how"
    play "$seed" "$how"
done

t 'random keys while the catalogue goes and comes'
(
    while [ ! -e "$dir/stop" ]; do
        "$PORTHOLE" --config "$config" sync >/dev/null 2>&1
        sleep 0.2
        rm -f "$dir"/monkey.db "$dir"/monkey.db-*
    done
) &
churn=$!
play 5 Q
touch "$dir/stop"
wait "$churn"

done_testing
