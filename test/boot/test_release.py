# SPDX-License-Identifier: BSD-2-Clause
"""What ./baton release checks and packs, in a copy of this checkout, with programs that only say that
they were called: nothing is built, and no test runs."""

import hashlib
import os
import re
import subprocess
import tarfile

import artefacts
import pytest
from checkout import copy_sources

# Installs a file for each that a release carries, with the time of day and this process's rights.
CMAKE = r"""#!/bin/sh
echo "cmake $*" >>"$CALLS"
case $* in *--install*)
    for file in bin/baton share/baton/BOOTX64.EFI share/baton/baton-pvh.elf share/baton/baton.bzimage \
        share/baton/stage2.bin include/baton/boot_info.h include/baton/handoff.h; do
        mkdir -p "$4/$(dirname $file)"; echo "this is $file" >"$4/$file"
    done
    chmod +x "$4/bin/baton" ;;
*--fresh*) touch build/build.ninja; echo "BUILD_TESTING:BOOL=ON" >build/CMakeCache.txt ;;
esac
"""
OTHER = '#!/bin/sh\necho "${0##*/} $*" >>"$CALLS"\n[ "${0##*/}" != "$FAILS" ]\n'
INSTALLED = '#!/bin/sh\nfor package; do echo "|installed $package|"; done\n'
LOOSE = {"BOOTX64.EFI", "baton-pvh.elf", "baton.bzimage", "stage2.bin", "boot_info.h", "handoff.h"}


class Checkout:
    def __init__(self, folder):
        self.folder = copy_sources(folder)
        self.programs = folder.parent / "programs"
        self.programs.mkdir()
        others = dict.fromkeys(("ctest", "ninja", "python3", "objcopy"), OTHER)
        for name, text in {"cmake": CMAKE, "dpkg-query": INSTALLED, **others}.items():
            (self.programs / name).write_text(text)
            (self.programs / name).chmod(0o755)
        for package in ("libzstd", "lz4"):
            (folder / "build/sources" / package / "lib").mkdir(parents=True)
        (folder / "build/fuzz").mkdir()
        (folder / "build/fuzz/compile_commands.json").touch()
        self.calls = folder.parent / "calls"
        self.git("init", "--quiet")
        self.set_version("7.8.9")
        self.commit()

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments],
                       cwd=self.folder, check=True, capture_output=True)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")

    def set_version(self, version: str) -> None:
        file = self.folder / "CMakeLists.txt"
        file.write_text(re.sub(r"(project\(baton VERSION )[\d.]+", rf"\g<1>{version}", file.read_text()))
        changes = self.folder / "CHANGELOG.md"
        changes.write_text(changes.read_text().replace("## [Unreleased]\n", f"## [{version}] - 2027-01-31\n"))

    def release(self, *arguments: str, umask: int = 0o022, **variables) -> subprocess.CompletedProcess:
        self.calls.write_text("")
        environment = {name: value for name, value in os.environ.items() if name != "BATON_UPSTREAM_SOURCES"}
        environment |= {"PATH": f"{self.programs}:{os.environ['PATH']}", "CALLS": str(self.calls),
                        "FAILS": ""} | variables
        return subprocess.run([self.folder / "baton", "release", *arguments], env=environment, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, umask=umask)

    def refuses(self, why: str, **variables) -> None:
        result = self.release(**variables)
        assert result.returncode == 1 and why in result.stderr, result.stderr
        assert not (self.folder / "build/release").exists()

    def files(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in (self.folder / "build/release").iterdir()}


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path / "baton")


@pytest.fixture
def ready(checkout) -> Checkout:
    """Its headers are kept."""
    checkout.refuses("made test/released/7.8.9")
    checkout.commit()
    return checkout


def test_release_keeps_the_headers_of_a_new_version_first(checkout):
    checkout.refuses("made test/released/7.8.9")
    kept = checkout.folder / "test/released/7.8.9"
    assert {file.name for file in kept.iterdir()} == {"boot_info.h", "handoff.h", "kernel.c"}
    for name in ("boot_info.h", "handoff.h"):
        assert (kept / name).read_bytes() == (artefacts.SOURCE / "common/abi" / name).read_bytes()
    checkout.refuses("not committed")


