# SPDX-License-Identifier: BSD-2-Clause
"""A kernel's first fault, before it has an IDT, is reported and no silent reset."""

import re

import pytest
from elf import PF_R, PF_W, Elf, Segment
from kernels import TOP_2_GIB, code_kernel
from machine import Ovmf, UBoot

UD2 = bytes.fromhex("0f0b")
READ_16 = bytes.fromhex("488b042510000000")  # mov rax, [16]
WRITE_OWN_TEXT = bytes.fromhex("c605f9ffffff00")  # mov byte [rip - 7], 0: its own first byte
DIVIDE_BY_ZERO = bytes.fromhex("31c9 31c0 31d2 f7f1")  # the last of four instructions of two bytes
DATA = TOP_2_GIB + 0x2000
JUMP_TO_DATA = b"\x48\xc7\xc0" + (DATA & 0xFFFF_FFFF).to_bytes(4, "little") + b"\xff\xe0"

# name: code, vector, mnemonic, error code, RIP, CR2 where it counts
FAULTS = {
    "undefined-instruction": (UD2, 6, "#UD", 0, TOP_2_GIB, None),
    "divide-error": (DIVIDE_BY_ZERO, 0, "#DE", 0, TOP_2_GIB + 6, None),
    "read-of-page-zero": (READ_16, 14, "#PF", 0, TOP_2_GIB, 16),
    "write-to-text": (WRITE_OWN_TEXT, 14, "#PF", 3, TOP_2_GIB, TOP_2_GIB),
    "execution-of-data": (JUMP_TO_DATA, 14, "#PF", 0x11, DATA, DATA),
}


def faulting_kernel(code: bytes) -> Elf:
    return code_kernel(code, Segment(DATA, PF_R | PF_W, UD2))


def expect_report(machine, name: str) -> None:
    _, vector, mnemonic, error_code, rip, cr2 = FAULTS[name]
    for wait in (machine.wait_for_debugcon, machine.wait_for_serial):
        line = wait(r"^baton: exception .*\bstep \w+").group()
        assert mnemonic in line and line.endswith("step kernel"), line
        numbers = {label: int(value, 0) for label, value in
                   re.findall(r"(vector|error code|rip|cr2) (\w+)", line)}
        assert (numbers["vector"], numbers["error code"], numbers["rip"]) == (
            vector, error_code, rip), line
        assert cr2 is None or numbers["cr2"] == cr2, line
    assert not machine.has_triple_faulted


@pytest.mark.parametrize("name", FAULTS)
def test_report_of(boot, name):
    expect_report(boot(faulting_kernel(FAULTS[name][0]), firmware=UBoot), name)


def test_report_of_first_instruction_under_ovmf(boot):
    name = "undefined-instruction"
    expect_report(boot(faulting_kernel(FAULTS[name][0])), name)
