# SPDX-License-Identifier: BSD-2-Clause
"""Shows at which speed of the disk a compressed kernel is booted sooner: one that is filled with a
program, by QEMU's throttling. docs/performance.md explains the table."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
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
SPEEDS = (10, 25, 50, 100, 200, 400, 800)  # MiB/s
ROUNDS = 3
COMMANDS = {"as it is": None, "LZ4": ["lz4", "-qf9", "--content-size"], "zstd": ["zstd", "-qf19T0"]}


class CompressedSetting(Setting):
    """Filled with machine code and what goes with it."""

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


def main() -> int:
    setting = CompressedSetting("virtio-blk", KERNEL_MIB)
    cells = {(form, speed): bench.Cell(loader(form), setting)
             for speed in (*SPEEDS, None) for form in COMMANDS}
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as scratch:
        workshop = bench.Workshop(Path(scratch))
        for cell in cells.values():
            workshop.prepare(cell)
        folder = Path(scratch) / f"{KERNEL_MIB}"
        sizes = {form: kernel(form, setting.payload, folder).stat().st_size / MIB
                 for form in COMMANDS}
        speeds = {form: decoder_speed(folder / f"kernel.{form}") for form in COMMANDS
                  if COMMANDS[form]}
        print(f"taking the time, {len(cells)} times {ROUNDS} boots", file=sys.stderr)
        for (_, speed), cell in cells.items():
            bench.measure_time(workshop, [cell], ROUNDS, speed and speed * MIB)

    rows = []
    for speed in (*SPEEDS, None):
        measured = [median(cells[form, speed].milliseconds) for form in COMMANDS]
        reckoned = [1000 * (sizes[form] / speed + (KERNEL_MIB / speeds[form] if form in speeds else 0))
                    for form in COMMANDS] if speed else []
        rows.append([str(speed or "not throttled"), *(f"{ms:.0f}" for ms in [*measured, *reckoned])])
    print(result_tables.grid(["disk, MiB/s", *(f"{form}, ms" for form in COMMANDS),
                              *(f"{form}, reckoned" for form in COMMANDS)],
                             [row + ["-"] * (7 - len(row)) for row in rows]))
    for form, speed in speeds.items():
        gain = 1 - sizes[form] / sizes["as it is"]
        print(f"\n{form}: {sizes['as it is']:.1f} to {sizes[form]:.1f} MiB, decoded at {speed:.0f} MiB/s "
              f"without QEMU: pays below {speed * gain:.0f} MiB/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
