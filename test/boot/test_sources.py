# SPDX-License-Identifier: BSD-2-Clause
"""Where the sources of the decoders come from, and Baton without them."""

import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import tarfile
import threading
from pathlib import Path

import artefacts
import pytest
from checkout import copy_sources

FETCH = artefacts.SOURCE / "cmake/fetch_sources.sh"
# Of a distribution with two versions of each package, of which the newer one has lost its files.
APT_CACHE = r"""#!/bin/sh
echo " libzstd | 1.0-9 | http://archive stable/main Sources"
echo " libzstd | 1.0-10 | http://archive stable/main Sources"
"""
APT_GET = r"""#!/bin/sh
for lists; do
    case $lists in Dir::State::Lists=*) lists=${lists#*=}; break ;; esac
done
case $* in
*update) touch "$lists/archive_Sources" "$lists/other_Sources"; exit 100 ;;
*=1.0-10) echo x >libzstd_1.0.orig.tar.gz; echo "404  Not Found" >&2; exit 100 ;;
*=1.0-9) cp "$ARCHIVE" libzstd_1.0.orig.tar.gz; touch libzstd_1.0-9.dsc ;;
esac
"""


def programs(tmp_path: Path, **texts: str) -> dict[str, str]:
    """An environment with these programs first, without a network and a folder of sources."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in texts.items():
        program = folder / name.replace("_", "-")
        program.write_text(text)
        program.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "BATON_UPSTREAM_SOURCES"}
    nowhere = "http://127.0.0.1:9"
    return environment | {"PATH": f"{folder}:{os.environ['PATH']}", "http_proxy": nowhere,
                          "https_proxy": nowhere, "no_proxy": "127.0.0.1"}


@pytest.fixture
def without_network(tmp_path):
    return programs(tmp_path, apt_get="#!/bin/sh\nexit 100\n")


def sources(folder: Path) -> Path:
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/header.h").write_text(folder.name)
    return folder


def archive(tmp_path: Path) -> Path:
    file = tmp_path / "release.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        tar.add(sources(tmp_path / "packed/zstd-1.0"), "zstd-1.0")
    return file


def fetch(tmp_path: Path, environment, *packages: str, script: Path = FETCH):
    return subprocess.run(["sh", script, tmp_path / "sources", *packages], env=environment,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)


def expect_fetched(tmp_path: Path, package: str = "libzstd") -> None:
    assert (tmp_path / "sources" / package / "lib/header.h").exists()
    assert not list((tmp_path / "sources").glob("fetch.*"))


@pytest.mark.parametrize("name", ["libzstd", "zstd", "zstd-1.5.7"])
def test_sources_come_from_the_folder_that_is_named_first(tmp_path, without_network, name):
    """And go over what is there."""
    sources(tmp_path / "sources/libzstd")
    own = sources(tmp_path / "own" / name)
    result = fetch(tmp_path, without_network | {"BATON_UPSTREAM_SOURCES": str(own.parent)}, "libzstd")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "sources/libzstd/lib/header.h").read_text() == name
    again = fetch(tmp_path, without_network, "libzstd")
    assert again.returncode == 0, again.stderr
    assert (own / "lib/header.h").exists()


def test_a_named_folder_without_sources_is_said(tmp_path, without_network):
    (tmp_path / "own").mkdir()
    sources(tmp_path / "sources/lz4")
    result = fetch(tmp_path, without_network | {"BATON_UPSTREAM_SOURCES": str(tmp_path / "own")}, "lz4")
    assert result.returncode == 0
    assert f"lz4: not in {tmp_path}/own" in result.stderr


def test_sources_that_are_there_are_not_fetched(tmp_path, without_network):
    for package in ("libzstd", "lz4"):
        sources(tmp_path / "sources" / package)
    result = fetch(tmp_path, without_network, "libzstd", "lz4")
    assert (result.returncode, result.stderr) == (0, "")


def test_sources_come_from_an_older_source_package_if_the_newest_is_gone(tmp_path):
    """And from one archive, if another can't be reached; half of a folder is no folder of sources."""
    (tmp_path / "sources/libzstd").mkdir(parents=True)
    environment = programs(tmp_path, apt_get=APT_GET, apt_cache=APT_CACHE)
    result = fetch(tmp_path, environment | {"ARCHIVE": str(archive(tmp_path))}, "libzstd")
    assert result.returncode == 0, result.stderr
    assert "libzstd 1.0-10: 404  Not Found" in result.stderr
    expect_fetched(tmp_path)


