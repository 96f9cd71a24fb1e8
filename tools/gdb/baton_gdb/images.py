# SPDX-License-Identifier: BSD-2-Clause
"""What is in the files whose code is debugged: ELF executables and the PE image of stage 1."""

import struct
import uuid
from dataclasses import dataclass
from pathlib import Path

PT_LOAD, PT_DYNAMIC, PT_NOTE = 1, 2, 4
NT_GNU_BUILD_ID = 3
DT_RELA, DT_RELASZ, DT_RELRSZ, DT_RELR = 7, 8, 35, 36
R_RELATIVE = 8


@dataclass
class Segment:
    type: int
    flags: int
    offset: int
    address: int
    physical: int
    file_bytes: int
    memory_bytes: int


@dataclass
class BuildId:
    address: int  # as linked
    content: bytes


class Elf:
    """ELF64 or ELF32, little-endian: ELF gABI, chapters 4 and 5."""

    def __init__(self, path: Path):
        self.path = path
        self.content = path.read_bytes()
        if self.content[:4] != b"\x7fELF" or self.content[4:6] not in (b"\2\1", b"\1\1"):
            raise ValueError(f"{path} is no ELF file")
        self.is_64_bit = is_64_bit = self.content[4] == 2
        self.entry, table = struct.unpack_from("<QQ" if is_64_bit else "<II", self.content, 24)
        step, count = struct.unpack_from("<HH", self.content, 54 if is_64_bit else 42)
        read = self._segment64 if is_64_bit else self._segment32
        self.segments = [read(at) for at in range(table, table + step * count, step)]

    def _segment64(self, at: int) -> Segment:
        type_, flags, *rest = struct.unpack_from("<IIQQQQQ", self.content, at)
        return Segment(type_, flags, *rest)

    def _segment32(self, at: int) -> Segment:
        type_, *rest, flags = struct.unpack_from("<IIIIIII", self.content, at)
        return Segment(type_, flags, *rest)

    def of_type(self, type_: int) -> list[Segment]:
        return [each for each in self.segments if each.type == type_]

    def bytes_of(self, segment: Segment) -> bytes:
        return self.content[segment.offset : segment.offset + segment.file_bytes]

    def build_id(self) -> BuildId:
        for segment in self.of_type(PT_NOTE):
            at, rest = segment.address, self.bytes_of(segment)
            while len(rest) >= 12:
                name, count, type_ = struct.unpack_from("<III", rest)
                begin = 12 + (name + 3 & ~3)
                if type_ == NT_GNU_BUILD_ID and rest[12:16] == b"GNU\0":
                    return BuildId(at + begin, rest[begin : begin + count])
                end = begin + (count + 3 & ~3)
                at, rest = at + end, rest[end:]
        return BuildId(0, b"")

    def _at(self, address: int, count: int) -> bytes:
        for each in self.of_type(PT_LOAD):
            if each.address <= address and address + count <= each.address + each.file_bytes:
                at = each.offset + address - each.address
                return self.content[at : at + count]
        return b""

    def relocated_words(self, slide: int) -> dict[int, int | None]:
        """Linked addresses of words that a loader changes, with what they become; None: that depends
        on symbols."""
        words: dict[int, int | None] = {}
        for dynamic in self.of_type(PT_DYNAMIC):
            tags = dict(
                struct.iter_unpack("<QQ", self.bytes_of(dynamic)[: dynamic.file_bytes & ~15])
            )
            relr = self._at(tags.get(DT_RELR, 0), tags.get(DT_RELRSZ, 0))
            for where in _relr_places(relr):
                words[where] = int.from_bytes(self._at(where, 8), "little") + slide & (1 << 64) - 1
            rela = self._at(tags.get(DT_RELA, 0), tags.get(DT_RELASZ, 0))
            for where, info, addend in struct.iter_unpack("<QQQ", rela):
                relative = info & 0xFFFFFFFF == R_RELATIVE
                words[where] = addend + slide & (1 << 64) - 1 if relative else None
        return words


def _relr_places(table: bytes):
    """ELF gABI, "Relative Relocation Table"."""
    where = 0
    for (entry,) in struct.iter_unpack("<Q", table):
        if entry & 1 == 0:
            yield entry
            where = entry + 8
        else:
            yield from (where + 8 * bit for bit in range(63) if entry >> bit + 1 & 1)
            where += 63 * 8


class Pe:
    """PE32+: Microsoft's PE Format, sections "Optional Header" and "Debug Directory"."""

    HEADER_BYTES = 0x400
    DEBUG_DIRECTORY = 24 + 112 + 6 * 8  # its entry, from the signature on
    CODEVIEW = 2

    def __init__(self, read):
        """`read(rva, count)` gives bytes of the image."""
        self.build_id = b""
        if read(0, 2) != b"MZ":
            return
        header = read(0, self.HEADER_BYTES)
        pe = int.from_bytes(header[0x3C:0x40], "little")
        if header[pe : pe + 4] != b"PE\0\0" or header[pe + 24 : pe + 26] != b"\x0b\x02":
            return
        self.image_bytes = int.from_bytes(header[pe + 80 : pe + 84], "little")
        directory, size = struct.unpack_from("<II", header, pe + self.DEBUG_DIRECTORY)
        for entry in range(directory, directory + size // 28 * 28, 28):
            type_, count, rva = struct.unpack("<12xIII4x", read(entry, 28))
            if type_ == self.CODEVIEW and count >= 20 and read(rva, 4) == b"RSDS":
                self.build_id = uuid.UUID(bytes_le=read(rva + 4, 16)).bytes


def pe_file(path: Path) -> Pe:
    content = path.read_bytes()
    pe = int.from_bytes(content[0x3C:0x40], "little")
    count, optional = struct.unpack_from("<6xH12xH", content, pe)
    first = pe + 24 + optional
    sections = [
        struct.unpack_from("<8x4I", content, at) for at in range(first, first + 40 * count, 40)
    ]

    def read(rva: int, wanted: int) -> bytes:
        for _, address, file_bytes, offset in sections:
            if 0 < address <= rva and rva + wanted <= address + file_bytes:
                return content[rva - address + offset :][:wanted]
        return content[rva : rva + wanted]

    return Pe(read)