def test_release_packs_what_its_page_carries_after_lint_and_all_tests(ready):
    result = ready.release()
    assert result.returncode == 0, result.stderr
    calls = ready.calls.read_text()
    assert "tools/lint.py build --all" in calls
    assert re.search(r"^ctest --preset \w+ --parallel \d+ *$", calls, re.M), "all tests"
    files = ready.files()
    tarball = "baton-7.8.9-x86_64-linux.tar.gz"
    assert set(files) == {tarball, "SHA256SUMS"} | LOOSE
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()
                    if name != "SHA256SUMS"}
    with tarfile.open(ready.folder / "build/release" / tarball) as tar:
        members = {member.name: member for member in tar.getmembers()}
        inside = tar.extractfile("baton-7.8.9-x86_64-linux/SHA256SUMS").read().decode()
    assert {f"baton-7.8.9-x86_64-linux/{name}" for name in
            ("bin/baton", "share/baton/stage2.bin", "include/baton/handoff.h", "SHA256SUMS")} <= set(members)
    assert members["baton-7.8.9-x86_64-linux/bin/baton"].mode == 0o755
    assert {member.uid for member in members.values()} == {0}
    assert len(inside.splitlines()) == 7 and "  bin/baton\n" in inside


def test_release_is_the_same_bytes_again(ready):
    assert ready.release().returncode == 0
    first = ready.files()
    assert ready.release(umask=0o077, TZ="Asia/Tokyo", LC_ALL="C.UTF-8").returncode == 0
    assert ready.files() == first


def test_release_refuses_what_is_not_ready(ready):
    ready.refuses("lint has findings", FAILS="python3")
    ready.refuses("a test fails", FAILS="ctest")
    (ready.folder / "new.txt").touch()
    ready.refuses("not committed")
    (ready.folder / "new.txt").unlink()

    header = ready.folder / "common/abi/handoff.h"
    header.write_text(header.read_text() + "/* one more */\n")
    ready.commit()
    ready.refuses("common/abi/handoff.h is not what 7.8.9 has")
    ready.git("tag", "v7.8.9", "HEAD~1")
    ready.refuses("the tag v7.8.9 is another commit")
    changes = ready.folder / "CHANGELOG.md"
    changes.write_text(changes.read_text().replace("- 2027-01-31", "- soon"))
    ready.refuses("CHANGELOG.md has no section '## [7.8.9] - YYYY-MM-DD'")
    ready.set_version("7.8")
    ready.refuses("is not MAJOR.MINOR.PATCH")


def test_dry_run_of_a_release_says_that_it_is_none(checkout):
    (checkout.folder / "new.txt").touch()
    result = checkout.release("--no-tests")
    assert result.returncode == 0, result.stderr
    assert "dry run: a release would be refused: there are files that are not committed" in result.stderr
    assert "dry run: build/release/ is not for publication" in result.stderr
    assert "python3" not in checkout.calls.read_text() and "ctest" not in checkout.calls.read_text()
    assert set(checkout.files()) == {"baton-7.8.9-dry-run-x86_64-linux.tar.gz", "SHA256SUMS"} | LOOSE
    assert not (checkout.folder / "test/released/7.8.9").exists()
    assert checkout.release("--fast").returncode == 2


def test_help_has_release_and_the_public_ci_calls_the_same_script():
    shown = subprocess.run([artefacts.SOURCE / "baton", "help"], capture_output=True, text=True).stdout
    for words in ("  release [--no-tests]\n", "  lint [--all | --since COMMIT]\n"):
        assert words in shown
    workflow = (artefacts.SOURCE / ".github/workflows/ci.yml").read_text()
    assert "container: debian:bookworm" in workflow and "run: .ci/run\n" in workflow
    assert "./baton lint --all\n" in (artefacts.SOURCE / ".ci/run").read_text()
