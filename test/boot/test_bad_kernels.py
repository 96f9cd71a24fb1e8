# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that can't be booted is a named error, and then the firmware goes on."""

import re

import artefacts
import pytest
from elf import EM_AARCH64, PF_R, PF_W, PT_INTERP, Elf, Segment
from kernels import (DT_NEEDED, R_X86_64_64, R_X86_64_PC32, TOP_2_GIB, WISH_FRAMEBUFFER,
                     checker_kernel, code_kernel, patterned, plain_segments, relocated_kernel,
                     wishing_kernel)
from machine import Ovmf, UBoot

NOP = b"\x90" * 16


def ident(**fields) -> bytes:
    names = ["file_class", "encoding", "version"]
    values = {"file_class": 2, "encoding": 1, "version": 1} | fields
    return (b"\x7fELF" + bytes(values[name] for name in names)).ljust(16, b"\0")


def expect_error(machine, name: str, numbers: str = "") -> None:
    """The loader's error line on both consoles, and after a key the firmware's own next step."""
    error = rf"^error: {name}: \S.*{numbers}"
    machine.wait_for_debugcon(error)
    machine.wait_for_serial(error)
    machine.wait_for_serial("press a key")
    machine.press_key()
    machine.wait_for_firmware()


def sound_kernel(**header) -> Elf:
    """A good one, but for these fields of its header."""
    return checker_kernel(plain_segments()).with_header(**header)


# Made in the test, since the checker in them is not built yet when pytest collects.
PROMISED = {
    "elf_not_64_bit": lambda: sound_kernel(e_ident=ident(file_class=1)),
    "elf_wrong_machine": lambda: sound_kernel(e_machine=EM_AARCH64),
    "elf_bad_magic": lambda: b"This is a text and no kernel.\n" * 100,
    "segment_outside_file": lambda: sound_kernel().build()[:0x4000],
}
# What else depends on the firmware; the unit tests have the whole list of ELF errors.
OTHERS = {
    "file_empty": lambda: b"",
    "elf_program_headers_outside_file": lambda: sound_kernel().build()[:100],
    "segments_overlap": lambda: code_kernel(NOP, patterned(TOP_2_GIB + 8, PF_R | PF_W, 0x100)),
    "segment_in_page_zero": lambda: code_kernel(NOP, patterned(0x10, PF_R | PF_W, 0x100)),
    "entry_not_executable": lambda: sound_kernel(e_entry=TOP_2_GIB + 0x8000),
    "out_of_memory": lambda: code_kernel(
        NOP, Segment(TOP_2_GIB + 0x1000, PF_R | PF_W, memory_bytes=1 << 30)),
}


# What makes a kernel impossible to boot as it wants to: the error, and the numbers in it.
UNMET = {
    "interpreter_wanted": (
        lambda: code_kernel(NOP, Segment(TOP_2_GIB + 8, PF_R, b"/lib/ld.so\0", type=PT_INTERP)),
        r"program header 0x1\)"),
    "library_needed": (
        lambda: relocated_kernel(R_X86_64_64, dynamic={DT_NEEDED: 1}), r"d_val 0x1\)"),
    "relocation_undefined_symbol": (
        lambda: relocated_kernel(R_X86_64_64, 1), r"symbol 0x1, r_offset 0x3000\)"),
    "relocation_unsupported": (
        lambda: relocated_kernel(R_X86_64_PC32), r"type 0x2, r_offset 0x3000, symbol 0x0\)"),
    "wish_unknown": (lambda: wishing_kernel(4444, required=True), r"type 0x115c\)"),
    "wish_not_met": (lambda: artefacts.conformance_kernel("wish-five-level"), r"type 0x5, "),
}


@pytest.mark.parametrize("name", UNMET)
def test_on_u_boot_kernel_wants_the_impossible(boot, name):
    make, numbers = UNMET[name]
    expect_error(boot(make(), firmware=UBoot, cpu="max,la57=off"), name, numbers)


def test_missing_module_of_a_wish_is_error(boot):
    machine = boot(artefacts.conformance_kernel("wish-module"), firmware=UBoot)
    expect_error(machine, "file_not_found: .baton.wished.txt")
    assert "kernel read" not in machine.debugcon


def test_wish_that_is_unknown_but_not_required_is_logged(boot):
    """And that kernel runs."""
    machine = boot(wishing_kernel(4444, required=False), firmware=UBoot)
    machine.wait_for_debugcon(r"\] this version doesn't know what the kernel wishes for in 1 note$")
    machine.wait_for_debugcon(r"\] kernel .*, 1 segment, entry 0x")
    machine.wait_for_exit()


def test_required_display_mode_that_no_display_has_is_error(boot):
    expect_error(boot(wishing_kernel(WISH_FRAMEBUFFER, 1234, 567, required=True)), "wish_not_met",
                 r"type 0x3, .*0x4d2.*0x237\b")


def test_display_mode_that_no_display_has_is_logged(boot):
    """And the kernel runs."""
    machine = boot(wishing_kernel(WISH_FRAMEBUFFER, 1234, 567, required=False), firmware=UBoot)
    machine.wait_for_debugcon("warning: no display has a mode of 1234 x 567 pixels: the modes stay")
    machine.wait_for_exit()


@pytest.mark.parametrize("required", [True, False])
def test_kernel_file_that_memory_has_no_room_for(boot, required):
    """It is an error only if it is required."""
    WISH_KERNEL_FILE = 12
    kernel = wishing_kernel(WISH_KERNEL_FILE, 1, 0, required=required).build() + bytes(100 << 20)
    machine = boot(kernel, firmware=UBoot, memory_mib=96)
    if required:
        expect_error(machine, "out_of_memory: .baton.kernel.elf")
    else:
        machine.wait_for_debugcon(r"warning: the kernel's file isn't loaded: error: out_of_memory")
        machine.wait_for_exit()


@pytest.mark.parametrize("name", PROMISED)
def test_bad_kernel_is_error(boot, name):
    expect_error(boot(PROMISED[name]()), name)


@pytest.mark.parametrize("name", OTHERS)
def test_on_u_boot_bad_kernel_is_error(boot, name):
    expect_error(boot(OTHERS[name](), firmware=UBoot), name)


@pytest.mark.parametrize("firmware", [Ovmf, UBoot])
def test_no_kernel_is_error_and_the_firmware_goes_on_without_a_key(boot, firmware):
    machine = boot(None, firmware=firmware)
    machine.wait_for_debugcon(r"^error: kernel_not_found: \S")
    machine.wait_for_firmware()


def test_error_tells_its_numbers(boot):
    kernel = code_kernel(NOP, Segment(TOP_2_GIB + 0x1000, PF_R | PF_W, NOP, file_offset=0xABCDEF))
    cut = kernel.build()[:0x2000]
    machine = boot(cut, firmware=UBoot)
    line = machine.wait_for_debugcon(r"^error: segment_outside_file: .*$").group()
    for value in (0xABCDEF, 16, 0x2000):
        assert re.search(rf"\b({value}|0x{value:x})\b", line), line


def test_processor_without_nx_is_error(boot):
    expect_error(boot(code_kernel(NOP), firmware=UBoot, cpu="max,nx=off"), "cpu_lacks_no_execute")
