# SPDX-License-Identifier: BSD-2-Clause
"""Kernels of every shape boot, and find all that the boot protocol promises: the conformance kernel
with segments that a linker wouldn't make."""

import pytest
from elf import PF_R, PF_W, PF_X, Segment
from kernels import HIGHER_HALF, MIB, TOP_2_GIB, conformance_with, patterned
from machine import Ovmf, UBoot
from paths import Pvh

BASE = TOP_2_GIB + 16 * MIB  # nothing of the kernel's own is there


@pytest.fixture
def expect_shaped(expect_conformance):
    """expect_shaped(segments, expect, **options): expect_conformance() with these segments added."""

    def expect(segments, features: str = "", *, name: str = "minus-2g", **options):
        return expect_conformance(name, features, kernel=conformance_with(segments, name), **options)

    return expect


def test_kernel_may_end_at_the_last_address(expect_shaped):
    expect_shaped([patterned(2**64 - 0x2000, PF_R | PF_W, 0x1800, 0x2000)], firmware=Pvh)


def test_kernel_may_cover_the_addresses_where_the_firmware_allocates(expect_shaped):
    """Nothing that stage 2 uses by its physical address may lie there."""
    cover = Segment(256 * MIB, PF_R | PF_W, memory_bytes=255 * MIB)
    expect_shaped([cover], name="1m", memory_mib=512)


@pytest.mark.parametrize("firmware", [Pvh, pytest.param(UBoot, marks=pytest.mark.skipif(
    UBoot.IS_FRAGILE, reason="this U-Boot doesn't start in dirty memory"))])
def test_bss_is_zero_after_a_warm_reset_into_dirty_memory(expect_shaped, firmware):
    """A small one, and one that takes most of the memory."""
    segments = [patterned(BASE, PF_R | PF_W, 0x123, 0x9001),
                patterned(BASE + MIB, PF_R | PF_W, 0x123, 256 * MIB)]
    machine = expect_shaped(segments, words="dirty-reset", memory_mib=512, firmware=firmware,
                            resets=True)
    machine.wait_for_debugcon("conformance: resetting")


@pytest.mark.slow
def test_big_kernel_of_64_mib(expect_shaped):
    expect_shaped([patterned(BASE, PF_R, 64 * MIB)])


@pytest.mark.parametrize("firmware", [Pvh, UBoot])
def test_segments_may_share_pages(expect_shaped, firmware):
    """Text with constants, and constants with data: the page gets the permissions of both. Neither in
    the file nor in memory need they be aligned, and the two need not agree."""
    expect_shaped([
        patterned(BASE, PF_R | PF_X, 0x5123),
        patterned(BASE + 0x5123, PF_R, 0x1011),
        patterned(BASE + 0x6ABC, PF_R | PF_W, 0x777, 0x3456),
        patterned(BASE + 0x10010, PF_R | PF_X, 0x6001, align=1, file_offset=0x1235),
        patterned(BASE + 0x18123, PF_R | PF_W, 0x1FFF, 0x3001, align=1, file_offset=0x8001),
    ], firmware=firmware)


def test_text_and_data_in_one_page_is_granted_with_a_warning(expect_shaped):
    segments = [patterned(BASE, PF_R | PF_X, 0x5123),
                patterned(BASE + 0x5200, PF_R | PF_W, 0x777, 0x3456)]
    machine = expect_shaped(segments, "wx", firmware=Pvh)
    machine.wait_for_debugcon(rf"warning: .*writable and executable.*{BASE + 0x5000:x}, 4 KiB, "
                              r".*executable segment \d+ and writable segment \d+ .*ALIGN\(4096\)")


def test_many_segments_in_any_order(expect_shaped):
    segments = []
    for i in range(1, 100):
        flags = [PF_R, PF_R | PF_W, PF_R | PF_X][i % 3]
        # Some halves of the address space, some gaps, some sizes; no two in one page.
        base = (BASE, 32 * MIB, HIGHER_HALF)[i % 4 % 3]
        segments.append(patterned(base + i * 0x10000 + i * 0x13, flags, i * 37, i * 151))
    expect_shaped(segments[::-1], firmware=Pvh)


@pytest.mark.parametrize("firmware", [Pvh, UBoot])
def test_thousand_segments_far_apart(expect_shaped, firmware):
    """Page tables for each of them, and none of their frames is forgotten in the memory map."""
    far = [Segment((1 + i) << 36, PF_R | PF_W, memory_bytes=0x1000) for i in range(1000)]
    expect_shaped(far, firmware=firmware)


@pytest.mark.parametrize("firmware", [Ovmf, UBoot])
def test_usable_memory_is_free_from_the_first_instruction(expect_conformance, firmware):
    """Overwrites all of it; then nothing has changed, and even the fault report still works."""
    machine = expect_conformance("minus-2g", words="fill fault", firmware=firmware, ends=False)
    machine.wait_for_debugcon(r"^baton: fault: #UD")
