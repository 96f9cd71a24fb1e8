# SPDX-License-Identifier: BSD-2-Clause
"""What ./baton does before it does anything else, with programs that only say that they were called."""

import os
import pty
import re
import shutil
import subprocess

import pytest
from checkout import copy_sources

BUILDS = r"""#!/bin/sh
echo "cmake $*" >>"$CALLS"
case $* in
*--preset*--target* | --build*)
    echo "[0/1] Re-checking globbed directories..."
    i=1; while [ $i -le 40 ]; do echo "[$i/40] Building $i"; i=$((i + 1)); done
    [ ! "$BREAKS" ] || { printf 'FAILED: a.o\nc++ -c a.cpp\na.cpp:1: error: no such thing\n'; exit 1; } ;;
*--fresh*)
    [ ! "$REFUSES" ] || { echo "CMake Error: no compiler"; exit 1; }
    tests=OFF; case $* in *BUILD_TESTING=ON*) tests=ON ;; esac
    printf '%s\n' "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" BUILD_TESTING:BOOL=$tests \
        BATON_DECODERS:INTERNAL=zstd\;lz4 >build/CMakeCache.txt
    touch build/build.ninja ;;
esac
"""
INSTALLED = r"""#!/bin/sh
for package; do
    case " $MISSING " in *" $package "*) ;; *) echo "|installed $package|" ;; esac
done
"""
APT = r"""#!/bin/sh
echo "apt-get $*" >>"$CALLS"
case $* in
*--simulate*) echo "Inst g++"; echo "Inst file"; echo "Inst libc6-dev" ;;
*--print-uris*) echo "'http://x/g++' g++.deb 2000000 SHA256:0"; echo "'http://x/file' file.deb 1500000 SHA256:0" ;;
*install*) echo "Setting up g++"; [ ! "$REFUSES" ] || { echo "E: no space left"; exit 100; } ;;
esac
"""


class Checkout:
    def __init__(self, folder):
        self.folder = folder
        copy_sources(folder)
        for package in ("libzstd", "lz4"):
            (folder / "build/sources" / package / "lib").mkdir(parents=True)
            (folder / "build/sources" / package / "lib/x.h").touch()
        (folder / "build/bin").mkdir()
        (folder / "build/bin/baton").write_text("#!/bin/sh\necho the tool: $*\n")
        (folder / "build/bin/baton").chmod(0o755)
        self.programs = folder.parent / "programs"
        self.programs.mkdir(exist_ok=True)
        for name, text in {"cmake": BUILDS, "dpkg-query": INSTALLED, "apt-get": APT, "ctest": "#!/bin/sh\n",
                           "cpack": "#!/bin/sh\n", "sudo": '#!/bin/sh\nexec "$@"\n'}.items():
            (self.programs / name).write_text(text)
            (self.programs / name).chmod(0o755)
        self.calls = folder.parent / "calls"

    def environment(self, variables) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items()
                if name not in ("BATON_PRESET", "BATON_UPSTREAM_SOURCES")}
        return kept | {"PATH": f"{self.programs}:{os.environ['PATH']}", "CALLS": str(self.calls),
                       "BREAKS": "", "REFUSES": "", "MISSING": ""} | variables

    def baton(self, *arguments, prefix=(), **variables) -> subprocess.CompletedProcess:
        self.calls.write_text("")
        return subprocess.run([*prefix, self.folder / "baton", *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env=self.environment(variables), cwd=self.folder.parent)

    def called(self, pattern: str) -> bool:
        return bool(re.search(pattern, self.calls.read_text()))

    def log(self) -> str:
        return (self.folder / "build/baton.log").read_text()


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path / "baton")


def test_set_up_is_a_line_for_each_step_and_its_details_are_in_the_log(checkout):
    result = checkout.baton("run", MISSING="g++ ninja-build")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "the tool: run\n"
    assert result.stderr.splitlines() == [
        "baton: updating the lists of packages",
        "baton: installing 3 packages, 3 MB: g++ ninja-build and what they need",
        "baton: configuring, preset default",
        *(f"baton: building {done} of 40" for done in (10, 20, 30, 40))]
    assert "Setting up g++" in checkout.log() and "[7/40] Building 7" in checkout.log()


