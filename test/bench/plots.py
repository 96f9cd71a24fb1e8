# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark's results as pictures, drawn by gnuplot."""

import subprocess
from pathlib import Path
from statistics import median

STYLE = """set terminal svg size 900,520 dynamic enhanced font 'sans-serif,13' background '#ffffff'
set key outside right top noenhanced
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
"""


def draw(cells, directory: Path) -> None:
    for disk in dict.fromkeys(cell.setting.disk for cell in cells):
        here = [cell for cell in cells if cell.setting.disk == disk and not cell.failure]
        _plot(directory / f"instructions-{disk}.svg", _by_size(
            here, "instructions", 1e6, "million instructions"))
        if any(cell.milliseconds for cell in here):
            _plot(directory / f"time-{disk}.svg", _by_size(
                here, "milliseconds", 1, "milliseconds"))
    _plot(directory / "steps.svg", _steps(cells))


def _plot(file: Path, script: str) -> None:
    subprocess.run(["gnuplot"], input=f"{STYLE}set output '{file}'\n{script}", text=True,
                   check=True)


def _by_size(cells, attribute: str, unit: float, label: str) -> str:
    lines, blocks = [], []
    sizes = [cell.setting.mib for cell in cells]
    for i, name in enumerate(dict.fromkeys(cell.loader.name for cell in cells)):
        points = "".join(f"{cell.setting.mib} {median(getattr(cell, attribute)) / unit}\n"
                         for cell in cells
                         if cell.loader.name == name and getattr(cell, attribute))
        if points:
            blocks.append(f"$points{i} << end\n{points}end\n")
            lines.append(f"$points{i} with linespoints lw 2 pt 7 ps 0.6 title '{name}'")
    return (f"set logscale xy\nset xrange [{min(sizes) / 1.5}:{max(sizes) * 1.5}]\n"
            f"set xlabel 'MiB of segments'\nset ylabel '{label}, "
            f"loader started to kernel entered'\n{''.join(blocks)}plot {', '.join(lines)}\n")


def _steps(cells) -> str:
    """A column a setting, of Baton's steps one on the other."""
    own = [cell for cell in cells if cell.loader.name == "Baton"]
    steps = [cell.median_steps() for cell in own]
    names = list(dict.fromkeys(name for step in steps for name in step))
    rows = "".join(f"\"{cell.setting}\" " + " ".join(str(step.get(name, 0) / 1e6)
                                                     for name in names) + "\n"
                   for cell, step in zip(own, steps))
    columns = ", ".join(f"$steps using {i + 2}:xtic(1) title '{name}'"
                        for i, name in enumerate(names))
    return ("set style data histograms\nset style histogram rowstacked\nset boxwidth 0.6\n"
            "set style fill solid 0.85 border lc rgb '#ffffff'\n"
            "set key invert\nset ylabel 'million instructions'\n"
            f"$steps << end\n{rows}end\nplot {columns}\n")
