#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pages that people publish for everybody, on both engines: differences, conflicts, versions, the way back, what
# readers tell of them, and two portals that see each other's.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "${BASH_SOURCE[0]}")/tap.bash"

server=''
at_exit() {
    [ -z "$server" ] || "$here/../pg.sh" stop "$server"
    rm -rf "$dir"
}

# as USER: whose configuration is used from now on.
as() { config=$dir/$1.yaml; }

# page DIR NAME TEXT…: a page of that folder, a line each.
page() {
    mkdir -p "$(dirname "$dir/$1/$2.md")"
    printf '%s\n' "${@:3}" >"$dir/$1/$2.md"
}

# catalogue_at ADDRESS: two people on it, each with a folder; nothing is there yet.
catalogue_at() {
    for user in mlee ana; do
        printf 'catalogue: "%s"\ntimezone: Europe/Paris\nuser: %s\n' "$1" "$user" >"$dir/$user.yaml"
        rm -rf "${dir:?}/$user"
        page "$user" guide/our-way '---' 'owner: us' '---' '# Our way' '' 'One.' '' 'Two.'
    done
    as mlee
}

publishing() {
    t "$1: a dry run says what differs, and publishes nothing"
    run 0 docs publish "$dir/mlee" --dry-run
    out_has '^--- /dev/null$'
    out_has "^\+\+\+ .*mlee/guide/our-way.md$"
    out_has '^\+One\.$'
    err_has 'a dry run: 1 added, 0 changed, 0 the same, 0 in conflict; nothing was published'
    run 1 docs our-way

    t "$1: published, everybody reads it"
    run 0 docs publish "$dir/mlee"
    column_is change added
    column_is version 1
    as ana
    run 0 docs our-way
    out_has '^# Our way$'
    out_has 'us · published by mlee now, version 1'
    run 0 docs --json
    json '[(r["origin"], r["version"], r["who"], r["owner"]) for r in rows if r["page"] == "guide/our-way"] == [("published", 1, "mlee", "us")]'
    run 0 docs search 'our way'
    out_has 'guide/our-way'
    run 0 search 'our way'
    out_has 'doc:guide/our-way'
    run 0 show doc:guide/our-way
    as mlee
    run 0 docs publish "$dir/mlee"
    column_is change same

    t "$1: nobody publishes over another unseen"
    as ana
    page ana guide/our-way '---' 'owner: us' '---' '# Our way' '' 'Eins.' '' 'Two.'
    page ana guide/other '# Other'
    run 4 docs publish "$dir/ana"
    err_lines 1
    err_has "page 'guide/our-way': mlee published version 1 at .* CET, and yours says none that it is made from; nothing was published"
    err_has "write 'version: 1' into its front matter; --yes=2 publishes over it"
    run 1 docs guide/other
    run 0 docs publish "$dir/ana" --dry-run --json
    json '[(r["page"], r["change"], r["conflict"]) for r in rows] == [("guide/other", "added", False), ("guide/our-way", "changed", True)]'
    json '"-One.\n+Eins.\n" in rows[1]["diff"] and rows[1]["before_who"] == "mlee"'
    run 4 docs publish "$dir/ana" --yes=1
    page ana guide/our-way '---' 'owner: us' 'version: 1' '---' '# Our way' '' 'Eins.' '' 'Two.'
    run 0 docs publish "$dir/ana"
    as mlee
    page mlee guide/our-way '# Our way' '' 'Uno.'
    run 4 docs publish "$dir/mlee"
    err_has 'ana published version 2 .* yours is made from version 1'
    run 0 docs publish "$dir/mlee" --yes=1
    column_is version 3

    t "$1: the versions, and the way back"
    run 0 docs history our-way --json
    json '[(r["version"], r["who"]) for r in rows] == [(3, "mlee"), (2, "ana"), (1, "mlee")]'
    json 'all(r["at_ms"] == 1795262400000 and r["bytes"] > 10 and r["of_version"] is None for r in rows)'
    run 0 docs rollback our-way --dry-run
    out_has '^-Uno\.$'
    out_has '^\+Eins\.$'
    run 0 docs rollback our-way
    column_is of_version 2
    run 0 docs our-way
    out_has '^Eins\.$'
    run 0 docs rollback our-way 1
    run 0 docs our-way
    out_has '^One\.$'
    run 0 docs rollback our-way 0
    run 1 docs our-way
    run 4 docs rollback our-way
    err_has "is withdrawn already; 'porthole docs history guide/our-way' lists versions"
    run 1 docs rollback our-way 99
    run 1 docs rollback nosuch
    run 2 docs rollback our-way newest
    run 2 docs rollback
    run 1 docs history nosuch
    run 0 docs history our-way
    column_is version '6 5 4 3 2 1'

    t "$1: a page goes over a built-in one, and that comes back"
    page mlee guide/filter '# The filter, as we write it'
    run 0 docs publish "$dir/mlee" --yes
    run 0 docs filter
    out_has '^# The filter, as we write it$'
    run 0 docs rollback filter
    run 0 docs filter
    out_has '^# The filter$'

    t "$1: every version is audited, who and when"
    run 0 audit --json --limit 0
    json '{(r["verb"], r["who"]) for r in rows if r["object_ref"] == "doc:guide/our-way"} == {("publish", "mlee"), ("publish", "ana"), ("rollback", "mlee")}'
    json 'all(r["result"] == "done" or r["result"] is None for r in rows)'
    json '{"version": 2, "made_from": 1} in [json.loads(r["args"]) for r in rows]'

    t "$1: what nobody could read is not published, and read-only publishes nothing"
    page bad a '---' 'titel: x' '---'
    run 2 docs publish "$dir/bad"
    err_has "a.md: front matter: 'titel' is unknown"
    run 2 docs publish "$dir/nosuch"
    run 2 docs publish
    run 4 docs publish "$dir/mlee" --read-only
    run 4 docs rollback our-way 1 --read-only
    run 4 docs helped filter yes --read-only

    t "$1: whether a page helped, and what is missing"
    run 0 docs helped filter yes
    as ana
    run 0 docs helped filter no 'what is a glob?'
    column_is yes 1
    column_is no 1
    run 2 docs helped filter maybe
    run 2 docs helped filter
    run 1 docs helped nosuch yes
    as mlee
    run 0 docs helped filter no
    run 1 docs search frobnicate the zyzzyva
    PORTHOLE_NOW=$((PORTHOLE_NOW + 60000)) run 1 docs search Frobnicate the zyzzyva
    run 1 docs search frobnicate quux --read-only
    run 0 docs gaps --json
    json '[(r["kind"], r["what"], r["count"]) for r in rows] == [("search", "frobnicate the zyzzyva", 2), ("page", "guide/filter", 2)]'
    json 'row["last_ms"] == 1795262460000 and row["first_ms"] == 1795262400000 and rows[1]["note"] == "what is a glob?"'
    run 1 docs lint
    out_has 'guide/filter	2 of 2 readers say that it did not help'

    t "$1: what somebody has written is missing no more"
    page mlee guide/zyzzyva '# How to frobnicate the zyzzyva'
    run 0 docs publish "$dir/mlee" --yes
    run 0 docs gaps --json
    json '[r["kind"] for r in rows] == ["page"]'

    t "$1: a backup has the pages"
    run 0 backup "$dir/$1.backup"
    grep -q 'How to frobnicate' "$dir/$1.backup" || bad 'no page in it'
    rm "$dir/$1.backup"
}

