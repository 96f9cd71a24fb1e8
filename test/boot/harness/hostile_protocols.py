# SPDX-License-Identifier: BSD-2-Clause
"""Kernels of other loaders' protocols that nobody should boot: ELF32 headers, Multiboot headers, PVH
notes and physical addresses. Rows of hostile.py."""

import struct
from collections.abc import Callable, Iterator

from elf import PAGE, PF_R, PF_W, PF_X, PT_NOTE, Elf, Segment

MAX_32 = 2**32 - 1
MIB, GIB = 1 << 20, 1 << 30
HLT = b"\xf4" * 64
AT = MIB  # of the kernels

MULTIBOOT1, MULTIBOOT2 = 0x1BADB002, 0xE85250D6
ADDRESSES, VIDEO = 1 << 16, 1 << 2


# ---- Headers ----------------------------------------------------------------------------------------


def multiboot1(flags: int = 0, *words: int, checksum: int | None = None) -> bytes:
    """`words`: the address fields, then those of the video mode."""
    if checksum is None:
        checksum = -(MULTIBOOT1 + flags) & MAX_32
    return struct.pack(f"<{3 + len(words)}I", MULTIBOOT1, flags, checksum, *words)


def tag(kind: int, *words: int, flags: int = 0, size: int | None = None) -> bytes:
    content = struct.pack(f"<{len(words)}I", *words)
    size = 8 + len(content) if size is None else size
    return (struct.pack("<HHI", kind, flags, size) + content).ljust(-(-(8 + len(content)) // 8) * 8,
                                                                   b"\0")


END = tag(0)


def multiboot2(*tags: bytes, length: int | None = None, checksum: int | None = None,
               architecture: int = 0) -> bytes:
    content = b"".join(tags)
    length = 16 + len(content) if length is None else length
    if checksum is None:
        checksum = -(MULTIBOOT2 + architecture + length) & MAX_32
    return struct.pack("<4I", MULTIBOOT2, architecture, length, checksum) + content


def elf32(header: bytes = b"", *others: Segment, entry: int = AT, offset: int = PAGE,
          code: bytes = HLT, **fields) -> Elf:
    """Code with a Multiboot header after it, at this place in the file and at 1 MiB."""
    return Elf([Segment(AT, PF_R | PF_X, code, file_offset=offset + 0x40 if header else PAGE),
                Segment(AT + 0x1000, PF_R, header or HLT, file_offset=offset), *others],
               entry=entry, header=fields, is_32_bit=True)


def flat(header: bytes) -> bytes:
    return (header + bytes(64)).ljust(0x1000, b"\xf4")


def pvh(entry: int | bytes, *segments: Segment, owner: bytes = b"Xen\0", is_32_bit: bool = False,
        descsz: int | None = None, code: bytes = HLT) -> Elf:
    """One that QEMU starts, with code at 1 MiB."""
    descriptor = struct.pack("<I", entry) if isinstance(entry, int) else entry
    sizes = len(owner), len(descriptor) if descsz is None else descsz
    content = struct.pack("<III", *sizes, 18) + owner + descriptor
    return Elf([Segment(AT, PF_R | PF_X, code, 0x800), *segments,
                Segment(0, PF_R, content, type=PT_NOTE, align=4)], entry=AT, is_32_bit=is_32_bit)


REQUEST = 0xC7B1DD30DF4C8B88, 0x0A82E883A194F07B
STACK_SIZE = 0x224EF0460A8E8926, 0xE1CB0FC25F46EA3D
PAGING_MODE = 0x95C1A0EDAB0944CB, 0xA4E5CB3842F7488A
ENTRY_POINT = 0x13D86C035A1CD3E1, 0x2B0CAA89D8F3026A
MODULES = 0x3E7E279702BE32AF, 0xCA1C4F3BD1280CEE
HHDM = 0x48DCF1CB8AD2B852, 0x63984E959A98244B
MP = 0x95A67B819A1B857E, 0xA0B61B723B6A73E0
START = struct.pack("<4Q", 0xF6B8F4B39DE7D1AE, 0xFAB91A6940FCB9CF, 0x785C6ED015D3E316,
                    0x181E920A7852B9D9)
STOP = struct.pack("<2Q", 0xADC0E0531BB10D03, 0x9572709F31764C62)
HIGH = 0xFFFF_FFFF_8000_0000
RECORDS = HIGH + 0x1000


def limine_request(kind: tuple[int, int], *words: int, revision: int = 0) -> bytes:
    return struct.pack(f"<{6 + len(words)}Q", *REQUEST, *kind, revision, 0, *words)


def revision_tag(revision: int) -> bytes:
    return struct.pack("<3Q", 0xF9562B2D5C95A6C8, 0x6A7B384944536BDC, revision)


def limine(*records: bytes, text: bytes = HLT) -> Elf:
    """Code, and records at RECORDS."""
    return Elf([Segment(HIGH, PF_R | PF_X, text), Segment(RECORDS, PF_R | PF_W, b"".join(records))],
               entry=HIGH)


# ---- Rows: name, error, numbers, what makes it --------------------------------------------------------

Rows = Iterator[tuple[str, str, dict[str, int], Callable[[], Elf | bytes]]]


def bad_elf32_headers() -> Rows:
    header = multiboot1()
    not_64_bit = "elf_not_64_bit", {"EI_CLASS": 1}
    yield "no-protocol", *not_64_bit, elf32
    yield "x32", *not_64_bit, lambda: elf32(e_machine=62)
    for length in (16, 24, 51):
        yield (f"cut-{length}", "elf_too_small", {"file size": length, "needed": 52},
               lambda n=length: elf32(header).build()[:n])
    for name, error, numbers, fields in [
            ("machine-40", "elf_wrong_machine", {"e_machine": 40}, {"e_machine": 40}),
            ("object", "elf_not_executable", {"e_type": 1}, {"e_type": 1}),
            ("version", "elf_bad_version", {"e_version": 2}, {"e_version": 2}),
            ("ehsize", "elf_bad_header_size", {"e_ehsize": 64, "expected": 52}, {"e_ehsize": 64}),
            ("phentsize", "elf_bad_program_header_size", {"e_phentsize": 56, "expected": 32},
             {"e_phentsize": 56}),
            ("phnum-0", "elf_no_program_headers", {}, {"e_phnum": 0}),
            ("phoff", "elf_program_headers_outside_file", {"e_phoff": MAX_32}, {"e_phoff": MAX_32}),
            ("phoff-wraps", "elf_program_headers_outside_file", {"e_phoff": MAX_32 - 63},
             {"e_phoff": MAX_32 - 63})]:
        yield f"{name}-with-multiboot", error, numbers, lambda f=fields: elf32(header, **f)
    yield ("segment-outside", "segment_outside_file", {"program header": 2, "p_offset": MAX_32},
           lambda: elf32(header, Segment(2 * MIB, PF_R, memory_bytes=8, file_offset=MAX_32,
                                         file_bytes=8)))
    yield ("segment-shape", "segment_file_bytes_exceed_memory",
           {"program header": 2, "p_filesz": MAX_32, "p_memsz": 8},
           lambda: elf32(header, Segment(2 * MIB, PF_R, memory_bytes=8, file_offset=0,
                                         file_bytes=MAX_32)))


def bad_multiboot1_headers() -> Rows:
    none = "elf_not_64_bit", {"EI_CLASS": 1}
    for name, header in {
            "checksum-0": multiboot1(checksum=0), "checksum-off-by-one": multiboot1(checksum=1 - MULTIBOOT1 & MAX_32),
            "checksum-without-flags": multiboot1(3, checksum=-MULTIBOOT1 & MAX_32),
            "cut-off": multiboot1()[:8]}.items():
        yield name, *none, lambda h=header: elf32(h)
    for offset in (PAGE + 2, 8192, 8192 - 8):
        yield f"at-{offset}", *none, lambda o=offset: elf32(multiboot1(), offset=o)
    for flags in (1 << 3, 1 << 15, 0xFFFF, 0x1_0008):
        yield (f"flags-{flags:x}", "multiboot_flags_unknown", {"offset": PAGE, "flags": flags},
               lambda f=flags: elf32(multiboot1(f)))
    for name, flags, needed in [("addresses", ADDRESSES, 32), ("video", VIDEO, 48)]:
        yield (f"{name}-cut", "multiboot_header_malformed", {"offset": 8180, "bytes": needed},
               lambda f=flags: elf32(multiboot1(f), offset=8180))
    yield ("entry-outside", "entry_outside_segments", {"e_entry": 3 * MIB},
           lambda: elf32(multiboot1(), entry=3 * MIB))


def kludge(header: int, load: int, load_end: int, bss_end: int, entry: int) -> tuple[int, ...]:
    return header, load, load_end, bss_end, entry


# load_addr, load_end_addr, bss_end_addr, entry_addr of a flat file of 4 KiB, header_addr, and the error.
BAD_ADDRESSES = [
    ("load-above-header", kludge(AT, AT + 4, 0, 0, AT), "entry_outside_segments", {}),
    ("load-before-file", kludge(AT, AT - 4, 0, 0, AT), "multiboot_addresses_wrong", {}),
    ("load-end-is-load", kludge(AT, AT, AT, 0, AT), "multiboot_addresses_wrong", {}),
    ("load-end-below-load", kludge(AT, AT, AT - 1, 0, AT), "multiboot_addresses_wrong", {}),
    ("bss-below-load-end", kludge(AT, AT, AT + 0x800, AT + 0x7FF, AT), "multiboot_addresses_wrong", {}),
    ("bss-below-load", kludge(AT, AT, AT + 0x800, 1, AT), "multiboot_addresses_wrong", {}),
    ("header-0", kludge(0, AT, 0, 0, AT), "multiboot_addresses_wrong", {}),
    ("load-end-beyond-file", kludge(AT, AT, AT + 0x1001, 0, AT), "segment_outside_file",
     {"program header": 0, "p_filesz": 0x1001, "file size": 0x1000}),
    ("all-beyond-file", kludge(0, 0, MAX_32, 0, 0x40), "segment_outside_file", {"p_filesz": MAX_32}),
    ("above-4-gib", kludge(MAX_32 - 0xFF, MAX_32 - 0xFF, 0, 0, MAX_32 - 0xFF), "segment_above_4_gib",
     {"p_paddr": MAX_32 - 0xFF, "p_memsz": 0x1000}),
    ("entry-before", kludge(AT, AT, 0, 0, AT - 1), "entry_outside_segments", {"e_entry": AT - 1}),
    ("entry-max", kludge(AT, AT, 0, 0, MAX_32), "entry_outside_segments", {"e_entry": MAX_32}),
    ("entry-in-bss", kludge(AT, AT, AT + 0x800, AT + 0x1000, AT + 0x800), "entry_in_zeroed_memory",
     {"e_entry": AT + 0x800, "p_filesz": 0x800}),
    ("in-the-hole", kludge(0xA0000, 0xA0000, 0, 0, 0xA0000), "destination_not_free",
     {"first byte": 0xA0000, "bytes": 0x1000}),
    ("across-the-hole", kludge(0x9F000, 0x9F000, 0, 0x9F000 + 0x3000, 0x9F000),
     "destination_not_free", {"first byte": 0xA0000, "bytes": 0x2000}),
    ("no-memory", kludge(2 * GIB, 2 * GIB, 0, 0, 2 * GIB), "destination_not_free",
     {"first byte": 2 * GIB, "bytes": 0x1000, "memory type": 0}),
    ("all-memory", kludge(AT, AT, 0, MAX_32, AT), "out_of_memory", {}),
]


def bad_addresses() -> Rows:
    for name, words, error, numbers in BAD_ADDRESSES:
        yield (f"1-{name}", error, numbers, lambda w=words: flat(multiboot1(ADDRESSES, *w)))
        yield (f"2-{name}", error, numbers,
               lambda w=words: flat(multiboot2(tag(2, *w[:4]), tag(3, w[4]), END)))
    yield ("2-load-max-header-0", "multiboot_addresses_wrong", {"header_addr": 0},
           lambda: elf32(multiboot2(tag(2, 0, MAX_32, 0, 0), tag(3, AT), END)))
    yield ("2-no-entry", "multiboot_entry_missing", {},
           lambda: flat(multiboot2(tag(2, AT, AT, 0, 0), END)))


def bad_multiboot2_headers() -> Rows:
    none = "elf_not_64_bit", {"EI_CLASS": 1}
    for name, header in {
            "checksum": multiboot2(END, checksum=0), "mips": multiboot2(END, architecture=4),
            "length-not-in-checksum": multiboot2(END, length=24, checksum=-MULTIBOOT2 & MAX_32)}.items():
        yield name, *none, lambda h=header: elf32(h)
    for offset in (PAGE + 4, 32768):
        yield f"at-{offset}", *none, lambda o=offset: elf32(multiboot2(END), offset=o)
    malformed = "multiboot_header_malformed"
    for length in (0, 16):
        yield (f"length-{length}", malformed, {"bytes": length},
               lambda n=length: elf32(multiboot2(END, length=n)))
    for length in (0x8000, MAX_32):
        yield (f"length-{length:x}", malformed, {"offset": PAGE, "bytes": length},
               lambda n=length: elf32(multiboot2(END, length=n)))
    first = PAGE + 16
    for size in (0, 7, 17, MAX_32):
        yield (f"tag-of-{size:x}", malformed, {"offset": first, "tag": 6, "bytes": size},
               lambda s=size: elf32(multiboot2(tag(6, size=s), END)))
    yield ("no-end", malformed, {"offset": first + 8}, lambda: elf32(multiboot2(tag(6))))
    yield ("no-end-in-32-kib", malformed, {}, lambda: elf32(multiboot2(*[tag(6)] * 3600),
                                                           Segment(4 * MIB, PF_R, HLT)))
    for kind in (2, 3, 4, 5, 9, 10):
        yield (f"tag-{kind}-short", malformed, {"offset": first, "tag": kind, "bytes": 8},
               lambda k=kind: elf32(multiboot2(tag(k), END)))
    for kind in (11, 0xFFFF):
        yield (f"tag-{kind}-unknown", "multiboot_tag_unknown", {"offset": first, "tag": kind},
               lambda k=kind: elf32(multiboot2(tag(k), END)))
    for kind in (22, MAX_32):
        yield (f"information-{kind:x}", "multiboot_information_unknown", {"tag": kind},
               lambda k=kind: elf32(multiboot2(tag(1, 4, k), END)))
    yield ("entry-outside", "entry_outside_segments", {"e_entry": MAX_32},
           lambda: elf32(multiboot2(tag(3, MAX_32), END)))
    sections = {"e_shentsize": 40, "e_shnum": 3}
    for offset in (MAX_32, MAX_32 - 119):
        yield (f"sections-at-{offset:x}", "section_outside_file",
               {"section": 0, "sh_offset": offset, "bytes": 120},
               lambda o=offset: elf32(multiboot2(END), e_shoff=o, **sections))

    def with_section(offset: int, size: int) -> bytes:
        content = elf32(multiboot2(END)).build()
        table = bytes(80) + struct.pack("<10I", 0, 1, 0, 0, offset, size, 0, 0, 1, 0)
        return elf32(multiboot2(END), e_shoff=len(content), **sections).build() + table

    for name, offset, size in [("offset", MAX_32, 1), ("size", 0, MAX_32), ("both", MAX_32, MAX_32)]:
        yield (f"section-{name}-max", "section_outside_file",
               {"section": 2, "sh_offset": offset, "bytes": size},
               lambda o=offset, s=size: with_section(o, s))


def bad_pvh_notes() -> Rows:
    """Beside those of hostile.py: of ELF32 files."""
    for size in (0, 1, 16):
        yield (f"entry-of-{size}", "pvh_entry_malformed", {"bytes": size},
               lambda s=size: pvh(bytes(s), is_32_bit=True))
    for entry in (0, AT + 0x800, MAX_32, AT + (1 << 32)):
        yield (f"entry-{entry:x}", "entry_outside_segments", {"e_entry": entry},
               lambda e=entry: pvh(struct.pack("<Q", e), is_32_bit=True))
    yield ("entry-in-bss", "entry_in_zeroed_memory", {"e_entry": AT + 0x40, "p_filesz": 0x40},
           lambda: pvh(AT + 0x40, is_32_bit=True))
    for name, fields in {"owner": {"owner": b"Xem\0"}, "descsz": {"descsz": MAX_32}}.items():
        yield (f"{name}-wrong", "elf_not_64_bit", {"EI_CLASS": 1},
               lambda f=fields: pvh(AT, is_32_bit=True, **f))


def bad_limine_requests() -> Rows:
    for revision in (7, 2**64 - 1):
        yield (f"revision-{revision}", "limine_revision_unknown",
               {"base revision": revision, "newest": 6}, lambda r=revision: limine(revision_tag(r)))
    hhdm = limine_request(HHDM)
    for name, records in {"request": (hhdm, hhdm), "tag": (revision_tag(3), revision_tag(3)),
                          "unknown": (limine_request((1, 2)),) * 2}.items():
        yield f"{name}-twice", "limine_request_twice", {}, lambda r=records: limine(*r)
    yield "in-text-and-data", "limine_request_twice", {}, lambda: limine(hhdm, text=HLT + hhdm)
    for name, record, needed in [("request", hhdm, 48), ("tag", revision_tag(3), 24),
                                 ("stack-size", limine_request(STACK_SIZE, 0), 56),
                                 ("entry-point", limine_request(ENTRY_POINT, 0), 56)]:
        yield (f"{name}-cut", "limine_request_cut", {"bytes": needed, "bytes there": needed - 1},
               lambda r=record: limine(r[:-1]))
    yield ("nothing-between-markers", "limine_requests_missing", {},
           lambda: limine(START, STOP, hhdm))
    yield ("markers-swapped", "limine_requests_missing", {}, lambda: limine(STOP, hhdm, START))
    yield ("too-many", "limine_requests_too_many", {"limit": 256},
           lambda: limine(*(limine_request((i, i)) for i in range(257))))
    for size in (GIB + 1, 2**64 - 1):
        yield (f"stack-of-{size:x}", "request_not_met", {"value 0": size},
               lambda s=size: limine(limine_request(STACK_SIZE, s)))
    for least, most in [(2, 2), (1, 0), (2**64 - 1, 2**64 - 1)]:
        yield (f"paging-{least:x}-{most:x}", "request_not_met", {"value 0": least, "value 1": most},
               lambda a=least, b=most: limine(limine_request(PAGING_MODE, 0, b, a, revision=1)))
    yield ("modules-65", "requested_modules_too_many", {"limit": 64},
           lambda: limine(limine_request(MODULES, 65, RECORDS, revision=1)))
    for pointer in (0, HIGH - 8, RECORDS + 0x800, 2**64 - 8):
        yield (f"modules-at-{pointer:x}", "limine_pointer_outside", {},
               lambda p=pointer: limine(limine_request(MODULES, 1, p, revision=1)))
    after = RECORDS + 64

    def with_module(path: int) -> Elf:
        return limine(limine_request(MODULES, 1, after, revision=1),
                      struct.pack("<Q3Q", after + 8, path, 0, 1), b"no end")

    for path in (HIGH - 1, RECORDS + 0x800, after + 32):
        yield (f"module-path-at-{path:x}", "limine_pointer_outside", {"pointer": path},
               lambda p=path: with_module(p))
    for name, entry, error in [("outside", 0x1000, "entry_outside_segments"),
                               ("data", RECORDS, "entry_not_executable")]:
        yield (f"entry-{name}", error, {"e_entry": entry},
               lambda e=entry: limine(limine_request(ENTRY_POINT, e)))


def bad_physical_addresses() -> Rows:
    def more(address: int, physical: int, size: int = 0x1000, **fields) -> Callable[[], Elf]:
        segment = Segment(address, PF_R | PF_W, memory_bytes=size, physical=physical, align=1, **fields)
        return lambda: pvh(AT, segment)

    for name, physical, size in [("first-byte", AT - 1, 2), ("last-byte", AT + 0x7FF, 1),
                                 ("around", AT - 0x1000, 0x3000), ("same", AT, 0x800)]:
        yield f"overlap-{name}", "segments_overlap", {}, more(HIGH, physical, size)
    for name, physical, size in [("bios", 0xF0000, 0x1000), ("hole", 0xA0000, 1),
                                 ("beyond-memory", 3 * GIB, 1), ("end-of-memory", 255 * MIB, 2 * MIB)]:
        yield f"not-free-{name}", "destination_not_free", {}, more(HIGH, physical, size)
    yield ("not-free-type", "destination_not_free",
           {"first byte": 0xA0000, "bytes": 0x60000, "memory type": 10},
           more(HIGH, 0xA0000, 0x60000))


def bad_files():
    """That aren't for any protocol, or not for the one that the boot entry names."""
    linux = bytes(0x1FE) + b"\x55\xaa" + bytes(2) + b"HdrS\x0f\x02"
    program = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    yield "bzimage", "kernel_is_linux", {}, lambda: linux.ljust(0x1000, b"\0")
    yield "bzimage-with-pe", "kernel_is_linux", {}, lambda: program + linux[len(program):]
    yield "pe", "kernel_is_efi_program", {}, lambda: program
    for kernel, protocols in [(limine(), ("baton", "limine", "multiboot2", "multiboot", "pvh")),
                              (elf32(multiboot1()), ("baton", "limine", "multiboot2", "pvh"))]:
        for protocol in protocols:
            yield (f"{len(kernel.segments)}-{kernel.is_32_bit:d}-by-{protocol}", "protocol_not_spoken",
                   {}, lambda k=kernel: k, f"protocol {protocol}\n", protocol)


BATCHES = {
    "file": bad_files, "elf32": bad_elf32_headers, "multiboot": bad_multiboot1_headers,
    "addresses": bad_addresses, "multiboot2": bad_multiboot2_headers, "pvh32": bad_pvh_notes,
    "limine": bad_limine_requests, "physical": bad_physical_addresses,
}
