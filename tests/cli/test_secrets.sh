#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A secret of every kind goes to the host it is for, and nowhere else: into no argument, message, trace, list or file of
# ours, to no second host, also where the server itself says it; and no process of ours leaves a core.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
unset PORTHOLE_NOW http_proxy https_proxy HTTP_PROXY HTTPS_PROXY

mark=marked-$RANDOM$RANDOM-secret
basic=$(printf 'me:%s' "$mark" | base64)
bare=$(printf '%s' "$mark" | base64)
server=''
at_exit() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$dir"
}
# What a person put there: it holds the mark, and is not searched.
mkdir "$dir/own" "$dir/there"
printf '%s\n' "$mark" >"$dir/own/token"
printf '#!/bin/sh\ncat %s/own/token\n' "$dir" >"$dir/own/tell"
chmod 600 "$dir/own/token"
chmod 700 "$dir/own/tell"

serves() { # HOW
    [ -z "$server" ] || { kill "$server" && wait "$server" 2>/dev/null; }
    rm -rf "$dir/there" "$dir"/*.db* "$XDG_CACHE_HOME" "$XDG_STATE_HOME" "$dir/trace"
    mkdir "$dir/there"
    python3 -IS "$here/secrets.py" "$dir/there" "$mark" "$1" 2>/dev/null &
    server=$!
    for _ in $(seq 200); do
        [ -s "$dir/there/port" ] && return
        sleep 0.05
    done
    bad 'no server'
}
configure() { # KIND-OF-SOURCE LINE…
    config=$dir/own/portal.yaml
    {
        printf 'catalogue: sqlite:%s/secrets.db\nsources:\n  - name: lab\n    kind: %s\n' "$dir" "$1"
        printf '    url: "http://127.0.0.1:%s"\n' "$(cat "$dir/there/port")"
        printf '    %s\n' "${@:2}"
    } >"$config"
}
# All that a person may do; what it says is kept to be searched.
use_it() {
    local words
    rm -f "$dir/said"
    for words in sync sources 'sources --json' doctor 'doctor --json' triage 'problems --json' 'show lab' 'runs --json'; do
        # shellcheck disable=SC2086
        PORTHOLE_TRACE=$dir/trace timeout 60 "$PORTHOLE" --config "$config" $words >"$out" 2>"$err" </dev/null
        status=$?
        check_sane
        cat "$out" "$err" >>"$dir/said"
    done
}
nowhere_else() {
    local text found
    for text in "$mark" "${basic:4:16}" "${bare:0:16}"; do
        found=$(grep -rlaF -- "$text" "$dir" 2>/dev/null | grep -v -e "^$dir/own/" -e "^$dir/there/first$")
        [ -z "$found" ] || bad "it is in ${found//$'\n'/ }"
    done
    [ ! -e "$dir/there/arguments" ] || bad "an argument: $(head -n 1 "$dir/there/arguments")"
    [ ! -e "$dir/there/cores" ] || bad "a core: $(head -n 1 "$dir/there/cores")"
    [ ! -e "$dir/there/second" ] || bad 'a second host was asked'
}
export LAB_SECRET=$mark
# Of each kind of credential: the kind of source, its lines, and what the host gets of it. That a person's own command
# has the mark among its words is their choice: it has ended when the host is asked.
while IFS='|' read -r kind lines got; do
    IFS=';' read -ra lines <<<"$lines"
    for how in empty redirect echo fail; do
        t "$kind, ${lines[*]%%:*}: ${lines[-1]%%$mark*} ($how)"
        serves "$how"
        configure "$kind" "${lines[@]}"
        use_it
        grep -qaF -- "$got" "$dir/there/first" 2>/dev/null || bad 'the host itself did not get it'
        nowhere_else
    done
done <<KINDS
mlflow|token_env: LAB_SECRET|Bearer $mark
mlflow|token_file: $dir/own/token|Bearer $mark
mlflow|token_command: [$dir/own/tell]|Bearer $mark
mlflow|token_command: [echo, $mark]|Bearer $mark
mlflow|username: me;password_env: LAB_SECRET|Basic $basic
mlflow|username: me;password_command: [$dir/own/tell]|Basic $basic
airflow|username: me;password_env: LAB_SECRET|$mark
airflow|token_env: LAB_SECRET|Bearer $mark
KINDS
done_testing