two_portals() {
    local said
    rm -rf "$dir/mlee"
    page mlee guide/filter '# The filter' '' 'These words were written by mlee.'
    said=$(PORTHOLE=$PORTHOLE python3 "$here/pages.py" "$dir/mlee.yaml" "$dir/ana.yaml" "$dir/mlee" 2>&1) ||
        bad "${said//$'\n'/$'\n'#   }"
    echo "# ${said%%$'\n'*}"
}

catalogue_at "sqlite:$dir/pages.db"
publishing SQLite
t 'SQLite: two portals read what is published within a second'
catalogue_at "sqlite:$dir/portals.db"
two_portals

t 'news are unread until they were read, each person for themselves'
page mlee news/2026-11-20-airflow '---' 'title: Airflow 2.10 on Monday' '---' '# Airflow 2.10 on Monday'
page mlee news/2026-11-01-spark '# Spark 3.5'
run 0 docs publish "$dir/mlee"
run 0 news --json
json '[(r["page"], r["title"], r["unread"]) for r in rows if "2026-11-2" in r["page"]] == [("news/2026-11-20-airflow", "Airflow 2.10 on Monday", True)]'
run 0 docs news/2026-11-20-airflow
run 0 docs news --json
json '{r["page"]: r["unread"] for r in rows}["news/2026-11-20-airflow"] is False'
json '{r["page"]: r["unread"] for r in rows}["news/2026-11-01-spark"] is True'
XDG_DATA_HOME=$dir/elsewhere run 0 news --json
json '{r["page"]: r["unread"] for r in rows}["news/2026-11-20-airflow"] is True'

t 'PostgreSQL: a server'
server=${PORTHOLE_TEST_PG:-}
if [ -z "$server" ]; then
    server=$(mktemp -d /tmp/porthole-pages-XXXXXX)
    "$here/../pg.sh" start "$server"
    if [ "$?" -eq 77 ]; then
        rm -rf "$server"
        server=''
        skip 'no PostgreSQL is installed'
        done_testing
        exit
    fi
else
    at_exit() { rm -rf "$dir"; } # it is not ours to stop
fi
psql() { "$server/psql" -qAtX "$@" >"$out" 2>"$err"; }
database() {
    psql -c "CREATE DATABASE $1" "postgresql://postgres@/postgres?host=$server" || bad 'no database'
    catalogue_at "postgresql://postgres@/$1?host=$server"
}
database "pages_$$"
publishing PostgreSQL

t 'PostgreSQL: porthole_user publishes, porthole_viewer reads, and nobody of them changes a version'
for role in user viewer; do
    psql -c "CREATE ROLE p${role}_$$ LOGIN IN ROLE porthole_$role" "postgresql://postgres@/pages_$$?host=$server" || bad "no role $role"
    printf 'catalogue: "postgresql://p%s_%s@/pages_%s?host=%s"\n' "$role" "$$" "$$" "$server" >"$dir/$role.yaml"
done
rm -rf "$dir/mlee"
page mlee guide/roles '# Roles'
as viewer
run 4 docs publish "$dir/mlee"
run 4 docs helped filter yes
run 1 docs search quux blorp
as user
run 0 docs publish "$dir/mlee"
as viewer
run 0 docs roles
out_has "published by puser_$$ now, version 1"
! psql -c "UPDATE team.page SET body = 'x'" "postgresql://puser_$$@/pages_$$?host=$server" || bad 'a version was changed'
! psql -c "DELETE FROM team.page" "postgresql://puser_$$@/pages_$$?host=$server" || bad 'a version was taken away'
psql -c "DROP OWNED BY puser_$$, pviewer_$$; DROP ROLE puser_$$, pviewer_$$" "postgresql://postgres@/pages_$$?host=$server" || bad 'the roles stay'

t 'PostgreSQL: two portals read what is published within a second'
database "pages_two_$$"
two_portals

done_testing
