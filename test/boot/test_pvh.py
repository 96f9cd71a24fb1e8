# SPDX-License-Identifier: BSD-2-Clause
"""PVH kernels, promise by promise of docs/protocols/pvh.md: the test kernel (kernel/protocols/pvh/) by
each way in, what it is given side by side with QEMU's own loader, and its first fault."""

import re
import struct

import artefacts
import pytest
from elf import PF_R, PF_W, PF_X, Elf, Segment
from machine import FAULT_REPORTED, SUCCESS, Machine, Ovmf, PvhKernel, UBoot
from paths import PATHS, GrubOnUefi, Pvh
from start import start
from tool import baton

KERNELS = artefacts.BUILD / "kernel/protocols/pvh"
KERNEL, KERNEL_64 = KERNELS / "pvh-test.elf", KERNELS / "pvh-test-64.elf"
WAYS = {"ovmf": Ovmf, "u-boot": UBoot} | PATHS
DOCUMENT = (artefacts.SOURCE / "docs/protocols/pvh.md").read_text(encoding="utf-8")


def entry(options: str = "", *lines: str) -> dict[str, str]:
    text = "\n".join(["kernel /baton/kernel.elf", f"options {options}", *lines, ""])
    return {"/loader/entries/test.conf": text}


@pytest.fixture
def keeps_promises(boot):
    """keeps_promises(kernel, **options): boots it. Returns the machine, which has ended."""

    def keeps_promises(kernel=KERNEL, **options):
        machine = boot(kernel, **({"files": entry("one two")} | options))
        machine.wait_for_exit(SUCCESS)
        kept = machine.wait_for_debugcon(r"^pvh: (\d+) kept, 0 broken$")
        assert int(kept[1]) == 13
        return machine

    return keeps_promises


@pytest.mark.parametrize("way", [pytest.param(way, marks=pytest.mark.long)
                                 if issubclass(WAYS[way], GrubOnUefi) else way for way in WAYS])
def test_p2_p4_to_p15_by(keeps_promises, way):
    keeps_promises(firmware=WAYS[way])


def test_p1_the_file_may_be_elf64(keeps_promises):
    keeps_promises(KERNEL_64, firmware=Pvh)


def test_p2_what_is_occupied_until_stage_2_runs_is_moved(keeps_promises):
    """Stage 1 itself lies where the kernel goes."""
    machine = keeps_promises(firmware=Pvh)
    machine.wait_for_debugcon("stage 2 will move .* to 0x100000$")
    assert "to 0x1800000" not in machine.debugcon


def test_p2_what_stays_occupied_is_an_error(boot):
    machine = boot(code_at(0xF0000), firmware=Pvh)
    machine.wait_for_debugcon(r"^error: destination_not_free: .*kernel.* 0xf0000, .*type 0xa\)")


def test_p12_modules_by(keeps_promises):
    files = entry("", "module /m/first The first", "module /m/empty", "module /m/third 3")
    content = bytes(i * 7 & 0xFF for i in range(10000))
    machine = keeps_promises(firmware=UBoot, files=files | {
        "/m/first": content, "/m/empty": b"", "/m/third": b"x"})
    found = re.findall(r"^pvh: module bytes (\w+) sum (\w+) string (.*)$", machine.debugcon, re.M)
    sum_of_first = 0
    for byte in content:
        sum_of_first = (sum_of_first * 31 + byte) & 0xFFFF_FFFF
    assert found == [("0x2710", hex(sum_of_first), '"The first"'), ("0x0", "0x0", "none"),
                     ("0x1", "0x78", '"3"')]


def code_at(physical: int, code: bytes = b"\xf4", note: bytes | None = None) -> Elf:
    """A kernel with a PVH note and virtual addresses that are no physical ones."""
    descriptor = struct.pack("<I", physical) if note is None else note
    content = struct.pack("<III4s", 4, len(descriptor), 18, b"Xen\0") + descriptor
    return Elf([Segment(0xFFFF_FFFF_8000_0000, PF_R | PF_X, code, physical=physical),
                Segment(0, PF_R, content, type=4, align=4)], entry=0xFFFF_FFFF_8000_0000)


# Side by side.

def facts(text: str) -> dict[str, dict[str, int]]:
    """What the kernel has printed of the processor and the start info: {"segment cs": {"limit": …}}"""
    found = {}
    for line in re.findall(r"^pvh: (.*)$", text, re.M):
        name = re.match(r"(segment \w+|registers|control|start)\b", line)
        if name:
            found[name[1]] = {key: int(value, 16) for key, value in
                              re.findall(r"(\w+) (0x[0-9a-f]+)", line)}
    return found


