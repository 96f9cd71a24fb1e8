# SPDX-License-Identifier: BSD-2-Clause
"""Seeds that are kernels, or parts of one: for image, relocations and note; and numbers that moves
makes kernels of."""

import random
import struct
from dataclasses import replace

from elf import ET_DYN, PF_R, PF_W, PF_X, PT_DYNAMIC, PT_NOTE, Elf, Segment
from hostile_protocols import (ADDRESSES, AT, END, ENTRY_POINT, HHDM, HIGH, MODULES, RECORDS,
                               STACK_SIZE, VIDEO, elf32, flat, limine, limine_request, multiboot1,
                               multiboot2, pvh, revision_tag, tag)
from notes import (BASE_ADDRESS, DIRECT_MAP, FIVE_LEVEL, FRAMEBUFFER, IDENTITY, KASLR, KERNEL_FILE,
                   MODULE, PHYSICAL, PROTOCOL, REFUSE, RUNTIME_MAP, STACK, SYMBOL_TABLE, note, request)
from seeds import seed

PT_TLS, PT_GNU_STACK, PT_GNU_RELRO = 7, 0x6474_E551, 0x6474_E552
MIB = 1 << 20
TOP_2_GIB = 0xFFFF_FFFF_8000_0000

# image: an ELF file, and the machine behind it (machine.hpp).

LA57, HUGE_PAGES, SLIDE, REFUSE_WX, HIGH_MEMORY, SMALL_MEMORY, SCREEN, FAR = (
    1 << bit for bit in range(8))
NO_DESCRIPTOR = (0, 0, 0, 0)


def machine(flags: int = 0, *, dry_at: int = 0, from_below: int = 0, random: int = 0,
            framebuffer=NO_DESCRIPTOR, descriptors=()) -> bytes:
    """A descriptor is EFI_MEMORY_TYPE, attributes, pages, first page."""
    three = [*descriptors, NO_DESCRIPTOR, NO_DESCRIPTOR, NO_DESCRIPTOR][:3]
    return struct.pack("<BBBQ", flags, dry_at, from_below, random) + b"".join(
        struct.pack("<BBHI", *descriptor) for descriptor in (framebuffer, *three))


def text(base: int) -> Segment:
    return Segment(base, PF_R | PF_X, bytes(range(64)), align=16)


def plain(base: int, *more: Segment, **header) -> Elf:
    """Text, constants, and data with .bss."""
    constants = Segment(base + 0x1000, PF_R, b"constants", align=16)
    data = Segment(base + 0x2010, PF_R | PF_W, b"data" * 8, 0x1800, align=16)
    return Elf([text(base), constants, data, *more], base + 16, header)


def dynamic(**tags: int) -> bytes:
    numbers = {"pltrelsz": 2, "strtab": 5, "symtab": 6, "rela": 7, "relasz": 8, "relaent": 9,
               "strsz": 10, "syment": 11, "pltrel": 20, "jmprel": 23, "relrsz": 35, "relr": 36,
               "relrent": 37}
    return b"".join(struct.pack("<QQ", numbers[tag], value) for tag, value in tags.items()) + bytes(
        16)


def rela(offset: int, kind: int, symbol: int = 0, addend: int = 0) -> bytes:
    return struct.pack("<QQQ", offset, symbol << 32 | kind, addend)


def symbol(name: int, binding: int, section: int, value: int) -> bytes:
    return struct.pack("<IBBHQQ", name, binding << 4, 0, section, value, 8)


