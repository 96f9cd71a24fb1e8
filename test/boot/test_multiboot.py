# SPDX-License-Identifier: BSD-2-Clause
"""Multiboot2 and Multiboot1 kernels, promise by promise of docs/protocols/multiboot2.md and
multiboot.md: the test kernels (kernel/protocols/multiboot/) by each way in, and what they are given
side by side with GRUB. What no machine has a part in is in test/unit/protocols/multiboot_test.cpp."""

import re
import struct

import artefacts
import pytest
from machine import FAULT_REPORTED, SUCCESS, Ovmf, UBoot
from paths import (PATHS, GrubOnUefi, KernelByGrub1Bios, KernelByGrub1Uefi, KernelByGrub2Bios,
                   KernelByGrub2Uefi, Multiboot2Bios, Pvh)
from start import start

KERNELS = artefacts.BUILD / "kernel/protocols/multiboot"
EFI_KERNELS = artefacts.BUILD / "kernel/protocols/multiboot-efi"
WAYS = {"ovmf": Ovmf, "u-boot": UBoot} | PATHS
PROMISES = {1: 10, 2: 14}  # that each kernel judges


def kernel(version: int):
    return KERNELS / f"multiboot{version}-test.elf"


def entry(options: str = "", *lines: str) -> dict[str, str]:
    text = "\n".join(["kernel /baton/kernel.elf", f"options {options}", *lines, ""])
    return {"/loader/entries/test.conf": text}


MIB = 1 << 20
CODE = b"\xf4" * 64  # hlt


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def header2(*tags: tuple[int, bytes], at: int = MIB) -> bytes:
    """A flat kernel with a Multiboot2 header of these tags, and an address tag."""
    body = b""
    for kind, content in (*tags, (2, words(at, at, 0, 0)), (0, b"")):
        body += struct.pack("<HHI", kind, 0, 8 + len(content)) + content
        body += bytes(-len(body) % 8)
    size = 16 + len(body)
    return words(0xE85250D6, 0, size, -(0xE85250D6 + size) & 0xFFFF_FFFF) + body + CODE


@pytest.fixture
def keeps_promises(boot):
    """keeps_promises(version, **options): boots the test kernel. Returns the machine, which has
    ended."""

    def keeps_promises(version: int, **options):
        machine = boot(kernel(version), **({"files": entry("one two")} | options))
        machine.wait_for_exit(SUCCESS, fatal="^(error:|baton: fault|FAIL).*")
        kept = machine.wait_for_debugcon(rf"^mb{version}: (\d+) kept, 0 broken$")
        assert int(kept[1]) == PROMISES[version]
        return machine

    return keeps_promises


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("way", [pytest.param(way, marks=pytest.mark.long)
                                 if issubclass(WAYS[way], GrubOnUefi) else way for way in WAYS])
def test_promises_by(keeps_promises, way, version):
    keeps_promises(version, firmware=WAYS[way])


@pytest.mark.parametrize("version", [1, 2])
def test_modules_by(keeps_promises, version):
    """G12, J9."""
    content = bytes(i * 7 & 0xFF for i in range(10000))
    files = entry("", "module /m/first The first", "module /m/empty", "module /m/third 3")
    machine = keeps_promises(version, firmware=UBoot, files=files | {
        "/m/first": content, "/m/empty": b"", "/m/third": b"x"})
    sum_of_first = 0
    for byte in content:
        sum_of_first = (sum_of_first * 31 + byte) & 0xFFFF_FFFF
    found = re.findall(r"^mb\d: module bytes (\w+) sum (\w+) string (.*)$", machine.debugcon, re.M)
    assert found == [("0x2710", hex(sum_of_first), '"The first"'), ("0x0", "0x0", '""'),
                     ("0x1", "0x78", '"3"')]


def test_g10_j7_command_lines(keeps_promises):
    machine = keeps_promises(2, firmware=Pvh, files=entry("one  two"))
    machine.wait_for_debugcon('^mb2: tag command line text "one  two"$')
    machine = keeps_promises(1, firmware=UBoot, files=entry("one  two"))
    machine.wait_for_debugcon('^mb1: .* command_line "/baton/kernel.elf one  two"')


def test_g5_j4_the_mode_is_set(keeps_promises):
    for version in (1, 2):
        keeps_promises(version).wait_for_debugcon(
            rf"^mb{version}: framebuffer .* width 0x320 height 0x258 depth 0x20 ")


def test_g2_what_is_occupied_until_stage_2_runs_is_moved(keeps_promises):
    """Stage 1 itself lies where the kernel goes."""
    machine = keeps_promises(2, firmware=Pvh)
    machine.wait_for_debugcon("stage 2 will move .* to 0x100000$")


@pytest.mark.parametrize("kind, own", [("fixed", "0x2001000 base 0x0"),
                                       ("relocatable", "0x3001000 base 0x3000000")])
