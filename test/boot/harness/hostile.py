# SPDX-License-Identifier: BSD-2-Clause
"""Kernels that nobody should boot, and the error that each of them is to be: a table.

Run as a program it writes them all into a folder."""

import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import hostile_protocols
from elf import (EM_X86_64, ET_DYN, HEADER, PAGE, PF_R, PF_W, PF_X, PROGRAM_HEADER,
                 PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_NOTE, Elf, Segment)
from machine import version
# Some are for the tests that import this.
from notes import (BASE_ADDRESS, DIRECT_MAP, FIVE_LEVEL, FRAMEBUFFER, IDENTITY, KASLR, KERNEL_FILE,
                   MODULE, PHYSICAL, PROCESSORS, PROTOCOL, REFUSE, REQUIRED, RUNTIME_MAP, STACK, SYMBOL_TABLE,
                   WATCHDOG, note, request)

PT_NULL, PT_TLS, PT_GNU_RELRO = 0, 7, 0x6474E552
MAX = 2**64 - 1
MIB, GIB = 1 << 20, 1 << 30
BASE = 0xFFFF_FFFF_8000_0000  # of the kernels at a fixed address
UPPER_HALF = 0xFFFF_8000_0000_0000
HOLE = 0x0000_8000_0000_0000  # the first address that is not canonical

# What runs if a kernel is booted all the same: mov eax, 0x11; out 0xf4, eax; hlt
END_BADLY = bytes.fromhex("b811000000 e7f4 f4")
TEXT = END_BADLY.ljust(64, b"\xf4")


@dataclass(frozen=True)
class Hostile:
    name: str
    error: str
    # Of the message, by its labels; those that matter.
    numbers: Mapping[str, int]
    make: Callable[[], Elf | bytes]
    entry: str = ""  # more lines of its boot entry
    subject: str = ""  # a part of what the message says it is about


# ---- Kernels at a fixed address -------------------------------------------------------------------

# As a linker makes them: text, constants, and data with .bss. Program headers 0, 1 and 2.
TEXT_AT, CONSTANTS_AT, DATA_AT = BASE, BASE + 0x1000, BASE + 0x2000
SOUND = Elf([Segment(TEXT_AT, PF_R | PF_X, TEXT),
             Segment(CONSTANTS_AT, PF_R, b"constants" * 20),
             Segment(DATA_AT, PF_R | PF_W, b"data" * 100, 0x2000)], entry=TEXT_AT)
SOUND_BYTES = SOUND.build()
FREE_AT = BASE + 0x10000  # nothing is there


def header(**fields) -> Callable[[], Elf]:
    return lambda: SOUND.with_header(**fields)


def ident(**fields) -> bytes:
    values = {"file_class": 2, "encoding": 1, "version": 1} | fields
    return (b"\x7fELF" + bytes(values.values())).ljust(16, b"\0")


def cut(length: int) -> Callable[[], bytes]:
    return lambda: SOUND_BYTES[:length]


def changed(index: int, **fields) -> Callable[[], Elf]:
    """The sound kernel with other fields in one of its program headers."""
    def make() -> Elf:
        segments = list(SOUND.segments)
        segments[index] = replace(segments[index], **fields)
        return replace(SOUND, segments=segments)
    return make


def added(*segments: Segment) -> Callable[[], Elf]:
    """The sound kernel with more program headers: from 3 on."""
    return lambda: replace(SOUND, segments=SOUND.segments + list(segments))


def bss(address: int, size: int, flags: int = PF_R | PF_W, **fields) -> Segment:
    return Segment(address, flags, memory_bytes=size, align=1, **fields)


def offset_of(index: int) -> int:
    """Of a segment in the sound kernel's file."""
    return PROGRAM_HEADER.unpack_from(SOUND_BYTES, HEADER.size + index * PROGRAM_HEADER.size)[2]


FILE_BYTES = len(SOUND_BYTES)
TABLE_END = HEADER.size + 3 * PROGRAM_HEADER.size


