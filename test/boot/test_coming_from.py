# SPDX-License-Identifier: BSD-2-Clause
"""docs/coming-from.md names fields, constants and functions of BootInfo that are there, and each fact
that the other protocols have."""

import re

import artefacts
import pytest

TEXT = (artefacts.SOURCE / "docs/coming-from.md").read_text(encoding="utf-8")
HEADER = (artefacts.SOURCE / "common/abi/boot_info.h").read_text(encoding="utf-8")
FIELDS = {struct: set(re.findall(rf"^BATON_ASSERT_OFFSET\({struct}, (\w+),", HEADER, re.M))
          for struct in re.findall(r"^BATON_ASSERT_OFFSET\((\w+),", HEADER, re.M)}
ALL_FIELDS = set().union(*FIELDS.values())
NOT_BATONS = {"e_entry", "check", "plan", "image"}


def section(title: str) -> str:
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)[1]


def last_cells(text: str) -> list[str]:
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [row[-1].strip() for row in rows if not set(row[0].strip()) <= {"-", " "}]


@pytest.mark.parametrize("title", ["From Limine", "From Multiboot2 and GRUB",
                                   "From rust-osdev/bootloader", "From your own loader"])
def test_fields_of_boot_info_are_there(title):
    cells = last_cells(section(title))
    assert len(cells) > 10
    named = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    for name in named:
        if name.startswith("Baton") and "." in name:
            struct, field = name.split(".")
            assert field in FIELDS[struct], name
        elif re.fullmatch(r"[a-z_0-9]+", name) and name not in NOT_BATONS:
            assert name in ALL_FIELDS, name


def test_constants_and_functions_are_there():
    for name in re.findall(r"\b(BATON_[A-Z0-9_]+|baton_[a-z_]+(?=\(\)))", TEXT):
        assert re.search(rf"\b{name}\b", HEADER), name


def test_each_tag_of_multiboot2_has_a_row():
    rows = re.findall(r"^\| (\d+)(?: and (\d+))?, ", section("From Multiboot2 and GRUB"), re.M)
    tags = [int(number) for row in rows for number in row if number]
    assert sorted(set(tags)) == list(range(1, 22)) and len(tags) - len(set(tags)) < 10