def test_g4_g7_boot_services_stay(boot, kind, own):
    machine = boot(EFI_KERNELS / f"multiboot2-efi-{kind}.elf")
    machine.wait_for_exit(SUCCESS)
    machine.wait_for_debugcon(rf"^efi: own address {own}$")
    machine.wait_for_debugcon("^efi: 1 kept, 0 broken$")


def test_g7_without_boot_services_the_other_entry_is_called(boot):
    machine = boot(EFI_KERNELS / "multiboot2-efi-fixed.elf", firmware=Pvh)
    machine.wait_for_exit(SUCCESS)
    machine.wait_for_debugcon("no boot services that could stay: the kernel's other entry$")
    machine.wait_for_debugcon("^32$")


def test_g7_memory_that_is_not_free_is_an_error(boot):
    at = 0x80_6000
    machine = boot(header2((7, b""), (9, words(at)), (3, words(at)), at=at))
    error = machine.wait_for_debugcon(
        r"^error: destination_not_free: .*first byte (\w+), bytes (\w+), memory type 0x5\)")
    first, size = (int(number, 16) for number in error.groups())
    assert first <= at < first + size  # newer firmware's range begins earlier


def test_g21_j14_fault_is_reported(boot):
    machine = boot(kernel(2), firmware=Pvh, files=entry("fault", "after-fault exit"))
    machine.wait_for_exit(FAULT_REPORTED)
    assert "baton: fault: #UD invalid opcode, vector 6, in kernel + " in machine.serial


def test_g5_console_that_is_missing_is_an_error(boot):
    entry_at = (3, words(MIB + 100))
    machine = boot(header2(entry_at, (4, words(1))), firmware=Pvh)
    machine.wait_for_debugcon("^error: multiboot_console_missing: ")


def test_g4_no_place_is_an_error(boot):
    machine = boot(header2((3, words(MIB)), (10, words(0xF000_0000, 0xFFFF_FFFF, 4096, 0))),
                   firmware=Pvh)
    machine.wait_for_debugcon(
        r"^error: no_place_for_kernel: .*0xf0000000, .*0xffffffff, .*0x1000\)$")


# Side by side.

def facts(text: str) -> dict[str, dict[str, str]]:
    """What the kernel has printed: {"state": {"eax": …}}; of several modules, the first."""
    found = {}
    for line in re.findall(r"^mb\d: (.*)$", text, re.M):
        name = re.match(r"state|information|module|framebuffer|tag [^0-9\"]*?(?= (?:text|lower|count)|$)", line)
        if name and not line.startswith("range"):
            values = re.findall(r'(\w+) (0x[0-9a-f]+|".*?")', line.removeprefix(name[0]))
            found.setdefault(name[0].removeprefix("tag "), dict(values))
    return found


def memory_map(text: str) -> list[tuple[int, int]]:
    """The available memory, in whole pages."""
    ranges = [tuple(int(number, 16) for number in numbers) for numbers in
              re.findall(r"^mb\d: range base (\w+) bytes (\w+) type (\w+)$", text, re.M)]
    return [(-(-base // 4096) * 4096, (base + size) // 4096 * 4096)
            for base, size, kind in ranges if kind == 1]


MACHINES = {"bios": {1: (Multiboot2Bios, KernelByGrub1Bios), 2: (Multiboot2Bios, KernelByGrub2Bios)},
            "uefi": {1: (Ovmf, KernelByGrub1Uefi), 2: (Ovmf, KernelByGrub2Uefi)}}


def of_both(directory, machine: str, version: int) -> list[str]:
    """What the kernel prints when Baton starts it, and when GRUB does."""
    texts = []
    for firmware in MACHINES[machine][version]:
        started = start(directory / firmware.__name__, kernel(version), firmware=firmware,
                        files=entry("one  two", "module /m/first") | {"/m/first": b"module"})
        try:
            started.wait_for_debugcon(rf"^mb{version}: \d+ kept")
            texts.append(started.debugcon)
        finally:
            started.close()
    return texts


def documented_differences(version: int) -> set[str]:
    name = {1: "multiboot", 2: "multiboot2"}[version]
    document = (artefacts.SOURCE / f"docs/protocols/{name}.md").read_text(encoding="utf-8")
    table = re.search(r"^\| what \| Baton \| GRUB .*\n\| --- .*\n((?:\|.*\n)+)", document, re.M)[1]
    return {name for row in table.splitlines()
            for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("machine", [pytest.param("uefi", marks=pytest.mark.long), "bios"])
def test_side_by_side_with_grub(tmp_path, machine, version):
    """Every difference is in the document, and all memory is the same."""
    texts = of_both(tmp_path, machine, version)
    baton, grub = map(facts, texts)
    documented = documented_differences(version)
    differences = set(baton) ^ set(grub)
    for group in set(baton) & set(grub):
        for key in set(baton[group]) | set(grub[group]):
            if baton[group].get(key) != grub[group].get(key):
                differences.add(key if group in ("state", "information") else group)
    assert differences <= documented
    assert "loader" in differences
    of_baton, of_grub = map(memory_map, texts)
    assert of_baton == of_grub != []
