# SPDX-License-Identifier: BSD-2-Clause
"""stage2.bin as it was built."""

import re
import subprocess

import artefacts

PAGE_BYTES = 4096


def test_what_a_boot_without_a_fault_runs_is_in_the_first_page():
    """No call or jump leaves it, but the one that reports useless page tables."""
    elf = artefacts.STAGE2.with_suffix(".elf")
    symbols = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout
    end = int(re.search(r"^(\w+) . stage2_path_end$", symbols, re.M)[1], 16)
    assert end <= PAGE_BYTES
    code = subprocess.run(["objdump", "-d", f"--stop-address={end:#x}", elf],
                          capture_output=True, text=True, check=True).stdout
    jumps = re.findall(r"\t(?:call|j\w+) +([0-9a-f]+) <(\w+)", code)
    assert len(jumps) > 50
    assert {name for target, name in jumps if int(target, 16) >= end} == {"refuse_page_tables"}
