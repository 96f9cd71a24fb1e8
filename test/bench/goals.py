# SPDX-License-Identifier: BSD-2-Clause
"""What Baton wants to be, as ratios and sizes of one run, and how far off is a regression."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

import result_tables
from kernels import MIB

KIB = 1 << 10


@dataclass
class Goal:
    """A number that is at most `limit`, or at least. Beyond the `margin` something is structurally
    wrong: wide enough for all that isn't."""

    name: str
    relation: str  # "<=" or ">="
    limit: float
    margin: float
    measured: float = 0
    is_met: bool = False
    has_regressed: bool = False

    def __post_init__(self):
        holds = (lambda bound: self.measured <= bound) if self.relation == "<=" else (
            lambda bound: self.measured >= bound)
        self.is_met, self.has_regressed = holds(self.limit), not holds(self.margin)


# Goal, relation, limit, margin.
SMALL_TO_FLOOR = ("instructions / merged floor", "<=", 1.5, 5.5)
LARGE_TO_FLOOR = ("instructions / merged floor", "<=", 1.10, 3)
SMALL_TO_PEER = ("best ELF peer's instructions / Baton's", ">=", 5, 4)
LARGE_TO_PEER = ("best ELF peer's instructions / Baton's", ">=", 15, 15)
AHCI_TO_PEER = ("best ELF peer's instructions / Baton's", ">=", 5, 5)
TOUCHED = ("MiB touched beyond the kernel's", "<=", 4, 4)
HANDOFF = ("instructions of the handoff, nothing copied or zeroed", "<=", 20_000, 40_000)
FILES = {"BOOTX64.EFI": ("KiB of BOOTX64.EFI", "<=", 96, 222),
         "stage2.bin": ("KiB of stage2.bin", "<=", 16, 20)}
FRAMES_MACHINE_MIB = 64 << 10
FRAMES = ("frames of page tables for 64 GiB", "<=", 16, 24)
CALLS = ("calls of the firmware", "<=", 120, 100)


def _goal(table: tuple, measured: float, where: str = "") -> Goal:
    name, *rest = table
    return Goal(f"{name}{where}", *rest, measured)


def _to_peer(setting) -> tuple:
    if setting.disk in ("ahci", "usb"):
        return AHCI_TO_PEER
    return SMALL_TO_PEER if setting.mib < 16 else LARGE_TO_PEER


def handoff_instructions(steps: Mapping[str, float]) -> float:
    """From ExitBootServices' return to the kernel, but for the segments."""
    names = list(steps)
    after = names[names.index("firmware left") + 1:]
    return sum(steps[name] for name in after if name != "segments in place")


def _of_cell(cell, cells) -> Iterator[Goal]:
    where = f", {cell.setting}"
    floor = result_tables.merged_floor(cell, cells)
    to_floor = SMALL_TO_FLOOR if cell.setting.mib < 16 else LARGE_TO_FLOOR
    yield _goal(to_floor, result_tables.ratio(cell.instructions, floor.instructions), where)
    if peer := result_tables.best_peer(cell, cells, "instructions"):
        ratio = result_tables.ratio(peer.instructions, cell.instructions)
        yield _goal(_to_peer(cell.setting), ratio, where)
    yield _goal(TOUCHED, median(cell.touched_bytes) / MIB, where)
    yield _goal(HANDOFF, handoff_instructions(cell.median_steps()), where)


def compare(cells, counts) -> list[Goal]:
    own = [cell for cell in cells if cell.loader.name == "Baton"]
    return [*(goal for cell in own for goal in _of_cell(cell, cells)),
            *(_goal(FILES[name], size / KIB) for name, size in counts.file_bytes.items()),
            _goal(FRAMES, counts.page_table_frames[FRAMES_MACHINE_MIB]),
            _goal(CALLS, sum(counts.firmware_calls.values()))]
