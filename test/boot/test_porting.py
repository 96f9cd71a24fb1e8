# SPDX-License-Identifier: BSD-2-Clause
"""docs/porting.md counts lines: they are those of the sources."""

import re
from collections.abc import Iterable
from pathlib import Path

import artefacts

DOCUMENT = (artefacts.SOURCE / "docs/porting.md").read_text(encoding="utf-8")
SOURCES = {".asm", ".inc", ".cpp", ".hpp", ".h", ".ld", ".def"}


def lines_of(files: Iterable[Path]) -> int:
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def sources_in(*folders: str) -> list[Path]:
    return [file for folder in folders for file in (artefacts.SOURCE / folder).rglob("*")
            if file.suffix in SOURCES]


# Numbers are rounded, so that not each change of the sources is one of the document.


def to_tens(lines: int) -> int:
    return round(lines, -1)


def rounded(lines: int) -> str:
    step = 10 ** (len(str(lines)) - 2)
    return f"about {round(lines, -len(str(step)) + 1):,}"


def test_each_file_of_the_example_is_counted():
    rows = re.findall(r"^\| ((?:`[\w.-]+`(?:, )?)+) \| (\d+) \|", DOCUMENT, re.MULTILINE)
    folder = artefacts.SOURCE / "stage1-pvh"
    counted = []
    for names, lines in rows:
        files = [folder / name for name in re.findall(r"`(.*?)`", names)]
        assert int(lines) == to_tens(lines_of(files)), names
        counted += files
    assert set(counted) == set(sources_in("stage1-pvh"))
    assert f"**about {to_tens(lines_of(counted)):,} lines**" in DOCUMENT


def test_the_sums_beside_it_are_right():
    assert f"beside **{rounded(lines_of(sources_in('common', 'stage1')))}**" in DOCUMENT
    assert f"**{rounded(lines_of(sources_in('stage1-efi')))}**" in DOCUMENT
