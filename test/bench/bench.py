# SPDX-License-Identifier: BSD-2-Clause
"""Measures the time from the start of a loader to its kernel's first instruction, for Baton, for what
no loader can beat (the floors), and for others, on the same disk and with the same kernel.
docs/performance.md explains the columns."""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import artefacts
import goals
import loaders
import paths
import plots
import result_tables
from counts import take_counts
from loaders import Loader
from machine import DISKS, SUCCESS, Machine, make_volume
from setting import DEADLINE_SECONDS, Setting
from start import BOOT_APPLICATION

CLUSTER_SECTORS = 8  # what FAT32 has on volumes from 260 MiB on
# An instruction takes 2 to the power of it nanoseconds, and the TSC counts these.
INSTRUCTION_SHIFT = 6
LOOP_INSTRUCTIONS = 2_000_000  # stamp.cpp
MODULES, MODULE_BYTES = 64, 64 << 10
PROCESSORS = [1, 4, 16, 64]


@dataclass(frozen=True)
class Boot:
    """What a machine said on the debug console, in ticks of the TSC."""

    numbers: dict[str, int]
    steps: dict[str, int]

    @classmethod
    def of(cls, debugcon: str) -> "Boot":
        number = lambda pattern: {name: int(value, 16) for name, value
                                  in re.findall(pattern, debugcon, re.MULTILINE)}
        return cls(number(r"^(\w+) (0x\w+)$"), number(r"^step (.+) (0x\w{16})$"))

    @property
    def start(self) -> int:
        """Without firmware that starts a loader: the end of its own first step."""
        return self.numbers.get("start") or next(iter(self.steps.values()))

    @property
    def ticks(self) -> int:
        return self.numbers["entry"] - self.start

    @property
    def step_ticks(self) -> dict[str, int]:
        ends = list(self.steps.values())
        return {name: end - begin for name, end, begin
                in zip(self.steps, ends, [self.start, *ends]) if end > self.start}


@dataclass
class Cell:
    """A loader in a setting: what was measured, a number a boot."""

    loader: Loader
    setting: Setting
    instructions: list[int] = field(default_factory=list)  # without those of waiting
    waiting: list[int] = field(default_factory=list)  # instructions in Stall and CheckEvent
    milliseconds: list[float] = field(default_factory=list)
    touched_bytes: list[int] = field(default_factory=list)
    steps: list[dict[str, int]] = field(default_factory=list)  # instructions
    failure: str | None = None

    def median_steps(self) -> dict[str, float]:
        return {name: median(steps.get(name, 0) for steps in self.steps)
                for name in (self.steps[0] if self.steps else {})}

    def as_json(self) -> dict:
        return {"loader": self.loader.name, "kind": self.loader.kind, **asdict(self.setting),
                "instructions": self.instructions, "waiting_instructions": self.waiting,
                "milliseconds": self.milliseconds,
                "touched_bytes": self.touched_bytes, "steps": self.median_steps(),
                "failure": self.failure}


class Workshop:
    """Makes the disks, once each, and boots them."""

    def __init__(self, directory: Path):
        self._directory = directory
        self._images: dict[tuple[str, int], Path | loaders.Files] = {}

    def prepare(self, cell: Cell) -> None:
        key = (cell.loader.name, cell.setting.mib)
        if key in self._images:
            return
        payloads = self._directory / f"{cell.setting.mib}"
        payloads.mkdir(exist_ok=True)
        files = {**cell.loader.files(cell.setting.payload, payloads)}
        if cell.loader.by_pvh:
            self._images[key] = files
            return
        self._images[key] = payloads / f"{len(self._images)}.img"
        make_volume(self._images[key],
                    {BOOT_APPLICATION: artefacts.BENCH / "stamp.efi", **files}, CLUSTER_SECTORS)

    def boot(self, cell: Cell, instruction_shift: int | None) -> Boot | None:
        """None where it failed, which the cell then says."""
        options = {"processors": cell.loader.processors, "firmware": cell.loader.firmware}
        if cell.loader.by_pvh:
            options |= {"firmware": paths.Pvh, "display_adapter": False}
        with tempfile.TemporaryDirectory(dir=self._directory) as directory:
            machine = Machine(
                Path(directory), self._images[cell.loader.name, cell.setting.mib],
                disk=cell.setting.disk,
                disk_bytes_per_second=cell.setting.disk_bytes_per_second,
                memory_mib=cell.setting.memory_mib,
                instruction_shift=instruction_shift, deadline_seconds=DEADLINE_SECONDS, **options)
            try:
                machine.wait_for_exit(SUCCESS, fatal="^(bench: |error: |baton: fault).*")
                return Boot.of(machine.debugcon)
            except AssertionError as failure:
                if cell.loader.kind in ("baton", "floor"):
                    raise
                cell.failure = str(failure).splitlines()[0]
                return None
            finally:
                machine.close()


def count_instructions(workshop: Workshop, cell: Cell) -> None:
    if cell.failure or (boot := workshop.boot(cell, INSTRUCTION_SHIFT)) is None:
        return
    loop = boot.numbers.get("loop", LOOP_INSTRUCTIONS << INSTRUCTION_SHIFT) >> INSTRUCTION_SHIFT
    assert abs(loop - LOOP_INSTRUCTIONS) < 100, f"the TSC doesn't count instructions: {loop}"
    waited = boot.numbers.get("waited", 0)
    cell.waiting.append(waited >> INSTRUCTION_SHIFT)
    cell.instructions.append((boot.ticks - waited) >> INSTRUCTION_SHIFT)
    cell.steps.append({name: ticks >> INSTRUCTION_SHIFT
                       for name, ticks in boot.step_ticks.items()})
    if "filled" in boot.numbers:
        touched = (boot.numbers["filled"] - boot.numbers["garbage"]) * 4096
        cell.touched_bytes.append(touched - cell.setting.payload.memory_bytes)