def bad_headers():
    yield "empty", "file_empty", {}, lambda: b""
    for length in (1, 3, 4, 5, 6, 7, 16, 63):
        yield f"cut-{length}", "elf_too_small", {"file size": length, "needed": 64}, cut(length)
    for name, content in {
            "text": b"This is a text and no kernel.\n" * 100, "zeroes": bytes(4096),
            "pe": b"MZ\x90\0" + bytes(100), "gzip": b"\x1f\x8b\x08\0" + bytes(100),
            "last-byte": b"\x7fELG" + SOUND_BYTES[4:], "swapped": b"FLE\x7f" + SOUND_BYTES[4:],
            "one-letter": b"E"}.items():
        first = int.from_bytes(content[:4], "big")
        yield f"magic-{name}", "elf_bad_magic", {"first bytes": first}, lambda c=content: c
    for value in (0, 3, 255):
        yield (f"class-{value}", "elf_not_64_bit", {"EI_CLASS": value},
               header(e_ident=ident(file_class=value)))
    # The bytes of an ELF64 header as those of an ELF32 one.
    yield ("class-1", "elf_bad_header_size", {"e_ehsize": 0, "expected": 52},
           header(e_ident=ident(file_class=1)))
    for value in (0, 2, 255):
        yield (f"data-{value}", "elf_not_little_endian", {"EI_DATA": value},
               header(e_ident=ident(encoding=value)))
    for value in (0, 2):
        yield (f"ident-version-{value}", "elf_bad_version", {"EI_VERSION": value, "e_version": 1},
               header(e_ident=ident(version=value)))
    for value in (0, 2, 0x1000000):
        yield (f"version-{value:x}", "elf_bad_version", {"EI_VERSION": 1, "e_version": value},
               header(e_version=value))
    for value in (0, 3, 183, 243, EM_X86_64 << 8, 0xFFFF):
        yield (f"machine-{value}", "elf_wrong_machine", {"e_machine": value},
               header(e_machine=value))
    for value in (0, 1, 4, 0x200, 0xFE00, 0xFFFF):
        yield f"type-{value:x}", "elf_not_executable", {"e_type": value}, header(e_type=value)
    for value in (0, 52, 63, 65, 0xFFFF):
        yield (f"ehsize-{value}", "elf_bad_header_size", {"e_ehsize": value, "expected": 64},
               header(e_ehsize=value))
    for value in (0, 32, 55, 57, 112, 0xFFFF):
        yield (f"phentsize-{value}", "elf_bad_program_header_size",
               {"e_phentsize": value, "expected": 56}, header(e_phentsize=value))
    yield "phnum-0", "elf_no_program_headers", {}, header(e_phnum=0)
    yield "phnum-and-phoff-0", "elf_no_program_headers", {}, header(e_phnum=0, e_phoff=0)
    yield "phnum-xnum", "elf_too_many_program_headers", {"e_phnum": 0xFFFF}, header(e_phnum=0xFFFF)
    outside = "elf_program_headers_outside_file"
    yield ("phnum-too-many", outside, {"e_phnum": 0xFFFE, "file size": FILE_BYTES},
           header(e_phnum=0xFFFE))
    for name, value in {
            "at-end": FILE_BYTES, "last-byte-missing": FILE_BYTES - 3 * 56 + 1, "4-gib": 1 << 32,
            "max": MAX, "wraps": 2**64 - 3 * 56 + 64, "negative": 2**63}.items():
        yield f"phoff-{name}", outside, {"e_phoff": value, "e_phnum": 3}, header(e_phoff=value)
    for length in (64, 64 + 55, 64 + 56, TABLE_END - 1):
        yield f"cut-{length}", outside, {"e_phoff": 64, "file size": length}, cut(length)
    yield ("phoff-0", "no_loadable_segment", {"program headers": 1, "e_phoff": 0},
           header(e_phoff=0, e_phnum=1))
    yield ("phoff-one-off", "no_loadable_segment", {"program headers": 2, "e_phoff": 65},
           header(e_phoff=65, e_phnum=2))
    for index, length in [(0, TABLE_END), (0, offset_of(0) + 1), (1, offset_of(1)),
                          (2, FILE_BYTES - 1)]:
        yield (f"cut-{length}-in-segment", "segment_outside_file",
               {"program header": index, "p_offset": offset_of(index), "file size": length},
               cut(length))


