#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real MLflow on loopback, and the portal against it: what the tool's own database holds is the truth.
#
#   mlflow.sh install | start | stop | status | env
#   mlflow.sh test          makes its data anew on a free port; every check is a test of its own (TAP)
#
# PORTHOLE_LIVE         where venv, data and logs go  (default: build/live in the checkout)
# PORTHOLE_MLFLOW_PORT  port of the server            (default: 5190)
# PYTHON                interpreter for the venv      (default: python3; 3.10 or newer)
# LIVE_PROGRAM          the portal under test         (default: ./porthole, with porthole-source beside it)
# LIVE_CATALOGUE        an empty catalogue for it     (default: SQLite; postgresql://… needs psql)
# LIVE_RUNS             rows of its database besides the runs that its client makes (default: 2700)
# RESULTS=FILE          "passed failed skipped" is added there
# CI=true               what cannot run has failed
#
# Without PyPI every test is skipped, by name.
set -u

version=3.17.2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
live=${PORTHOLE_LIVE:-$root/build/live}
mkdir -p "$live/mlflow"
base=$(cd "$live/mlflow" && pwd)
port=${PORTHOLE_MLFLOW_PORT:-5190}
venv=$base/venv
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX=${PYTHONPYCACHEPREFIX:-$live/pycache} # not in the checkout

die() { echo "mlflow.sh: $*" >&2; exit 1; }

# Made once, never shown, kept with the data.
secret() {
    local file=$base/secrets/$1
    if [ ! -s "$file" ]; then
        (umask 077; mkdir -p "$base/secrets"; head -c 48 /dev/urandom | base64 | tr -d '\n+/=' >"$file")
    fi
    cat "$file"
}

settings() {
    MLFLOW_TRACKING_URI=http://127.0.0.1:$port
    MLFLOW_TRACKING_USERNAME="admin"
    MLFLOW_TRACKING_PASSWORD=$(secret admin)
    MLFLOW_DB=$base/data/mlflow.db
    export MLFLOW_TRACKING_URI MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD MLFLOW_DB
    export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true GIT_PYTHON_REFRESH=quiet # nothing goes out
    export MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT=true
    export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost
}

install() {
    local have=
    [ ! -x "$venv/bin/python" ] || have=$("$venv/bin/python" -c '
from importlib.metadata import version
version("flask-wtf")
print(version("mlflow"))' 2>/dev/null)
    [ "$have" != "$version" ] || return 0
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv" && "$venv/bin/pip" install --quiet uv &&
        "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" "mlflow[auth]==$version"
}

# A pid alone may have been given to somebody else since; with its start time it cannot.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

alive() {
    local pid since
    read -r pid since 2>/dev/null <"$base/pid" && [ "$(started "$pid")" = "$since" ]
}

# Users and their rights go where the server stands unless a file says otherwise.
prepare() {
    mkdir -p "$base/data/artifacts"
    (umask 077; cat >"$base/data/auth.ini") <<INI
[mlflow]
default_permission = READ
database_uri = sqlite:///$base/data/auth.db
admin_username = admin
admin_password = $(secret admin)
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
INI
}

launch() {
    (
        cd "$base/data" || exit 1
        MLFLOW_AUTH_CONFIG_PATH=$base/data/auth.ini MLFLOW_FLASK_SERVER_SECRET_KEY=$(secret flask) \
            MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
            exec setsid "$venv/bin/mlflow" server --host 127.0.0.1 --port "$port" --workers 1 --app-name basic-auth \
            --backend-store-uri "sqlite:///$MLFLOW_DB" --artifacts-destination "$base/data/artifacts"
    ) >"$base/server.log" 2>&1 </dev/null &
    echo "$! $(started $!)" >"$base/pid"
}

# The first start makes the tables: half a minute, more on a busy machine.
start() {
    settings
    if ! alive; then
        prepare
        launch
    fi
    for _ in {1..1200}; do
        curl --silent --fail --max-time 5 --output /dev/null "$MLFLOW_TRACKING_URI/health" && { echo "$MLFLOW_TRACKING_URI"; return 0; }
        alive || die "the server ended, see $base/server.log"
        sleep 0.5
    done
    die "not healthy after 10 minutes, see $base/server.log"
}

stop() {
    local pid
    if alive; then
        read -r pid _ <"$base/pid"
        kill -TERM -- "-$pid" 2>/dev/null
        for _ in {1..40}; do kill -0 -- "-$pid" 2>/dev/null || break; sleep 0.25; done
        kill -KILL -- "-$pid" 2>/dev/null
    fi
    rm -f "$base/pid"
}

# --- tests ---------------------------------------------------------------------
# shellcheck source=tests/live/tap.bash
. "$here/tap.bash"

p() { "$program" --config "$work/portal.yaml" "$@"; }
check() { "$here/mlflow_check.py" "$@"; }
drive() { "$venv/bin/python" "$here/mlflow_check.py" "$@"; }

# What the portal holds now, for mlflow_check.py.
look() {
    p runs --json --limit 0 deleted:no >runs.jsonl && p runs --json --limit 0 deleted:yes >deleted.jsonl &&
        p pipelines --json --limit 0 >pipelines.jsonl && p models --json --limit 0 >models.jsonl &&
        check sample | while read -r ref; do p show "$ref" --json || exit 1; done >shows.jsonl
}
is_equal() { look && check equal; }
sync_and_compare() { p sync "$@" && is_equal; }

begin() (
    stop
    rm -rf "$base/data"
    start
)

configure() {
    settings
    export CATALOGUE=${LIVE_CATALOGUE:-sqlite:$work/catalogue.db}
    cat >portal.yaml <<YAML
catalogue: "$CATALOGUE"
sources:
  - {name: ml, kind: mlflow, url: "$MLFLOW_TRACKING_URI", username: admin, password_env: MLFLOW_TRACKING_PASSWORD}
YAML
}

server_cpu() {
    local pid
    read -r pid _ <"$base/pid"
    # shellcheck disable=SC2046
    check cpu $(pgrep -s "$pid")
}

# Ours, of all processes, against the server's: for the same runs under a tenth.
first_sync() {
    local before after ours
    before=$(server_cpu)
    TIMEFORMAT='%U %S'
    ours=$({ time p sync >/dev/null; } 2>&1 | tail -n 1)
    after=$(server_cpu)
    echo "$ours $before $after" | awk '{ ours = $1 + $2; its = $4 - $3; print ours " s of ours, " its " s of the server"
        exit !(ours > 0 && ours < its / 10) }' | tee "$work/cpu"
    [ "${PIPESTATUS[1]}" -eq 0 ]
}

