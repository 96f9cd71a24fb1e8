# SPDX-License-Identifier: BSD-2-Clause
"""Faults are reported where the machine's console is, whatever kind of UART that is."""

import re
import struct
import time
from pathlib import Path

import pytest
from faults import report_on
from kernels import code_kernel
from machine import Ovmf, UBoot
from paths import MicroVm, Pvh
from start import start

UNDEFINED = bytes.fromhex("0f0b")  # ud2
END = r"^baton: end of report: stopped"
COM1 = "isa-serial,iobase=0x3f8,irq=4,chardev=console"
COM2 = "isa-serial,iobase=0x2f8,irq=3,chardev=console"
COM3 = "isa-serial,iobase=0x3e8,irq=4,chardev=console"
UNUSUAL = "isa-serial,iobase=0x220,irq=4,chardev=console"
PCI = "pci-serial,chardev=console"
BEHIND_BRIDGES = ["pcie-root-port,id=root,chassis=1", "pcie-pci-bridge,bus=root,id=bridge",
                  "pci-serial,bus=bridge,chardev=console"]
IO, MEMORY = 1, 0
FULL_16550, GENERIC_16550 = 0, 0x12


def spcr(directory: Path, space: int, address: int, interface: int = FULL_16550, bits: int = 8,
         access: int = 1) -> list[str]:
    """QEMU's arguments for a table SPCR. It makes the header."""
    file = directory / "spcr"
    file.write_bytes(struct.pack("<B3x4BQ28x", interface, space, bits, 0, access, address))
    return ["-acpitable", f"sig=SPCR,rev=2,data={file}"]


def expect_report_on_serial(machine) -> None:
    """Once, as on the debug console, behind what stage 1 has said."""
    machine.wait_for_debugcon(END)
    machine.wait_for_serial(END)
    found = report_on(machine.serial.replace("\r", ""))
    assert found == report_on(machine.debugcon) and "in kernel + 0x0" in found
    assert machine.serial.count("stage 1 for ") == 1


@pytest.mark.parametrize(("devices", "firmware"), [
    ([PCI], Ovmf),
    pytest.param(["isa-serial,iobase=0x3f8", PCI], UBoot,
                 marks=pytest.mark.skipif(UBoot.IS_FRAGILE, reason="this U-Boot needs COM1")),
    ([COM1], Pvh), ([COM2], Pvh), ([COM3], Pvh), ([PCI], Pvh), ([COM1], MicroVm),
    (["pci-serial-2x,chardev1=console"], Pvh), (BEHIND_BRIDGES, Pvh),
    (["isa-serial,iobase=0x3f8", PCI], Pvh),
], ids=lambda value: value.__name__ if isinstance(value, type) else value[-1].split(",chardev")[0])
def test_fault_is_reported_on(boot, devices, firmware):
    machine = boot(code_kernel(UNDEFINED), firmware=firmware, devices=devices, serial_port=False,
                   display_adapter=firmware is Ovmf)
    expect_report_on_serial(machine)


@pytest.mark.parametrize(("device", "port", "firmware"), [
    (COM3, 0x3E8, Pvh), (UNUSUAL, 0x220, Pvh), (UNUSUAL, 0x220, Ovmf)])
def test_fault_is_reported_where_the_table_says(boot, tmp_path, firmware, device, port):
    machine = boot(code_kernel(UNDEFINED), firmware=firmware, devices=[device], serial_port=False,
                   display_adapter=firmware is Ovmf, arguments=spcr(tmp_path, IO, port))
    expect_report_on_serial(machine)


@pytest.fixture(scope="module")
def edid_address(tmp_path_factory):
    """Where the EDID of a display adapter is in memory that it decodes. Of its bytes, 10 and 20 have
    the bit that says that a UART is ready; what is written to it has no effect, but QEMU can log it."""
    machine = start(tmp_path_factory.mktemp("edid") / "machine", code_kernel(UNDEFINED), firmware=Pvh,
                    devices=["bochs-display"], display_adapter=False)
    machine.wait_for_debugcon(END)
    [address] = [region["address"] for bus in machine.query("query-pci")
                 for device in bus["devices"] if device["class_info"]["class"] == 0x380
                 for region in device["regions"] if region["bar"] == 2]
    machine.close()
    return address


@pytest.mark.parametrize(("bits", "access", "bytes_written"), [(16, 1, 1), (32, 1, 1), (32, 3, 4)])
def test_fault_is_reported_on_a_uart_in_memory(boot, tmp_path, edid_address, bits, access,
                                               bytes_written):
    arguments = [*spcr(tmp_path, MEMORY, edid_address, GENERIC_16550, bits, access),
                 "-trace", "enable=memory_region_ops_write"]
    machine = boot(code_kernel(UNDEFINED), firmware=Pvh, devices=["bochs-display"],
                   display_adapter=False, arguments=arguments)
    machine.wait_for_debugcon(END)
    time.sleep(0.2)  # for the end of the last line
    machine.query("quit")  # which writes what there is of the log
    machine.wait_for_exit(0)
    written = {offset: "".join(chr(int(value, 16)) for value in re.findall(
        f"memory_region_ops_write .* addr {edid_address + offset:#x} value 0x(..?) size 1 ",
        machine.log)) for offset in range(bytes_written + 1)}
    assert report_on(written[0].replace("\r", "")) == report_on(machine.debugcon)
    assert "stage 1 for PVH" in written[0]
    assert all(len(written[offset]) == (len(written[0]) if offset < bytes_written else 0)
               for offset in written)


@pytest.mark.parametrize("address", [0x200_0000, 0x10_0000, 0x2_0000_0000, 0x7FFF_FFFF_F000, 8])
def test_table_that_names_memory_is_not_believed(boot, tmp_path, address):
    """RAM, the loader itself, an address that isn't mapped, page 0."""
    machine = boot(code_kernel(UNDEFINED), firmware=Pvh, devices=[COM1], serial_port=False,
                   display_adapter=False, arguments=spcr(tmp_path, MEMORY, address))
    expect_report_on_serial(machine)


def test_identity_mapping_of_a_uart_in_memory_is_as_promised(expect_conformance, tmp_path,
                                                             edid_address):
    arguments = spcr(tmp_path, MEMORY, edid_address, GENERIC_16550, 16)
    expect_conformance("minus-2g", firmware=Pvh, devices=["bochs-display"], display_adapter=False,
                       arguments=arguments)