def bad_segments():
    def all_of(type: int, number: int) -> bytes:
        table = PROGRAM_HEADER.pack(type, PF_R, 0, 0, 0, 0, 0, 0) * number
        return Elf([], TEXT_AT, {"e_phnum": number}).build() + table

    yield ("none", "no_loadable_segment", {"program headers": 1},
           lambda: Elf([Segment(BASE, PF_R, bytes(4), type=PT_NOTE)], BASE))
    yield "all-empty", "no_loadable_segment", {"program headers": 4}, lambda: all_of(PT_LOAD, 4)
    yield ("all-null", "no_loadable_segment", {"program headers": 0xFFFE},
           lambda: all_of(PT_NULL, 0xFFFE))
    yield ("interpreter", "interpreter_wanted", {"program header": 3},
           added(Segment(TEXT_AT, PF_R, b"/lib/ld.so\0", type=PT_INTERP),
                 Segment(DATA_AT, PF_R, bytes(16), type=PT_DYNAMIC)))

    more = "segment_file_bytes_exceed_memory"
    for name, filesz, memsz in [("by-one", 401, 400), ("memory-0", 1, 0), ("max", MAX, 400)]:
        yield (f"filesz-{name}", more, {"program header": 2, "p_filesz": filesz, "p_memsz": memsz},
               changed(2, file_bytes=filesz, memory_bytes=memsz))

    outside = "segment_outside_file"
    free = bss(FREE_AT, 0x1000)
    for name, offset, filesz, memsz in [
            ("at-end", 0x4000, 1, 1), ("by-one", 1, FILE_BYTES, FILE_BYTES), ("offset-max", MAX, 1, 1),
            ("offset-wraps", MAX - 0xFFF, 0x1000, 0x1000), ("size-wraps", 0x10, MAX, MAX),
            ("offset-negative", 2**63, 2**63, 2**63)]:
        yield (f"outside-{name}", outside,
               {"program header": 3, "p_offset": offset, "p_filesz": filesz},
               added(replace(free, file_offset=offset, file_bytes=filesz, memory_bytes=memsz)))

    for value in (3, 0x1001, 0x3000, MAX):
        yield (f"align-{value:x}", "segment_bad_alignment", {"program header": 1, "p_align": value},
               changed(1, align=value, file_offset=offset_of(1)))

    for name, address, size in [("by-one", MAX, 2), ("last-page", MAX - 0xFFF, 0x1001),
                                ("size-max", BASE, MAX), ("text-up", 0x20_0000, MAX)]:
        yield (f"wraps-{name}", "segment_wraps",
               {"program header": 3, "p_vaddr": address, "p_memsz": size},
               added(bss(address, size)))

    for name, address, size in [
            ("begins-in-hole", HOLE, 1), ("ends-in-hole", HOLE - 1, 2),
            ("last-of-hole", UPPER_HALF - 1, 1), ("out-of-hole", UPPER_HALF - 1, 2),
            ("spans-hole", HOLE - 1, UPPER_HALF - HOLE + 2), ("sign-bit", 2**63, 0x1000),
            ("57-bit", 0xFF00_0000_0000_0000, 0x1000), ("57-bit-low", 0x00FF_0000_0000_0000, 16)]:
        yield (f"canonical-{name}", "segment_not_canonical",
               {"program header": 3, "p_vaddr": address, "p_memsz": size, "slide": 0,
                "address bits": 48},
               added(bss(address, size)))

    for address in (0, 1, 0xFFF):
        yield (f"page-zero-{address:x}", "segment_in_page_zero",
               {"program header": 3, "p_vaddr": address, "slide": 0}, added(bss(address, 16)))
    yield ("page-zero-and-more", "segment_in_page_zero", {"program header": 3, "p_vaddr": 0xFF0},
           added(bss(0xFF0, 0x10000)))

    def overlap(first, address, size, second, other):
        return {"program header": first, "p_vaddr": address, "p_memsz": size,
                "other program header": second, "other p_vaddr": other}

    last = DATA_AT + 0x1FFF
    yield ("overlap-last-byte", "segments_overlap", overlap(2, DATA_AT, 0x2000, 3, last),
           added(bss(last, 1)))
    yield ("overlap-first-byte", "segments_overlap", overlap(3, BASE - 1, 2, 0, BASE),
           added(bss(BASE - 1, 2)))
    yield ("overlap-bss-and-text", "segments_overlap", overlap(3, BASE - 16, 0x20, 0, BASE),
           added(bss(BASE - 16, 0x20)))
    yield ("overlap-within", "segments_overlap", overlap(2, DATA_AT, 0x2000, 3, DATA_AT + 0x800),
           added(bss(DATA_AT + 0x800, 8)))
    yield ("overlap-around-all", "segments_overlap", overlap(3, BASE - 0x1000, 0x9000, 0, BASE),
           added(bss(BASE - 0x1000, 0x9000)))
    yield ("overlap-same", "segments_overlap", {}, added(SOUND.segments[1]))
    yield ("overlap-far", "segments_overlap", overlap(4, FREE_AT, 0x30_0000, 3, FREE_AT + 0x20_0000),
           added(bss(FREE_AT + 0x20_0000, 8), bss(FREE_AT, 0x30_0000),
                 bss(FREE_AT + 0x28_0000, 8)))
    yield ("overlap-last-of-3000", "segments_overlap",
           overlap(3, FREE_AT, 8, 3002, FREE_AT + 7),
           added(*(bss(FREE_AT + 16 * i, 8) for i in range(2999)), bss(FREE_AT + 7, 2)))

    for name, address, size in [
            ("1-gib", FREE_AT, GIB), ("to-the-end", FREE_AT, MAX - FREE_AT + 1),
            ("lower-half", PAGE, HOLE - PAGE), ("upper-half", UPPER_HALF, BASE - UPPER_HALF)]:
        # Pages that touch make one block: the kernel's own come along where they do.
        yield f"memory-{name}", "out_of_memory", {}, added(bss(address, size))
    yield ("memory-in-parts", "out_of_memory", {"bytes": 64 * MIB},
           added(*(bss(FREE_AT + i * 128 * MIB, 64 * MIB) for i in range(8))))
    yield ("direct-map", "no_virtual_space", {},
           added(*(bss(UPPER_HALF + i * 512 * GIB, 16) for i in range(256))))

    yield ("entry-physical", "entry_physical", {"e_entry": 0x20_0010, "virtual address": BASE + 16},
           lambda: changed(0, physical=0x20_0000)().with_header(e_entry=0x20_0010))
    yield ("offsets", "segment_of_offsets",
           {"program header": 3, "p_vaddr": 0x20, "p_paddr": 0x2C0_0000},
           added(bss(0x20, 0x2_1000, physical=0x2C0_0000)))

    yield "entry-0", "entry_outside_segments", {"e_entry": 0}, header(e_entry=0)
    for name, entry in [("before", BASE - 1), ("gap", BASE + len(TEXT)), ("far", 0x1000),
                        ("hole", HOLE), ("max", MAX)]:
        yield (f"entry-{name}", "entry_outside_segments", {"e_entry": entry},
               header(e_entry=entry))
    for name, index, entry, flags in [("constants", 1, CONSTANTS_AT, PF_R),
                                      ("data", 2, DATA_AT + 8, PF_R | PF_W),
                                      ("bss", 2, DATA_AT + 0x1800, PF_R | PF_W)]:
        yield (f"entry-{name}", "entry_not_executable",
               {"e_entry": entry, "program header": index, "p_flags": flags},
               header(e_entry=entry))
    zeroed = replace(SOUND.segments[0], memory_bytes=0x800)
    for entry in (TEXT_AT + len(TEXT), TEXT_AT + 0x7FF):
        yield (f"entry-zeroed-{entry:x}", "entry_in_zeroed_memory",
               {"e_entry": entry, "program header": 0, "p_filesz": len(TEXT)},
               lambda e=entry: replace(SOUND, entry=e,
                                       segments=[zeroed] + SOUND.segments[1:]))

    refused = "write_execute_refused"
    yield (refused.replace("_", "-"), refused,
           {"first page": FREE_AT, "bytes": 0x2000, "writable program header": 3,
            "executable program header": 3},
           added(bss(FREE_AT, 0x1800, PF_R | PF_W | PF_X)), "wx refuse\n")
    yield ("write-execute-in-one-page", refused,
           {"first page": TEXT_AT, "bytes": 0x1000, "writable program header": 3,
            "executable program header": 0},
           added(bss(TEXT_AT + 0x800, 0x100)), "wx refuse\n")

    def tls(address, filesz, memsz, **fields):
        return added(Segment(address, PF_R, memory_bytes=memsz, type=PT_TLS, file_offset=0,
                             file_bytes=filesz, **fields))

    for name, address, filesz in [("free", FREE_AT, 8), ("0", 0, 8), ("beyond", CONSTANTS_AT, 181),
                                  ("bss", DATA_AT + 0x1000, 8), ("wraps", MAX, 8),
                                  ("max", DATA_AT, MAX)]:
        yield (f"tls-{name}", "tls_outside_image",
               {"program header": 3, "p_vaddr": address, "p_filesz": filesz},
               tls(address, filesz, MAX))
    yield ("tls-filesz", more, {"program header": 3, "p_filesz": 8, "p_memsz": 7},
           tls(DATA_AT, 8, 7))
    yield ("tls-align", "segment_bad_alignment", {"program header": 3, "p_align": 48},
           tls(DATA_AT, 8, 8, align=48))

    for name, address, size in [("free", FREE_AT, 0x1000),
                                ("before", BASE - 0x1000, 0x1000), ("wraps", DATA_AT, MAX),
                                ("max", MAX, 1), ("0", 0, 0x1000)]:
        yield (f"relro-{name}", "relro_outside_image",
               {"program header": 3, "p_vaddr": address, "p_memsz": size},
               added(bss(address, size, PF_R, type=PT_GNU_RELRO)))


