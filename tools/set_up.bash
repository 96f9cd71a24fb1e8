# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What `./baton` does before it does anything else: packages, sources, configuration, build. A line
# for each step; what the programs say goes to build/baton.log, and its last lines to the terminal if
# one of them fails.

log=$root/build/baton.log
installed_something="" # CMake is to look again then
[[ ! ${BATON_UPSTREAM_SOURCES-} ]] || export BATON_UPSTREAM_SOURCES=$(realpath -ms "$BATON_UPSTREAM_SOURCES")

# Which command shows, on a system without dpkg, that a package is there. CMake looks for the rest.
declare -A command_of=([g++]=g++ [cmake]=cmake [ninja-build]=ninja [nasm]=nasm [python3]=python3
    [zstd]=zstd [lz4]=lz4 [file]=file [pkg-config]=pkg-config [fdisk]=sfdisk [xorriso]=xorriso
    [make]=make [git]=git [grub-common]=grub-mkrescue [mtools]=mformat [qemu-system-x86]=qemu-system-x86_64
    [gdb]=gdb [clang-19]=clang-19 [lld-19]=ld.lld-19 [llvm-19]=llvm-cov-19
    [clang-format-19]=clang-format-19 [clang-tidy-19]=clang-tidy-19 [shellcheck]=shellcheck
    [gnuplot-nox]=gnuplot [debootstrap]=debootstrap)

say() { printf 'baton: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

has() { command -v "$1" >/dev/null; }

# open_log: or says why nothing can be built here.
open_log() {
    local file built=""
    [[ ! -x $root/build/bin/baton ]] || built="; what is built already works there: build/bin/baton"
    for file in build/lock build/baton.log build/CMakeCache.txt build/.ninja_log build; do
        [[ -e $root/$file ]] || continue
        [[ -w $root/$file ]] ||
            fail "can't build here: $root/$file can't be written, as $(id -un), since its owner is" \
                "$(stat -c %U "$root/$file") or its file system is read-only: copy the checkout$built"
    done
    [[ -d $root/build ]] || mkdir "$root/build" 2>/dev/null ||
        fail "can't build here: $root can't be written: copy the checkout to a folder of yours"
    [[ ! -s $log || $(stat -c %s "$log") -lt 1000000 ]] || mv "$log" "$log.old"
    printf '\n== %s\n' "$(date)" >>"$log"
    step_begins=$(stat -c %s "$log")
}

# fail_with_log WHAT: shows the end of what the step has left in the log.
fail_with_log() {
    local text
    text=$(tail -c "+$((step_begins + 1))" "$log")
    case $text in
    *$'\nFAILED: '*) sed -n '/^FAILED: /,$p' <<<"$text" | sed '2d; 30q' ;; # without the compiler's call
    *"CMake Error"*) sed -n '/CMake Error/,$p' <<<"$text" | sed '15q' ;;
    *) tail -n 15 <<<"$text" ;;
    esac | sed 's/^/    /' >&2
    fail "$1; all of it is in $log"
}

# step TEXT COMMAND…: false if it fails.
step() {
    say "$1"
    printf '== %s\n' "$1" >>"$log"
    step_begins=$(stat -c %s "$log")
    "${@:2}" >>"$log" 2>&1 </dev/null
}

# missing PACKAGE…: those of the Debian packages that are not installed, one a line.
missing() {
    local installed="" package
    if has dpkg-query; then
        # shellcheck disable=SC2016 # dpkg's variables
        installed=$(dpkg-query --show --showformat '|${db:Status-Status} ${Package}|' "$@" \
            2>/dev/null || true)
    else
        for package; do
            has "${command_of[$package]:-true}" && installed+="|installed $package|"
        done
    fi
    for package; do
        [[ $installed == *"|installed $package|"* ]] || echo "$package"
    done | awk '!seen[$0]++'
}

