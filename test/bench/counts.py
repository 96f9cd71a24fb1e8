# SPDX-License-Identifier: BSD-2-Clause
"""What is the same in each boot, and needs none or one."""

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import artefacts
from setting import DEADLINE_SECONDS, Setting
from start import start

# MiB of RAM that page tables are made for, by the tool.
MACHINES_MIB = [1 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20]


@dataclass(frozen=True)
class Counts:
    file_bytes: dict[str, int]
    page_table_frames: dict[int, int]  # by MiB of memory
    firmware_calls: dict[str, int]


def _firmware_calls(setting: Setting) -> dict[str, int]:
    """Baton's calls of the firmware in one boot, by kind, as the shim counts them."""
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as scratch:
        kernel = Path(scratch) / "kernel.elf"
        setting.payload.write_elf(kernel)
        machine = start(Path(scratch) / "machine", kernel, plan="tell-calls\n",
                        disk=setting.disk, memory_mib=setting.memory_mib,
                        deadline_seconds=DEADLINE_SECONDS)
        try:
            machine.wait_for_exit()
            return {name: int(count) for name, count
                    in re.findall(r"^shim: called (\w+) (\d+)$", machine.debugcon, re.MULTILINE)}
        finally:
            machine.close()


def _page_table_frames() -> dict[int, int]:
    """On machines with 1 GiB pages, by MiB of their memory."""
    def frames(memory_mib: int) -> int:
        plan = subprocess.run([artefacts.TOOL, "plan", artefacts.EXAMPLE_KERNEL, "--json",
                               "--memory", str(memory_mib)],
                              capture_output=True, text=True, check=True)
        return json.loads(plan.stdout)["page_tables"]["frames"]

    return {memory_mib: frames(memory_mib) for memory_mib in MACHINES_MIB}


def take_counts(setting: Setting) -> Counts:
    return Counts(file_bytes={"BOOTX64.EFI": artefacts.LOADER.stat().st_size,
                              "stage2.bin": artefacts.STAGE2.stat().st_size},
                  page_table_frames=_page_table_frames(), firmware_calls=_firmware_calls(setting))
