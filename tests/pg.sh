#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A PostgreSQL of the tests' own: in a folder, on a socket there, without fsync, gone afterwards.
#   pg.sh start DIR    makes and starts it; DIR must be empty or not there. Status 77: none is installed
#   pg.sh halt DIR     ends it at once, as in a crash; `restart` brings it back
#   pg.sh stop DIR     ends it and removes DIR
#   pg.sh run COMMAND… starts one, runs COMMAND with PORTHOLE_TEST_PG=DIR, stops it
#   pg.sh restart DIR  at once, as in a crash
# Tests reach it as postgresql://postgres@/DATABASE?host=DIR; DIR/psql is its client.
set -eu

# initdb and postgres refuse to be root.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid postgres --regid postgres --clear-groups env -u LC_ALL HOME=/ "$@"
    else
        env -u LC_ALL "$@"
    fi
}

find_server() {
    local folder
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/bin; do
        [ -x "$folder/initdb" ] && bin=$folder
    done
    [ -n "${bin:-}" ] && { [ "$(id -u)" != 0 ] || id postgres >/dev/null 2>&1; }
}

start() {
    local dir=$1
    find_server || exit 77
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown postgres "$dir"
    chmod 755 "$dir"
    ln -s "$bin/psql" "$dir/psql" # Debian's own takes its time to find it
    as_server "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
        --no-sync --no-instructions >"$dir/log" 2>&1
    cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 40
shared_buffers = 64MB
CONF
    as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 start >>"$dir/log" 2>&1
}

case ${1:-} in
start) start "$2" ;;
restart)
    find_server || exit 77
    as_server "$bin/pg_ctl" -D "$2/data" -l "$2/server.log" -m immediate -w -t 60 restart >>"$2/log" 2>&1
    ;;
halt)
    find_server || exit 77
    as_server "$bin/pg_ctl" -D "$2/data" -m immediate -w stop >>"$2/log" 2>&1
    ;;
stop)
    find_server || exit 77
    as_server "$bin/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$2"
    ;;
run)
    shift
    dir=$(mktemp -d /tmp/porthole-pg-XXXXXX)
    trap '"$0" stop "$dir"' EXIT
    start "$dir"
    PORTHOLE_TEST_PG=$dir "$@"
    ;;
*)
    echo "usage: pg.sh start|halt|restart|stop DIR, run COMMAND" >&2
    exit 2
    ;;
esac
