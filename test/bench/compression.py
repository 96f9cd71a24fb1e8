# SPDX-License-Identifier: BSD-2-Clause
"""Shows at which speed of the disk a compressed kernel is booted sooner: one that is filled with a
program, by QEMU's throttling. docs/performance.md explains the table."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from statistics import median

import artefacts
import bench
import result_tables
from kernels import MIB
from loaders import LOADER, Files, Loader
from paths import KERNEL
from payload import Payload
from setting import Setting

KERNEL_MIB = 16
SPEEDS = [10, 25, 50, 100, 200, 400, 800]  # MiB/s
COMMANDS = {"as it is": None, "LZ4": ["lz4", "-qf9", "--content-size"], "zstd": ["zstd", "-qf19T0"]}


@dataclass(frozen=True)
class ProgramSetting(Setting):
    """The kernel is filled with machine code and what goes with it."""

    disk_bytes_per_second: int | None

    @property
    def payload(self) -> Payload:
        return Payload(self.mib * MIB, self.memory_mib * MIB, Path(which("qemu-system-x86_64")))


def kernel(form: str, payload: Payload, directory: Path) -> Path:
    plain = directory / "kernel.elf"
    if not plain.exists():
        payload.write_elf(plain)
    if COMMANDS[form] is None:
        return plain
    file = directory / f"kernel.{form}"
    if file.exists():
        return file
    with plain.open("rb") as source, file.open("wb") as target:
        subprocess.run([*COMMANDS[form], "-c"], stdin=source, stdout=target, check=True)
    return file


def loader(form: str) -> Loader:
    files: Callable[[Payload, Path], Files] = lambda payload, directory: {
        LOADER: artefacts.LOADER, KERNEL: kernel(form, payload, directory)}
    return Loader(form, files, "baton")


def decoder_speed(file: Path) -> float:
    """MiB/s of content, of the loader's own decoder on this machine without QEMU."""
    command = [artefacts.BENCH / "bench-decompress", file]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./baton bench --compression", description=__doc__)
    parser.add_argument("--speed", type=int, action="append", help="just this one, in MiB/s")
    parser.add_argument("--rounds", type=int, default=3, help="boots to take the time of; 3")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or any(speed < 1 for speed in arguments.speed or []):
        parser.error("there must be a round, and a speed")
    return arguments


def of_speed(speed: int | None, milliseconds: dict[str, float], sizes: dict[str, float],
             decoded: dict[str, float]) -> list[str]:
    """A row of the table: measured, and reckoned where the disk's speed is known."""
    measured = [f"{milliseconds[form]:.0f}" for form in COMMANDS]
    if speed is None:
        return ["not throttled", *measured, *("-" for _ in COMMANDS)]
    decoding = {form: KERNEL_MIB / decoded[form] if form in decoded else 0 for form in COMMANDS}
    reckoned = [f"{1000 * (sizes[form] / speed + decoding[form]):.0f}" for form in COMMANDS]
    return [str(speed), *measured, *reckoned]


def main() -> int:
    arguments = parse_arguments()
    speeds = [*(arguments.speed or SPEEDS), None]
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as scratch:
        workshop = bench.Workshop(Path(scratch))
        rows: dict[int | None, dict[str, float]] = {}
        print(f"taking the time, {len(speeds) * len(COMMANDS)} times {arguments.rounds} boots",
              file=sys.stderr)
        for speed in speeds:
            setting = ProgramSetting("virtio-blk", KERNEL_MIB, speed and speed * MIB)
            cells = {form: bench.Cell(loader(form), setting) for form in COMMANDS}
            for cell in cells.values():
                workshop.prepare(cell)
            bench.measure_time(workshop, cells.values(), arguments.rounds)
            rows[speed] = {form: median(cell.milliseconds) for form, cell in cells.items()}
        folder = Path(scratch) / f"{KERNEL_MIB}"
        kernels = {form: kernel(form, setting.payload, folder) for form in COMMANDS}
        sizes = {form: file.stat().st_size / MIB for form, file in kernels.items()}
        decoded = {form: decoder_speed(file) for form, file in kernels.items() if COMMANDS[form]}

    print(result_tables.grid(
        ["disk, MiB/s", *(f"{form}, ms" for form in COMMANDS),
         *(f"{form}, reckoned" for form in COMMANDS)],
        [of_speed(speed, milliseconds, sizes, decoded) for speed, milliseconds in rows.items()]))
    plain = sizes["as it is"]
    for form, speed in decoded.items():
        print(f"\n{form}: {plain:.1f} to {sizes[form]:.1f} MiB, decoded at {speed:.0f} MiB/s "
              f"without QEMU: pays below {speed * (1 - sizes[form] / plain):.0f} MiB/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
