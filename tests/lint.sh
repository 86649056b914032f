#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Style and structure, as checks that name what is wrong: lint.sh C-FILE…
set -u
passed=0 failed=0

check() { # NAME, then the command whose output is what is wrong
    local name=$1 out
    shift
    out=$("$@" 2>&1)
    if [ -z "$out" ]; then
        echo "ok - $name"
        passed=$((passed + 1))
    else
        printf 'not ok - %s\n%s\n' "$name" "$out" | head -n 40
        failed=$((failed + 1))
    fi
}

formatted() { clang-format --dry-run -Werror "$@" 2>&1 | grep -E 'error:' | head -n 20; }

# A header is seen in these places only (design.md section 3: each library lives behind its one file).
only_in() { # HEADER, then the files that may
    local header=$1
    shift
    grep -rlE "#include <$header" client views tui | grep -vxFf <(printf '%s\n' "$@") || true
}

# What is inside the PostgreSQL engine stays in its module.
engine_alone() { grep -rlE '#include "client/catalogue/postgres\.h"' client views tui | grep -vE '^client/catalogue/postgres[a-z_]*\.c$' || true; }

# Dependencies point one way.
no_include() { # FOLDER, then regex of what it must not include
    grep -rnE "#include \"($2)" "$1" || true
}

headers_alone() {
    local header
    find client views tui -name '*.h' | while read -r header; do
        gcc -std=gnu17 -I. -I/usr/include/postgresql -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -x c "$header" 2>&1 | grep -E 'error|warning'
    done
}

no_licence() { grep -L 'SPDX-License-Identifier: GPL-3.0-or-later' "$@"; }
unfinished() { grep -nE '\b(TODO|FIXME|XXX)\b' "$@"; }

both_compilers() {
    local compiler b
    for compiler in gcc clang; do
        b=build/lint-$compiler
        # what make says itself is an answer too: a build that did not happen has no warnings
        make -s -j"$(nproc)" CC="$compiler" B="$b" CFLAGS='-O1 -Werror' "$b/porthole" "$b/porthole-source" \
            "$b/porthole-postgres.so" 2>&1 |
            grep -vE '^  (cc|ld)  '
        [ -x "$b/porthole" ] || echo "$compiler: nothing was built"
        rm -rf "$b"
    done
}

check "C files are formatted" formatted "$@"
check "every C file names its licence" no_licence "$@"
check "no unfinished mark" unfinished "$@"
check "curses stays in screen.c and input.c" only_in '(n?curses|term)\.h' tui/screen.c tui/input.c
check "libcurl stays in client/fetch" only_in 'curl/' client/fetch/http.c
check "sqlite3 stays in its engine" only_in 'sqlite3\.h' client/catalogue/sqlite.c
check "libpq stays in its engine" only_in 'libpq-fe\.h' client/catalogue/postgres.h
check "nobody but the engine includes postgres.h" engine_alone
check "jansson stays in json.c" only_in 'jansson\.h' client/base/json.c
check "md4c stays in markdown.c" only_in 'md4c\.h' client/docs/markdown.c
check "libyaml stays in yaml.c" only_in 'yaml\.h' client/base/yaml.c
check "base includes base only" no_include client/base '(client/(config|catalogue|protocol|fetch|sources|triage|sync|live)|views|tui)/'
check "config includes base only" no_include client/config '(client/(catalogue|protocol|fetch|sources|triage|sync|live)|views|tui)/'
check "catalogue includes base and config" no_include client/catalogue '(client/(protocol|fetch|sources|triage|sync|live)|views|tui)/'
check "docs includes base, config and catalogue" no_include client/docs '(client/(protocol|fetch|sources|triage|sync|live)|views|tui)/'
check "stats includes base only" no_include client/stats '(client/(config|catalogue|protocol|fetch|sources|triage|sync|live)|views|tui)/'
check "protocol includes base and config" no_include client/protocol '(client/(catalogue|fetch|sources|triage|sync|live)|views|tui)/'
check "local knows no source" no_include client/local '(client/(fetch|sources|triage|sync|live|docs)|views|tui)/'
check "sources know no catalogue" no_include client/sources '(client/(catalogue|triage|sync|live)|views|tui)/'
check "fetch knows no catalogue" no_include client/fetch '(client/(catalogue|triage|sync|live)|views|tui)/'
check "client knows no view" no_include client '(views|tui)/'
check "views know no terminal" no_include views '(tui|client/(fetch|sources))/'
check "the portal knows no source" no_include tui '(client/(fetch|sources))/'
check "headers compile alone" headers_alone
check "gcc and clang build without a warning" both_compilers
# shellcheck disable=SC2046
check "shell scripts pass shellcheck" shellcheck -x $(git ls-files '*.sh' .ci/run)

[ -z "${RESULTS:-}" ] || echo "$passed $failed 0" >>"$RESULTS"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
