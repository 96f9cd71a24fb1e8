# SPDX-License-Identifier: BSD-2-Clause
"""All processors: what each of them finds is for the conformance kernel to check; here, on which
machines, and by which paths."""

import json
import re

import pytest

import artefacts
from elf import PF_R, PF_W, PT_NOTE, Elf, Segment
from kernels import MIB, TOP_2_GIB, code_kernel
from machine import Ovmf, UBoot
from notes import PROCESSORS, REQUIRED, request
from paths import PATHS, GrubOnUefi, MicroVm, Pvh, qemu_version
from tool import baton

WAYS = {"ovmf": Ovmf, "u-boot": UBoot} | PATHS


@pytest.mark.parametrize("way", [pytest.param(way, marks=pytest.mark.long)
                                 if issubclass(WAYS[way], GrubOnUefi) else way for way in WAYS])
def test_processors_are_parked_by(expect_conformance, way):
    expect_conformance("request-processors", "processors:4,online:4", firmware=WAYS[way],
                       words="fill", processors=4)


class NoAcpi(MicroVm):
    """Its BIOS has an MP table."""

    MACHINE = ["-machine", "microvm,acpi=off"]
    FEATURES = tuple(feature for feature in MicroVm.FEATURES if feature != "acpi")


@pytest.mark.skipif(qemu_version() >= 8, reason="its BIOS overwrites the start information")
def test_processors_of_an_mp_table(expect_conformance):
    expect_conformance("request-processors", "no-acpi,processors:4,online:4", firmware=NoAcpi,
                       processors=4)


@pytest.mark.parametrize("processors, count", [
    (1, 1), (2, 2), ("16", 16), ("12,sockets=2,cores=3,threads=2", 12), ("3,sockets=3", 3),
    ("2,maxcpus=9", 2), pytest.param("64", 64, marks=pytest.mark.long),
    pytest.param("255,sockets=255", 255, marks=pytest.mark.long)])
def test_processors_of_machine(expect_conformance, processors, count):
    """Ids have gaps where a socket's or a core's numbers are no power of two."""
    expect_conformance("request-processors", f"processors:{count},online:{count}", firmware=Pvh,
                       processors=processors, deadline_seconds=600)


@pytest.mark.skipif(qemu_version() < 9, reason="its own processors have no x2APIC mode")
def test_processor_whose_id_needs_x2apic(expect_conformance):
    """Its id is 256."""
    machine = expect_conformance("request-processors", "processors:2,online:2", firmware=Pvh,
                                 processors="1,maxcpus=258,sockets=2,cores=129,threads=1",
                                 devices=["max-x86_64-cpu,socket-id=1,core-id=0,thread-id=0"])
    machine.wait_for_debugcon("2 processors, 1 to be started by x2APIC; trampoline at ")


def test_processors_in_numa_domains(expect_conformance):
    expect_conformance("request-processors", "processors:4,online:4", firmware=Pvh, processors=4,
                       arguments=["-object", "memory-backend-ram,id=a,size=128M",
                                  "-object", "memory-backend-ram,id=b,size=128M",
                                  "-numa", "node,memdev=a,cpus=0-1", "-numa", "node,memdev=b,cpus=2-3"])


@pytest.mark.parametrize("kernel", [
    "request-processors-smallest", "pie", "upper-half", "write-execute", "request-identity",
    "request-identity-1m", "request-physical", "request-direct-map", "request-watchdog"])
def test_processors_of_kernel(expect_conformance, kernel):
    expect_conformance(kernel, "online:4", firmware=Pvh, processors=4, words="fill",
                       entry="processors on\n")


def test_processors_with_runtime_services(expect_conformance):
    expect_conformance("request-everything", "online:3,runtime-map,kaslr", processors=3,
                       entry="processors on\n")


@pytest.mark.parametrize("setting, count", [("off", 1), ("1", 1), ("2", 2), ("4", 4), ("4096", 4)])
def test_as_many_as_the_entry_says(expect_conformance, setting, count):
    expect_conformance("minus-2g", f"processors:4,online:{count}", firmware=Pvh, processors=4,
                       entry=f"processors {setting}\n")