@pytest.mark.parametrize("damage", ["", "other", "huge", "no-sources"])
def test_sources_come_from_upstream_as_they_are_pinned(tmp_path, without_network, damage):
    file = archive(tmp_path)
    if damage == "no-sources":
        with tarfile.open(file, "w:gz") as tar:
            tar.add(tmp_path / "packed", "zstd-1.0")
    pinned = hashlib.sha256(file.read_bytes()).hexdigest()
    if damage == "other":
        file.write_bytes(file.read_bytes() + b"\0")
    if damage == "huge":  # larger than a step may write
        os.truncate(file, 64 << 20)
        pinned = hashlib.sha256(file.read_bytes()).hexdigest()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    script = shutil.copy(FETCH, tmp_path)
    release = (FETCH.parent / "FetchRelease.cmake").read_text()
    url = next(word for word in release.replace(")", " ").split() if "zstd-" in word)
    right = next(line for line in release.splitlines() if "sha256_of_libzstd" in line)
    release = release.replace(url, f"http://127.0.0.1:{server.server_port}/release.tar.gz")
    (tmp_path / "FetchRelease.cmake").write_text(
        release.replace(right, f"set(sha256_of_libzstd {pinned})"))
    result = fetch(tmp_path, without_network, "libzstd", script=script)
    server.shutdown()
    assert result.returncode == (1 if damage else 0), result.stderr
    if damage == "other":
        assert "its SHA-256 is" in result.stderr
    if damage:
        assert not list((tmp_path / "sources").iterdir())  # nor is there half of them
    else:
        expect_fetched(tmp_path)


def test_configuring_needs_no_network_and_says_which_decoders_are_built(tmp_path, without_network):
    """By a program that would reach for it. Only one decoder has its sources; ON insists on both."""
    shutil.copytree(Path(artefacts.configured("BATON_UPSTREAM_SOURCES")) / "lz4", tmp_path / "sources/lz4")
    call = ["cmake", "-G", "Ninja", "-S", artefacts.SOURCE, "-B", tmp_path / "build", "-DBUILD_TESTING=OFF",
            f"-DBATON_UPSTREAM_SOURCES={tmp_path}/sources"]
    automatic = subprocess.run(call, env=without_network, capture_output=True, text=True)
    assert automatic.returncode == 0, automatic.stderr
    built, _, missing = automatic.stdout.partition("Decoders that Baton is built without:")
    assert "* lz4, " in built and "* zstd, " in missing
    cache = (tmp_path / "build/CMakeCache.txt").read_text()
    assert "\nBATON_DECODERS:INTERNAL=lz4\n" in cache
    insisting = subprocess.run([*call, "-DBATON_COMPRESSION=ON"], env=without_network,
                               capture_output=True, text=True)
    assert insisting.returncode != 0
    assert f"there is no {tmp_path}/sources/libzstd/lib/" in " ".join(insisting.stderr.split())
    assert not (tmp_path / "sources/libzstd").exists()


@pytest.mark.long
def test_run_builds_and_boots_without_decoders(tmp_path, without_network):
    """Where the sources can't be had, too: a checkout of its own, and no network."""
    checkout = copy_sources(tmp_path / "baton")

    def run(*arguments):
        return subprocess.run([checkout / "baton", "run", *arguments, "--via=pvh", "--timeout=60"],
                              env=without_network, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)

    result = run()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "kernel: PASS" in result.stdout
    assert result.stderr.count("built without") == 1, result.stderr
    for name, error in (("zstd", "built_without_zstd"), ("lz4", "built_without_lz4")):
        kernel = tmp_path / f"kernel.elf.{name}"
        with kernel.open("wb") as file:
            subprocess.run([name, "-q", "-c", artefacts.EXAMPLE_KERNEL], stdout=file, check=True)
        result = run(kernel)
        assert result.returncode == 1
        assert f"error: {error}: " in result.stdout + result.stderr
        assert "no sources" not in result.stderr, "it is not tried again at once"