def tables(base: int, target: int, *bitmaps: int) -> bytes:
    """A dynamic section at `base` with everything, and its tables; words at `target` change."""
    symbols = symbol(0, 0, 0, 0) + symbol(1, 1, 5, 0x40) + symbol(6, 2, 0, 0) + symbol(
        6, 1, 0xFFF1, 7)
    relas = (rela(target, 8, addend=0x40) + rela(target + 8, 1, 1, 2) + rela(target + 16, 6, 2)
             + rela(target + 24, 6, 3))
    plt = rela(target + 32, 7, 1)
    relr = struct.pack("<QQ", target + 40, 0b1011) + b"".join(
        struct.pack("<Q", bitmap) for bitmap in bitmaps)
    strings = b"\0name\0weak\0"
    at = base + 14 * 16
    places = {}
    body = b""
    for name, content in (("rela", relas), ("jmprel", plt), ("relr", relr), ("symtab", symbols),
                          ("strtab", strings)):
        places[name] = at + len(body)
        body += content
    section = dynamic(**places, relasz=len(relas), relaent=24, pltrelsz=len(plt), pltrel=7,
                      relrsz=len(relr), relrent=8, syment=24, strsz=len(strings))
    assert len(section) == 14 * 16
    return section + body


def pie(*more: Segment, linked_at: int = 0) -> Elf:
    content = tables(linked_at + 0x1000, linked_at + 0x1400)
    data = Segment(linked_at + 0x1000, PF_R | PF_W, content.ljust(0x500, b"\0"), 0x2000, align=8)
    section = Segment(data.address, PF_R | PF_W, memory_bytes=14 * 16, type=PT_DYNAMIC, align=8,
                      file_bytes=14 * 16)
    kernel = Elf([text(linked_at), data, section, *more], linked_at, {"e_type": ET_DYN})
    kernel.segments[2] = replace(section, file_offset=kernel.offsets()[1])
    return kernel


def notes_segment(*notes: bytes, address: int = 0x7000) -> Segment:
    return Segment(address, PF_R, b"".join(notes), align=4, type=PT_NOTE)


def image_seeds() -> None:
    def image(name: str, kernel: Elf, of_machine: bytes = machine(HUGE_PAGES)) -> None:
        seed("image", name, kernel.build() + of_machine)

    image("low", plain(MIB))
    image("high", plain(TOP_2_GIB))
    image("half", plain(0xFFFF_8000_0000_0000), machine(LA57))
    image("next-to-the-stack", plain(0xFFFF_8000_4001_1000))
    image("last-page", Elf([Segment(0xFFFF_FFFF_FFFF_F000, PF_R | PF_X, b"x", 0x1000, align=1)],
                           0xFFFF_FFFF_FFFF_F000))
    image("large-page", plain(TOP_2_GIB, Segment(TOP_2_GIB + 4 * MIB, PF_R | PF_W,
                                                 memory_bytes=3 * MIB, align=1)))
    image("shared-page", Elf([text(TOP_2_GIB), Segment(TOP_2_GIB + 0x800, PF_R | PF_W, b"data",
                                                       align=4)], TOP_2_GIB))
    image("write-execute", Elf([Segment(TOP_2_GIB, 7, b"code", 0x3000, align=4)], TOP_2_GIB))
    image("write-execute-refused", Elf([Segment(TOP_2_GIB, 7, b"code", align=4)], TOP_2_GIB),
          machine(REFUSE_WX))
    image("overlap", plain(TOP_2_GIB, Segment(TOP_2_GIB + 0x20, PF_R, b"x", align=1)))
    image("pie", pie())
    image("pie-linked-high", pie(linked_at=TOP_2_GIB))
    image("pie-kaslr", pie(), machine(SLIDE, random=0x1234_5678_9ABC_DEF0))
    image("pie-base", pie(notes_segment(request(BASE_ADDRESS, 0xFFFF_9000_0000_0000))))
    image("neighbours-in-memory", Elf(
        [Segment(TOP_2_GIB + 0xFF0, PF_R | PF_X, b"below", align=1, file_offset=0x200),
         Segment(TOP_2_GIB + 0x3000, PF_R, b"above", align=1, file_offset=0x200 + 0x1010)],
        TOP_2_GIB + 0xFF0), machine(from_below=0b1100))
    image("relro", pie(Segment(0x1000, PF_R, memory_bytes=0x1000, type=PT_GNU_RELRO, align=1)))
    image("tls", plain(TOP_2_GIB, Segment(TOP_2_GIB + 0x2010, PF_R, memory_bytes=16, align=16,
                                          type=PT_TLS)))
    image("stack-executable", plain(MIB, Segment(0, 7, type=PT_GNU_STACK, align=16)))
    image("requests", plain(TOP_2_GIB, notes_segment(
        request(PROTOCOL, 1, flags=0), request(STACK, 256 << 10), request(KASLR, 1, flags=0),
        request(FIVE_LEVEL, 1, flags=0), request(DIRECT_MAP, 0xFFFF_A000_0000_0000, flags=0),
        note(MODULE, struct.pack("<I", 1) + b"/initrd.img\0"), request(REFUSE, 1, flags=0),
        note(3, bytes(range(20)), b"GNU\0"))), machine(LA57 | HUGE_PAGES))
    image("framebuffer", plain(TOP_2_GIB),
          machine(HUGE_PAGES | SCREEN, framebuffer=(0, 0, 4096, 0x80000),
                  descriptors=[(11, 1, 4096, 0x80000), (7, 15, 4096, 0x20000), (5, 15, 16, 0x700)]))
    image("framebuffer-on-the-kernel", plain(TOP_2_GIB),
          machine(SCREEN, framebuffer=(0, 0, 60000, 0x100)))
    image("far-memory", plain(TOP_2_GIB),
          machine(FAR | LA57, descriptors=[(7, 8, 512, 1 << 20), (14, 9, 3, 1 << 31)]))
    image("high-memory", plain(TOP_2_GIB), machine(HIGH_MEMORY))
    image("small-memory", plain(MIB), machine(SMALL_MEMORY))
    image("out-of-memory", plain(MIB), machine(dry_at=5))


