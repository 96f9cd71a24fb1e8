# SPDX-License-Identifier: BSD-2-Clause
"""Kernels for the boot tests. Most have the checker (test/boot/checker) at their entry point."""

import struct
from collections.abc import Sequence
from dataclasses import replace

import artefacts
from elf import ET_DYN, PF_R, PF_W, PF_X, PT_DYNAMIC, PT_NOTE, Elf, Segment

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


# Tags of the dynamic section, and types of relocations (System V ABI, x86-64 supplement).
DT_NEEDED, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT, DT_STRSZ, DT_SYMENT = (
    1, 5, 6, 7, 8, 9, 10, 11)
R_X86_64_64, R_X86_64_PC32 = 1, 2


def relocated_kernel(relocation_type: int, symbol: int = 0, *,
                     dynamic: dict[int, int] | None = None) -> Elf:
    """A position-independent kernel with one relocation, of the word at 3000h. Symbol 1 is not
    defined. `dynamic` has more entries of its dynamic section."""
    base = 0x2000
    entries = dict(dynamic or {}) | {
        DT_RELA: base + 0x200, DT_RELASZ: 24, DT_RELAENT: 24, DT_SYMTAB: base + 0x300,
        DT_SYMENT: 24, DT_STRTAB: base + 0x400, DT_STRSZ: 16, 0: 0}
    table = b"".join(struct.pack("<QQ", tag, value) for tag, value in entries.items())
    content = table.ljust(0x200, b"\0")
    content += struct.pack("<QQq", 0x3000, symbol << 32 | relocation_type, 0).ljust(0x100, b"\0")
    GLOBAL_FUNCTION = 0x12
    content += (bytes(24) + struct.pack("<IBBHQQ", 1, GLOBAL_FUNCTION, 0, 0, 0, 0)).ljust(0x100)
    content += b"\0absent\0".ljust(0xC00, b"\0") + bytes(8)
    data = Segment(base, PF_R | PF_W, content)
    return Elf([Segment(0x1000, PF_R | PF_X, b"\xf4" * 16), data,
                Segment(base, PF_R | PF_W, table, align=8, type=PT_DYNAMIC)],
               entry=0x1000, header={"e_type": ET_DYN})


WISH_FRAMEBUFFER = 3  # BATON_WISH_FRAMEBUFFER


def wishing_kernel(wish: int, *values: int, required: bool) -> Elf:
    """A kernel with one wish, that ends QEMU with success."""
    REQUIRED = 1
    note = struct.pack("<III8sIQQ", 6, 20, wish, b"Baton", REQUIRED if required else 0,
                       *(values or (0, 0)))
    end_well = bytes.fromhex("b810000000 e7f4 f4")  # mov eax, 0x10; out 0xf4, eax; hlt
    return code_kernel(end_well, Segment(TOP_2_GIB + 0x1000, PF_R, note, align=4, type=PT_NOTE))