def memory_map(text: str) -> list[tuple[int, int]]:
    """The memory, in whole pages."""
    ranges = [tuple(int(number, 16) for number in numbers) for numbers in
              re.findall(r"^pvh: range base (\w+) bytes (\w+) type (\w+)$", text, re.M)]
    return [(base // 4096 * 4096, (base + size) // 4096 * 4096)
            for base, size, kind in ranges if kind == 1]


@pytest.fixture(scope="module")
def of_both(tmp_path_factory):
    """What the kernel prints when Baton starts it, and when QEMU does, on one kind of machine."""
    directory = tmp_path_factory.mktemp("both")
    (directory / "qemu").mkdir()
    machines = [start(directory / "baton", KERNEL, firmware=Pvh, files=entry("one  two")),
                Machine(directory / "qemu", {}, firmware=PvhKernel(KERNEL, "one  two"))]
    texts = []
    for machine in machines:
        machine.wait_for_debugcon(r"^pvh: \d+ kept")
        texts.append(machine.debugcon)
        machine.close()
    return texts


def test_side_by_side_every_difference_is_in_the_document(of_both):
    of_baton, of_qemu = map(facts, of_both)
    assert of_baton.keys() == of_qemu.keys()
    differences = {f"{group.removeprefix('segment ')} {key}" if "segment" in group else key
                   for group, values in of_baton.items() for key in values
                   if values[key] != of_qemu[group][key]}
    table = re.search(r"^\| what \| Baton \| QEMU .*\n\| --- .*\n((?:\|.*\n)+)", DOCUMENT, re.M)[1]
    documented = {name for row in table.splitlines()
                  for name in re.findall(r"`([^`]+)`", row.split("|")[1])}
    assert differences <= documented
    assert {"esp", "ebx", "tr rights"} <= differences


def test_side_by_side_memory_and_texts_are_the_same(of_both):
    of_baton, of_qemu = of_both
    assert memory_map(of_baton) == memory_map(of_qemu) != []
    for text in of_both:
        assert 'command line "one  two"' in text


# Faults.

def report_of(boot, fault: str, firmware=Pvh, kernel=KERNEL, wait=lambda _machine: None):
    machine = boot(kernel, firmware=firmware, files=entry(f"fault={fault}", "after-fault exit"))
    wait(machine)
    machine.wait_for_exit(FAULT_REPORTED)
    assert not machine.has_triple_faulted
    return machine


FAULTS = {
    "divide": ("#DE divide error, vector 0", "divide_by_zero"),
    "invalid": ("#UD invalid opcode, vector 6", "run_invalid_code"),
    "segment": ("#GP general protection, vector 13", "load_bad_segment"),
    "gate": ("#GP general protection, vector 13", "call_through_bad_gate"),
    "breakpoint": ("#BP breakpoint, vector 3", "stop_at_breakpoint"),
    "own-segments": ("#UD invalid opcode, vector 6", "fault_with_own_segments"),
    "paging": ("#PF page fault, vector 14", "touch_unmapped_page"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_p16_fault_is_reported_and_explained(boot, tmp_path, fault):
    name, function = FAULTS[fault]
    machine = report_of(boot, fault)
    for text in (machine.serial, machine.debugcon):
        assert f"baton: fault: {name}, in kernel + " in text
    log = tmp_path / "serial.log"
    log.write_text(machine.serial)
    result = baton("explain", log, "--kernel", KERNEL)
    assert result.returncode == 0, result.stderr
    assert re.search(rf"^rip    0x0{{8}}\w{{8}}  {function} at .*/faults.c:\d+$", result.stdout, re.M)


def test_p16_on_uefi_fault_is_reported(boot):
    machine = report_of(boot, "divide", firmware=Ovmf)
    assert "mode   32-bit protected mode, no paging\n" in machine.debugcon


def test_p16_report_says_the_mode_and_the_registers(boot):
    text = report_of(boot, "paging").debugcon
    assert "error  0x2: write, page not present, supervisor\n" in text
    assert "mode   32-bit protected mode, paging on\n" in text
    assert re.search(r"^cr2    0x0000000040000123 .* cr4    0x0000000000000010$", text, re.M)


def test_p16_nmi_is_reported(boot):
    def inject(machine):
        machine.wait_for_debugcon("^pvh: waiting$")
        machine.inject_nmi()

    text = report_of(boot, "nmi", wait=inject).serial
    assert "baton: fault: NMI non-maskable interrupt, vector 2, in kernel + " in text
