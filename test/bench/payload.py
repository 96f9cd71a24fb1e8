# SPDX-License-Identifier: BSD-2-Clause
"""Makes the benchmark's kernel, and the same bytes as a UEFI application: payload/payload.cpp with
segments that can't be compressed, and .bss behind them."""

import random
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import artefacts
from elf import HEADER, PAGE, PF_R, PF_W, PF_X, PROGRAM_HEADER, PT_NOTE, Elf, Segment
from kernels import MIB

# payload/entry.asm
BASE = 0x200_1000
# A note that asks Baton for the stack that it has by default.
STACK_REQUEST = struct.pack("<III8sIQQ", 6, 20, 2, b"Baton", 0, 65536, 0)
ENTRY_PE, PARAMETERS = 0x100, 0x180
TEXT_BYTES = PAGE
WORK_BYTES = 16 * PAGE

PARAMETERS_LAYOUT = struct.Struct("<11Q")


def _pages(count: int) -> int:
    return (count + PAGE - 1) // PAGE * PAGE


@dataclass(frozen=True)
class Payload:
    """`file_bytes`: of its segments. Half of the content is read-only, half data, and behind it is
    a quarter as much of .bss."""

    file_bytes: int
    machine_bytes: int  # of memory
    content: Path | None = None  # what it is filled with, from its beginning on; random without it

    @property
    def bss_bytes(self) -> int:
        return _pages(self.file_bytes // 4)

    @property
    def memory_bytes(self) -> int:
        """What the kernel itself takes up."""
        return self.file_bytes + self.bss_bytes + WORK_BYTES

    def _contents(self) -> tuple[bytes, bytes, bytes]:
        """Text, constants, data."""
        constants_bytes = _pages(self.file_bytes // 2)
        data_bytes = self.file_bytes - TEXT_BYTES - constants_bytes
        filling = (self.content.read_bytes() if self.content
                   else random.Random(self.file_bytes).randbytes(constants_bytes + data_bytes))
        constants, data = filling[:constants_bytes], filling[constants_bytes:][:data_bytes]
        assert len(data) == data_bytes, f"{self.content} is too small"
        zeroes = self.file_bytes
        work = zeroes + self.bss_bytes
        parameters = PARAMETERS_LAYOUT.pack(
            work, work + WORK_BYTES, zeroes, self.bss_bytes,
            self.machine_bytes,
            TEXT_BYTES, constants_bytes, zlib.adler32(constants),
            TEXT_BYTES + constants_bytes, data_bytes, zlib.adler32(data))
        code = artefacts.BENCH_PAYLOAD.read_bytes()
        text = code[:PARAMETERS] + parameters + code[PARAMETERS + len(parameters):]
        assert len(text) <= TEXT_BYTES
        return text.ljust(TEXT_BYTES, b"\xcc"), constants, data

    def write_elf(self, file: Path) -> None:
        text, constants, data = self._contents()
        constants_at = BASE + len(text)
        data_at = constants_at + len(constants)
        segments = [Segment(BASE, PF_R | PF_X, text), Segment(constants_at, PF_R, constants),
                    Segment(data_at, PF_R | PF_W, data,
                            len(data) + self.bss_bytes + WORK_BYTES),
                    # Behind the headers. It speaks Multiboot2 too, of which Baton would warn.
                    Segment(0, PF_R, STACK_REQUEST, type=PT_NOTE, align=4,
                            file_offset=HEADER.size + 4 * PROGRAM_HEADER.size)]
        file.write_bytes(Elf(segments, entry=BASE).build())

    def write_pe(self, file: Path) -> None:
        text, constants, data = self._contents()
        file.write_bytes(portable_executable(text, ENTRY_PE, [
            (b".rdata", constants, len(constants), 0x4000_0040),
            (b".data", data, len(data) + self.bss_bytes + WORK_BYTES, 0xC000_0040)]))


def portable_executable(text: bytes, entry: int,
                        others: list[tuple[bytes, bytes, int, int]]) -> bytes:
    """A UEFI application that needs no base relocation (PE format, sections "Optional Header" and
    "Section Table"). `others`: name, content, bytes of memory and characteristics of sections, in
    page-aligned sizes and ascending order behind the text."""
    sections = [(b".text", text, len(text), 0x6000_0020), *others]
    table, address, offset = b"", PAGE, PAGE
    for name, content, memory_bytes, characteristics in sections:
        table += struct.pack("<8sIIIIIIHHI", name, memory_bytes, address, len(content), offset,
                             0, 0, 0, 0, characteristics)
        address += _pages(memory_bytes)
        offset += len(content)
    file_header = struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 240, 0x22)
    optional_header = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 0, 0, len(text), offset - PAGE - len(text), 0,
        PAGE + entry, PAGE, 0, PAGE, PAGE, 0, 0, 0, 0, 0, 0, 0, address, PAGE, 0, 10, 0x140,
        0, 0, 0, 0, 0, 16)
    headers = (b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + file_header
               + optional_header.ljust(240, b"\0") + table)
    return headers.ljust(PAGE, b"\0") + b"".join(content for _, content, _, _ in sections)
