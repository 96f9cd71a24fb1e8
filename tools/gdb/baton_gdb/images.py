# SPDX-License-Identifier: BSD-2-Clause
"""What is in the files whose code is debugged: ELF executables and the PE image of stage 1."""

import struct
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
    file_bytes: int
    memory_bytes: int


class Elf:
    """ELF64, little-endian: ELF gABI, chapters 4 and 5."""

    def __init__(self, path: Path):
        self.path = path
        self.content = path.read_bytes()
        if self.content[:6] != b"\x7fELF\2\1":
            raise ValueError(f"{path} is no ELF64 file")
        self.entry, table = struct.unpack_from("<QQ", self.content, 24)
        step, count = struct.unpack_from("<HH", self.content, 54)
        self.segments = []
        for at in range(table, table + step * count, step):
            type_, flags, offset, address, _, file_bytes, memory_bytes, _ = struct.unpack_from(
                "<IIQQQQQQ", self.content, at)
            self.segments.append(Segment(type_, flags, offset, address, file_bytes, memory_bytes))

    def of_type(self, type_: int) -> list[Segment]:
        return [each for each in self.segments if each.type == type_]

    def bytes_of(self, segment: Segment) -> bytes:
        return self.content[segment.offset:segment.offset + segment.file_bytes]

    def build_id(self) -> bytes:
        for note in self.of_type(PT_NOTE):
            rest = self.bytes_of(note)
            while len(rest) >= 12:
                name, descriptor, type_ = struct.unpack_from("<III", rest)
                begin = 12 + (name + 3 & ~3)
                if type_ == NT_GNU_BUILD_ID and rest[12:16] == b"GNU\0":
                    return rest[begin:begin + descriptor]
                rest = rest[begin + (descriptor + 3 & ~3):]
        return b""

    def _at(self, address: int, count: int) -> bytes:
        for each in self.of_type(PT_LOAD):
            if each.address <= address and address + count <= each.address + each.file_bytes:
                at = each.offset + address - each.address
                return self.content[at:at + count]
        return b""

    def relocated_words(self, slide: int) -> dict[int, int | None]:
        """Linked addresses of words that a loader changes, with what they become; None: it depends on
        symbols."""
        words: dict[int, int | None] = {}
        for dynamic in self.of_type(PT_DYNAMIC):
            tags = dict(struct.iter_unpack("<QQ", self.bytes_of(dynamic)[:dynamic.file_bytes & ~15]))
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
    """PE32+: Microsoft's PE Format, sections "Optional Header" and "Section Table"."""

    HEADER_BYTES = 0x400

    def __init__(self, header: bytes):
        self.is_valid = header[:2] == b"MZ"
        if not self.is_valid:
            return
        pe = int.from_bytes(header[0x3C:0x40], "little")
        self.is_valid = header[pe:pe + 4] == b"PE\0\0" and header[pe + 24:pe + 26] == b"\x0b\x02"
        if self.is_valid:
            self.entry = int.from_bytes(header[pe + 40:pe + 44], "little")
            self.image_bytes = int.from_bytes(header[pe + 80:pe + 84], "little")
            optional, count = struct.unpack_from("<H12xH", header[pe:], 20)[0], struct.unpack_from(
                "<H", header, pe + 6)[0]
            first = pe + 24 + optional
            self.sections = [struct.unpack_from("<8sIIII", header, first + 40 * i)
                             for i in range(count) if first + 40 * i + 40 <= len(header)]


CHECKED_BYTES = 64


class PeFile(Pe):
    def __init__(self, path: Path):
        self.path = path
        content = path.read_bytes()
        super().__init__(content[:self.HEADER_BYTES])
        self.code = b""
        for _, _, address, file_bytes, offset in self.sections:
            if address <= self.entry < address + file_bytes:
                at = offset + self.entry - address
                self.code = content[at:at + CHECKED_BYTES]

    def is_at(self, base: int, read) -> bool:
        """Whether it was loaded there: the same entry point, and the same code at it."""
        if read(base, 2) != b"MZ":
            return False
        header = Pe(read(base, self.HEADER_BYTES))
        return (header.is_valid and header.entry == self.entry
                and read(base + self.entry, CHECKED_BYTES) == self.code)