def test_progress_stays_in_one_line_of_a_terminal(checkout):
    ours, theirs = pty.openpty()
    checkout.calls.write_text("")
    subprocess.run([checkout.folder / "baton", "run"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=theirs, env=checkout.environment({}), check=True)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # the end
        pass
    os.close(ours)
    assert shown.count(b"\n") == 2 and shown.count(b"\rbaton: building ") == 40
    assert shown.endswith(b"\rbaton: building 40 of 40\x1b[K\r\n")


@pytest.mark.parametrize("variables, what, excerpt", [
    ({"BREAKS": "yes"}, "could not build", "FAILED: a.o\n    a.cpp:1: error: no such thing\n"),
    ({"REFUSES": "yes"}, "could not configure", "CMake Error: no compiler\n"),
    ({"REFUSES": "yes", "MISSING": "file g++"}, "apt-get could not install them", "E: no space left\n")])
def test_a_step_that_fails_shows_the_end_of_the_log_and_where_it_is(checkout, variables, what, excerpt):
    result = checkout.baton("run", **variables)
    assert result.returncode == 1 and result.stdout == ""
    assert f"    {excerpt}" in result.stderr
    assert result.stderr.endswith(f"baton: {what}; all of it is in {checkout.folder}/build/baton.log\n")
    assert "c++ -c" not in result.stderr and "[40/40]" not in result.stderr


def test_run_needs_no_more_than_a_run_does(checkout):
    test_only = "libgtest-dev python3-pytest zstd lz4 gdb clang-19 file pkg-config"
    result = checkout.baton("run", MISSING=test_only)
    assert result.returncode == 0 and not checkout.called("apt-get")
    assert checkout.called("cmake --fresh .*BUILD_TESTING=OFF")
    assert not checkout.called("stage1-pvh")
    assert checkout.baton("run", "--via", "microvm").returncode == 0
    assert checkout.called("stage1-pvh") and not checkout.called("--fresh")
    assert checkout.baton("test", MISSING=test_only).returncode == 0
    assert checkout.called(f"apt-get .*install .*libgtest-dev python3-pytest")
    assert checkout.called("cmake --fresh .*BUILD_TESTING=ON")
    assert checkout.baton("run").returncode == 0 and not checkout.called("--fresh")


def test_package_asks_for_all_that_it_calls(checkout):
    checkout.baton("package", MISSING="dpkg-dev file")
    assert checkout.called("apt-get .*install dpkg-dev file\n")


def test_each_package_is_named_once(checkout):
    result = checkout.baton("test", MISSING="g++ file")
    assert len(re.findall(r"\bg\+\+", result.stderr)) == 1
    assert checkout.called(r"apt-get .*install g\+\+ file\n")


@pytest.mark.parametrize("how", [shutil.copytree, shutil.move])
def test_build_folder_of_another_checkout_is_configured_again(checkout, how):
    assert checkout.baton("run").returncode == 0
    (checkout.folder / "build/fuzz").mkdir()
    (checkout.folder / "build/fuzz/CMakeCache.txt").touch()
    first = str(checkout.folder)
    how(checkout.folder, checkout.folder.parent / "other")
    checkout.folder = checkout.folder.parent / "other"
    result = checkout.baton("check", "x")
    assert f"build/ was configured in {first}, and is configured again here" in result.stderr
    assert checkout.called("cmake --fresh")
    assert not (checkout.folder / "build/fuzz/CMakeCache.txt").exists()
    assert "configured" not in checkout.baton("check", "x").stderr


def test_checkout_that_is_reached_by_a_link_is_no_other(checkout):
    assert checkout.baton("run").returncode == 0
    link = checkout.folder.parent / "link"
    link.symlink_to(checkout.folder)
    cache = checkout.folder / "build/CMakeCache.txt"
    cache.write_text(cache.read_text().replace(str(checkout.folder), str(link)))
    checkout.folder = link
    assert "configured" not in checkout.baton("run").stderr


@pytest.mark.parametrize("unwritable", ["build", "build/lock", "build/.ninja_log", "."])
def test_checkout_that_cannot_be_written_is_said_with_the_way_out(checkout, unwritable):
    prefix = []
    if os.geteuid() == 0:  # for whom every file can be written
        if not shutil.which("setpriv"):
            pytest.skip("no setpriv")
        prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        for folder in checkout.folder.parents[:3]:
            folder.chmod(0o755)
        for folder, _, files in os.walk(checkout.folder.parent):
            for name in (folder, *(f"{folder}/{file}" for file in files)):
                os.chown(name, 65534, 65534)
    if unwritable == ".":
        shutil.rmtree(checkout.folder / "build")
    else:
        (checkout.folder / unwritable).touch()
    (checkout.folder / unwritable).chmod(0o555)
    result = checkout.baton("run", prefix=prefix)
    (checkout.folder / unwritable).chmod(0o755)
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("baton: can't build here: ") and "copy the checkout" in line
    assert ("build/bin/baton" in line) == (unwritable != ".")
