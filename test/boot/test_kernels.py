# SPDX-License-Identifier: BSD-2-Clause
"""Kernels of every shape boot, and find all that the boot protocol promises: checker/ looks."""

import pytest
from elf import PF_R, PF_W, PF_X, Segment
from kernels import (ALLOW_WRITE_EXECUTE, FAULT_AT_END, FILL_USABLE, HIGHER_HALF, MIB, RESET_ONCE,
                     TOP_2_GIB, checker_kernel, patterned, plain_segments)
from machine import Ovmf, UBoot
from paths import Pvh

BASES = {
    "minus-2-gib": TOP_2_GIB,
    "higher-half": HIGHER_HALF,
    "1-mib": 1 * MIB,
    "2-mib": 2 * MIB,
    "16-mib": 16 * MIB,
}


@pytest.mark.parametrize("base", BASES.values(), ids=BASES.keys())
def test_kernel_boots_at(expect_promises_kept, base):
    expect_promises_kept(plain_segments(base), firmware=Pvh)


@pytest.mark.parametrize("base", BASES.values(), ids=BASES.keys())
def test_u_boot_boots_kernel_at(expect_promises_kept, base):
    expect_promises_kept(plain_segments(base), firmware=UBoot)


def test_kernel_may_end_at_the_last_address(expect_promises_kept):
    segments = plain_segments() + [patterned(2**64 - 0x2000, PF_R | PF_W, 0x1800, 0x2000)]
    expect_promises_kept(segments, firmware=Pvh)


def test_kernel_may_cover_the_addresses_where_the_firmware_allocates(expect_promises_kept):
    """Nothing that stage 2 uses by its physical address may lie there."""
    base = 256 * MIB
    segments = [patterned(base, PF_R | PF_X, 0x6000),
                Segment(base + 0x6000, PF_R | PF_W, memory_bytes=255 * MIB)]
    expect_promises_kept(segments, memory_mib=512)


@pytest.mark.parametrize("firmware", [Pvh, pytest.param(UBoot, marks=pytest.mark.skipif(
    UBoot.IS_FRAGILE, reason="this U-Boot doesn't start in dirty memory"))])
def test_bss_is_zero_after_a_warm_reset_into_dirty_memory(expect_promises_kept, firmware):
    machine = expect_promises_kept(plain_segments(), flags=RESET_ONCE, firmware=firmware)
    machine.wait_for_debugcon("checker: resetting")


@pytest.mark.slow
def test_big_bss_is_zero(expect_promises_kept):
    segments = plain_segments()
    segments.append(patterned(TOP_2_GIB + MIB, PF_R | PF_W, 0x123, 256 * MIB))
    expect_promises_kept(segments, memory_mib=512, flags=RESET_ONCE,
                         firmware=Pvh if UBoot.IS_FRAGILE else UBoot)


@pytest.mark.slow
def test_big_kernel_of_64_mib(expect_promises_kept):
    segments = plain_segments()
    segments.append(patterned(TOP_2_GIB + 2 * MIB, PF_R, 64 * MIB))
    expect_promises_kept(segments)


@pytest.mark.parametrize("firmware", [Pvh, UBoot])
def test_segments_may_share_pages(expect_promises_kept, firmware):
    """Text with constants, and constants with data: the page gets the permissions of both."""
    base = TOP_2_GIB
    segments = [
        patterned(base, PF_R | PF_X, 0x5123),
        patterned(base + 0x5123, PF_R, 0x1011),
        patterned(base + 0x6ABC, PF_R | PF_W, 0x777, 0x3456),
    ]
    expect_promises_kept(segments, firmware=firmware)


def test_text_and_data_in_one_page_is_granted_with_a_warning(expect_promises_kept):
    base = TOP_2_GIB
    segments = [
        patterned(base, PF_R | PF_X, 0x5123),
        patterned(base + 0x5200, PF_R | PF_W, 0x777, 0x3456),
    ]
    machine = expect_promises_kept(segments, flags=ALLOW_WRITE_EXECUTE, firmware=Pvh)
    machine.wait_for_debugcon(rf"warning: .*writable and executable.*{base + 0x5000:x}, 4 KiB, "
                              r".*executable segment 0 and writable segment 1 .*ALIGN\(4096\)")


def test_many_segments_in_any_order(expect_promises_kept):
    segments = [patterned(TOP_2_GIB, PF_R | PF_X, 0x8000)]
    for i in range(1, 100):
        flags = [PF_R, PF_R | PF_W, PF_R | PF_X][i % 3]
        # Some halves of the address space, some gaps, some sizes; no two in one page.
        base = (TOP_2_GIB, 32 * MIB, HIGHER_HALF)[i % 4 % 3]
        segments.append(patterned(base + i * 0x10000 + i * 0x13, flags, i * 37, i * 151))
    expect_promises_kept(segments[::-1], firmware=Pvh)


@pytest.mark.parametrize("firmware", [Pvh, UBoot])
def test_thousands_of_segments_far_apart(expect_promises_kept, firmware):
    """Page tables for each of them, and none of their frames is forgotten in the memory map."""
    text = patterned(TOP_2_GIB, PF_R | PF_X, 0x30000)
    far = [Segment((16 + i) << 30, PF_R | PF_W, memory_bytes=0x1000) for i in range(4000)]
    expect_promises_kept([text, *far], firmware=firmware)


@pytest.mark.parametrize("firmware", [Ovmf, UBoot])
def test_text_need_not_be_aligned_in_the_file(expect_promises_kept, firmware):
    """Neither in the file nor in memory, and the two need not agree."""
    base = TOP_2_GIB
    segments = [
        patterned(base + 0x10, PF_R | PF_X, 0x6001, align=1, file_offset=0x1235),
        patterned(base + 0x8123, PF_R | PF_W, 0x1FFF, 0x3001, align=1, file_offset=0x8001),
    ]
    expect_promises_kept(segments, firmware=firmware)


@pytest.mark.parametrize("firmware", [Ovmf, UBoot])
def test_usable_memory_is_free_from_the_first_instruction(boot, firmware):
    """Overwrites all of it; then nothing has changed, and even the fault report still works."""
    kernel = checker_kernel(plain_segments(), flags=FILL_USABLE | FAULT_AT_END)
    machine = boot(kernel, firmware=firmware)
    machine.wait_for_debugcon(r"^checker: kept 0x[0-9a-f]+, broken 0x0$")
    machine.wait_for_debugcon(r"^baton: fault: #UD")
