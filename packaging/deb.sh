#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# deb.sh BUILD VERSION: makes BUILD/porthole_VERSION_ARCH.deb from what `make install` installs. What it depends on is
# what its programs are linked with; libpq is needed by the module for PostgreSQL alone, so it is recommended.
set -eu
build=$1 version=$2
arch=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$work/stage

make --no-print-directory B="$build" install DESTDIR="$stage" PREFIX=/usr >/dev/null
chmod 755 "$stage"
mkdir -p "$stage/usr/share/zsh/vendor-completions" "$stage/lib/systemd/system" "$stage/DEBIAN" "$work/debian"
mv "$stage/usr/share/zsh/site-functions/_porthole" "$stage/usr/share/zsh/vendor-completions/"
rmdir "$stage/usr/share/zsh/site-functions"
mv "$stage/usr/lib/systemd/system/porthole-sync.service" "$stage/lib/systemd/system/"
rm -r "$stage/usr/lib"
strip --strip-unneeded "$stage"/usr/bin/porthole "$stage"/usr/libexec/porthole/*
gzip -9n "$stage"/usr/share/man/man*/* "$stage/usr/share/doc/porthole/CHANGELOG.md"
cp LICENSE "$stage/usr/share/doc/porthole/copyright"

# dpkg-shlibdeps wants a source package around it.
printf 'Source: porthole\n\nPackage: porthole\nArchitecture: any\n' >"$work/debian/control"
needs() { # FILE…: the packages that they are linked with
    (cd "$work" && dpkg-shlibdeps -O "$@" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}
depends=$(needs "$stage/usr/bin/porthole" "$stage/usr/libexec/porthole/porthole-source")
recommends=ca-certificates
for module in "$stage"/usr/libexec/porthole/*.so; do
    [ -e "$module" ] && recommends="$recommends, libpq5"
done

cat >"$stage/DEBIAN/control" <<CONTROL
Package: porthole
Version: $version
Architecture: $arch
Section: utils
Priority: optional
Maintainer: porthole developers <porthole@localhost>
Installed-Size: $(du -sk "$stage/usr" | cut -f1)
Depends: $depends
Recommends: $recommends
Description: portal of a machine learning platform, in the terminal
 Puts the platform's tools (Airflow, MLflow and others) behind the same few
 screens and verbs: what failed and why, since when, who knows, what stands
 behind it; pipelines, runs, steps, models and their logs.
CONTROL
dpkg-deb --root-owner-group --build "$stage" "$build/porthole_${version}_$arch.deb" >/dev/null
echo "$build/porthole_${version}_$arch.deb"