def relocation_seeds() -> None:
    # The segments of relocations_target.cpp: the second has the tables, the third what they change.
    def relocations(name: str, content: bytes, *, slide_pages: int = 16, upper_half: int = 1,
                    dynamic_at: int = 0x1000, dynamic_bytes: int = 14 * 16) -> None:
        file_bytes = bytes(range(256)) * 4 + content.ljust(0x600, b"\0") + bytes(0x3F9)
        seed("relocations", name, struct.pack("<IBHH", slide_pages, upper_half, dynamic_at,
                                              dynamic_bytes) + file_bytes)

    relocations("all-kinds", tables(0x1000, 0x3000))
    relocations("more-bitmaps", tables(0x1000, 0x1200, 1 << 40 | 0b11, 1))
    relocations("lower-half", tables(0x1000, 0x3000), upper_half=0)
    relocations("across-two-segments", tables(0x1000, 0x31E0))
    relocations("outside", tables(0x1000, 0x2000))
    relocations("empty-dynamic-section", b"", dynamic_bytes=0)
    relocations("dynamic-section-without-end", tables(0x1000, 0x3000), dynamic_bytes=13 * 16)
    relocations("address-without-size", dynamic(rela=0x1100))
    relocations("size-without-address", dynamic(rela=0x1100, relasz=24, relrsz=8))
    relocations("part-of-an-entry", dynamic(rela=0x1100, relasz=25))
    relocations("bitmap-first", dynamic(relr=0x1010, relrsz=8))
    relocations("dynamic-section-outside", b"", dynamic_at=0x2000)
    relocations("library", struct.pack("<QQ", 1, 1))
    relocations("without-addend", struct.pack("<QQ", 17, 0x1100))
    relocations("overlapping-tables", dynamic(relr=0x1010, relrsz=64, rela=0x1008, relasz=120))


