# SPDX-License-Identifier: BSD-2-Clause
"""What reviewers of shim and Microsoft's UEFI CA ask of a PE file before they sign it, of the loader,
and of a bundle and a container that the tool makes."""

import functools
import tempfile
from pathlib import Path

import artefacts
import bundles
import pytest
from bundles import Pe
from tool import baton

MACHINE_X86_64, EFI_APPLICATION = 0x8664, 10
RELOCATIONS_STRIPPED, NX_COMPAT = 0x1, 0x100
EXECUTE, WRITE = 0x2000_0000, 0x8000_0000
PAGE = 4096
RELOCATIONS = 5  # number of the directory


def made(*words) -> bytes:
    with tempfile.TemporaryDirectory(prefix="baton-signable-") as directory:
        file = Path(directory) / "made.efi"
        baton("bundle", *words, "-o", file, check=True)
        return file.read_bytes()


def made_bundle() -> bytes:
    return made(artefacts.EXAMPLE_KERNEL, "--module", artefacts.STAGE2, "--append", "words")


def made_container() -> bytes:
    return made("--container", artefacts.STAGE2)


FILES = {"loader": functools.cache(artefacts.LOADER.read_bytes),
         "bundle": functools.cache(made_bundle), "container": functools.cache(made_container)}


def up(value: int) -> int:
    return -(-value // PAGE) * PAGE


def word(image: bytes, offset: int, size: int = 4) -> int:
    return int.from_bytes(image[offset:offset + size], "little")


def problems(image: bytes) -> list[str]:
    pe = Pe(image)
    found = []

    def expect(holds: bool, what: str) -> None:
        found.extend([] if holds else [what])

    expect(word(image, pe.header + 4, 2) == MACHINE_X86_64, "machine")
    expect(pe.subsystem == EFI_APPLICATION, "subsystem")
    expect(bool(pe.dll_characteristics & NX_COMPAT), "not NX_COMPAT")
    expect(pe.section_alignment == PAGE, "alignment of sections")
    expect(not pe.characteristics & RELOCATIONS_STRIPPED, "relocations stripped")
    address, size = pe.directory(RELOCATIONS)
    relocations = pe.sections.get(".reloc")
    expect(relocations is not None and size > 0
           and relocations.address <= address and address + size <= relocations.address + relocations.size,
           "no relocations")
    next_address = up(pe.headers_bytes)
    for name, section in pe.sections.items():
        expect(not (section.flags & EXECUTE and section.flags & WRITE), f"{name} writable and executable")
        expect(section.address % PAGE == 0, f"{name} not at a page")
        expect(section.address >= next_address, f"{name} overlaps what is before it")
        expect(section.offset + section.raw <= len(image), f"{name} after the end of the file")
        next_address = up(section.address + max(section.size, 1))
    expect(word(image, pe.optional + 56) == next_address, "size of the image")
    return found


def sbat_problems(image: bytes) -> list[str]:
    """shim's SBAT.md: CSV of six fields and more; the first line is of the format itself."""
    section = Pe(image).sections.get(".sbat")
    if section is None:
        return ["no .sbat"]
    lines = image[section.offset:section.offset + section.size].decode("ascii").splitlines()
    rows = [line.split(",") for line in lines]
    return ([] if rows[0][:2] == ["sbat", "1"] else ["first line"]) + [
        f"line {row}" for row in rows if len(row) < 6 or not row[0] or int(row[1]) < 1] + (
        [] if any(row[0] == "baton" for row in rows) else ["no line about Baton"])


@pytest.mark.parametrize("what", FILES)
def test_file_is_as_signers_want_it(what):
    assert problems(FILES[what]()) == []


@pytest.mark.parametrize("what, make", [("bundle", made_bundle), ("container", made_container)])
def test_equal_files_make_equal_bytes(what, make):
    assert make() == FILES[what]()


@pytest.mark.parametrize("what", ["bundle", "container"])
def test_what_is_signed_has_generations(what):
    assert sbat_problems(FILES[what]()) == []


def test_the_loader_alone_has_no_generation():
    """A bundle's is the one that counts: shim takes the first."""
    assert ".sbat" not in Pe(FILES["loader"]()).sections


SPOILT = {
    "not NX_COMPAT": lambda pe: (pe.optional + 70, 2, 0),
    "alignment of sections": lambda pe: (pe.optional + 32, 4, 512),
    "relocations stripped": lambda pe: (pe.header + 22, 2, pe.characteristics | RELOCATIONS_STRIPPED),
    "no relocations": lambda pe: (pe.optional + 112 + 8 * RELOCATIONS + 4, 4, 0),
    "subsystem": lambda pe: (pe.optional + 68, 2, 11),
    "size of the image": lambda pe: (pe.optional + 56, 4, PAGE),
    ".text writable and executable": lambda pe: (
        pe.table + 36, 4, pe.sections[".text"].flags | WRITE),
    ".text not at a page": lambda pe: (pe.table + 12, 4, pe.sections[".text"].address + 512),
}


@pytest.mark.parametrize("problem", SPOILT)
def test_a_spoilt_file_is_found(problem):
    image = bytearray(FILES["container"]())
    at, size, value = SPOILT[problem](Pe(bytes(image)))
    image[at:at + size] = value.to_bytes(size, "little")
    assert problem in problems(bytes(image))


@pytest.mark.parametrize("sbat, problem", [
    (b"", "no .sbat"), (b"baton,1,Baton,baton,1,url\n", "first line"),
    (bundles.SBAT.replace(b",url", b""), "line"),
    (bundles.SBAT.splitlines()[0] + b"\n", "no line about Baton")])
def test_spoilt_generations_are_found(sbat, problem):
    found = sbat_problems(bundles.container(b"content", "\\module.bin", sbat=sbat))
    assert any(text.startswith(problem) for text in found)
