#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# on_postgres.sh COMMAND…: runs COMMAND with LIVE_CATALOGUE, an empty database on a PostgreSQL of its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${PORTHOLE_TEST_PG:-}" ]; then
    exec "$here/../pg.sh" run "$0" "$@"
fi
psql -qX -c 'CREATE DATABASE live' "postgresql://postgres@/postgres?host=$PORTHOLE_TEST_PG"
export LIVE_CATALOGUE="postgresql://postgres@/live?host=$PORTHOLE_TEST_PG"
"$@"