def note_seeds() -> None:
    def notes(name: str, *content: bytes, align: int = 4) -> None:
        seed("note", name, bytes([align]) + b"".join(content))

    for name, kind, value in (("protocol", PROTOCOL, 1), ("stack", STACK, 1 << 20),
                              ("framebuffer", FRAMEBUFFER, 1024), ("kaslr", KASLR, 1),
                              ("five-level", FIVE_LEVEL, 2),
                              ("direct-map", DIRECT_MAP, 0xFFFF_C000_0000_0000),
                              ("symbols", SYMBOL_TABLE, 1), ("base", BASE_ADDRESS, TOP_2_GIB),
                              ("refuse-write-execute", REFUSE, 1),
                              ("runtime-map", RUNTIME_MAP, 1), ("kernel-file", KERNEL_FILE, 1),
                              ("physical", PHYSICAL, 1), ("identity", IDENTITY, 1 << 32),
                              ("unknown", 99, 0)):
        notes(name, request(kind, value, flags=0))
        notes(f"{name}-required", request(kind, value))
    notes("not-met", request(STACK, 0))
    modules = [note(MODULE, struct.pack("<I", n % 2) + b"/module\0") for n in range(5)]
    notes("module", *modules[:2])
    notes("too-many-modules", *modules)
    notes("build-id", note(3, bytes(range(20)), b"GNU\0"))
    notes("aligned-to-8", note(1, bytes(16), b"GNU\0"), request(STACK, 4096, flags=0), align=8)
    notes("cut-off", request(STACK, 4096, flags=0)[:-1])
    notes("empty")


def moves_seeds() -> None:
    for number in range(20):
        seed("moves", str(number), random.Random(number).randbytes(300))


# protocol: which one the boot entry names (0: none, then in the order of the setting), and the file.


def protocol_seeds() -> None:
    def protocol(name: str, kernel: Elf | bytes, wanted: int = 0) -> None:
        seed("protocol", name, bytes([wanted]) + (kernel.build() if isinstance(kernel, Elf) else kernel))

    addresses = AT, AT, 0, AT + 0x2000
    high = Segment(TOP_2_GIB, PF_R | PF_W, b"data", 0x1800, physical=2 * MIB, align=1)
    protocol("baton", plain(TOP_2_GIB, notes_segment(request(STACK, 4096))))
    protocol("plain", plain(TOP_2_GIB), 6)
    protocol("limine", limine(revision_tag(6), limine_request(HHDM), limine_request(STACK_SIZE, 65536),
                              limine_request(ENTRY_POINT, HIGH + 8)))
    protocol("limine-module", limine(
        limine_request(MODULES, 1, RECORDS + 64, revision=1),
        struct.pack("<4Q", RECORDS + 72, RECORDS + 96, 0, 0), b"/module\0"))
    protocol("multiboot1", elf32(multiboot1(3)))
    protocol("multiboot1-video", elf32(multiboot1(VIDEO, 0, 0, 0, 0, 0, 0, 1024, 768, 32)))
    protocol("multiboot1-flat", flat(multiboot1(ADDRESSES, *addresses, AT)))
    protocol("multiboot2", elf32(multiboot2(tag(1, 4, 6), tag(4, 3), tag(5, 800, 600, 32), tag(6), END)))
    protocol("multiboot2-flat", flat(multiboot2(tag(2, *addresses), tag(3, AT), END)))
    protocol("multiboot2-relocatable", elf32(multiboot2(tag(10, AT, 0xFFFFFFFF, 4096, 1), END)))
    protocol("multiboot2-efi", elf32(multiboot2(tag(7), tag(9, AT), END)))
    protocol("both-multiboots", elf32(multiboot1() + bytes(4) + multiboot2(END)), 4)
    protocol("pvh", pvh(AT, high))
    protocol("pvh-32", pvh(AT, is_32_bit=True), 5)
    protocol("pvh-in-place", replace(pvh(AT), segments=[
        replace(each, physical=0x1000_0000) for each in pvh(0x1000_0000).segments]))


def make() -> None:
    image_seeds()
    moves_seeds()
    protocol_seeds()
    relocation_seeds()
    note_seeds()
