# SPDX-License-Identifier: BSD-2-Clause
"""Makes ELF64 and ELF32 files from a list of segments, sound and broken ones (ELF gABI, chapters 4 and 5)."""

import struct
from dataclasses import dataclass, field, replace

PF_X, PF_W, PF_R = 1, 2, 4
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
EM_386, EM_X86_64, EM_AARCH64 = 3, 62, 183

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
HEADER_32 = struct.Struct("<16sHHIIIIIHHHHHH")
PROGRAM_HEADER_32 = struct.Struct("<IIIIIIII")
PAGE = 4096


@dataclass(frozen=True)
class Segment:
    """A program header and the bytes that it brings."""

    address: int
    flags: int
    content: bytes = b""
    memory_bytes: int | None = None  # as many as the content has where None
    align: int = PAGE
    type: int = PT_LOAD
    # Overrides what is worked out: file offset and p_filesz. For unaligned and for broken files.
    file_offset: int | None = None
    file_bytes: int | None = None
    physical: int | None = None  # p_paddr; the address where None

    def __post_init__(self):
        if self.memory_bytes is None:
            object.__setattr__(self, "memory_bytes", len(self.content))
        if self.file_bytes is None:
            object.__setattr__(self, "file_bytes", len(self.content))

    @property
    def end(self) -> int:
        return self.address + self.memory_bytes


@dataclass(frozen=True)
class Elf:
    """A file. Any field of the header can be given a value of its own, by its ELF name."""

    segments: list[Segment]
    entry: int
    header: dict[str, int | bytes] = field(default_factory=dict)
    is_32_bit: bool = False

    @property
    def header_bytes(self) -> int:
        return HEADER_32.size if self.is_32_bit else HEADER.size

    @property
    def entry_bytes(self) -> int:
        """Of a program header."""
        return PROGRAM_HEADER_32.size if self.is_32_bit else PROGRAM_HEADER.size

    def with_header(self, **fields) -> "Elf":
        return replace(self, header=self.header | fields)

    def build(self) -> bytes:
        offsets, end = self._place()
        table = b"".join(self._program_header(s, offset)
                         for s, offset in zip(self.segments, offsets))
        first = self.header_bytes
        image = bytearray(max(end, first + len(table)))
        image[:first] = self._header()
        image[first:first + len(table)] = table
        for segment, offset in zip(self.segments, offsets):
            if segment.content:
                image[offset:offset + len(segment.content)] = segment.content
        return bytes(image)

    def offsets(self) -> list[int]:
        """Where each segment's bytes are in the file."""
        return self._place()[0]

    def _place(self) -> tuple[list[int], int]:
        """Each segment's file offset, congruent to its address, and the end of the file."""
        end = self.header_bytes + self.entry_bytes * len(self.segments)
        offsets = []
        for segment in self.segments:
            offset = segment.file_offset
            if offset is None:
                offset = end + (segment.address - end) % max(segment.align, 1)
                end = offset + len(segment.content)
            elif segment.content:
                end = max(end, offset + len(segment.content))
            offsets.append(offset)
        return offsets, end

    def _program_header(self, s: Segment, offset: int) -> bytes:
        physical = s.address if s.physical is None else s.physical
        if self.is_32_bit:
            return PROGRAM_HEADER_32.pack(s.type, offset, s.address, physical, s.file_bytes,
                                          s.memory_bytes, s.flags, s.align)
        return PROGRAM_HEADER.pack(s.type, s.flags, offset, s.address, physical, s.file_bytes,
                                   s.memory_bytes, s.align)

    def _header(self) -> bytes:
        fields = {
            "e_ident": (b"\x7fELF\x01" if self.is_32_bit else b"\x7fELF\x02") + b"\x01\x01"
                       + bytes(9),
            "e_type": ET_EXEC,
            "e_machine": EM_386 if self.is_32_bit else EM_X86_64,
            "e_version": 1,
            "e_entry": self.entry,
            "e_phoff": self.header_bytes,
            "e_shoff": 0,
            "e_flags": 0,
            "e_ehsize": self.header_bytes,
            "e_phentsize": self.entry_bytes,
            "e_phnum": len(self.segments),
            "e_shentsize": 0,
            "e_shnum": 0,
            "e_shstrndx": 0,
        }
        assert self.header.keys() <= fields.keys()
        return (HEADER_32 if self.is_32_bit else HEADER).pack(*(fields | self.header).values())