def measure_time(workshop: Workshop, cells: Iterable[Cell], rounds: int) -> None:
    """The loaders take turns, so that what else the host does meets all of them."""
    hz = []
    ticks: list[tuple[Cell, int]] = []
    for _ in range(rounds):
        for cell in cells:
            if cell.failure is None and (boot := workshop.boot(cell, None)):
                hz += [boot.numbers["hz"]] if "hz" in boot.numbers else []
                ticks.append((cell, boot.ticks))
    for cell, count in ticks:
        cell.milliseconds.append(1000 * count / median(hz))


def all_cells(settings: list[Setting], competitors: list[Loader]) -> Iterator[Cell]:
    for setting in settings:
        for loader in competitors:
            if not loader.by_pvh or setting.disk == settings[0].disk:
                yield Cell(loader, setting)


def own_cells(setting: Setting) -> list[Cell]:
    """What only Baton is asked for."""
    files = loaders.with_modules(MODULES, MODULE_BYTES)
    own = [Loader(f"Baton, {MODULES} modules", files, "baton"), *map(loaders.with_processors, PROCESSORS)]
    return [Cell(loader, setting) for loader in own]


def settings_of(arguments: argparse.Namespace) -> list[Setting]:
    if arguments.disk or arguments.mib:
        return [Setting(disk, mib) for disk in arguments.disk or ["virtio-blk"]
                for mib in arguments.mib or [16]]
    if arguments.full:
        return [Setting(disk, mib) for disk in ("virtio-blk", "ahci", "nvme", "usb")
                for mib in (1, 16, 64, 256)]
    return [*(Setting("virtio-blk", mib) for mib in (1, 16, 64)), Setting("ahci", 16)]


def other_loader(text: str) -> Loader:
    name, _, directory = text.partition("=")
    if not name or not Path(directory).is_dir():
        raise argparse.ArgumentTypeError("NAME=DIR it must be, with a directory")
    try:
        return loaders.other(name, Path(directory))
    except FileNotFoundError as error:
        raise argparse.ArgumentTypeError(error) from error


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./baton bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="four disks, and up to 256 MiB")
    parser.add_argument("--check", action="store_true",
                        help="compare with the goals; status 1 if a count is far off")
    parser.add_argument("--loader", metavar="NAME=DIR", type=other_loader, action="append",
                        default=[], help="one more: what its EFI system partition holds")
    parser.add_argument("--bundle", action="store_true",
                        help="Baton also in a bundle with the kernel, plain and under Secure Boot")
    parser.add_argument("--disk", choices=sorted(DISKS.keys() - {"cd"}), action="append",
                        help="just these disks")
    parser.add_argument("--mib", type=int, action="append", help="just payloads of these sizes")
    parser.add_argument("--runs", type=int, default=2, help="boots to count instructions in; 2")
    parser.add_argument("--rounds", type=int, default=3, help="boots to take the time of; 3")
    parser.add_argument("--jobs", type=int, default=2, help="boots at once, when counting; 2")
    parser.add_argument("--output", type=Path, default=artefacts.BUILD / "bench",
                        help="for results.json and the plots; build/bench")
    arguments = parser.parse_args()
    if arguments.runs < 1 or arguments.rounds < 0 or arguments.jobs < 1:
        parser.error("there must be at least one run, and one at once")
    if any(not 1 <= mib <= 256 for mib in arguments.mib or []):
        parser.error("--mib is from 1 to 256")
    return arguments


def measure(arguments: argparse.Namespace) -> list[Cell]:
    settings = settings_of(arguments)
    competitors = [*loaders.loaders(arguments.full), *arguments.loader,
                   *(loaders.bundles() if arguments.bundle else [])]
    cells = sorted([*all_cells(settings, competitors), *own_cells(settings[0])],
                   key=lambda cell: settings.index(cell.setting))
    progress = lambda text: print(text, file=sys.stderr, flush=True)
    with (tempfile.TemporaryDirectory(prefix="baton-bench-") as scratch,
          ThreadPoolExecutor(arguments.jobs) as pool):
        workshop = Workshop(Path(scratch))
        progress("making the disks")
        for cell in cells:
            workshop.prepare(cell)
        progress(f"counting instructions, {len(cells)} times {arguments.runs} boots")
        list(pool.map(lambda cell: count_instructions(workshop, cell), cells * arguments.runs))
        progress(f"taking the time, {len(cells)} times {arguments.rounds} boots")
        measure_time(workshop, cells, arguments.rounds)
    return cells


def main() -> int:
    arguments = parse_arguments()
    cells = measure(arguments)
    counts = take_counts(settings_of(arguments)[0])
    checked = goals.compare(cells, counts)
    print(result_tables.of_cells(cells))
    print(result_tables.of_steps(cells))
    print(result_tables.of_counts(counts))
    if arguments.check:
        print(result_tables.of_goals(checked))
    arguments.output.mkdir(parents=True, exist_ok=True)
    results = {"cells": [cell.as_json() for cell in cells], **asdict(counts),
               "goals": [asdict(goal) for goal in checked]}
    (arguments.output / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    plots.draw(cells, arguments.output)
    return 1 if arguments.check and any(goal.has_regressed for goal in checked) else 0


if __name__ == "__main__":
    sys.exit(main())
