# SPDX-License-Identifier: BSD-2-Clause
"""What is built doesn't depend on where it is built."""

import getpass
import os
import re
import shutil
import subprocess
from pathlib import Path

import artefacts
import pytest

SHIPPED = (artefacts.LOADER, artefacts.PVH, artefacts.BZIMAGE, artefacts.STAGE2)
# What distributions have compilers do by default, or by CFLAGS: not in the loader.
HARDENED = "-D_FORTIFY_SOURCE=3 -fstack-clash-protection -fstack-protector-all -fcf-protection=full"
SETTINGS = r"^((?:BATON_\w+|CMAKE_BUILD_TYPE|CMAKE_\w+_COMPILER|CMAKE_\w+_FLAGS(?:_\w+)?):\w+=.*)$"


def build_somewhere_else(source: Path, *targets: str) -> Path:
    """Builds a copy of the sources as those under test were built, but by no cache of objects."""
    shutil.copytree(artefacts.SOURCE, source, ignore=lambda folder, names: {
        name for name in names if Path(folder, name) in (artefacts.BUILD, artefacts.SOURCE / "build")
        or name == ".git"})
    cache = (artefacts.BUILD / "CMakeCache.txt").read_text()
    settings = [f"-D{setting}" for setting in re.findall(SETTINGS, cache, re.M)]
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("CMAKE_", "CFLAGS", "CXXFLAGS"))}
    for command in (["cmake", "-G", "Ninja", "-S", source, "-B", source / "build", *settings,
                     "-DBUILD_TESTING=OFF", f"-DCMAKE_C_FLAGS={HARDENED}",
                     f"-DCMAKE_CXX_FLAGS={HARDENED}"],
                    ["cmake", "--build", source / "build", "--target", *targets]):
        result = subprocess.run([*map(str, command)], capture_output=True, text=True,
                                cwd=source, env=environment | {"CCACHE_DISABLE": "1"})
        assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return source / "build"


@pytest.mark.long
def test_artefacts_are_the_same_bytes_wherever_they_are_built(tmp_path):
    build = build_somewhere_else(tmp_path / artefacts.ODD_NAME, "stage1-efi", "stage1-pvh",
                                 "kernel/kernel.elf")
    for file in SHIPPED:
        other = build / file.relative_to(artefacts.BUILD)
        assert other.read_bytes() == file.read_bytes(), file.name
        for word in (str(artefacts.SOURCE), str(artefacts.BUILD), getpass.getuser() + "/"):
            assert word.encode() not in file.read_bytes(), f"{file.name} holds {word}"


def test_names_of_the_specification_are_left_to_the_headers_of_uefi():
    """Where we declare what one version of gnu-efi lacks, another has a macro of the official name."""
    declaration = re.compile(r"""^\s*(?:\#\s*define\s+
        | (?:struct|union|enum|enum\s+class|class|using)\s+
        | (?:inline\s+|static\s+)?(?:constexpr|const)\s+[\w:]+\s+
        | typedef\b.*?\b)(EFI_\w+)\s*(?:=|\{|;|\s[\d(]|$)""", re.MULTILINE | re.VERBOSE)
    for folder in ("common", "stage1", "stage1-efi", "test/boot/guests/shim", "test/bench"):
        for file in (artefacts.SOURCE / folder).rglob("*.[chi]*pp"):
            assert declaration.findall(file.read_text()) == [], file


def test_lint_looks_into_the_headers_of_every_folder():
    [names] = re.findall(r"^HeaderFilterRegex: '/\((.*)\)/'$",
                         (artefacts.SOURCE / ".clang-tidy").read_text(), re.MULTILINE)
    headers = (file.relative_to(artefacts.SOURCE).parts[0]
               for file in artefacts.SOURCE.glob("[!.]*/**/*.hpp"))
    assert {name for name in headers if not name.startswith("build")} == set(names.split("|"))
