#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What `make install` and `make deb` put where, that it works from there, and what the shell completes.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
build=$(dirname "$PORTHOLE")
stage=$dir/stage

t 'make install puts programs, manual, completions and the unit below DESTDIR and PREFIX'
make -C "$root" --no-print-directory B="$build" install DESTDIR="$stage" PREFIX=/opt/porthole >"$out" 2>"$err" ||
    bad 'make install failed'
for file in bin/porthole libexec/porthole/porthole-source share/man/man1/porthole.1 share/man/man5/portal.yaml.5 \
    share/bash-completion/completions/porthole share/zsh/site-functions/_porthole \
    share/fish/vendor_completions.d/porthole.fish lib/systemd/system/porthole-sync.service; do
    [ -s "$stage/opt/porthole/$file" ] || bad "no $file"
done
grep -q '^ExecStart=/opt/porthole/bin/porthole sync --watch$' "$stage/opt/porthole/lib/systemd/system/porthole-sync.service" ||
    bad 'the unit starts another program'

t 'an installation works from any place: the program finds its sources'
mv "$stage/opt/porthole" "$dir/moved"
config_of shop shop
PORTHOLE_BUILT=$PORTHOLE PORTHOLE=$dir/moved/bin/porthole
run 0 sync
out_has '^shop: [0-9]+ pipelines'
PORTHOLE=$PORTHOLE_BUILT

t 'the manual names every command, every option and every key of the configuration'
for word in $("$PORTHOLE" --help | sed -n 's/^  porthole \([a-z-]*\).*/\1/p'); do
    grep -q "^\\\\fB${word//-/\\\\-}" "$dir/moved/share/man/man1/porthole.1" || bad "no command $word"
done
for key in catalogue sources token_command severity; do
    grep -q "^\\\\fB$key" "$dir/moved/share/man/man5/portal.yaml.5" || bad "no key $key"
done

t 'and is sound roff'
if command -v groff >/dev/null; then
    groff -K utf8 -man -Tutf8 -ww -z "$dir"/moved/share/man/man*/* 2>"$err"
    [ -s "$err" ] && bad 'groff complains'
else
    skip 'groff is not installed'
fi

# --- completion ---------------------------------------------------------------
t 'completion: commands, options, filter keys, states, sources, refs'
completes() { # WANT WORD…: one of the candidates for the last word is WANT
    local want=$1
    shift
    "$PORTHOLE" complete -- --config "$config" "$@" >"$out" 2>"$err"
    status=$?
    check_sane
    cut -f1 "$out" | grep -qxF -- "$want" || bad "no candidate '$want' for: $*"
}
completes runs ru
completes --watch sync --wa
completes state: runs sta
completes state:failed runs state:fa
completes state:failed,lost runs state:failed,lo
completes shop/ show ''
completes shop sync ''
completes shop/recsys_daily show shop/rec
completes shop/recsys_daily logs shop/recsys_daily
completes pipeline:recsys_daily runs pipeline:rec
completes --sort runs --so
completes started_ms runs --sort sta

t 'completion says nothing on standard error, whatever is wrong with the configuration'
echo 'sources: [' >"$dir/broken.yaml"
"$PORTHOLE" complete -- --config "$dir/broken.yaml" show '' >"$out" 2>"$err"
[ -s "$err" ] && bad 'it speaks'

t 'a hostile name is inert in what the shell gets'
"$PORTHOLE" complete -- --config "$config" show shop/ >"$out" 2>"$err"
out_lacks $'\033'

t 'bash completes behind the colon of a filter'
mkdir "$dir/path"
ln -s "$PORTHOLE" "$dir/path/porthole"
# shellcheck disable=SC2016 # it is expanded by the other shell
PATH=$dir/path:$PATH bash -c '. "$1"
    compopt() { :; }
    COMP_LINE="porthole runs state:fai" COMP_POINT=23
    _porthole
    printf "%s\n" "${COMPREPLY[@]}"' bash "$root/completions/porthole.bash" >"$out" 2>"$err"
[ "$(cat "$out")" = failed ] || bad "got '$(cat "$out")'"

t 'zsh and fish read their files'
if command -v zsh >/dev/null && command -v fish >/dev/null; then
    zsh -n "$root/completions/porthole.zsh" 2>"$err" || bad 'zsh refuses it'
    fish --no-execute "$root/completions/porthole.fish" 2>"$err" || bad 'fish refuses it'
    PATH=$dir/path:$PATH fish -c "source '$root/completions/porthole.fish'; complete -C 'porthole runs state:fai'" >"$out" 2>"$err"
    out_has '^state:failed'
else
    skip 'zsh and fish are not installed'
fi

# --- the package --------------------------------------------------------------
t 'the package holds them, depends on what is linked alone, and runs'
if command -v dpkg-shlibdeps >/dev/null; then
    "$root/packaging/deb.sh" "$build" 9.9 >"$out" 2>"$err" || bad 'deb.sh failed'
    deb=$(cat "$out")
    dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep -vE '^(libasan|libubsan)' | sort >"$out"
    while read -r package; do
        case $package in
            libc6 | libcurl4 | libjansson4 | libncursesw6 | libsqlite3-0 | libtinfo6 | libutf8proc2 | libyaml-0-2 | libpcre2-8-0 | libmd4c0) ;;
            *) bad "it pulls $package" ;;
        esac
    done <"$out"
    out_has '^libncursesw6$'
    out_has '^libcurl4$'
    dpkg -x "$deb" "$dir/installed"
    "$dir/installed/usr/bin/porthole" --version >"$out" 2>"$err" || bad 'it does not run'
    [ -s "$dir/installed/usr/share/man/man1/porthole.1.gz" ] || bad 'no manual page'
    [ -s "$dir/installed/lib/systemd/system/porthole-sync.service" ] || bad 'no unit'
    rm -f "$deb"
else
    skip 'dpkg-dev is not installed'
fi

t 'systemd accepts the unit'
if command -v systemd-analyze >/dev/null; then
    mkdir -p "$dir/units"
    sed "s|/usr/bin/porthole|$PORTHOLE|" "$root/packaging/porthole-sync.service" >"$dir/units/porthole-sync.service"
    systemd-analyze verify --man=no "$dir/units/porthole-sync.service" >"$out" 2>"$err" || bad 'systemd-analyze refuses it'
else
    skip 'systemd is not installed'
fi

done_testing
