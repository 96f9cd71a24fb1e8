#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
#     fetch_sources.sh FOLDER PACKAGE...
#
# Gets upstream's sources of Debian's PACKAGEs into FOLDER/PACKAGE. From the first place that works:
#   - the folder that BATON_UPSTREAM_SOURCES names, which then is linked to;
#   - what is in FOLDER already;
#   - the source packages of this system's distribution, any version, newest first: apt checks them;
#   - upstream's release archive, as FetchRelease.cmake pins it.
# Every step is bounded, in seconds and in the size of a file. Needs no root, and changes nothing of
# the system's. Status 1, and a line for each, where a package can't be had.
set -u
[ $# -ge 2 ] || { echo "fetch_sources.sh FOLDER PACKAGE..." >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && folder=$(cd "$1" && pwd) || exit 1
shift
work=$(mktemp -d "$folder/fetch.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

say() { echo "fetch_sources.sh: $*" >&2; }

# bounded SECONDS MIB COMMAND...: no file that it writes gets larger (ulimit counts 512 bytes).
bounded() (
    seconds=$1
    ulimit -f $(($2 * 2048))
    shift 2
    exec timeout --kill-after=5 "$seconds" "$@" </dev/null
)

# has_sources FOLDER: a package's.
has_sources() { [ -n "$(find "$1/lib/" -maxdepth 1 -name '*.h' 2>/dev/null)" ]; }

# put ARCHIVE PACKAGE: unpacks it, all or nothing.
put() {
    rm -rf "$work/unpacked" && mkdir "$work/unpacked" || return
    (cd "$work/unpacked" && bounded 60 64 cmake -E tar xf "$1") || return
    for top in "$work/unpacked"/*; do # one folder
        has_sources "$top" || continue
        rm -rf "${folder:?}/$2" && mv "$top" "$folder/$2"
        return
    done
    say "$2: ${1##*/} has no lib/*.h"
    return 1
}

# By the names that Debian and upstream give the folder: libzstd, zstd, zstd-1.5.7.
from_the_named_folder() {
    [ -n "${BATON_UPSTREAM_SOURCES-}" ] || return
    for candidate in "$BATON_UPSTREAM_SOURCES/$1" "$BATON_UPSTREAM_SOURCES/${1#lib}" \
        "$BATON_UPSTREAM_SOURCES/${1#lib}"-*; do
        has_sources "$candidate" || continue
        candidate=$(cd "$candidate" && pwd)
        [ "$candidate" = "$folder/$1" ] || { rm -rf "${folder:?}/$1" && ln -s "$candidate" "$folder/$1"; }
        return
    done
    say "$1: not in $BATON_UPSTREAM_SOURCES (BATON_UPSTREAM_SOURCES)"
    return 1
}

# quiet_apt COMMAND LISTS ARGUMENT...: apt-get or apt-cache with lists and caches of our own.
quiet_apt() {
    command=$1 lists=$2
    shift 2
    bounded 120 512 "$command" -qq -o Dir::Etc::SourceList=/dev/null \
        -o Dir::Etc::SourceParts="$work/parts" -o Dir::State::Lists="$lists" \
        -o Dir::Cache="$work/cache" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 \
        -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=true "$@"
}

# Which source packages there are, in $work/lists; each list on its own in $work/lists-N, since of a
# version that several of them have, apt takes the files of one, and these may be gone.
list_source_packages() {
    mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] && sed 's/^Types:.*/Types: deb-src/; s/^Components:.*/Components: main/' "$file" \
            >"$work/parts/${file##*/}"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] && sed -n '/cdrom:/d; s/^deb[[:space:]]/deb-src /p' "$file" >"$work/parts/${file##*/}.list"
    done
    quiet_apt apt-get "$work/lists" update 2>"$work/update.log" # one of them may be out of reach
    number=0
    for list in "$work"/lists/*_Sources*; do
        [ -f "$list" ] || continue
        number=$((number + 1))
        cp -al "$work/lists" "$work/lists-$number"
        for other in "$work/lists-$number"/*_Sources*; do
            [ "${other##*/}" = "${list##*/}" ] || rm -f "$other"
        done
    done
    [ "$number" -gt 0 ] || say "apt lists no source packages: $(tail -n 1 "$work/update.log")"
}

from_the_distribution() {
    command -v apt-get >/dev/null || return
    [ -d "$work/lists" ] || list_source_packages
    for lists in "$work"/lists-*; do
        [ -d "$lists" ] || continue
        quiet_apt apt-cache "$lists" madison "$1" 2>/dev/null | awk -v lists="$lists" '{ print $3, lists }'
    done | sort -u -k1,1Vr -k2,2 | head -n 8 >"$work/versions"
    while read -r version lists; do
        rm -rf "$work/files" && mkdir "$work/files" || return
        (cd "$work/files" && quiet_apt apt-get "$lists" --download-only source "$1=$version") \
            >"$work/apt.log" 2>&1 && rm -f "$work/files"/*.asc && # apt has checked Debian's signature
            put "$work/files/$1"_*.orig.tar.* "$1" && return
        say "$1 $version: $(tail -n 1 "$work/apt.log")"
    done <"$work/versions"
    return 1
}

from_upstream() {
    bounded 180 32 cmake -D PACKAGE="$1" -D FILE="$work/release.tar.gz" -P "$here/FetchRelease.cmake" \
        >"$work/cmake.log" 2>&1 && put "$work/release.tar.gz" "$1" && return
    say "$1: upstream's release: $(grep -v '^ *$' "$work/cmake.log" | sed -n '2s/^ *//p')"
    return 1
}

result=0
for package in "$@"; do
    from_the_named_folder "$package" || has_sources "$folder/$package" ||
        from_the_distribution "$package" || from_upstream "$package" || result=1
done
exit $result
