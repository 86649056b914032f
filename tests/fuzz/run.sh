#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds each fuzz target with clang's libFuzzer, ASan and UBSan and runs it: run.sh SECONDS TARGET…
# What crashes is kept in build/fuzz/TARGET.crash-*; it becomes a test.
set -u
seconds=$1
shift
B=build/fuzz
mkdir -p "$B"
failed=0 passed=0

flags=(-std=gnu17 -g -O1 -I. -D_GNU_SOURCE -DPORTHOLE_VERSION='"fuzz"' -DPORTHOLE_LIBEXEC='"."'
    "-fsanitize=address,undefined" -fno-sanitize-recover=all)
libs=(-lcurl -lmd4c -lncursesw -ltinfo -lsqlite3 -ljansson -lyaml -lutf8proc -lpthread -lm)

# Every target may link everything: unused members of the archive cost nothing.
objects() {
    local source
    for source in client/*/*.c views/*.c tui/*.c tui/widgets/*.c; do
        case $source in
        */main.c | client/catalogue/postgres*) ;; # programs, and a module with its own library
        *) echo "$source" ;;
        esac
    done
}

mkdir -p "$B/o"
object_of() { echo "$B/o/$(tr / _ <<<"${1%.c}").o"; }
while read -r source; do
    [ ! "$source" -nt "$(object_of "$source")" ] || printf '%s %s\n' "$(object_of "$source")" "$source"
done < <(objects) | xargs -r -P "$(nproc)" -L 1 clang "${flags[@]}" -fsanitize=fuzzer-no-link -c -o || exit 1
sh tools/embed.sh themes/*.yaml >"$B/embedded.S" && clang -c -o "$B/o/embedded.o" "$B/embedded.S" || exit 1
rm -f "$B/all.a"
ar rcs "$B/all.a" "$B"/o/*.o

for target in "$@"; do
    clang "${flags[@]}" -fsanitize=fuzzer -o "$B/$target" "tests/fuzz/$target.c" "$B/all.a" "${libs[@]}" || exit 1
    mkdir -p "$B/$target.corpus"
    seeds=("$B/$target.corpus")
    [ -d "tests/fuzz/corpus/$target" ] && seeds+=("tests/fuzz/corpus/$target")
    if "$B/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 \
        -artifact_prefix="$B/$target." "${seeds[@]}" >"$B/$target.log" 2>&1; then
        echo "ok - $target, $seconds s"
        passed=$((passed + 1))
    else
        echo "not ok - $target"
        tail -n 40 "$B/$target.log"
        failed=$((failed + 1))
    fi
done
[ -z "${RESULTS:-}" ] || echo "$passed $failed 0" >>"$RESULTS"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
