# SPDX-License-Identifier: BSD-2-Clause
"""Kernels for the boot tests."""

import struct
from collections.abc import Sequence

import artefacts
from elf import PAGE, PF_R, PF_X, PROGRAM_HEADER, PT_LOAD, Elf, Segment

MIB = 1 << 20
TOP_2_GIB = 0xFFFF_FFFF_8000_0000
HIGHER_HALF = 0xFFFF_8000_0000_0000
TABLE_AT = 0x7000_0000_0000  # of the program headers of conformance_with()

_BLOCKS = [bytes(low ^ key for low in range(256)) for key in range(256)]


def pattern(address: int, count: int) -> bytes:
    """What segments are filled with: each byte depends on its address, as in
    kernel/conformance/image_contents.cpp."""
    first = address >> 8
    last = (address + count + 255) >> 8
    blocks = b"".join(_BLOCKS[(n * 0x9E37_79B9_7F4A_7C15 >> 56) & 0xFF] for n in range(first, last))
    return blocks[address & 0xFF:][:count]


def patterned(address: int, flags: int, file_bytes: int, memory_bytes: int | None = None,
              **options) -> Segment:
    """A segment whose file bytes are the pattern."""
    return Segment(address, flags, pattern(address, file_bytes), memory_bytes, **options)


def conformance_with(segments: Sequence[Segment], name: str = "minus-2g") -> bytes:
    """The conformance kernel with more segments, whose content is the pattern: it checks them along
    with its own. A `file_offset` of theirs counts from where they would be."""
    file = bytearray(artefacts.conformance_kernel(name).read_bytes())
    first, = struct.unpack_from("<Q", file, 32)  # e_phoff
    count, = struct.unpack_from("<H", file, 56)  # e_phnum
    own = bytes(file[first:][:count * PROGRAM_HEADER.size])

    def append(content: bytes, address: int, align: int, offset: int | None = None) -> int:
        """Congruent to the address, at the end of the file or at an offset from there."""
        at = len(file) + (address - len(file)) % max(align, 1)
        at += offset or 0
        file.extend(bytes(at - len(file)) + content)
        return at

    table = own
    total = count + 1 + len(segments)
    added = b""
    for s in segments:
        at = append(s.content, s.address, s.align, s.file_offset)
        added += PROGRAM_HEADER.pack(s.type, s.flags, at, s.address, s.address, s.file_bytes,
                                     s.memory_bytes, s.align)
    # The table is a segment of its own, so that the kernel can read it.
    table_bytes = total * PROGRAM_HEADER.size
    at = append(bytes(table_bytes), TABLE_AT, PAGE)
    table += PROGRAM_HEADER.pack(PT_LOAD, PF_R, at, TABLE_AT, TABLE_AT, table_bytes, table_bytes, PAGE)
    file[at:] = table + added
    struct.pack_into("<Q", file, 32, at)
    struct.pack_into("<H", file, 56, total)
    magic = file.index(b"added segments:\0")
    struct.pack_into("<QII", file, magic + 16, TABLE_AT, total, count + 1)
    return bytes(file)


def with_physical(kernel: bytes, offset: int) -> bytes:
    """A linked kernel with other physical addresses: its virtual ones + `offset`."""
    file = bytearray(kernel)
    first, = struct.unpack_from("<Q", file, 32)  # e_phoff
    count, = struct.unpack_from("<H", file, 56)  # e_phnum
    for at in range(first, first + count * PROGRAM_HEADER.size, PROGRAM_HEADER.size):
        p_vaddr, = struct.unpack_from("<Q", file, at + 16)
        struct.pack_into("<Q", file, at + 24, (p_vaddr + offset) % 2**64)
    return bytes(file)


def code_kernel(code: bytes, *others: Segment) -> Elf:
    """A kernel of a few instructions at TOP_2_GIB, and other segments."""
    return Elf([Segment(TOP_2_GIB, PF_R | PF_X, code), *others], entry=TOP_2_GIB)