# ---- Position-independent kernels -----------------------------------------------------------------

(DT_NULL, DT_NEEDED, DT_PLTRELSZ, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT, DT_STRSZ,
 DT_SYMENT, DT_REL, DT_PLTREL, DT_JMPREL, DT_RELRSZ, DT_RELR, DT_RELRENT) = (
     0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 17, 20, 23, 35, 36, 37)
DT_ANDROID_REL, DT_ANDROID_RELA = 0x6000000F, 0x60000011
R_64, R_GLOB_DAT, R_JUMP_SLOT, R_RELATIVE = 1, 6, 7, 8
GLOBAL_FUNCTION, GLOBAL_RESOLVER = 0x12, 0x1A  # STB_GLOBAL with STT_FUNC and STT_GNU_IFUNC

# Addresses of a kernel of two segments, text and data: what is where in the second.
PIE_TEXT, PIE_DATA = 0x1000, 0x2000
RELA, RELR, PLT, SYMBOLS, STRINGS, WORDS = (PIE_DATA + i * 0x200 for i in range(1, 7))
STRING_TABLE = b"\0absent\0resolved\0"
PIE_BSS, PIE_END = PIE_DATA + 0x1000, PIE_DATA + 0x1800


@dataclass(frozen=True)
class Pie:
    """Relocations are (r_offset, type, symbol). Symbol 1 is not defined, and symbol 2 says where it
    is by a function. `dynamic` changes, adds or (None) drops entries of the dynamic section."""

    relocations: tuple[tuple[int, int, int], ...] = ((WORDS, R_RELATIVE, 0),)
    plt: tuple[tuple[int, int, int], ...] = ()
    relr: tuple[int, ...] = ()
    dynamic: Mapping[int, int | None] = field(default_factory=dict)
    ended: bool = True  # by DT_NULL
    at: int = PIE_DATA  # p_vaddr of PT_DYNAMIC
    filesz: int | None = None  # p_filesz of PT_DYNAMIC
    others: tuple[Segment, ...] = ()
    align: int = PAGE

    def __call__(self) -> Elf:
        entries = {DT_SYMTAB: SYMBOLS, DT_SYMENT: 24, DT_STRTAB: STRINGS,
                   DT_STRSZ: len(STRING_TABLE)}
        for tags, table, size in [((DT_RELA, DT_RELASZ, DT_RELAENT), self.relocations, 24),
                                  ((DT_JMPREL, DT_PLTRELSZ), self.plt, 24),
                                  ((DT_RELR, DT_RELRSZ, DT_RELRENT), self.relr, 8)]:
            if table:
                address = {DT_RELA: RELA, DT_JMPREL: PLT, DT_RELR: RELR}[tags[0]]
                entries |= zip(tags, (address, size * len(table), size))
        kept = {tag: value for tag, value in (entries | self.dynamic).items() if value is not None}
        array = b"".join(struct.pack("<QQ", *entry) for entry in kept.items())
        array += bytes(16) if self.ended else b""
        tables = {
            PIE_DATA: array,
            RELA: b"".join(struct.pack("<QQq", at, symbol << 32 | kind, 0)
                           for at, kind, symbol in self.relocations),
            PLT: b"".join(struct.pack("<QQq", at, symbol << 32 | kind, 0)
                          for at, kind, symbol in self.plt),
            RELR: b"".join(struct.pack("<Q", entry) for entry in self.relr),
            SYMBOLS: bytes(24) + struct.pack("<IBBHQQ", 1, GLOBAL_FUNCTION, 0, 0, 0, 0)
                     + struct.pack("<IBBHQQ", 8, GLOBAL_RESOLVER, 0, 1, PIE_TEXT, 0),
            STRINGS: STRING_TABLE,
        }
        content = bytearray(PIE_BSS - PIE_DATA)
        for address, table in tables.items():
            assert len(table) <= 0x200
            content[address - PIE_DATA:address - PIE_DATA + len(table)] = table
        filesz = len(array) if self.filesz is None else self.filesz
        return Elf([Segment(PIE_TEXT, PF_R | PF_X, TEXT, align=self.align),
                    Segment(PIE_DATA, PF_R | PF_W, bytes(content), PIE_END - PIE_DATA),
                    Segment(self.at, PF_R | PF_W, type=PT_DYNAMIC, align=8, file_offset=0x2000,
                            file_bytes=filesz, memory_bytes=filesz),
                    *self.others],
                   entry=PIE_TEXT, header={"e_type": ET_DYN})


