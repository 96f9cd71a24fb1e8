# SPDX-License-Identifier: BSD-2-Clause
"""`baton explain` says what looks like 32-bit code that runs in 64-bit mode, by the instruction that
faulted, and nothing of other faults."""

import re

import pytest
from elf import PF_R, PF_X, Elf, Segment
from kernels import TOP_2_GIB
from paths import Pvh
from tool import baton

# Code that was assembled for 32 bits, and what of it gives it away; then code for 64 bits.
FAULTING_CODE = {
    "pusha": ("60 f4", "the opcode 0x60 at RIP exists only in 32-bit code"),
    "far jump": ("b8 01000000 ea 00001000 0800", "the opcode 0xea at RIP"),
    "store to video memory": ("c705 00800b00 41074107", "about address 0xb8000$"),
    "load of the accumulator": ("a1 00001000 31c0 f4f4f4", "about address 0x100000$"),
    "store to its own text": ("8905 10000080", "about address 0x80000010$"),
    "null pointer": ("31c0 8b00", None),
    "its own text, from RIP": ("8905 f4ffffff", None),
    "undefined": ("0f0b", None),
}


@pytest.mark.parametrize("name", FAULTING_CODE)
def test_explain_says_what_looks_like_32_bit_code(boot, tmp_path, name):
    code, sign = FAULTING_CODE[name]
    text = bytes.fromhex(code.replace(" ", "")).ljust(64, b"\xf4")
    kernel = Elf([Segment(TOP_2_GIB, PF_R | PF_X, text, physical=0x100000),
                  Segment(0x8000_0000, PF_R, b"constants" * 4)], entry=TOP_2_GIB)
    machine = boot(kernel, firmware=Pvh)
    machine.wait_for_serial("^baton: end of report")
    assert ("\ncause  32-bit code in 64-bit mode\n" in machine.serial) == bool(
        sign and "opcode" in sign)
    (tmp_path / "kernel.elf").write_bytes(kernel.build())
    result = baton("explain", "--kernel", tmp_path / "kernel.elf", stdin=None, input=machine.serial)
    note = re.search("^note   this looks like 32-bit code run in 64-bit mode: .*$", result.stdout,
                     re.M)
    assert bool(note) == (sign is not None), result.stdout
    assert not note or re.search(sign, note[0])
