#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The PostgreSQL of the catalogue goes away: the mirror stands in, in the portal and for commands that read.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "${BASH_SOURCE[0]}")/tap.bash"
unset PORTHOLE_NOW

server=$(mktemp -d /tmp/porthole-away-XXXXXX) # one of our own: it is going to die
at_exit() {
    "$here/../pg.sh" stop "$server"
    rm -rf "$dir" "$server"
}
t 'a catalogue on a PostgreSQL'
"$here/../pg.sh" start "$server"
if [ "$?" -eq 77 ]; then
    skip 'no PostgreSQL is installed'
    done_testing
    exit
fi
config_of away shop
sed -i "s#^catalogue: .*#catalogue: \"postgresql://postgres@/postgres?host=$server\"#" "$config"
run 0 sync
run 0 triage --json
json 'len(rows) > 0'
cp "$out" "$dir/before"

# The portal as HOW of away.py says.
portal() {
    local said
    said=$(PORTHOLE=$PORTHOLE python3 "$here/away.py" "$1" "$config" "$server" 2>&1) || bad "${said//$'\n'/$'\n'#   }"
    echo "# ${said%%$'\n'*}"
}

t 'it dies under the portal: the mirror with its age, keys work, and back within 5 s'
portal goes

t 'the portal starts without it: the mirror at once, and the catalogue once that is there'
portal starts

t 'the portal starts while a server is there that says nothing: the mirror after a second'
portal silent

t 'a command that reads prints from the mirror, says so in one line, and ends with 3'
"$here/../pg.sh" halt "$server"
run 3 triage --json
err_lines 1
err_has '^porthole: catalogue: .*; from the mirror of '
python3 - "$dir/before" "$out" >"$dir/said" <<'END' || bad "not what the catalogue said: $(cat "$dir/said")"
import json, sys
before, now = ([json.loads(line) for line in open(name)] for name in sys.argv[1:])
for row in before:  # what needs the history, the mirror calls unknown
    row.update(dict.fromkeys(["rerun_tried", "rerun_passed", "changes", "history"]))
    row["next_why"] = row["next_why"].replace(", and nobody has tried again yet", "; what was tried before is not known here")
for a, b in zip(before, now):
    if a != b:
        sys.exit({key: (a[key], b[key]) for key in a if a[key] != b[key]}.__repr__())
sys.exit(len(before) != len(now) or not before)
END
run 3 steps state:failed --json --limit 1
ref=$(python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["ref"])' <"$out")
for args in "runs --json" pipelines sources problems "show problem:1" "logs --cause $ref" "why problem:1" "search shop"; do
    # shellcheck disable=SC2086
    run 3 $args
    err_lines 1
    err_has 'mirror of'
    [ -s "$out" ] || bad "porthole $args printed nothing"
done

t 'what the mirror does not have is not called missing'
run 3 show shop/none/none
err_lines 2

t 'a command that writes does not take the mirror for the catalogue'
for args in "backup $dir/team.backup" "apply $config" "forget shop --yes" sync; do
    # shellcheck disable=SC2086
    run 3 $args
    ! grep -q 'from the mirror' "$err" || bad "porthole $args reads the mirror"
done

t 'without a mirror a list says that the catalogue is away'
rm -rf "$XDG_CACHE_HOME/porthole/mirrors"
run 3 runs
err_lines 1
err_has 'catalogue: PostgreSQL'
out_lacks .

done_testing
