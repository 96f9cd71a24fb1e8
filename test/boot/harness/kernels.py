# SPDX-License-Identifier: BSD-2-Clause
"""Kernels for the boot tests. Most have the checker (test/boot/guests/checker) at their entry point."""

import struct
from collections.abc import Sequence
from dataclasses import replace

import artefacts
from elf import PF_R, PF_W, PF_X, Elf, Segment

MIB = 1 << 20
TOP_2_GIB = 0xFFFF_FFFF_8000_0000
HIGHER_HALF = 0xFFFF_8000_0000_0000

# ParameterFlags of checker/parameters.hpp.
ALLOW_WRITE_EXECUTE = 1
FILL_USABLE = 2
FAULT_AT_END = 4
RESET_ONCE = 8
PARAMETERS = struct.Struct("<QII")

_BLOCKS = [bytes(low ^ key for low in range(256)) for key in range(256)]


def pattern(address: int, count: int) -> bytes:
    """What segments are filled with: each byte depends on its address, as in checker/segments.cpp."""
    first = address >> 8
    last = (address + count + 255) >> 8
    blocks = b"".join(_BLOCKS[(n * 0x9E37_79B9_7F4A_7C15 >> 56) & 0xFF] for n in range(first, last))
    return blocks[address & 0xFF:][:count]


def patterned(address: int, flags: int, file_bytes: int, memory_bytes: int | None = None,
              **options) -> Segment:
    """A segment whose file bytes are the pattern."""
    return Segment(address, flags, pattern(address, file_bytes), memory_bytes, **options)


def checker_kernel(segments: Sequence[Segment], *, flags: int = 0) -> Elf:
    """A kernel that checks itself. The checker replaces the first bytes of the longest executable
    segment, which must have enough of them."""
    host = max((s for s in segments if s.flags & PF_X), key=lambda s: s.file_bytes)
    ascending = sorted(segments, key=lambda s: s.address)
    wanted = b"".join(struct.pack("<QQQQ", s.address, s.file_bytes, s.memory_bytes, s.flags)
                      for s in ascending)
    checker = artefacts.CHECKER.read_bytes()
    checker_bytes = len(checker) + PARAMETERS.size + len(wanted)
    assert checker_bytes <= host.file_bytes, "no segment can hold the checker"
    parameters = PARAMETERS.pack(checker_bytes, flags, len(segments))
    content = checker + parameters + wanted + host.content[checker_bytes:]
    return Elf([replace(s, content=content) if s is host else s for s in segments], host.address)


def plain_segments(base: int = TOP_2_GIB) -> list[Segment]:
    """Text, constants, and data with .bss, in pages of their own, as linkers lay a kernel out."""
    return [
        patterned(base, PF_R | PF_X, 0x6234),
        patterned(base + 0x8000, PF_R, 0x1801),
        patterned(base + 0xA010, PF_R | PF_W, 0x2FF3, 0x9001),
    ]


def code_kernel(code: bytes, *others: Segment) -> Elf:
    """A kernel of a few instructions at TOP_2_GIB, and other segments."""
    return Elf([Segment(TOP_2_GIB, PF_R | PF_X, code), *others], entry=TOP_2_GIB)