def bad_dynamic_sections():
    outside = "dynamic_section_outside_image"
    for name, at, filesz in [("free", 0x8000, 32), ("bss", PIE_BSS, 32), ("half", PIE_BSS - 16, 32),
                             ("too-long", PIE_DATA, 0x1001), ("max", PIE_DATA, MAX),
                             ("wraps", MAX - 15, 32), ("before", PIE_DATA - 8, 32)]:
        yield (f"section-{name}", outside, {"program header": 2, "p_vaddr": at, "p_filesz": filesz},
               Pie(at=at, filesz=filesz))
    for name, pie in {"no-null": Pie(ended=False), "one-byte": Pie(filesz=1),
                      "null-cut": Pie(filesz=7 * 16 + 15)}.items():
        yield f"section-{name}", "dynamic_section_not_ended", {"program header": 2}, pie

    for name, entries in {"needed": {DT_NEEDED: 1}}.items():
        yield name, "library_needed", {"d_val": 1}, Pie(dynamic=entries)
    for tag, right in [(DT_RELAENT, 24), (DT_SYMENT, 24), (DT_RELRENT, 8)]:
        for size in (0, right - 1, 2 * right, MAX):
            yield (f"entry-size-{tag}-{size:x}", "dynamic_bad_entry_size",
                   {"d_tag": tag, "size": size, "expected": right}, Pie(dynamic={tag: size}))
    for tag, value in [(DT_REL, RELA), (DT_PLTREL, DT_REL), (DT_PLTREL, MAX)]:
        yield (f"no-addend-{tag}-{value:x}", "relocation_without_addend",
               {"d_tag": tag, "d_val": value}, Pie(dynamic={tag: value}))
    for tag in (DT_ANDROID_REL, DT_ANDROID_RELA):
        yield (f"android-{tag:x}", "relocation_table_unsupported", {"d_tag": tag, "d_val": RELA},
               Pie(dynamic={tag: RELA}))

    tables = [(DT_RELA, DT_RELASZ, RELA, 24), (DT_JMPREL, DT_PLTRELSZ, PLT, 24),
              (DT_RELR, DT_RELRSZ, RELR, 8)]
    for tag, size_tag, address, size in tables:
        for name, at, length in [("free", 0x8000, size), ("bss", PIE_BSS, size),
                                 ("half", PIE_BSS - 8, 2 * size), ("gap", PIE_TEXT + 56, 3 * size),
                                 ("long", address, 0x1000 * size), ("wraps", MAX - 7, 2 * size)]:
            yield (f"table-{tag}-{name}", "dynamic_outside_image",
                   {"d_tag": tag, "address": at, "bytes": length},
                   Pie(dynamic={tag: at, size_tag: length}))
        for length in (1, size - 1, size + 1, MAX):
            yield (f"table-{tag}-{length:x}", "dynamic_bad_table_size",
                   {"d_tag": size_tag, "bytes": length, "entry bytes": size},
                   Pie(dynamic={tag: address, size_tag: length}))
        yield (f"table-{tag}-without-size", "dynamic_incomplete",
               {"d_tag": tag, "missing d_tag": size_tag},
               Pie(dynamic={tag: address, size_tag: None}))
        yield (f"table-{tag}-without-address", "dynamic_incomplete",
               {"d_tag": size_tag, "missing d_tag": tag},
               Pie(dynamic={tag: None, size_tag: size}))

    yield ("extent-2-gib", "base_out_of_range", {"base": BASE},
           Pie(others=(bss(2 * GIB, 16),)))
    yield ("extent-all", "base_out_of_range", {"base": BASE},
           Pie(others=(bss(MAX - 0xFFF, 16), bss(0, 16))))
    for shift in (40, 63):
        yield (f"align-{shift}", "base_out_of_range", {"base": BASE, "alignment": 1 << shift},
               Pie(align=1 << shift))


