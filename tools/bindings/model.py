# SPDX-License-Identifier: BSD-2-Clause
"""What boot_info.h holds, as values."""
from dataclasses import dataclass, field


@dataclass
class Comment:
    lines: list

    def paragraph(self):
        return " ".join(line.strip() for line in self.lines).strip()


@dataclass
class Constant:
    name: str
    value: int | str
    bits: int  # 0 for a string
    before: list  # comments that stand alone above it
    comment: str


@dataclass
class Enumerator:
    name: str
    value: int
    comment: str


@dataclass
class Enumeration:
    name: str
    before: list
    members: list


@dataclass
class Field:
    name: str
    type: str
    count: int | None  # elements of an array, None for a single one
    before: list
    comment: str
    line: int
    enum: str | None = None  # its comment begins "enum NAME": what the value means
    entries: str | None = None  # its comment begins "NAME[]": first of the array's three fields
    offset: int = 0
    bytes: int = 0


@dataclass
class Structure:
    name: str
    before: list
    fields: list
    packed: int | None  # packed, with this alignment
    line: int
    align: int = 1
    bytes: int = 0


@dataclass
class Header:
    opening: Comment
    items: list  # Constant, Enumeration and Structure in the header's order
    structures: dict = field(default_factory=dict)
    enumerations: dict = field(default_factory=dict)
