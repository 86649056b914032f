#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the README says one more source, view and command cost, held to it: a copy of the tree gets one of each, in the
# files that the README names and in no other, and they work.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

is() { # NAME, what was got, what is wanted
    n=$((n + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $n - $1"
    else
        printf 'not ok %d - %s\n# got:    %s\n# wanted: %s\n' "$n" "$1" "$2" "$3"
    fi
}

cp -a "$here"/{Makefile,client,views,tui,themes,tools} "$work/"
mkdir -p "$work/build" "$work/tests"
[ ! -d "$here/build/release" ] || cp -a "$here/build/release" "$work/build/" # what did not change is not built again
cp -a "$work" "$work.before"
trap 'rm -rf "$work" "$work.before"' EXIT
cd "$work" || exit 1

# A source: one file, one line.
sed -i 's/^\tX(airflow) .*/&\n\tX(metaflow) \\/' client/sources/adapters.h
cat >client/sources/metaflow.c <<'C'
#include "client/sources/adapters.h"

static bool start(struct pull *pull, const char *cursor, int64_t since_ms, struct err *err)
{
	(void)cursor, (void)since_ms, (void)err;
	struct record run = record_new(RECORD_RUN);
	run.run.pipeline = "MovieStatsFlow";
	run.run.run = "1";
	run.run.state = "success";
	run.run.user = "ana";
	pull_emit(pull, &run);
	return true;
}

const struct adapter metaflow_adapter = {.kind = "metaflow", .summary = "Metaflow", .options = "path", .start = start};
C

# A view: one file, one line.
sed -i 's/^\tX(sources) .*/&\n\tX(users) \\/' views/lists.h
cat >views/users.c <<'C'
#include "client/base/mem.h"
#include "views/lists.h"

static const struct column columns[] = {
	{.key = "user", .type = COLUMN_NAME, .sql = "r.user_name"},
	{.key = "pipeline", .type = COLUMN_NAME, .sql = "p.pipeline"},
};
static const struct list_def list_users = {
	.from = "FROM run r JOIN pipeline p ON p.id = r.pipeline_id WHERE r.user_name IS NOT NULL",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "user",
	.is_ascending = true,
	.id = "r.id",
	.words = (const char *const[]){"r.user_name", NULL},
};
const struct view_def view_users = {
	.name = "users", .title = "users", .help = "who runs what", .kind = VIEW_LIST, .list = &list_users};
C

# A command: one row and its function.
sed -i 's/^\t{"doctor", /\t{"hello", "", "says hello", false, cli_hello},\n&/' tui/cli.c
sed -i 's/^static const struct cli_command commands/static bool cli_hello(struct cli *cli, int *status, struct err *err)\n{\n\t(void)status, (void)err;\n\tbuf_addz(\&cli->out, "hello\\n");\n\treturn true;\n}\n\n&/' tui/cli.c

touched=$(diff -rq "$work.before" "$work" -x build | sed -E 's/^Only in [^:]*(client|views|tui)(.*): /\1\2\//; s/^Files .* and [^ ]*\/((client|views|tui)[^ ]*) differ$/\1/' | sort | tr '\n' ' ')
is "one of each touches these files only" "$touched" \
    "client/sources/adapters.h client/sources/metaflow.c tui/cli.c views/lists.h views/users.c "

env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u SAN -u B make -s -j2 all >"$work/make.log" 2>&1
is "it builds without a warning" "$(grep -E "warning:|error:" "$work/make.log" | head -n 3)" ""

export HOME=$work/home XDG_CONFIG_HOME=$work/home/c XDG_DATA_HOME=$work/home/d XDG_CACHE_HOME=$work/home/k
mkdir -p "$HOME"
printf 'sources:\n  - {name: flows, kind: metaflow, path: %s}\n' "$work" >"$work/portal.yaml"
chmod 600 "$work/portal.yaml"
./porthole --config portal.yaml sync >/dev/null
is "the source is synced" "$(./porthole --config portal.yaml runs --tsv | cut -f2 | tail -n 1)" MovieStatsFlow
is "the view is a command, with JSON" "$(./porthole --config portal.yaml users --json)" '{"user":"ana","pipeline":"MovieStatsFlow"}'
is "the view takes filters" "$(./porthole --config portal.yaml users user:nobody --tsv | wc -l)" 1
is "the view is in the help" "$(./porthole --help | grep -c 'who runs what')" 1
is "the command runs" "$(./porthole hello)" hello
is "the command is in the help" "$(./porthole --help | grep -c 'says hello')" 1
echo "1..$n"