def bad_relocations():
    for kind in (2, 5, 10, 11, 16, 17, 18, 24, 37, 38, 42, 0xFFFF_FFFF):
        yield (f"type-{kind}", "relocation_unsupported",
               {"type": kind, "r_offset": WORDS, "symbol": 1}, Pie(((WORDS, kind, 1),)))
    yield ("second", "relocation_unsupported", {"type": 2, "r_offset": WORDS + 8},
           Pie(((WORDS, R_RELATIVE, 0), (WORDS + 8, 2, 0))))
    yield ("plt", "relocation_unsupported", {"type": 2, "r_offset": WORDS + 8},
           Pie(plt=((WORDS + 8, 2, 0),)))
    for kind in (R_64, R_GLOB_DAT, R_JUMP_SLOT):
        relocations = ((WORDS, kind, 1),)
        for where, pie in {"rela": Pie(relocations), "plt": Pie(plt=relocations)}.items():
            yield (f"undefined-{kind}-{where}", "relocation_undefined_symbol",
                   {"symbol": 1, "r_offset": WORDS}, pie, "", "absent")
        yield (f"resolver-{kind}", "relocation_unsupported",
               {"type": kind, "symbol": 2, "r_offset": WORDS},
               Pie(((WORDS, kind, 2),)), "", "resolved")
    for name, symbol, entries in [
            ("in-strings", (STRINGS - SYMBOLS) // 24, {}), ("max", 0xFFFF_FFFF, {}),
            ("in-bss", 1, {DT_SYMTAB: PIE_BSS, DT_STRTAB: PIE_DATA}),
            ("no-table", 1, {DT_SYMTAB: None}), ("table-0", 1, {DT_SYMTAB: 0}),
            ("table-max", 1, {DT_SYMTAB: MAX - 15})]:
        yield (f"symbol-{name}", "relocation_symbol_outside_table",
               {"symbol": symbol, "r_offset": WORDS},
               Pie(((WORDS, R_64, symbol),), dynamic=entries))
    targets = {
        "before": 0, "text-end": PIE_TEXT + len(TEXT) - 7, "gap": PIE_TEXT + len(TEXT),
        "before-data": PIE_DATA - 8, "across-begin": PIE_DATA - 4, "across-bss": PIE_BSS - 4,
        "bss": PIE_BSS, "last-of-bss": PIE_END - 1, "end": PIE_END, "max": MAX, "wraps": MAX - 3,
        "lowest": 2**64 - BASE}
    for name, target in targets.items():
        yield (f"target-{name}", "relocation_outside_image",
               {"type": R_RELATIVE, "r_offset": target}, Pie(((target, R_RELATIVE, 0),)))
        if target % 2 == 0:
            yield (f"relr-{name}", "relocation_outside_image",
                   {"type": R_RELATIVE, "r_offset": target}, Pie(relr=(target,)))
    yield ("relr-bitmap-beyond", "relocation_outside_image", {"r_offset": PIE_BSS},
           Pie(relr=(PIE_BSS - 16, 0b111)))
    yield ("relr-bitmaps-beyond", "relocation_outside_image", {},
           Pie(relr=(WORDS, *(MAX,) * 9)))
    for entry in (1, 3, MAX):
        yield (f"relr-bitmap-first-{entry:x}", "relr_without_address", {"entry": entry},
               Pie(relr=(entry, WORDS)))


# ---- Notes and requests -----------------------------------------------------------------------------

def module(path: bytes, flags: int = REQUIRED) -> bytes:
    return note(MODULE, struct.pack("<I", flags) + path)


def notes(*contents: bytes, **fields) -> Segment:
    """Outside of every PT_LOAD: that's allowed."""
    return Segment(FREE_AT, PF_R, b"".join(contents), type=PT_NOTE, align=4, **fields)


def noted(*contents: bytes, **fields) -> Callable[[], Elf]:
    return added(notes(*contents, **fields))


def at_physical(*segments: Segment) -> Callable[[], Elf]:
    """The sound kernel at 64 MiB with the request PHYSICAL, and more segments from 4 on."""
    own = [replace(segment, physical=segment.address - BASE + 64 * MIB) for segment in SOUND.segments]
    return lambda: replace(SOUND, segments=[*own, notes(request(PHYSICAL, 1)), *segments])


def requesting_pie(*contents: bytes) -> Callable[[], Elf]:
    return Pie(others=(notes(*contents),))


def bad_notes():
    malformed = "note_malformed"
    # Somebody else's, as large as a segment of notes may be; the 17th is beyond all together.
    large = struct.pack("<III4s", 4, 65536 - 16, 1, b"GNU") + bytes(65536 - 16)
    yield ("too-many", "notes_too_many", {"limit": MIB},
           added(*(Segment(FREE_AT, PF_R, large, type=PT_NOTE, align=4, file_offset=16 * PAGE)
                   for _ in range(20))))
    good = request(STACK, 65536)
    for name, sizes in {"name-beyond": {"namesz": 100}, "name-max": {"namesz": 2**32 - 1},
                        "descriptor-beyond": {"descsz": 21}, "descriptor-max": {"descsz": 2**32 - 1},
                        "both-max": {"namesz": 2**32 - 1, "descsz": 2**32 - 1}}.items():
        numbers = {"n_namesz": 6, "n_descsz": 20} | {f"n_{key}": value
                                                     for key, value in sizes.items()}
        yield (name, malformed, {"program header": 3, "offset in segment": 0} | numbers,
               noted(note(STACK, bytes(20), **sizes)))
    yield ("second-note", malformed, {"offset in segment": len(good), "n_descsz": 24},
           noted(good, note(STACK, bytes(20), descsz=24)))
    yield ("no-notes-at-all", malformed, {"program header": 3}, noted(b"These are not notes."))
    for name, offset, size in [("beyond", FILE_BYTES, 0x8000), ("offset-max", MAX, 64),
                               ("wraps", MAX - 31, 64)]:
        yield (f"segment-{name}", "segment_outside_file",
               {"program header": 3, "p_offset": offset, "p_filesz": size},
               noted(file_offset=offset, file_bytes=size))
    for size in (65537, MAX):
        yield (f"segment-of-{size:x}", "notes_too_large",
               {"program header": 3, "p_filesz": size, "limit": 65536},
               noted(file_offset=0, file_bytes=size))

    for kind in (*range(PROTOCOL, MODULE), *range(BASE_ADDRESS, PROCESSORS + 1)):
        for size in (0, 3, 4, 19):
            yield (f"request-{kind}-of-{size}", "request_malformed",
                   {"type": kind, "descriptor bytes": size, "needed": 20},
                   noted(note(kind, bytes(size))))
    for size in (0, 3):
        yield (f"unknown-request-of-{size}", "request_malformed",
               {"type": 4444, "descriptor bytes": size, "needed": 4}, noted(note(4444, bytes(size))))
        yield (f"module-of-{size}", "request_malformed",
               {"type": MODULE, "descriptor bytes": size, "needed": 5},
               noted(note(MODULE, bytes(size))))
    for name, path in {"none": b"", "nul": b"\0", "nul-first": b"\0/boot"}.items():
        yield (f"module-path-{name}", "request_malformed",
               {"type": MODULE, "descriptor bytes": 4 + len(path), "needed": 5},
               noted(module(path)))
    yield ("modules-65", "requested_modules_too_many", {"limit": 64},
           noted(*(module(b"/good.elf") for _ in range(65))))
    for kind in (0, PROCESSORS + 1, 4444, 2**32 - 1):
        yield f"unknown-{kind}", "request_unknown", {"type": kind}, noted(request(kind))
    yield "unknown-short", "request_unknown", {"type": 4444}, noted(note(4444, b"\1\0\0\0"))

    for name, path, error in [
            ("absent", b"/no/such/file\0", "file_not_found"), ("directory", b"/EFI\0",
                                                               "file_is_a_directory"),
            ("up", b"/h/../good.elf\0", "boot_path_goes_up"),
            ("root", b"/\0", "boot_path_empty"), ("bad", b"/a\tb\0", "boot_path_bad_character"),
            ("long", b"/long" * 400, "boot_path_too_long")]:
        yield f"module-{name}", error, {}, noted(module(path))

    # Of a small machine: up to the display adapter, which is below 3 GiB since 2023.
    direct_map = (4 if version("ovmf") < "2023" else 3) * GIB
    for index, (kind, name, value, second, kernel) in enumerate([
            (PROTOCOL, "PROTOCOL", 4444, 0, noted), (PROTOCOL, "PROTOCOL", MAX, 0, noted),
            (STACK, "STACK", 0, 0, noted), (STACK, "STACK", GIB + 1, 0, noted),
            (STACK, "STACK", MAX, 0, noted),
            (FRAMEBUFFER, "FRAMEBUFFER", 1, 1, noted),
            (FRAMEBUFFER, "FRAMEBUFFER", MAX, MAX, noted),
            (KASLR, "KASLR", 1, 0, noted),
            (FIVE_LEVEL, "5_LEVEL_PAGING", 2, 0, noted), (FIVE_LEVEL, "5_LEVEL_PAGING", 3, 0, noted),
            (DIRECT_MAP, "DIRECT_MAP", 0, 0, noted),
            (DIRECT_MAP, "DIRECT_MAP", UPPER_HALF + 0x1000, 0, noted),
            (DIRECT_MAP, "DIRECT_MAP", HOLE - GIB, 0, noted),
            (DIRECT_MAP, "DIRECT_MAP", 2**63, direct_map, noted),
            (DIRECT_MAP, "DIRECT_MAP", BASE, direct_map, noted),
            (DIRECT_MAP, "DIRECT_MAP", 2**64 - GIB, direct_map, noted),
            (SYMBOL_TABLE, "SYMBOLS", 1, 0, noted),
            (BASE_ADDRESS, "BASE", BASE + 1, 0, requesting_pie),
            (BASE_ADDRESS, "BASE", BASE + GIB, 0, noted),
            (IDENTITY, "IDENTITY", 0, 0, noted), (IDENTITY, "IDENTITY", MIB + PAGE, 0, noted),
            (IDENTITY, "IDENTITY", 2**64 - PAGE, 0, noted),
            (IDENTITY, "IDENTITY", 4 * GIB, 0, lambda content: added(bss(MIB, PAGE), notes(content))),
            (PROCESSORS, "PROCESSORS", 2, 0, noted), (PROCESSORS, "PROCESSORS", MAX, 0, noted),
            (PROCESSORS, "PROCESSORS", 1, GIB + 1, noted),
            (PROCESSORS, "PROCESSORS", 1, MAX, noted)]):
        yield (f"unmet-{index}-{name}", "request_not_met",
               {"type": kind, "value 0": value, "value 1": second},
               kernel(request(kind, value, second)),
               "", name)

    yield ("physical-as-virtual", "segment_bad_physical_address",
           {"program header": 0, "p_vaddr": BASE, "p_paddr": BASE}, noted(request(PHYSICAL, 1)))
    for name, address in {"offset": MIB + 1, "end": 2**52 - 4, "max": MAX - 0xFFF}.items():
        yield (f"physical-{name}", "segment_bad_physical_address",
               {"program header": 4, "p_vaddr": FREE_AT, "p_paddr": address},
               at_physical(bss(FREE_AT, 16, physical=address)))
    yield ("physical-shared-page", "segments_share_page", {"program header": 5, "page": FREE_AT},
           at_physical(bss(FREE_AT, 16, physical=16 * MIB),
                       bss(FREE_AT + 64, 16, physical=32 * MIB + 64)))
    yield ("physical-overlap", "segments_overlap", {},
           at_physical(bss(FREE_AT, 16, physical=16 * MIB),
                       bss(FREE_AT + PAGE, 16, physical=16 * MIB)))

    yield ("base-misaligned", "base_misaligned", {"base": BASE, "p_align": 2 * MIB},
           Pie(others=(notes(request(BASE_ADDRESS, BASE)),), align=2 * MIB))
    for name, base in [("last-page", MAX - 0xFFF), ("last-but-one", MAX - 0x1FFF)]:
        yield (f"base-{name}", "base_out_of_range", {"base": base},
               requesting_pie(request(BASE_ADDRESS, base)))
    yield ("base-0", "segment_in_page_zero",
           {"program header": 0, "p_vaddr": PIE_TEXT, "slide": 2**64 - PIE_TEXT},
           requesting_pie(request(BASE_ADDRESS, 0)))
    yield ("base-in-hole", "segment_not_canonical",
           {"program header": 0, "p_vaddr": PIE_TEXT, "slide": HOLE - PIE_TEXT},
           requesting_pie(request(BASE_ADDRESS, HOLE)))
    yield ("refuse", "write_execute_refused", {"first page": BASE + 0x20000},
           added(bss(BASE + 0x20000, 16, PF_R | PF_W | PF_X), notes(request(REFUSE, 1))))

    symbols = noted(request(SYMBOL_TABLE, 1))
    sections = {"e_shentsize": 64, "e_shnum": 3}
    yield ("sections-outside", "section_headers_outside_file",
           {"e_shoff": MAX - 63, "e_shnum": 3},
           lambda: symbols().with_header(e_shoff=MAX - 63, **sections))
    yield ("sections-of-40-bytes", "request_not_met", {"type": SYMBOL_TABLE},
           lambda: symbols().with_header(e_shoff=64, e_shentsize=40, e_shnum=3))

    def with_sections(symtab: tuple[int, int, int], strtab: tuple[int, int]) -> bytes:
        """Section 1 is .symtab, at (offset, size) with a link; section 2 .strtab, at the other."""
        elf = symbols()
        content = elf.build()
        table = bytes(64)
        table += struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, *symtab[:2], symtab[2], 0, 8, 24)
        table += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, *strtab, 0, 0, 1, 0)
        return elf.with_header(e_shoff=len(content), **sections).build() + table

    for name, symtab, strtab, number, offset in [
            ("symbols", (1 << 32, 24, 2), (64, 8), 1, 1 << 32),
            ("symbols-wrap", (MAX, 24, 2), (64, 8), 1, MAX),
            ("strings", (64, 24, 2), (64, MAX), 2, 64)]:
        yield (f"{name}-outside", "symbol_table_outside_file",
               {"section": number, "sh_offset": offset},
               lambda a=symtab, b=strtab: with_sections(a, b))
    yield ("symbols-without-strings", "request_not_met", {"type": SYMBOL_TABLE},
           lambda: with_sections((64, 24, 1), (64, 8)))


