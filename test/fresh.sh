#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     fresh.sh RELEASE [CTEST-ARGS]
#
# Does what README.md says, in a new minimal system of Debian's or Ubuntu's RELEASE: as a user with
# sudo, with a clone of HEAD, it runs, tests, packs and installs, and builds the SDK's example. It is
# what `./baton test --fresh` calls.
#
# Everything runs in a mount and a process namespace of its own, which ends with this script: there
# is nothing to unmount, and no process stays. Packages are kept for the next time.
set -euo pipefail

usage="fresh.sh bookworm|trixie|noble [CTEST-ARGS]"
release=${1:?$usage}
case $release in
bookworm | trixie) distribution=debian components=main ;;
noble) distribution=ubuntu components=main,universe ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${BATON_FRESH_DIR:-$source/build/fresh}
cache=$folder/packages-$release
bundle=${BATON_FRESH_BUNDLE:-$folder/head.$$.bundle} # made by the user, whose repository it is

say() { printf '\nfresh %s: %s\n' "$release" "$*"; }

# Where this system gets its own packages, if it is of the same distribution: the archive, and the
# archive of security updates. Otherwise, where the distribution has them.
find_mirrors() {
    local id codename targets
    mirror=http://deb.debian.org/debian security=http://deb.debian.org/debian-security
    [[ $distribution == debian ]] || mirror=http://archive.ubuntu.com/ubuntu security=$mirror
    # shellcheck source=/dev/null
    read -r id codename < <(. /etc/os-release && echo "$ID" "${VERSION_CODENAME-}")
    if [[ $id == "$distribution" && $codename ]]; then
        # shellcheck disable=SC2016 # names of apt's
        targets=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages')
        mirror=$(awk -v name="$codename" -v other="$mirror" \
            '$1 == name { other = $2; exit } END { print other }' <<<"$targets")
        security=$(awk -v name="$codename-security" -v other="$security" \
            '$1 == name { other = $2; exit } END { print other }' <<<"$targets")
    fi
    [[ ! ${BATON_MIRROR-} ]] || mirror=$BATON_MIRROR
    [[ ! ${BATON_SECURITY_MIRROR-} ]] || security=$BATON_SECURITY_MIRROR
    mirror=${mirror%/} security=${security%/}
}

# What apt is to know there: the same proxies as here, and where packages are.
configure_apt() {
    local suite url
    apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|Force)' >"$1/etc/apt/apt.conf.d/90host" || true
    [[ ! ${http_proxy-} ]] || echo "Acquire::http::Proxy \"$http_proxy\";" >>"$1/etc/apt/apt.conf.d/90host"
    [[ ! ${https_proxy-} ]] || echo "Acquire::https::Proxy \"$https_proxy\";" >>"$1/etc/apt/apt.conf.d/90host"
    for suite in "$release" "$release-updates" "$release-security"; do
        url=$mirror
        [[ $suite != *-security ]] || url=$security
        echo "deb $url $suite ${components//,/ }"
    done >"$1/etc/apt/sources.list"
    mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
    echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io" # it doesn't outlive a power cut anyway
}

# make_system FOLDER: with a user who may use sudo, and has the clone.
make_system() {
    local keyring=/usr/share/keyrings/$distribution-archive-keyring.gpg include=sudo
    local options=(--variant=minbase "--components=$components" "--cache-dir=$cache")
    [[ $mirror$security != *https:* ]] || include+=,ca-certificates
    if [[ -f $keyring ]]; then
        options+=("--keyring=$keyring")
    else
        say "the signature of the archive isn't checked here: there is no $keyring"
    fi
    debootstrap "${options[@]}" --include=$include "$release" "$1" "$mirror" >"$folder/debootstrap-$release.log" 2>&1 || {
        tail -n 5 "$folder/debootstrap-$release.log" "$1/debootstrap/debootstrap.log" 2>/dev/null
        say "debootstrap failed: $folder/debootstrap-$release.log"
        return 1
    }
    configure_apt "$1"
    echo "127.0.0.1 localhost $(uname -n)" >"$1/etc/hosts"
    chroot "$1" useradd --create-home --shell /bin/bash user
    echo 'user ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/user"
    git -c advice.detachedHead=false clone --quiet "$bundle" "$1/home/user/baton"
    chroot "$1" chown -R user: /home/user
    mount -t proc proc "$1/proc"
    mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts "$1/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
    ln -sf pts/ptmx "$1/dev/ptmx"
}

# as_user SYSTEM COMMAND: in the clone.
as_user() {
    say "$2"
    chroot "$1" /usr/bin/env -i TERM="${TERM:-dumb}" LANG=C.UTF-8 CTEST_OUTPUT_ON_FAILURE=1 HOME=/home/user USER=user \
        ${BATON_PRESET:+BATON_PRESET="$BATON_PRESET"} PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin \
        setpriv --reuid=user --regid=user --init-groups bash -c "cd ~/baton && $2" </dev/null
}

# keep_packages SYSTEM: hard links.
keep_packages() {
    find "$1/var/cache/apt/archives" -maxdepth 1 -name '*.deb' -exec cp -ln -t "$cache" {} + 2>/dev/null || true
}

use_it() {
    find "$cache" -name '*.deb' -exec cp -ln -t "$1/var/cache/apt/archives" {} +
    as_user "$1" "./baton run"
    as_user "$1" "./baton test $(printf '%q ' "${@:2}")"
    as_user "$1" "./baton package"
    as_user "$1" "sudo apt-get install --quiet --yes ./build/packages/*.deb"
    as_user "$1" "baton run --timeout 120"
    as_user "$1" "cmake --install build --prefix ~/sdk"
    as_user "$1" "cp -r test/sdk/cmake-kernel ~/my-os && cd ~/my-os &&
        cmake -B build -DCMAKE_PREFIX_PATH=\$HOME/sdk && cmake --build build &&
        cmake --build build --target run-my-os"
}

inside() {
    mkdir -p "$cache"
    find_mirrors
    say "debootstrap, from $mirror"
    make_system "$1"
    use_it "$@"
    say "all of this succeeded"
}

clean_up() {
    pkill -KILL -P "$namespace" 2>/dev/null || true # its first process: all others end with that
    wait "$namespace" || true
    keep_packages "$system"
    if [[ ${BATON_FRESH_KEEP-} ]]; then
        say "kept: $system"
    else
        rm -rf --one-file-system "$system"
    fi
    rm -f "$bundle"
    rm -rf "$cache/partial"
    [[ ! ${SUDO_UID-} ]] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$folder"
}

if [[ ${BATON_FRESH_SYSTEM-} ]]; then # in the namespaces
    inside "$BATON_FRESH_SYSTEM" "${@:2}"
    exit
fi
mkdir -p "$folder"
[[ -f $bundle ]] || git -C "$source" bundle create --quiet "$bundle" HEAD
if ((EUID != 0)); then
    export BATON_FRESH_BUNDLE=$bundle
    exec sudo --preserve-env=BATON_MIRROR,BATON_SECURITY_MIRROR,BATON_FRESH_DIR,BATON_FRESH_KEEP,BATON_FRESH_BUNDLE,BATON_PRESET,http_proxy,https_proxy \
        "${BASH_SOURCE[0]}" "$@"
fi
system=$(mktemp -d "$folder/$release.XXXXXX")
chmod 755 "$system"
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
BATON_FRESH_SYSTEM=$system BATON_FRESH_BUNDLE=$bundle unshare --mount --pid --fork --kill-child -- "${BASH_SOURCE[0]}" "$@" &
namespace=$!
wait "$namespace"
