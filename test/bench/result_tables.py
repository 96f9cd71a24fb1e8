# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark's results as text."""

from collections.abc import Sequence
from itertools import groupby
from statistics import median

from kernels import MIB

MERGED = "floor: merged"


def in_same_setting(cell, cells):
    return [other for other in cells if other.setting == cell.setting]


def merged_floor(cell, cells):
    return next((other for other in in_same_setting(cell, cells)
                 if other.loader.name == MERGED), None)


def best_peer(cell, cells, attribute: str):
    """Of those that boot an ELF file; None where none did."""
    peers = [other for other in in_same_setting(cell, cells)
             if other.loader.kind == "peer" and getattr(other, attribute)]
    return min(peers, key=lambda peer: median(getattr(peer, attribute)), default=None)


def ratio(numbers: Sequence[float], others: Sequence[float]) -> float | None:
    return median(numbers) / median(others) if numbers and others else None


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows)]
    line = lambda row: "  ".join(
        text.rjust(width) if i else text.ljust(width)
        for i, (text, width) in enumerate(zip(row, widths))).rstrip()
    return "\n".join([line(heads), "  ".join("-" * width for width in widths), *map(line, rows)])


def _number(value: float | None, text: str = "{:.2f}") -> str:
    return "-" if value is None else text.format(value)


def _median(numbers: Sequence[float], unit: float = 1) -> str:
    return _number(median(numbers) / unit if numbers else None)


def spread(numbers: Sequence[float]) -> str:
    """From the smallest to the largest, in per cent of the median."""
    if len(numbers) < 2:
        return "-"
    return f"{100 * (max(numbers) - min(numbers)) / median(numbers):.0f} %"


def _row(cell, cells) -> list[str]:
    if cell.failure:
        return [cell.loader.name, "failed"]
    row = [cell.loader.name]
    for attribute, unit in (("instructions", 1e6), ("milliseconds", 1)):
        numbers = getattr(cell, attribute)
        floor, peer = merged_floor(cell, cells), best_peer(cell, cells, attribute)
        comparable = not cell.loader.by_pvh
        row += [_median(numbers, unit), spread(numbers),
                _number(ratio(numbers, getattr(floor, attribute))
                        if floor and comparable else None),
                _number(ratio(getattr(peer, attribute), numbers)
                        if peer and comparable else None, "{:.1f}")]
    return row + [_median(cell.touched_bytes, MIB)]


def of_cells(cells) -> str:
    heads = ["loader", "M instr.", "spread", "/ merged", "peer /",
             "ms", "spread", "/ merged", "peer /", "MiB touched"]
    parts = []
    for setting, group in groupby(cells, key=lambda cell: cell.setting):
        here = list(group)
        rows = [_row(cell, cells) for cell in here]
        rows = [row + [""] * (len(heads) - len(row)) for row in rows]
        parts.append(f"{setting}, and {setting.mib / 4:g} MiB of .bss\n\n{grid(heads, rows)}\n")
        parts += [f"{cell.loader.name} failed: {cell.failure}\n" for cell in here if cell.failure]
    return "\n".join(parts)


def of_steps(cells) -> str:
    """Where Baton's time goes."""
    own = [cell for cell in cells if cell.loader.name == "Baton"]
    steps = [cell.median_steps() for cell in own]
    names = dict.fromkeys(name for step in steps for name in step)
    rows = [[name, *(_number(step.get(name, 0), "{:,.0f}") for step in steps)] for name in names]
    heads = ["Baton's steps, instructions", *(str(cell.setting) for cell in own)]
    return grid(heads, rows) + "\n"


def of_counts(counts) -> str:
    files = [[name, f"{size / 1024:.1f}"] for name, size in counts.file_bytes.items()]
    frames = [[f"{mib // 1024:,} GiB", str(number)]
              for mib, number in counts.page_table_frames.items()]
    calls = [[name, str(number)] for name, number in counts.firmware_calls.items()]
    calls.append(["together", str(sum(counts.firmware_calls.values()))])
    return "\n\n".join([grid(["file", "KiB"], files),
                        grid(["machine with 1 GiB pages", "frames of page tables"], frames),
                        grid(["calls of the firmware", "number"], calls)]) + "\n"


def of_goals(checked) -> str:
    rows = [[goal.name, goal.relation + f" {goal.limit:g}", f"{goal.measured:.2f}",
             "yes" if goal.is_met else "no", "REGRESSED" if goal.has_regressed else "no"]
            for goal in checked]
    return grid(["goal", "limit", "measured", "met", "regressed"], rows) + "\n"
