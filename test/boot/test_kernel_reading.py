# SPDX-License-Identifier: BSD-2-Clause
"""Of a kernel's file, only what has to be in memory is read."""

import subprocess

from machine import UBoot

MIB = 1 << 20
DWARF_BYTES = 200 * MIB


def read_of(machine) -> tuple[str, int]:
    """What the log says of it, and what the disk knows."""
    machine.wait_for_debugcon("^report: end$")
    log = machine.wait_for_debugcon(r"\] kernel read: ([^,]*)")[1]
    return log, machine.bytes_read_from_disk()


def test_dwarf_costs_nothing(boot, reporter, tmp_path):
    dwarf = tmp_path / "dwarf"
    with dwarf.open("wb") as file:
        file.truncate(DWARF_BYTES)
    big, stripped = tmp_path / "big.elf", tmp_path / "stripped.elf"
    subprocess.run(["objcopy", "--strip-all", reporter, stripped], check=True)
    subprocess.run(["objcopy", f"--add-section=.debug_more={dwarf}", reporter, big], check=True)
    assert big.stat().st_size > DWARF_BYTES
    big_log, big_bytes = read_of(boot(big, exit_device=False, firmware=UBoot))
    stripped_log, stripped_bytes = read_of(boot(stripped, exit_device=False, firmware=UBoot))
    assert big_log == stripped_log
    # A larger file has a longer chain of clusters in the volume's table, which is read too.
    assert big_bytes < stripped_bytes + 16 * MIB