small_second_sync() {
    local bytes
    PORTHOLE_TRACE=$work/trace.second p sync && bytes=$(check bytes trace.second) || return 1
    echo "$bytes bytes"
    [ "$bytes" -gt 0 ] && [ "$bytes" -lt 20000 ] && is_equal
}

finds() { # KIND KEY OP VALUE
    p runs "$1.$2$3$4" --json --limit 0 >found.jsonl && check filter "$@" found.jsonl
}

ref_of() { check ref "$1"; }

# A curve as MLflow samples it, and as a whole.
curves() {
    local ref
    ref=$(ref_of "long history") || return 1
    p series "$ref" loss --json >series.jsonl && check series "long history" loss 2500 series.jsonl &&
        p series "$ref" --json >series.jsonl && check series "long history" "a/b: c-d.e é" 2500 series.jsonl
}

# What its store keeps of the run's files.
stored() { find "$base/data/artifacts" -path "*/$1" -print -quit; }

artifacts() {
    local ref
    ref=$(ref_of "with artifacts") || return 1
    p artifacts "$ref" --json >entries.jsonl && [ "$(wc -l <entries.jsonl)" -eq 5 ] && grep -q '"path":"logs","size":null,"is_dir":true' entries.jsonl &&
        p artifacts "$ref" plots | grep -q '実験 100%' &&
        p artifacts "$ref" model/weights.bin | cmp - "$(stored model/weights.bin)" &&
        p artifacts "$ref" logs/train.log | cmp - "$(stored logs/train.log)" &&
        [ "$(p artifacts "$ref" empty.txt | wc -c)" -eq 0 ] &&
        p artifacts "$ref" logs/train.log --tail 1000 | cmp - <(tail -c 1000 "$(stored logs/train.log)") &&
        p artifacts "$ref" model/weights.bin --tail 100000 | cmp - <(tail -c 100000 "$(stored model/weights.bin)")
}

no_such_artifact() {
    local ref
    ref=$(ref_of "with artifacts") || return 1
    p artifacts "$ref" none.txt 2>err.txt
    [ "$?" -eq 1 ] && [ "$(wc -l <err.txt)" -eq 1 ]
}

by_its_id() {
    local id
    id=$(p open "ml/recsys%20daily" | sed 's|.*/||') && [ -n "$id" ] && p show "ml/$id" --json | grep -q '"pipeline":"recsys daily"'
}

