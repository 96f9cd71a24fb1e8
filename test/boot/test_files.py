# SPDX-License-Identifier: BSD-2-Clause
"""What the built files promise before anything runs. PE: Microsoft PE and COFF specification."""

import struct

import artefacts
import pytest

SECTION_EXECUTE, SECTION_WRITE = 0x2000_0000, 0x8000_0000
DYNAMIC_BASE, NX_COMPAT = 0x40, 0x100


class PortableExecutable:
    def __init__(self, data: bytes):
        coff = struct.unpack_from("<I", data, 0x3C)[0] + 4
        assert data[:2] == b"MZ" and data[coff - 4:coff] == b"PE\0\0"
        self.machine, count, _, _, _, optional_bytes, _ = struct.unpack_from("<HHIIIHH", data, coff)
        optional = coff + 20
        self.magic, = struct.unpack_from("<H", data, optional)
        self.section_alignment, = struct.unpack_from("<I", data, optional + 32)
        self.subsystem, self.characteristics = struct.unpack_from("<HH", data, optional + 68)
        self.relocations = struct.unpack_from("<II", data, optional + 112 + 5 * 8)
        table = optional + optional_bytes
        self.sections = {}
        for at in range(table, table + 40 * count, 40):
            name, _, address = struct.unpack_from("<8sII", data, at)
            flags, = struct.unpack_from("<I", data, at + 36)
            self.sections[name.rstrip(b"\0").decode()] = (address, flags)


@pytest.fixture
def loader() -> PortableExecutable:
    return PortableExecutable(artefacts.LOADER.read_bytes())


def test_loader_is_an_efi_application_for_x86_64(loader):
    assert (loader.machine, loader.magic, loader.subsystem) == (0x8664, 0x20B, 10)


def test_loader_says_that_it_runs_anywhere_and_with_nx(loader):
    assert loader.characteristics & DYNAMIC_BASE
    assert loader.characteristics & NX_COMPAT


def test_loader_sections_fill_pages_of_their_own(loader):
    assert loader.section_alignment == 4096
    assert all(address % 4096 == 0 for address, _ in loader.sections.values())


def test_no_loader_section_is_writable_and_executable(loader):
    assert any(flags & SECTION_EXECUTE for _, flags in loader.sections.values())
    for name, (_, flags) in loader.sections.items():
        assert not (flags & SECTION_EXECUTE and flags & SECTION_WRITE), name


def test_loader_has_base_relocations(loader):
    address, size = loader.relocations
    assert loader.sections[".reloc"][0] == address
    assert size > 0


def test_stage_2_fits_into_20_kib():
    assert 0 < artefacts.STAGE2.stat().st_size <= 20 << 10


def test_debug_symbols_lie_beside():
    assert artefacts.LOADER.with_name("BOOTX64.EFI.debug").exists()
    assert artefacts.STAGE2.with_name("stage2.elf").exists()
