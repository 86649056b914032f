#!/usr/bin/env bash
# A real Apache Airflow on loopback, for the live tests of the airflow source.
#
#   airflow.sh install | start | stop | status | token [USER] | env
#   airflow.sh stop-scheduler | start-scheduler      a tool that is up but half dead
#
# PORTHOLE_LIVE          where venv, data and logs go   (default: build/live in the checkout)
# PORTHOLE_AIRFLOW_PORT  port of the API server         (default: 5180)
# PORTHOLE_AIRFLOW_DAGS  folder of the DAGs             (default: dags beside this file)
# PYTHON                 interpreter for the venv       (default: python3; the pins are for 3.11)
set -euo pipefail

version=3.3.2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
live=${PORTHOLE_LIVE:-$root/build/live}
mkdir -p "$live/airflow"
base=$(cd "$live/airflow" && pwd)
port=${PORTHOLE_AIRFLOW_PORT:-5180}
url=http://127.0.0.1:$port
venv=$base/venv
components=(api-server scheduler dag-processor triggerer)

die() { echo "airflow.sh: $*" >&2; exit 1; }

# Made once, never shown, kept with the data: a restart must accept the tokens of the run before.
secret() {
  local file=$base/secrets/$1
  if [ ! -s "$file" ]; then
    (umask 077; mkdir -p "$base/secrets"; head -c 48 /dev/urandom | base64 | tr -d '\n+/=' > "$file")
  fi
  cat "$file"
}

settings() {
  export AIRFLOW_HOME=$base/home
  export AIRFLOW__CORE__DAGS_FOLDER=${PORTHOLE_AIRFLOW_DAGS:-$here/dags}
  export AIRFLOW__CORE__LOAD_EXAMPLES=False
  export AIRFLOW__CORE__EXECUTOR=LocalExecutor
  export AIRFLOW__CORE__PARALLELISM=3
  export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin,viewer:viewer
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=$base/secrets/passwords.json
  export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=$url/execution/
  export AIRFLOW__API__BASE_URL=$url
  export AIRFLOW__API__HOST=127.0.0.1
  export AIRFLOW__API__PORT=$port
  export AIRFLOW__API__WORKERS=1
  # Every process must hold the same two, else workers are refused by the API.
  AIRFLOW__API__SECRET_KEY=$(secret api)
  AIRFLOW__API_AUTH__JWT_SECRET=$(secret jwt)
  AIRFLOW__CORE__FERNET_KEY=
  export AIRFLOW__API__SECRET_KEY AIRFLOW__API_AUTH__JWT_SECRET AIRFLOW__CORE__FERNET_KEY
  export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:///$AIRFLOW_HOME/airflow.db
  # Nobody listens there (see launch); the default ports may be those of another Airflow on this machine.
  export AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=$((port + 1))
  export AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=$((port + 2))
  export AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT=60
  # By default Airflow refuses most run ids; a portal must survive a site that does not.
  export AIRFLOW__SCHEDULER__ALLOWED_RUN_ID_PATTERN='^[^/]+$'
  export AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=15
  export AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES=1
  export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
  # Not beside the source: the DAG folder lies in the checkout. Without it each task would compile all of Airflow.
  unset PYTHONDONTWRITEBYTECODE
  export PYTHONPYCACHEPREFIX=${PYTHONPYCACHEPREFIX:-$live/pycache}
  export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost
  export PATH=$venv/bin:$PATH
}

install() {
  local have=
  [ ! -x "$venv/bin/python" ] || have=$("$venv/bin/python" -c '
from importlib.metadata import version
print(version("apache-airflow"))' 2>/dev/null) || true
  [ "$have" != "$version" ] || return 0
  rm -rf "$venv"
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install --quiet uv
  "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" \
    --constraint "$here/airflow-constraints.txt" "apache-airflow==$version"
}

prepare() {
  mkdir -p "$AIRFLOW_HOME" "$base/pids" "$base/logs"
  (umask 077; printf '{"admin": "%s", "viewer": "%s"}\n' "$(secret admin)" "$(secret viewer)" \
    > "$base/secrets/passwords.json")
  [ -e "$AIRFLOW_HOME/airflow.db" ] || "$venv/bin/airflow" db migrate > "$base/logs/migrate.log" 2>&1 ||
    { rm -f "$AIRFLOW_HOME/airflow.db"; die "db migrate failed, see $base/logs/migrate.log"; }
}

# A pid alone may have been given to somebody else since; with its start time it cannot.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

alive() {
  local pid since
  read -r pid since 2>/dev/null < "$base/pids/$1" || return 1
  [ "$(started "$pid")" = "$since" ]
}

launch() {
  alive "$1" && return 0
  local options=()
  # The log servers listen on every address, whatever is configured; here the API reads the files itself.
  case $1 in scheduler | triggerer) options=(--skip-serve-logs) ;; esac
  setsid "$venv/bin/airflow" "$1" "${options[@]}" >> "$base/logs/$1.log" 2>&1 < /dev/null &
  echo "$! $(started $!)" > "$base/pids/$1"
}

halt() {
  local pid
  if alive "$1"; then
    read -r pid _ < "$base/pids/$1"
    kill -TERM -- "-$pid" 2>/dev/null || true
    for _ in {1..60}; do kill -0 -- "-$pid" 2>/dev/null || break; sleep 0.5; done
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$base/pids/$1"
}

health() { curl --silent --max-time 5 "$url/api/v2/monitor/health" || true; }

wait_healthy() {
  local h
  for _ in {1..600}; do
    h=$(health)
    [ "$(grep -o '"healthy"' <<< "$h" | wc -l)" -ge 4 ] && return 0
    for c in "${components[@]}"; do
      alive "$c" || die "$c ended, see $base/logs/$c.log"
    done
    sleep 1
  done
  die "not healthy after 10 minutes: $h"
}

token() {
  # The password goes through a pipe: arguments are visible to other users.
  printf '{"username":"%s","password":"%s"}' "$1" "$(secret "$1")" |
    curl --silent --show-error --fail --max-time 30 --header 'Content-Type: application/json' \
      --data @- "$url/auth/token" | sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}

case ${1:-} in
  install) install ;;
  start)
    install
    settings
    prepare
    for c in "${components[@]}"; do launch "$c"; done
    wait_healthy
    echo "$url"
    ;;
  stop) for c in "${components[@]}"; do halt "$c"; done ;;
  start-scheduler) settings; launch scheduler; wait_healthy ;;
  stop-scheduler) halt scheduler ;;
  status)
    rc=0
    for c in "${components[@]}"; do
      if alive "$c"; then echo "$c up"; else echo "$c down"; rc=1; fi
    done
    health
    echo
    exit "$rc"
    ;;
  token) token "${2:-admin}"; echo ;;
  env)
    echo "export AIRFLOW_URL=$url AIRFLOW_USERNAME=admin AIRFLOW_HOME=$base/home"
    echo "export AIRFLOW_PASSWORD=$(secret admin)"
    echo "export AIRFLOW_VIEWER_PASSWORD=$(secret viewer)"
    ;;
  *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
