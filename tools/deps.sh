#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs the Debian packages that are missing for WHAT (build, test, live, lint or deb): names them first,
# through sudo when not root. On other systems it prints the list and stops.
set -eu

build="gcc make libncurses-dev libsqlite3-dev libjansson-dev libyaml-dev libutf8proc-dev libpcre2-dev libmd4c-dev
libcurl4-openssl-dev libpq-dev"
test="$build libcmocka-dev libvterm-dev ncurses-term python3 tmux sqlite3 curl strace postgresql-15 openssl groff"
lint="clang clang-format shellcheck"
live="$test python3-venv openjdk-17-jre-headless"
deb="$build dpkg-dev"

case ${1:-} in
build) wanted=$build ;;
test) wanted=$test ;;
live) wanted=$live ;;
lint) wanted="$test $lint" ;;
deb) wanted=$deb ;;
*) echo "usage: deps.sh build|test|live|lint|deb" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is no Debian system. porthole needs, by their Debian names:" >&2
    # shellcheck disable=SC2086
    printf '  %s\n' $wanted >&2
    echo "Install their like, then 'make all'." >&2
    exit 1
fi

missing=
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "missing packages:$missing"

as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
# shellcheck disable=SC2086
{
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing
}