# need PACKAGE…: installs those that are missing, and makes sure that there can be a log.
need() {
    local packages as_root=() install count bytes
    open_log
    mapfile -t packages < <(missing "$@")
    ((${#packages[@]})) || return 0
    has apt-get || fail "there is no apt-get here: install, under their names on this system: ${packages[*]}"
    if ((EUID != 0)); then
        has sudo || fail "there is no sudo here: as root, apt-get install ${packages[*]}"
        as_root=(sudo)
    fi
    # A package source that can't be reached need not be the one that has these packages.
    step "updating the lists of packages" "${as_root[@]}" apt-get --quiet update ||
        say "apt-get update failed; trying all the same"
    install=(apt-get --quiet --yes --no-install-recommends install "${packages[@]}")
    count=$("${install[@]}" --simulate 2>/dev/null | grep -c '^Inst ') || true
    bytes=$("${install[@]}" --quiet=2 --print-uris 2>/dev/null | awk '{ sum += $3 } END { print sum }')
    step "installing $count packages, $((bytes / 1000000)) MB: ${packages[*]} and what they need" \
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "${install[@]}" ||
        fail_with_log "apt-get could not install them"
    installed_something=yes
}

# cached NAME: what build/ is configured with.
cached() {
    sed -n "s|^$1:[A-Z]*=||p" build/CMakeCache.txt 2>/dev/null || true
}

# The sources of zstd and LZ4, which Baton can do without. After a failure, not again for a day.
get_sources() {
    local folder=$root/build/sources failed=$root/build/sources/failed before missing=()
    if [[ ! ${BATON_UPSTREAM_SOURCES-} ]]; then
        [[ ! -d $folder/libzstd/lib || ! -d $folder/lz4/lib ]] || return 0
        [[ $(cached BATON_DECODERS) != "zstd;lz4" && $(cached BATON_COMPRESSION) != OFF ]] || return 0
        [[ ! $(find "$failed" -mtime 0 2>/dev/null) ]] || return 0
    fi
    before=$(readlink -m "$folder"/{libzstd,lz4})
    step "looking for the sources of zstd and LZ4" sh cmake/fetch_sources.sh "$folder" libzstd lz4 || true
    [[ -d $folder/libzstd/lib ]] || missing+=(zstd)
    [[ -d $folder/lz4/lib ]] || missing+=(lz4)
    if ((${#missing[@]})); then
        say "no sources of ${missing[*]}, as $log says: built without ${missing[*]}, Baton refuses what that compressed"
        touch "$failed"
    fi
    [[ $(readlink -m "$folder"/{libzstd,lz4}) == "$before" ]] || installed_something=yes
}

# configure WITH-TESTS: where that isn't done yet. A folder that was copied or moved is of another
# checkout: CMake would go on building that one.
configure() {
    local here tests
    here=$(cached CMAKE_HOME_DIRECTORY)
    tests=$(cached BUILD_TESTING)
    if [[ $here && $(readlink -m "$here") != "$root" ]]; then
        say "build/ was configured in $here, and is configured again here"
        rm -f build/build.ninja build/fuzz{,-coverage}/CMakeCache.txt
    fi
    [[ $1 != ON || $tests == ON ]] || rm -f build/build.ninja
    [[ ! -f build/build.ninja || $configured != "$preset" || $installed_something ]] || return 0
    [[ $1 != ON ]] || tests=ON
    # --fresh, since what another preset has set would stay in the cache.
    step "configuring, preset $preset" cmake --fresh --preset "$preset" "-DBUILD_TESTING=${tests:-OFF}" ||
        fail_with_log "could not configure"
    echo "$preset" >build/preset
}

# show_progress: of a build by Ninja, whose output it puts into the log. On a terminal in one line,
# otherwise a line for each quarter.
show_progress() {
    local line last="" quarter=0
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) && ${BASH_REMATCH[3]} != Re-* ]] || continue
        last="baton: building ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}"
        if [[ -t 2 ]]; then
            printf '\r%s\033[K' "$last" >&2
        elif ((BASH_REMATCH[1] * 4 / BASH_REMATCH[2] > quarter)); then
            quarter=$((BASH_REMATCH[1] * 4 / BASH_REMATCH[2]))
            printf '%s\n' "$last" >&2
        fi
    done
    [[ ! -t 2 || ! $last ]] || echo >&2
}

# build_targets [--tests] [TARGET…]: builds these, or all. Silent when there is nothing to do. One at a
# time, whoever else builds. Without --tests, nothing that only they need has to be there.
build_targets() {
    local tests=OFF
    if [[ ${1-} == --tests ]]; then
        tests=ON
        shift
    fi
    cd "$root" || exit
    (
        flock 9
        # Who was here first may have configured it meanwhile.
        [[ ! -f build/preset ]] || configured=$(<build/preset)
        get_sources
        configure $tests
        step_begins=$(stat -c %s "$log")
        NINJA_STATUS="[%f/%t] " cmake --build --preset "$preset" ${1:+--target "$@"} 2>&1 |
            show_progress || fail_with_log "could not build"
    ) 9>build/lock
}
