# SPDX-License-Identifier: BSD-2-Clause
"""PE files with sections of a test's choosing, also such as `baton bundle` doesn't make."""

import struct
from collections.abc import Mapping

PAGE, FILE_ALIGNMENT = 4096, 512
SBAT = (b"sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"
        b"baton,1,Baton,baton,1,url\n")
READ_DATA = 0x4000_0040  # IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_READ


def _up(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment


def add_sections(image: bytes, sections: Mapping[str, bytes]) -> bytes:
    """After those that are there; the headers must have space for them."""
    content = bytearray(image)
    pe = struct.unpack_from("<I", content, 0x3C)[0]
    count, optional = struct.unpack_from("<6xH12xH", content, pe)
    table = pe + 24 + optional
    headers = struct.unpack_from("<I", content, pe + 24 + 60)[0]
    assert table + 40 * (count + len(sections)) <= headers
    last = struct.unpack_from("<II", content, table + 40 * (count - 1) + 8)
    address = _up(sum(last), PAGE)
    content += bytes(_up(len(content), FILE_ALIGNMENT) - len(content))
    for name, data in sections.items():
        raw = _up(len(data), FILE_ALIGNMENT)
        struct.pack_into("<8sIIII12xI", content, table + 40 * count, name.encode(), len(data), address,
                         raw, len(content) if raw else 0, READ_DATA)
        content += data.ljust(raw, b"\0")
        address = _up(address + max(len(data), 1), PAGE)
        count += 1
    struct.pack_into("<H", content, pe + 6, count)
    struct.pack_into("<I", content, pe + 24 + 56, address)  # SizeOfImage
    return bytes(content)


def container(sections: Mapping[str, bytes]) -> bytes:
    """A program that returns EFI_UNSUPPORTED, and these sections."""
    code = bytes.fromhex("48b80300000000000080c3")
    relocations = struct.pack("<IIHH", PAGE, 12, 0, 0)
    headers = bytearray(2048)
    struct.pack_into("<2s58xI", headers, 0, b"MZ", 64)
    struct.pack_into("<4sHH12xHH", headers, 64, b"PE", 0x8664, 2, 240, 0x22E)
    struct.pack_into("<HxxIIIIIQIIHHHHHHIIIIHHQQQQII", headers, 88, 0x20B, 512, 512, 0, PAGE, PAGE,
                     0, PAGE, FILE_ALIGNMENT, 0, 0, 0, 0, 0, 0, 0, 3 * PAGE, len(headers), 0, 10,
                     0x100, 0x10000, 0x10000, 0x10000, 0x10000, 0, 16)
    struct.pack_into("<II", headers, 88 + 112 + 8 * 5, 2 * PAGE, len(relocations))
    for i, (name, data, flags) in enumerate(((b".text", code, 0x6000_0020),
                                             (b".reloc", relocations, 0x4200_0040))):
        struct.pack_into("<8sIIII12xI", headers, 88 + 240 + 40 * i, name, len(data), PAGE * (i + 1),
                         512, 2048 + 512 * i, flags)
    return add_sections(bytes(headers) + code.ljust(512, b"\0") + relocations.ljust(512, b"\0"), sections)
