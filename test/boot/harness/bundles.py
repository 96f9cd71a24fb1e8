# SPDX-License-Identifier: BSD-2-Clause
"""Bundles and containers of a test's choosing, and what Authenticode makes of a PE file."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import artefacts
import pe_sections

SBAT = pe_sections.SBAT
ENTRY = "kernel /a/kernel.elf\nmodule /a/module.bin words\noptions from the bundle\n"


def kernel() -> bytes:
    return artefacts.EXAMPLE_KERNEL.read_bytes()


def files() -> dict[str, bytes]:
    """Those that ENTRY names."""
    return {"\\a\\kernel.elf": kernel(), "\\a\\module.bin": b"0123456789"}


def bundle(entries: str | Sequence[str], content: Mapping[str, bytes], sbat: bytes = SBAT,
           **sections: bytes) -> bytes:
    """`content`: the kernel is the first."""
    texts = [entries] if isinstance(entries, str) else entries
    names = [".kernel"] + [f".mod{i}" for i in range(len(content) - 1)]
    index = "".join(f"{name} {path}\n" for name, path in zip(names, content))
    return pe_sections.add_sections(
        artefacts.LOADER.read_bytes(),
        ({".sbat": sbat} if sbat else {})
        | {f".entry{i or ''}": text.encode() for i, text in enumerate(texts)}
        | {".files": index.encode()} | dict(zip(names, content.values()))
        | {"." + name: data for name, data in sections.items()})


def container(content: bytes, path: str, sbat: bytes = SBAT) -> bytes:
    """With one file, which isn't a kernel."""
    parts = {".sbat": sbat} if sbat else {}
    return pe_sections.container(parts | {".files": f".mod0 {path}\n".encode(), ".mod0": content})


class Section(NamedTuple):
    size: int  # in memory
    address: int
    raw: int  # bytes in the file
    offset: int  # there
    flags: int


class Pe:
    """The headers of a PE32+ file: Microsoft's PE format."""

    def __init__(self, image: bytes):
        self.image = image
        self.header, = struct.unpack_from("<I", image, 0x3C)
        self.optional = self.header + 24
        count, optional_bytes, self.characteristics = struct.unpack_from("<H12xHH", image, self.header + 6)
        self.section_alignment, self.file_alignment = struct.unpack_from("<II", image, self.optional + 32)
        self.headers_bytes, self.checksum_at = self._word(60), self.optional + 64
        self.subsystem, self.dll_characteristics = struct.unpack_from("<HH", image, self.optional + 68)
        self.security_at = self._directory(4)
        self.sections = {}
        self.table = self.optional + optional_bytes
        for at in range(self.table, self.table + 40 * count, 40):
            name, size, address, raw, offset, flags = struct.unpack_from("<8sIIII12xI", image, at)
            self.sections[name.rstrip(b"\0").decode()] = Section(size, address, raw, offset, flags)

    def _word(self, offset: int) -> int:
        return struct.unpack_from("<I", self.image, self.optional + offset)[0]

    def _directory(self, number: int) -> int:
        return self.optional + 112 + 8 * number

    def directory(self, number: int) -> tuple[int, int]:
        """Address (of the certificates: offset) and size."""
        return struct.unpack_from("<II", self.image, self._directory(number))

    def digest(self, algorithm: str = "sha256") -> bytes:
        """Windows Authenticode Portable Executable Signature Format: what is signed, and measured into
        PCR 4. The sections are in the order of the file, without gaps."""
        signature, _ = self.directory(4)
        end = signature or len(self.image)
        hashed = hashlib.new(algorithm)
        hashed.update(self.image[:self.checksum_at])
        hashed.update(self.image[self.checksum_at + 4:self.security_at])
        hashed.update(self.image[self.security_at + 8:end])
        hashed.update(bytes(-end % 8))
        return hashed.digest()