there_and_back() {
    local ref url
    ref=$(check refs | grep -m 1 'rock%27n%27roll') && url=$(p open "$ref") && [ "$(p open "$url")" = "$ref" ] &&
        [ "${url#"$MLFLOW_TRACKING_URI/#/experiments/"}" != "$url" ]
}

harmless() {
    local ref
    ref=$(check refs | grep -m 1 'rock%27n%27roll') || return 1
    for args in runs "runs --json" pipelines "pipelines --json" "show ${ref%/*}" "show $ref" "show $ref --json" "$ref" \
        "search rock" "runs --color always" models "models --json" "artifacts $ref" "series $ref"; do
        # shellcheck disable=SC2086
        p $args
    done >said 2>&1
    # colour was asked for: only that may be in it
    sed 's/\x1b\[[0-9;]*m//g' said | LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' && return 1
    grep -q 'rock' said
}

changed_late() {
    drive change late && p sync && ! is_equal 2>/dev/null && check unswept && sync_and_compare
}

changed_long_ago() { drive change old && p sync && ! is_equal 2>/dev/null && sync_and_compare --since 2026-01-01; }

a_day_later() {
    PORTHOLE_NOW=$(($(date +%s%3N) + 25 * 3600 * 1000)) p sync && is_equal
}

wrong_password() {
    local status
    cp runs.jsonl before.jsonl
    MLFLOW_TRACKING_PASSWORD=wrong-one p sync 2>err.txt
    status=$?
    cat err.txt
    [ "$status" -eq 3 ] && [ "$(wc -l <err.txt)" -eq 1 ] && grep -q '^porthole: ml: ' err.txt && ! grep -q wrong-one err.txt &&
        p runs --json --limit 0 deleted:no >runs.jsonl && cmp runs.jsonl before.jsonl
}

tool_down() {
    stop
    p sync 2>err.txt
    [ "$?" -eq 3 ] && [ "$(wc -l <err.txt)" -eq 1 ] && p runs --json --limit 0 deleted:no >runs.jsonl && cmp runs.jsonl before.jsonl
}

tests() {
    t "MLflow starts" begin
    configure
    t "runs of every kind are logged with its own client, more are written" drive seed 300 "${LIVE_RUNS:-2700}"
    t "a first sync takes everything, for under a tenth of the server's CPU" first_sync
    t "runs, states, times, params, metrics, tags, inputs, models equal the tool's database" is_equal
    t "a second sync over unchanged runs takes under 20 kB" small_second_sync
    t "metrics.auc>0.8 finds what the database finds" finds metrics auc '>' 0.8
    t "metrics.loss<0.2 finds what the database finds" finds metrics loss '<' 0.2
    t "params.model:xgboost finds what the database finds" finds params model : xgboost
    t "tags.team:growth finds what the database finds" finds tags team : growth
    t "a tag with an emoji in its name is found" finds tags emoji.🎮 : 🎮🐙
    t "curves equal what MLflow samples, NaN and infinities among them" curves
    t "artifacts are listed, and come byte for byte, whole and by their end" artifacts
    t "an artifact that is not there: exit 1, one line" no_such_artifact
    t "an experiment's id stands for its name" by_its_id
    t "a run's address leads to the tool and back" there_and_back
    t "hostile text: no command lets it out" harmless
    t "runs end, go on, vanish, reopen; experiments are new, renamed, deleted; models are new, staged" drive change
    t "the next sync finds all of that" sync_and_compare
    t "a tag and a metric on a finished run, and aliases that moved, are found by the sweep" changed_late
    t "what changed on old runs, a deleted one and a deleted model version are found by sync --since" changed_long_ago
    t "a day later all is equal again" a_day_later
    t "a wrong password: one line, exit 3, the data stay" wrong_password
    t "MLflow down: exit 3, the data stay" tool_down
}

finish() {
    stop
    rm -rf "$work"
}

run_tests() {
    program=$(realpath "${LIVE_PROGRAM:-$root/porthole}")
    unset PORTHOLE_NOW PORTHOLE_CONFIG PORTHOLE_DSN PORTHOLE_TRACE COLORTERM NO_COLOR
    work=$(mktemp -d)
    trap finish EXIT
    trap 'exit 130' INT TERM
    cd "$work" || exit 1
    if ! install >install.log 2>&1; then # with the user's own cache of packages
        skip="MLflow cannot be installed: $(tail -n 1 install.log | cut -c1-120)"
        [ "${CI:-}" != true ] || cat install.log >&2
    fi
    port=$(free_port)
    export HOME=$work/home XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
    export LC_ALL=C.UTF-8 TZ=UTC
    tests
    end_tests
}

case ${1:-} in
    install) install || die "cannot install MLflow $version" ;;
    start)
        install || die "cannot install MLflow $version"
        start
        ;;
    stop) stop ;;
    status) if alive; then echo up; else echo down; exit 1; fi ;;
    env)
        settings
        for name in MLFLOW_TRACKING_URI MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD MLFLOW_DB; do
            printf 'export %s=%q\n' "$name" "${!name}"
        done
        ;;
    test) run_tests ;;
    *) sed -n '3,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