def named(prefix: str, rows) -> list[Hostile]:
    return [Hostile(f"{prefix}-{name}", *rest) for name, *rest in rows]


# ---- PVH --------------------------------------------------------------------------------------------

PVH_AT = 16 * MIB


def pvh(descriptor: bytes, *segments: Segment, **fields) -> Callable[[], Elf]:
    """A PVH kernel with this note, and more segments from program header 2 on."""
    text = Segment(BASE, PF_R | PF_X, TEXT, **({"physical": PVH_AT} | fields))
    return lambda: Elf([text, notes(note(18, descriptor, owner=b"Xen\0")), *segments], entry=BASE)


def entered_at(address: int) -> bytes:
    return struct.pack("<I" if address < 2**32 else "<Q", address)


def bad_pvh_kernels():
    for size in (0, 1, 3, 5, 7, 9, 4096):
        yield f"note-of-{size}", "pvh_entry_malformed", {"bytes": size}, pvh(bytes(size))
    for name, address in {"0": 0, "before": PVH_AT - 1, "end": PVH_AT + len(TEXT), "virtual": BASE,
                          "above-4-gib": PVH_AT + 4 * GIB, "max": MAX}.items():
        yield (f"entry-{name}", "entry_outside_segments", {"e_entry": address},
               pvh(entered_at(address)))
    good = entered_at(PVH_AT)
    for name, address in {"4-gib": 4 * GIB, "across": 4 * GIB - len(TEXT) + 1, "high": 2**52,
                          "wraps": MAX - 3, "virtual": BASE}.items():
        yield (f"segment-{name}", "segment_above_4_gib", {"program header": 0, "p_paddr": address},
               pvh(good, physical=address))
    yield ("segment-of-4-gib", "segment_above_4_gib", {"program header": 2, "p_memsz": 4 * GIB},
           pvh(good, bss(1 << 40, 4 * GIB, physical=32 * MIB)))
    for name, address in {"same": PVH_AT, "last": PVH_AT + len(TEXT) - 1}.items():
        yield (f"overlap-{name}", "segments_overlap", {},
               pvh(good, bss(FREE_AT, 4, physical=address)))


