# SPDX-License-Identifier: BSD-2-Clause
"""stage2.bin as it was built."""

import re
import struct
import subprocess

import artefacts

PAGE_BYTES = 4096


def test_h21_what_a_boot_without_a_fault_runs_is_in_the_first_page():
    """From the 64-bit entry, no call or jump leaves it but those that report a refusal, change the number
    of paging levels, or are for 32-bit kernels, segments of the kernel's own and other processors."""
    elf = artefacts.STAGE2.with_suffix(".elf")
    symbols = subprocess.run(["nm", "-C", elf], capture_output=True, text=True, check=True).stdout
    assert artefacts.STAGE2.stat().st_size <= 5 * PAGE_BYTES
    end = int(re.search(r"^(\w+) . stage2_path_end$", symbols, re.M)[1], 16)
    assert end <= PAGE_BYTES
    code = subprocess.run(["objdump", "-dC", f"--stop-address={end:#x}", elf],
                          capture_output=True, text=True, check=True).stdout
    jumps = re.findall(r"\t(?:call|j\w+) +([0-9a-f]+) <(?:\w+::)*(\w+)", code)
    assert len(jumps) > 50
    outside = {name for target, name in jumps if int(target, 16) >= end}
    assert outside == {"report_refusal", "switch_paging_levels",
                       "prepare_kernel32", "enter_kernel32", "use_kernel_segments",
                       "kernel_segments", "report_no_more", "are_good_processors",
                       "check_mappings_of_processors", "fill_in_trampoline", "start_processors"}


def test_h1_h22_its_header_says_what_it_is():
    file = artefacts.STAGE2.read_bytes()
    magic, major, _minor, header_bytes = struct.unpack_from("<8sHHI", file)
    (entry64, entry32, load_bytes, memory_bytes, writable, alignment, crash_record, crash_record_bytes,
     build_id, build_id_bytes) = struct.unpack_from("<10I", file, 16)
    assert (magic, major, alignment, load_bytes) == (b"BTSTAGE2", 1, PAGE_BYTES, len(file))
    assert header_bytes <= min(build_id, entry64, entry32) and max(entry64, entry32) < load_bytes
    assert load_bytes <= writable <= crash_record < crash_record + crash_record_bytes <= memory_bytes
    notes = subprocess.run(["readelf", "-n", artefacts.STAGE2.with_suffix(".elf")],
                           capture_output=True, text=True, check=True).stdout
    id_of_elf = re.search(r"Build ID: (\w+)", notes)[1]
    assert file[build_id:build_id + build_id_bytes].hex() == id_of_elf != "0" * 40
