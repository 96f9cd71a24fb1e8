# SPDX-License-Identifier: BSD-2-Clause
"""Baton boots on machines of every kind."""

import pytest
from kernels import plain_segments


@pytest.mark.parametrize("mib", [128, 2048, pytest.param(6144, marks=pytest.mark.slow)])
def test_boots_with_memory_of(expect_promises_kept, mib):
    expect_promises_kept(plain_segments(), memory_mib=mib)


def test_boots_with_four_processors(expect_promises_kept):
    expect_promises_kept(plain_segments(), processors=4)


def test_boots_on_a_processor_without_large_extras(expect_promises_kept):
    expect_promises_kept(plain_segments(), cpu="qemu64")  # no 1 GiB pages, no SMEP


@pytest.mark.parametrize("disk", ["ahci", "nvme", "usb"])  # all other tests use virtio-blk
def test_boots_from(expect_promises_kept, disk):
    expect_promises_kept(plain_segments(), disk=disk)


def test_boots_without_a_display_adapter(expect_promises_kept):
    expect_promises_kept(plain_segments(), display_adapter=False)