BATCHES: dict[str, list[Hostile]] = {
    "headers": named("header", bad_headers()),
    "segments": named("segment", bad_segments()),
    "dynamic": named("dynamic", bad_dynamic_sections()),
    "relocations": named("relocation", bad_relocations()),
    "notes": named("note", bad_notes()),
    "pvh": named("pvh", bad_pvh_kernels()),
} | {name: named(name, rows()) for name, rows in hostile_protocols.BATCHES.items()}


# Those that only the machine raises, by its files, displays and processor.
FOR_A_MACHINE = {"note-module-absent", "note-module-directory", "note-unmet-5-FRAMEBUFFER",
                 "note-unmet-6-FRAMEBUFFER", "note-unmet-8-5_LEVEL_PAGING"}
# Of the others one for each step.
FOR_THE_LOADER = {"header-magic-text", "segment-outside-by-one", "segment-memory-in-parts",
                  "dynamic-section-no-null", "relocation-target-end"}


def content(kernel: Hostile) -> bytes:
    made = kernel.make()
    return made.build() if isinstance(made, Elf) else made


def write_all(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for kernel in (kernel for batch in BATCHES.values() for kernel in batch):
        (directory / f"{kernel.name}.elf").write_bytes(content(kernel))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    write_all(Path(sys.argv[1]))
