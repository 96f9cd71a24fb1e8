# SPDX-License-Identifier: BSD-2-Clause
"""What a release has promised to kernels and first stages holds today: test/released/ has its
headers, as they were, and a kernel that was written with them."""

import shutil
import subprocess
import sys
from pathlib import Path

import artefacts
import pytest
from tool import FIXED, baton, compiled

RELEASED = artefacts.SOURCE / "test/released"
RELEASES = sorted(folder.name for folder in RELEASED.iterdir() if folder.is_dir())
HEADERS = ["boot_info.h", "handoff.h"]
# Numbers that grow with what is added.
GROW = {"BATON_HANDOFF_VERSION_MINOR", "BATON_STEP_COUNT"}

each_release = pytest.mark.parametrize("release", RELEASES)
each_header = pytest.mark.parametrize("name", HEADERS)


def read(file: Path, names: Path | None = None):
    """A header as the generator of the bindings reads it, by the names of today."""
    sys.path.insert(0, str(artefacts.SOURCE / "tools/bindings"))
    try:
        import header
    finally:
        sys.path.pop(0)
    text = file.read_text(encoding="utf-8")
    for line in names.read_text().splitlines() if names and names.exists() else []:
        text = text.replace(*line.split())
    return header.Parser(text, file).parse()


def numbers(header) -> dict[str, int | str]:
    found = {item.name: item.value for item in header.items if hasattr(item, "value")}
    for enumeration in header.enumerations.values():
        found |= {member.name: member.value for member in enumeration.members}
    return found


def fields(structure) -> dict[str, tuple[int, int]]:
    return {field.name: (field.offset, field.bytes) for field in structure.fields}


def expect_promises_kept(old, new) -> None:
    for name, value in numbers(old).items():
        today = numbers(new).get(name)
        assert today == value or (name in GROW and today > value), name
    for name, structure in old.structures.items():
        today = new.structures[name]
        assert today.bytes >= structure.bytes, name
        assert fields(structure).items() <= fields(today).items(), name


@each_release
@each_header
def test_released_values_sizes_and_offsets_are_those_of_today(release, name):
    folder = RELEASED / release
    old = read(folder / name, folder / "names.txt")
    assert len(old.structures) >= 5 and len(numbers(old)) >= 20
    expect_promises_kept(old, read(artefacts.SOURCE / "common/abi" / name))


@pytest.mark.parametrize("promise, broken", [
    ("firmware_type", "type_of_firmware"),
    ("BATON_MEMORY_BAD = 9", "BATON_MEMORY_BAD = 13"),
    ("BATON_BOOT_INFO_MAGIC UINT64_C(0x4444441111)", "BATON_BOOT_INFO_MAGIC UINT64_C(0x4444441112)")])
def test_comparison_with_a_release_notices(tmp_path, promise, broken):
    text = (artefacts.SOURCE / "common/abi/boot_info.h").read_text(encoding="utf-8")
    assert promise in text
    (tmp_path / "boot_info.h").write_text(text.replace(promise, broken), encoding="utf-8")
    folder = RELEASED / RELEASES[0]
    with pytest.raises(AssertionError):
        expect_promises_kept(read(folder / "boot_info.h", folder / "names.txt"), read(tmp_path / "boot_info.h"))


@each_release
@each_header
@pytest.mark.parametrize("language", [["-std=c11", "-x", "c"], ["-std=c++20", "-x", "c++"]])
def test_released_header_still_compiles(release, name, language):
    result = subprocess.run(["gcc", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *language, "-"],
                            input=f'#include "{RELEASED / release / name}"\n', text=True, capture_output=True)
    assert result.returncode == 0, result.stderr


@each_release
@pytest.mark.parametrize("path, modules", [("pvh", ()), ("multiboot2-bios", ("a module",))])
def test_kernel_of_a_release_boots(release, path, modules, tmp_path):
    (tmp_path / "include/baton").mkdir(parents=True)
    for name in HEADERS:
        shutil.copy(RELEASED / release / name, tmp_path / "include/baton")
    kernel = compiled(tmp_path, (RELEASED / release / "kernel.c").read_text(), FIXED,
                      include=tmp_path / "include")
    options = []
    for number, text in enumerate(modules):
        (tmp_path / f"{number}.txt").write_text(text)
        options += ["--module", f"{tmp_path}/{number}.txt=string {number}"]
    log = tmp_path / "debug.txt"
    result = baton("run", kernel, "--via", path, *options, "--append", "verbose=1", "--timeout", 60,
                   "--", "-debugcon", f"file:{log}")
    assert result.returncode == 0, result.stdout + result.stderr
    expected = [*(f"string {number}: {text}" for number, text in enumerate(modules)), "verbose=1"]
    assert log.read_text().splitlines()[-len(expected):] == expected