def test_processors_are_left_alone_unless_requested(expect_conformance):
    machine = expect_conformance("minus-2g", "processors:4,online:1", firmware=Pvh, processors=4)
    assert "trampoline" not in machine.debugcon


def test_five_levels_of_page_tables(expect_conformance):
    expect_conformance("request-five-level", "online:4,la57", firmware=Pvh, processors=4,
                       entry="processors on\n")


def test_a_32_bit_kernel_gets_none(boot):
    kernel = artefacts.BUILD / "kernel/protocols/pvh/pvh-test.elf"
    machine = boot(kernel, firmware=Pvh, processors=2, files={
        "/loader/entries/test.conf": "kernel /baton/kernel.elf\noptions one two\nprocessors on\n"})
    machine.wait_for_exit()
    machine.wait_for_debugcon("warning: the other processors aren't started: the kernel is 32-bit code$")


def requesting(*segments: Segment, flags: int = REQUIRED) -> Elf:
    """A kernel that requests them, with more segments."""
    note = Segment(TOP_2_GIB + 16 * MIB, PF_R, request(PROCESSORS, 1, flags=flags), type=PT_NOTE,
                   align=4)
    return code_kernel(b"\xf4", note, *segments)


def bss(address: int, size: int) -> Segment:
    return Segment(address, PF_R | PF_W, memory_bytes=size, align=1)


# error: the kernel, and options of the machine
ERRORS = {
    r"trampoline_memory_missing: .* \(bytes 0x1000, end 0xa0000\)$":
        ((bss(0x1000, 0x9F000),), {}),
    r"local_apic_off: .* \(address 0x": ((), {"cpu": "max,-apic"}),
    # QEMU's own processors have x2APIC mode from version 9 on.
    r"x2apic_missing: .* \(APIC id 0x1, address 0xfee00000\)$":
        ((bss(0xFEE00000, 0x1000),), {"cpu": "max,-x2apic"}),
}


@pytest.mark.parametrize("error", ERRORS)
def test_what_prevents_the_start(boot, error):
    """An error if the request is required, else a warning."""
    segments, options = ERRORS[error]
    options = {"firmware": Pvh, "processors": 2} | options
    boot(requesting(*segments), **options).wait_for_debugcon(f"^error: {error}")
    boot(requesting(*segments, flags=0), **options).wait_for_debugcon(
        f"warning: the other processors aren't started: error: {error}")


def test_the_plan_shows_what_they_need(tmp_path):
    kernel = artefacts.conformance_kernel("request-processors")
    plan = baton("plan", kernel).stdout
    for what in ("r-x  processor trampoline", "rw-  processor areas", "rw-  local APIC's registers"):
        assert re.search(rf"^  0x\w+ - 0x\w+ .* {what}  at 0x\w+$", plan, re.M), what
    stacks = re.findall(r"^  (0x\w+) - (0x\w+) .* rw-  another processor's stack ", plan, re.M)
    assert len(stacks) == 3
    guards = re.findall(r"^  (0x\w+) - (0x\w+) .* guard page$", plan, re.M)
    for base, end in stacks:
        assert f"{int(base, 16) - 0x1000:#018x}" in (start for start, _ in guards)
        assert f"{int(end, 16) + 1:#018x}" in (start for start, _ in guards)
    for what in ("processor trampoline", "processor areas", "processor stacks"):
        assert re.search(rf" loader, reclaimable +{what}$", plan, re.M), what


@pytest.mark.parametrize("segments, met", [((), True), ((bss(0x1000, 0x9F000),), False)])
def test_check_says_whether_they_can_be_started(tmp_path, segments, met):
    file = tmp_path / "kernel.elf"
    file.write_bytes(requesting(*segments, flags=0).build())
    [found] = json.loads(baton("check", file, "--json").stdout)["requests"]
    assert found == {"name": "PROCESSORS", "values": "0x1", "required": False, "met": met}
