# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's image in memory against its file."""

import gdb

from baton_gdb import images
from baton_gdb.memory import read_physical

MOST_SHOWN = 16
WRITABLE = 2


def _expected(
    elf: images.Elf, segment: images.Segment, words: dict[int, int | None]
) -> tuple[bytearray, set[int]]:
    """What should be there, and the offsets of bytes that are not known."""
    content = bytearray(elf.bytes_of(segment).ljust(segment.memory_bytes, b"\0"))
    unknown: set[int] = set()
    for address, value in words.items():
        at = address - segment.address
        if 0 <= at <= segment.memory_bytes - 8:
            if value is None:
                unknown.update(range(at, at + 8))
            else:
                content[at : at + 8] = value.to_bytes(8, "little")
    return content, unknown


def _symbol(address: int) -> str:
    text = gdb.execute(f"info symbol {address:#x}", to_string=True).strip()
    return "" if text.startswith("No symbol") else f" ({text.split(' of ')[0].split(' in ')[0]})"


def show(session) -> None:
    elf = images.Elf(session.kernel_file)
    slide = session.slide if session.find_all() else 0
    words = elf.relocated_words(slide)
    total = 0
    for segment in elf.of_type(images.PT_LOAD):
        if segment.memory_bytes == 0:
            continue
        found = read_physical(session.place_of(segment), segment.memory_bytes)
        wanted, unknown = _expected(elf, segment, words)
        different = (
            [i for i in range(len(found)) if found[i] != wanted[i] and i not in unknown]
            if found != wanted
            else []
        )
        total += len(different)
        access = "".join(
            letter if segment.flags & bit else "-" for bit, letter in ((4, "r"), (2, "w"), (1, "x"))
        )
        begin = segment.address + slide
        note = (
            ", which the kernel may have written" if different and segment.flags & WRITABLE else ""
        )
        gdb.write(
            f"{begin:#x}-{begin + segment.memory_bytes - 1:#x} {access}: "
            f"{f'{len(different)} bytes differ{note}' if different else 'as in the file'}\n"
        )
        for i in different[:MOST_SHOWN]:
            gdb.write(
                f"  {begin + i:#x}{_symbol(begin + i)}: {found[i]:02x}, should be {wanted[i]:02x}\n"
            )
        if len(different) > MOST_SHOWN:
            gdb.write(f"  and {len(different) - MOST_SHOWN} more\n")
    relocated = f", {len(words)} words of it relocated" if words else ""
    gdb.write(
        f"the kernel's image is "
        f"{'as it should be' if total == 0 else f'different in {total} bytes'}{relocated}\n"
    )
