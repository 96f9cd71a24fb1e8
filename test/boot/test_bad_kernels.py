# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that can't be booted is a named error, and then the firmware goes on; hostile.py has the
whole list of errors. One that can be booted, but not just as it requests, is told of in the log."""

import artefacts
import hostile
import pytest
from elf import Elf
from kernels import TOP_2_GIB, code_kernel
from machine import FAILURE, Ovmf, UBoot
from paths import Pvh

NOP = b"\x90" * 16


def requesting_kernel(*requests: bytes) -> Elf:
    """A kernel that ends QEMU with success."""
    end_well = bytes.fromhex("b810000000 e7f4 f4")  # mov eax, 0x10; out 0xf4, eax; hlt
    return code_kernel(end_well, hostile.notes(*requests))


def expect_error(machine, name: str, numbers: str = "") -> None:
    """The loader's error line on both consoles, and after a key the firmware's own next step."""
    error = rf"^error: {name}: \S.*{numbers}"
    machine.wait_for_debugcon(error)
    machine.wait_for_serial(error)
    machine.wait_for_serial("press a key")
    machine.press_key()
    machine.wait_for_firmware()


def test_missing_module_of_a_request_is_error(boot):
    machine = boot(artefacts.conformance_kernel("request-module"), firmware=UBoot)
    expect_error(machine, "file_not_found: .baton.requested.txt")
    assert "kernel read" not in machine.debugcon


def test_request_that_is_unknown_but_not_required_is_logged(boot):
    """And that kernel runs."""
    machine = boot(requesting_kernel(hostile.request(4444, flags=0)), firmware=Pvh)
    machine.wait_for_debugcon(r"\] this version doesn't know what the kernel requests in 1 note$")
    machine.wait_for_debugcon(r"\] kernel .*, 1 segment, entry 0x")
    machine.wait_for_exit()


def test_display_mode_that_no_display_has_is_logged(boot):
    """And the kernel runs."""
    kernel = requesting_kernel(hostile.request(hostile.FRAMEBUFFER, 1234, 567, flags=0))
    machine = boot(kernel, firmware=UBoot)
    machine.wait_for_debugcon("warning: no display has a mode of 1234 x 567 pixels: the modes stay")
    machine.wait_for_exit()


@pytest.mark.parametrize("required", [True, False])
def test_kernel_file_that_memory_has_no_room_for(boot, required):
    """It is an error only if it is required."""
    flags = hostile.REQUIRED if required else 0
    kernel = requesting_kernel(hostile.request(hostile.KERNEL_FILE, 1, flags=flags)).build()
    machine = boot(kernel + bytes(100 << 20), firmware=UBoot, memory_mib=96)
    if required:
        expect_error(machine, "out_of_memory: .baton.kernel.elf")
    else:
        machine.wait_for_debugcon(r"warning: the kernel's file isn't loaded: error: out_of_memory")
        machine.wait_for_exit()


def test_requests_that_cannot_be_met_but_are_not_required_are_logged(boot):
    """And that kernel runs."""
    requests = [hostile.request(kind, value, flags=0) for kind, value in [
        (hostile.PROTOCOL, 99), (hostile.STACK, 0), (hostile.FIVE_LEVEL, 3),
        (hostile.DIRECT_MAP, 1), (hostile.SYMBOL_TABLE, 1), (hostile.BASE_ADDRESS, TOP_2_GIB + 1),
        (hostile.BASE_ADDRESS, TOP_2_GIB + 4096)]]
    modules = [hostile.module(path, flags=0) for path in (b"/absent", b"/..", b"/EFI")]
    machine = boot(requesting_kernel(*requests, *modules), firmware=UBoot)
    machine.wait_for_exit()
    for name in ["PROTOCOL", "STACK", "5_LEVEL_PAGING", "DIRECT_MAP", "SYMBOLS", "BASE"]:
        machine.wait_for_debugcon(rf"\] warning: the kernel's request {name} can't be met$")
    for path, error in [("/absent", "file_not_found"), (r"/\.\.", "boot_path_goes_up"),
                        ("/EFI", "file_is_a_directory")]:
        machine.wait_for_debugcon(rf"\] warning: no module {path}: error: {error}: ")


def test_base_that_cannot_be_had_but_is_not_required_is_logged(boot):
    kernel = hostile.requesting_pie(hostile.request(hostile.BASE_ADDRESS, 2**64 - 4096, flags=0))
    machine = boot(kernel(), firmware=Pvh)
    machine.wait_for_exit(FAILURE)  # which that kernel always reports
    machine.wait_for_debugcon(r"\] warning: the kernel's request BASE can't be met$")
    machine.wait_for_debugcon(r"\] slide 0xffffffff7ffff000$")


def test_bad_kernel_is_error_and_gives_the_machine_back(boot):
    cut = artefacts.conformance_kernel("minus-2g").read_bytes()[:0x4000]
    expect_error(boot(cut, firmware=UBoot), "segment_outside_file", r"file size 0x4000\)$")


@pytest.mark.parametrize("firmware", [pytest.param(Ovmf, marks=pytest.mark.long), UBoot])
def test_no_kernel_is_error_and_the_firmware_goes_on_without_a_key(boot, firmware):
    machine = boot(None, firmware=firmware)
    machine.wait_for_debugcon(r"^error: kernel_not_found: \S")
    machine.wait_for_firmware()


def test_processor_without_nx_is_error(boot):
    expect_error(boot(code_kernel(NOP), firmware=UBoot, cpu="max,nx=off"), "cpu_lacks_no_execute")


@pytest.mark.parametrize(("flags", "outcome"), [
    (hostile.REQUIRED, "^error: request_not_met: .*RUNTIME_MAP"),
    (0, "warning: the kernel's request RUNTIME_MAP can't be met$")])
def test_runtime_map_that_the_firmware_cannot_make(boot, flags, outcome):
    kernel = requesting_kernel(hostile.request(hostile.RUNTIME_MAP, 1, flags=flags))
    boot(kernel, plan="deny-runtime-map\n", firmware=UBoot).wait_for_debugcon(outcome)


def test_display_gets_its_mode_back_when_an_entry_fails_after_it_was_set(boot):
    """By a stack that there is no memory for. The error can be read on the screen."""
    framebuffer, stack, mib = 3, 2, 1 << 20
    kernel = requesting_kernel(hostile.request(framebuffer, 640, 480), hostile.request(stack, 512 * mib))
    machine = boot(kernel)
    machine.wait_for_serial(r"^error: out_of_memory: \S")
    machine.wait_for_serial("press a key")
    screen = machine.screenshot()  # before the firmware goes on, and clears it
    assert (screen.width, screen.height) == (1280, 800)
    assert sum(sum(screen.pixel(x, y)) > 384 for y in range(0, 800, 2) for x in range(1280)) > 300
