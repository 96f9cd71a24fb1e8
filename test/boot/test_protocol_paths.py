# SPDX-License-Identifier: BSD-2-Clause
"""A kernel of each protocol by each way to start Baton: the table of docs/starting.md, cell by cell; and
by `baton run` and `baton image`."""

import re

import artefacts
import pytest
from elf import PF_R, PT_NOTE, Segment
from hostile_protocols import (ADDRESSES, AT, END, HHDM, elf32, flat, limine, limine_request,
                               multiboot1, multiboot2, pvh, revision_tag)
from kernels import TOP_2_GIB, code_kernel
from machine import SUCCESS, Ovmf, UBoot
from notes import STACK, request
from paths import PATHS, Pvh
from tool import baton

# In 32-bit and in 64-bit mode: mov eax, 0x10; out 0xf4, eax; hlt
ENDS_WELL = bytes.fromhex("b810000000 e7f4 f4")
KERNELS = {
    "baton": code_kernel(ENDS_WELL, Segment(TOP_2_GIB + 0x1000, PF_R, request(STACK, 0x20000),
                                            type=PT_NOTE, align=4)),
    "limine": limine(revision_tag(6), limine_request(HHDM), text=ENDS_WELL),
    "multiboot2": elf32(multiboot2(END), code=ENDS_WELL),
    "multiboot": elf32(multiboot1(), code=ENDS_WELL),
    "pvh": pvh(AT, code=ENDS_WELL),
    "plain": code_kernel(ENDS_WELL),
}
# What the loader logs of it.
RECORDS = {"baton": "BootInfo at ", "limine": "Limine's protocol, base revision 6",
           "multiboot2": "Multiboot2 information at ", "multiboot": "Multiboot information at ",
           "pvh": "hvm_start_info at ", "plain": "BootInfo at "}
WAYS = {"uefi": Ovmf, "u-boot": UBoot} | PATHS


def table() -> dict[tuple[str, str], str]:
    """What the document has for a protocol and a way."""
    text = (artefacts.SOURCE / "docs/starting.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in
            re.search(r"^\| `--via` \| `baton`.*\n(?:\|.*\n)+", text, re.M)[0].splitlines()]
    return {(protocol, row[0]): cell for row in rows[2:]
            for protocol, cell in zip(rows[0][1:], row[1:])}


TABLE = table()


def test_table_has_each_protocol_and_each_way():
    settings = (artefacts.SOURCE / "common/core/settings.def").read_text(encoding="utf-8")
    names = re.search(r'"auto\|([a-z0-9|]+)"', settings)[1].split("|")
    assert {protocol for protocol, _ in TABLE} == set(names)
    assert {way for _, way in TABLE} == set(WAYS)
    assert set(TABLE.values()) <= {"yes", "no"}


def is_short(protocol: str, way: str) -> bool:
    return WAYS[way] is Pvh or (way, protocol) == ("uefi", "multiboot2")


@pytest.mark.parametrize("protocol, way", [
    cell if is_short(*cell) else pytest.param(*cell, marks=pytest.mark.long)
    for cell, value in TABLE.items() if value == "yes"])
def test_kernel_of_protocol_by(boot, protocol, way):
    machine = boot(KERNELS[protocol], firmware=WAYS[way])
    machine.wait_for_exit(SUCCESS)
    machine.wait_for_debugcon(RECORDS[protocol])


FLAT = flat(multiboot1(ADDRESSES, AT, AT, 0, 0, AT + 0x20))


@pytest.mark.parametrize("kernel", [FLAT[:0x20] + ENDS_WELL.ljust(0xFE0, b"\xf4"),
                                    KERNELS["multiboot2"].build(), KERNELS["limine"].build()],
                         ids=["flat", "elf32", "limine"])
def test_run_boots_what_is_no_elf64_kernel_of_batons(tmp_path, kernel):
    file = tmp_path / "my-kernel"
    file.write_bytes(kernel)
    result = baton("run", file, "--via", "pvh", "--timeout", 60)
    assert result.returncode == 0 and "the kernel reported success" in result.stderr, result.stderr


@pytest.mark.long
def test_image_boots_a_flat_kernel(boot_image, tmp_path):
    file = tmp_path / "my-kernel"
    file.write_bytes(FLAT[:0x20] + ENDS_WELL.ljust(0xFE0, b"\xf4"))
    assert baton("image", file, "-o", tmp_path / "disk.img", "--append", "words").returncode == 0
    boot_image(tmp_path / "disk.img").wait_for_exit(SUCCESS)
