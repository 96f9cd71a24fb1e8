# SPDX-License-Identifier: BSD-2-Clause
"""The boot protocol on machines of every kind. The conformance kernel's variants share them out."""

import uuid

import gpt
import mbr
import pytest
from machine import Ovmf, StrictNxOvmf, UBoot


@pytest.mark.parametrize(("mib", "kernel", "options"), [
    (128, "pie-relr", {}), (2048, "1m", {"processors": 4}),
    pytest.param(6144, "16m", {}, marks=pytest.mark.slow)])
def test_memory_of(expect_conformance, mib, kernel, options):
    """Of several processors one runs."""
    expect_conformance(kernel, memory_mib=mib, **options)


def test_processor_without_large_extras_and_no_display_adapter(expect_conformance):
    """No 1 GiB pages, no SMEP, no RDRAND."""
    expect_conformance("upper-half", "no-seed-processor", cpu="qemu64", display_adapter=False)


@pytest.mark.parametrize(("kernel", "cpu", "expect", "firmware"), [
    ("request-five-level", "max", "la57", Ovmf),
    ("request-five-level", "max", "la57", UBoot),
    ("request-five-level-if-there", "max", "la57", UBoot),
    ("request-five-level-if-there", "max,la57=off", "no-la57", UBoot),
])
def test_paging_levels(expect_conformance, kernel, cpu, expect, firmware):
    expect_conformance(kernel, expect, cpu=cpu, firmware=firmware)


@pytest.mark.parametrize("disk", ["ahci", "nvme", "usb"])  # all other tests use virtio-blk
def test_boots_from(expect_conformance, disk):
    expect_conformance("pie", "whole-disk", disk=disk)


@pytest.mark.parametrize(("kernel", "expect"), [
    ("minus-2g", ""), ("pie-relr", ""), ("write-execute", "wx"), ("request-runtime-map", "runtime-map")])
def test_firmware_that_lets_no_data_be_executed(expect_conformance, kernel, expect):
    if not StrictNxOvmf.CODE.exists():
        pytest.skip(f"no {StrictNxOvmf.CODE}, which the package ovmf of Debian 13 has")
    expect_conformance(kernel, expect, firmware=StrictNxOvmf)


@pytest.mark.parametrize("firmware", [Ovmf, UBoot])
def test_partition_tells_its_guids(boot, reporter, firmware):
    partition = gpt.Partition(uuid.uuid4(), uuid.uuid4(), number=3)
    machine = boot(reporter, partition=partition, firmware=firmware)
    machine.wait_for_exit()
    machine.wait_for_debugcon(
        rf"^report: boot device 1, partition 3 {partition.guid}, disk {partition.disk_guid}, signature 0+$")


@pytest.mark.parametrize(("firmware", "partition"), [
    (Ovmf, mbr.Partition(0x1234_ABCD, number=2, type=mbr.FAT32_LBA)),
    (UBoot, mbr.Partition(0xFEDC_0001, type=mbr.EFI_SYSTEM_PARTITION))])
def test_mbr_partition_tells_its_number_and_the_disks_signature(boot, reporter, firmware,
                                                                partition):
    machine = boot(reporter, partition=partition, firmware=firmware)
    machine.wait_for_exit()
    machine.wait_for_debugcon(rf"^report: boot device 2, partition {partition.number} [0-]+, "
                              rf"disk [0-]+, signature {partition.signature:08x}$")


def test_partition_is_told_without_contradiction(expect_conformance):
    expect_conformance("shared", "gpt", firmware=UBoot,
                       partition=gpt.Partition(uuid.uuid4(), uuid.uuid4()))
