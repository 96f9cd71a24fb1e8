# SPDX-License-Identifier: BSD-2-Clause
"""The same kernels, unmodified, over every way to start Baton: paths × promises, and what a path can't
give is what docs/boot-protocol.md says."""

import re

import pytest

import artefacts
from elf import PF_R, PF_W
from kernels import MIB, TOP_2_GIB, code_kernel, patterned
from machine import NOTHING_BOOTED, Ovmf
from paths import PATHS, GrubOnUefi, MicroVm, Multiboot2Bios, Pvh
from test_protocol import PLACEMENTS


KERNELS = ("minus-2g", "1m", "pie", "write-execute")


def is_long(name: str, path: str) -> bool:
    """On UEFI, GRUB takes a while to come; test_what_a_path_cannot_give_is_documented() has another
    kernel by each path."""
    return issubclass(PATHS[path], GrubOnUefi) or (path == "linux-grub-bios" and name != "pie")


@pytest.mark.parametrize("name, path", [
    pytest.param(name, path, marks=pytest.mark.long) if is_long(name, path) else (name, path)
    for name in KERNELS for path in PATHS])
def test_kernel_by(expect_conformance, path, name):
    expect_conformance(name, PLACEMENTS[name] + ",seed-processor,svm,identity-mappings:3",
                       firmware=PATHS[path], words="fill")


def expect_error(machine, error: str) -> None:
    """The loader's error on both consoles; then the machine stops."""
    machine.wait_for_debugcon(rf"^error: {error}")
    machine.wait_for_serial(rf"^error: {error}")
    machine.wait_for_serial(machine.firmware.REGAINED)


@pytest.mark.parametrize("path", [
    pytest.param(path, marks=pytest.mark.long) if issubclass(PATHS[path], GrubOnUefi) else path
    for path in PATHS])
def test_no_kernel_by(boot, path):
    expect_error(boot(None, firmware=PATHS[path]), "kernel_not_given: ")


@pytest.mark.parametrize("path", ["pvh", "multiboot2-bios", "linux"])
def test_bad_kernel_by(boot, path):
    kernel = artefacts.EXAMPLE_KERNEL.read_bytes()[:5000]
    expect_error(boot(kernel, firmware=PATHS[path]), r"segment_outside_file: .*kernel")


@pytest.mark.parametrize("path", ["pvh", "microvm", "linux"])
def test_too_little_memory_by(boot, path):
    kernel = code_kernel(b"\xf4", patterned(TOP_2_GIB + 2 * MIB, PF_R | PF_W, 1, 64 * MIB))
    expect_error(boot(kernel, firmware=PATHS[path], memory_mib=48), "out_of_memory: kernel: ")


def test_processor_without_nx_by_pvh(boot):
    expect_error(boot(code_kernel(b"\xf4"), firmware=Pvh, cpu="max,nx=off"), "cpu_lacks_no_execute")


def test_exception_in_stage_1_is_an_error(boot):
    machine = boot(None, firmware=Pvh)
    expect_error(machine, "kernel_not_given: ")
    machine.inject_nmi()
    machine.wait_for_serial(r"^error: stage1_exception: .*\(vector 0x2, error code 0x0, "
                            r"RIP 0x1\w{5}, CR2 0x0\)$")


def test_settings_by_the_command_line(boot):
    """Those before the two dashes: an error ends QEMU instead of stopping the machine."""
    machine = boot(artefacts.conformance_kernel("write-execute"), firmware=Pvh,
                   files={"/loader/entries/test.conf": "after-fault exit\nwx refuse\n"})
    machine.wait_for_exit(NOTHING_BOOTED)
    machine.wait_for_debugcon("^error: write_execute_refused: ")
    machine = boot(None, firmware=Pvh, files={"/loader/entries/test.conf": "after-fault exit\n"})
    machine.wait_for_exit(NOTHING_BOOTED)
    machine.wait_for_debugcon("^error: kernel_not_given: ")


def test_modules_by_multiboot2(expect_conformance):
    """One of them is what the kernel requests: it is there once."""
    machine = expect_conformance("request-module", "modules:2", firmware=Multiboot2Bios,
                                 files={"/baton/requested.txt": "as requested", "/x/other": "module"})
    machine.wait_for_debugcon(r"module \\x\\other: 6 B")


def test_memory_above_4_gib(expect_conformance):
    expect_conformance("minus-2g", firmware=Pvh, memory_mib=5000)


# What this kernel and this machine have not, however it is started.
NOT_OF_THE_PATH = {"direct-map-request", "edid", "framebuffer-request", "identity-request",
                   "kernel-file", "module-request", "modules", "physical-request", "pie",
                   "previous-boot", "processors-online", "processors-request", "refuse-wx-request", "runtime-map", "symbols", "vmx", "watchdog"}


def document_row(path: str) -> list[str]:
    """The cells of a path's row in docs/boot-protocol.md."""
    document = (artefacts.SOURCE / "docs/boot-protocol.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{path}` \|(.*)\|$", document, re.MULTILINE)
    return [cell.strip() for cell in row[1].split("|")]


@pytest.mark.parametrize("path", ["uefi", *PATHS])
def test_what_a_path_cannot_give_is_documented(expect_conformance, path):
    """Paths × promises: those that are skipped are just those of the path's row."""
    machine = expect_conformance("minus-2g", firmware=PATHS.get(path, Ovmf))
    skipped = {promise for promise, reason in
               re.findall(r"^SKIP (\w+) .*: no (\S+)$", machine.debugcon, re.MULTILINE)
               if reason not in NOT_OF_THE_PATH}
    boot_path, _, absent = document_row(path)
    if path == "uefi":
        skipped.remove("D16")  # this machine has no TPM
    if path == "microvm" and not MicroVm.HAS_SMBIOS:
        skipped.remove("D9")
    assert skipped == set(absent.split(", ")) - {""}
    if path in PATHS:
        assert f"by-{boot_path.strip('`').lower()}" in PATHS[path].FEATURES
