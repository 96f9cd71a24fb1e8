# SPDX-License-Identifier: BSD-2-Clause
"""Page tables: Intel SDM 3A sections 4.5 and 4.6."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from baton_gdb.memory import read_physical, register

PRESENT, WRITE, USER, LARGE, NX = 1, 2, 4, 1 << 7, 1 << 63
ADDRESS = 0x000F_FFFF_FFFF_F000
CR4_LA57 = 1 << 12
TABLE = struct.Struct("<512Q")


def levels() -> int:
    return 5 if register("cr4") & CR4_LA57 else 4


def shift_of(level: int) -> int:
    return 12 + 9 * (level - 1)


def canonical(address: int, count: int) -> int:
    bits = shift_of(count) + 9
    address &= (1 << bits) - 1
    return address | ((1 << 64) - (1 << bits) if address >> bits - 1 else 0)


def permissions(entry_and: int, nx: bool) -> str:
    return "r" + ("w" if entry_and & WRITE else "-") + ("-" if nx else "x")


@dataclass
class Step:
    level: int
    table: int
    index: int
    entry: int

    def __str__(self):
        at = self.table + 8 * self.index
        text = f"level {self.level}, entry {self.index:3} at {at:#x}: {self.entry:#018x}"
        if not self.entry & PRESENT:
            return text + "  not present"
        names = [permissions(self.entry, bool(self.entry & NX))]
        names += [
            name
            for bit, name in (
                (USER, "user"),
                (1 << 3, "write-through"),
                (1 << 4, "uncached"),
                (1 << 5, "accessed"),
                (1 << 6, "dirty"),
                (1 << 8, "global"),
            )
            if self.entry & bit and not (bit >= 1 << 6 and not self.is_leaf)
        ]
        return (
            text
            + "  "
            + " ".join(names)
            + (f", a page of {size_name(self.level)}" if self.is_leaf else "")
        )

    @property
    def is_leaf(self) -> bool:
        return self.level == 1 or (self.level <= 3 and bool(self.entry & LARGE))


def size_name(level: int) -> str:
    return {1: "4 KiB", 2: "2 MiB", 3: "1 GiB"}[level]


def _physical_of(entry: int, level: int) -> int:
    return entry & ADDRESS & ~((1 << shift_of(level)) - 1)


def walk(address: int, cr3: int, count: int) -> tuple[list[Step], int | None]:
    """The entries that a translation goes through, and the physical address; None: not mapped."""
    table, steps = cr3 & ADDRESS, []
    for level in range(count, 0, -1):
        index = address >> shift_of(level) & 511
        entry = int.from_bytes(read_physical(table + 8 * index, 8), "little")
        steps.append(Step(level, table, index, entry))
        if not entry & PRESENT:
            return steps, None
        if steps[-1].is_leaf:
            return steps, _physical_of(entry, level) | address & (1 << shift_of(level)) - 1
        table = entry & ADDRESS
    return steps, None


@dataclass
class Range:
    begin: int
    end: int
    physical: int
    access: str


def _leaves(table: int, level: int, base: int, rights: int, nx: bool) -> Iterator[tuple]:
    for index, entry in enumerate(TABLE.unpack(read_physical(table, 4096))):
        if not entry & PRESENT:
            continue
        step = Step(level, table, index, entry)
        address = base + (index << shift_of(level))
        both, no_execute = rights & entry, nx or bool(entry & NX)
        if step.is_leaf:
            yield address, 1 << shift_of(level), _physical_of(entry, level), permissions(
                both, no_execute
            )
        else:
            yield from _leaves(entry & ADDRESS, level - 1, address, both, no_execute)


def ranges(cr3: int, count: int) -> list[Range]:
    """All that is mapped; what goes on in both address spaces with the same permissions is one."""
    merged: list[Range] = []
    for address, size, physical, access in _leaves(cr3 & ADDRESS, count, 0, WRITE | USER, False):
        address = canonical(address, count)
        last = merged[-1] if merged else None
        if (
            last
            and last.end == address
            and last.access == access
            and last.physical + last.end - last.begin == physical
        ):
            last.end += size
        else:
            merged.append(Range(address, address + size, physical, access))
    return merged
