# SPDX-License-Identifier: BSD-2-Clause
"""The firmware finds the loader by itself, and the loader boots the example kernel."""

import re

import artefacts
import pytest
from machine import FAILURE, NewOvmf, UBoot
from paths import Pvh


@pytest.mark.parametrize("firmware", [NewOvmf, UBoot])
def test_example_kernel_passes_as_default_boot_application(boot, firmware):
    machine = boot(artefacts.EXAMPLE_KERNEL, firmware=firmware)
    machine.wait_for_exit()
    machine.wait_for_serial(r"^kernel: PASS")
    # The log tells each step once, on both.
    steps = [
        r"Baton [\d.]+, stage 1 for UEFI",
        r"booting \\baton\\kernel.elf$",
        r"kernel \\baton\\kernel.elf: .*entry 0x",
        r"segment \d+: [0-9a-fx]+ r-x ",
        r"segment \d+: [0-9a-fx]+ rw- ",
        r"kernel read: \d",
        r"direct map at ",
        r"stage 2 at ",
        r"page tables at ",
        r"leaving the firmware",
        r"entering the kernel",
    ]
    for text in (machine.debugcon, machine.serial):
        assert text.count("stage 1 for UEFI") == 1
        lines = re.findall(r"^\[ *(\d+) us\] (.*)$", text, re.MULTILINE)
        times = [int(time) for time, _ in lines]
        assert times == sorted(times) and times[-1] > 0
        rest = iter(line for _, line in lines)
        for step in steps:  # in this order
            assert any(re.search(step, line) for line in rest), step


def test_example_kernel_draws_on_the_framebuffer_until_a_key_is_pressed(boot):
    """A bar of four colours, neither shifted nor wrapped, and text below it."""
    entry = "kernel /baton/kernel.elf\nmodule /initrd.img root\noptions one wait-for-key=0\n"
    machine = boot(artefacts.EXAMPLE_KERNEL, files={"/loader/entries/a.conf": entry,
                                                    "/initrd.img": b"0123456789"})
    machine.wait_for_serial(r"^Press a key to end")
    screen = machine.screenshot()
    last, below = screen.width - 1, 16
    colours = [(224, 48, 48), (48, 192, 80), (64, 112, 240), (255, 255, 255)]
    for i, colour in enumerate(colours):
        assert screen.pixel(screen.width * i // 4, 0) == colour
        assert screen.pixel(screen.width * (i + 1) // 4 - 1, 13) == colour
    background = screen.pixel(0, below)
    assert background not in colours
    assert screen.pixel(last, below) == screen.pixel(last, screen.height - 1) == background
    lit = sum(screen.pixel(x, y) not in (background, *colours)
              for y in range(below, screen.height, 2) for x in range(0, screen.width, 2))
    assert lit > 1000
    for line in ['Module       /initrd.img "root", 10 bytes at ', r'Command line "one wait-for-key=0"$',
                 rf"Framebuffer  {screen.width} x {screen.height} pixels of 32 bits, at ",
                 r"  0x\w{12} - 0x\w{12} +\d+ KiB  usable$"]:
        machine.wait_for_serial(f"^{line}")
    machine.press_on_keyboard("spc")
    machine.wait_for_exit()
    machine.wait_for_serial(r"^kernel: PASS")


def boot_example(boot, options: str):
    return boot(artefacts.EXAMPLE_KERNEL, firmware=Pvh,
                files={"/loader/entries/a.conf": f"options {options}\n"})


def test_example_kernel_waits_no_longer_than_it_should(boot):
    machine = boot_example(boot, "wait-for-key=1")
    machine.wait_for_exit()
    machine.wait_for_serial(r"^Press a key to end\r?$")


def test_example_kernel_panics_on_a_fault(boot):
    machine = boot_example(boot, "panic")
    machine.wait_for_exit(FAILURE)
    machine.wait_for_serial(r"^kernel: PANIC: page fault, vector 14, error code 0x3\n"
                            r"  RIP 0xffffffff8\w+  RSP 0x\w+  CR2 0xffffffff80100000$")
