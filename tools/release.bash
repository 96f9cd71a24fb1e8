# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# `./baton release`: checks a release, and builds what its page carries into build/release/. The same
# commit gives the same bytes again: times are the commit's, files are sorted, owners are nobody's.

# What the page carries beside the tarball.
loose_files=(share/baton/BOOTX64.EFI share/baton/baton-pvh.elf share/baton/baton.bzimage
    share/baton/stage2.bin include/baton/boot_info.h include/baton/handoff.h)

# release [--no-tests]
release() {
    local dry_run="" version
    case $#${1-} in
    0) ;;
    1--no-tests) dry_run=yes ;;
    *) misuse "release takes no arguments but --no-tests" ;;
    esac
    cd "$root" || exit
    version=$(sed -n 's/^project(baton VERSION \([^ )]*\).*/\1/p' CMakeLists.txt)
    check_release "$version"
    need git "${package_packages[@]}"
    if [[ $dry_run ]]; then
        say "dry run: no lint, no tests"
    else
        ./baton lint --all || fail "no release: lint has findings"
        ./baton test --all || fail "no release: a test fails"
    fi
    build_targets baton_sdk
    pack_release "baton-$version${dry_run:+-dry-run}-x86_64-linux"
    if [[ $dry_run ]]; then
        say "dry run: build/release/ is not for publication"
    else
        say "the release is in build/release/; tag the commit v$version"
    fi
}

# refuse WORDS: ends a release; a dry run goes on.
refuse() {
    [[ $dry_run ]] || fail "no release: $*"
    say "dry run: a release would be refused: $*"
}

# check_release VERSION: what takes no time.
check_release() {
    local header frozen=test/released/$1
    [[ $1 =~ ^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}$ ]] ||
        refuse "the version in CMakeLists.txt, '$1', is not MAJOR.MINOR.PATCH"
    grep -qE "^## \[${1//./\\.}\] - [0-9]{4}-[0-9]{2}-[0-9]{2}\$" CHANGELOG.md ||
        refuse "CHANGELOG.md has no section '## [$1] - YYYY-MM-DD'"
    [[ ! $(git status --porcelain) ]] || refuse "there are files that are not committed"
    [[ ! $(git tag --list "v$1") || $(git rev-parse "v$1^{commit}") == $(git rev-parse HEAD) ]] ||
        refuse "the tag v$1 is another commit: set a new version"
    if [[ ! -d $frozen ]]; then
        refuse_after_freezing "$1"
        return
    fi
    for header in boot_info.h handoff.h; do
        cmp -s "common/abi/$header" "$frozen/$header" ||
            refuse "common/abi/$header is not what $1 has in $frozen: set a new version"
    done
}

# Keeps the headers of a new version, with the kernel of the latest one before.
refuse_after_freezing() {
    local latest
    [[ ! $dry_run ]] || {
        refuse "test/released/$1 is missing"
        return
    }
    latest=$(find test/released -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort -V | tail -n 1)
    mkdir -p "test/released/$1"
    cp common/abi/boot_info.h common/abi/handoff.h "test/released/$1"
    [[ ! $latest ]] || cp "test/released/$latest/kernel.c" "test/released/$1"
    refuse "made test/released/$1: let its kernel.c use the header's names and what is new, and commit it"
}

# pack_release NAME: the tarball, the loose files, and the checksums of all.
pack_release() {
    local file folder=build/release tree=build/release/$1
    rm -rf "$folder"
    step "installing into $tree" cmake --install build --prefix "$PWD/$tree" --strip ||
        fail_with_log "could not install"
    # A linker's build id is a hash of the debug information too, which has this folder's path.
    step "removing the tool's build id" objcopy --remove-section=.note.gnu.build-id "$tree/bin/baton" ||
        fail_with_log "could not remove it"
    sums "$tree"
    tar --create --directory "$folder" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX --mtime="@$(git log -1 --format=%ct)" "$1" | gzip --no-name --best >"$tree.tar.gz"
    for file in "${loose_files[@]}"; do
        install -m 644 "$tree/$file" "$folder"
    done
    rm -rf "$tree"
    sums "$folder"
}

# sums FOLDER: SHA256SUMS, of all files in it.
sums() {
    local sums
    sums=$(cd "$1" && find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum --)
    printf '%s\n' "$sums" >"$1/SHA256SUMS"
}
