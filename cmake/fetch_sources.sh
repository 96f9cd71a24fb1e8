#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
#     fetch_sources.sh FOLDER PACKAGE...
#
# Unpacks the upstream sources of Debian's PACKAGEs into FOLDER/PACKAGE, those that aren't there yet.
# They come by apt, which checks their signatures, from where this system has its packages from.
# Needs no root, and changes nothing of the system's.
set -eu
folder=$1
shift
missing=
for package in "$@"; do
    [ -d "$folder/$package" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial" "$work/files"
for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" > "$work/parts/${file##*/}"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] && sed -n 's/^deb[[:space:]]/deb-src /p' "$file" > "$work/parts/${file##*/}.list"
done
apt() {
    apt-get --quiet --quiet -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/parts" \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o Acquire::Retries=3 \
        -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=true "$@"
}
apt update
cd "$work/files"
for package in $missing; do
    apt --download-only source "$package"
    mkdir "$work/$package"
    rm -f -- *.asc # signatures of upstream's: apt has checked Debian's
    tar -xf "$package"_*.orig.tar.* --strip-components=1 -C "$work/$package"
    mv "$work/$package" "$folder/$package"
done
