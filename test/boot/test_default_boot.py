# SPDX-License-Identifier: BSD-2-Clause
"""The firmware finds the loader by itself, and the loader boots the example kernel."""

import re

import artefacts
import pytest
from machine import NewOvmf, UBoot
from paths import Pvh


@pytest.mark.parametrize("firmware", [NewOvmf, UBoot])
def test_example_kernel_passes_as_default_boot_application(boot, firmware):
    machine = boot(artefacts.EXAMPLE_KERNEL, firmware=firmware)
    machine.wait_for_exit()
    machine.wait_for_serial(r"^kernel: PASS")
    assert "isa-debug-exit" not in machine.serial  # though QEMU may end a while later


def test_log_tells_each_step_once_on_serial_and_debug_console(boot):
    machine = boot(artefacts.EXAMPLE_KERNEL)
    machine.wait_for_exit()
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


def test_example_kernel_draws_on_the_framebuffer(boot):
    """A white border, and a baton of four colours in the middle: neither shifted nor wrapped."""
    machine = boot(artefacts.EXAMPLE_KERNEL, exit_device=False)
    machine.wait_for_serial(r"^kernel: PASS")
    screen = machine.screenshot()
    right, bottom = screen.width - 1, screen.height - 1
    corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)]
    for x, y in [*corners, (right // 2, 0), (0, bottom // 2)]:
        assert screen.pixel(x, y) == (255, 255, 255), (x, y)
    baton = [screen.pixel(screen.width // 4 + screen.width * (2 * i + 1) // 16, screen.height // 2)
             for i in range(4)]
    assert baton == [(224, 48, 48), (48, 192, 80), (64, 112, 240), (255, 255, 255)]
    assert screen.pixel(1, 1) != (255, 255, 255)
    machine.wait_for_serial(r"^kernel: no isa-debug-exit device at port 0xf4, halted")


def test_example_kernel_shows_its_name_until_a_key_is_pressed(boot):
    """Text over and under the picture, on the screen of who asks for it."""
    entry = "kernel /baton/kernel.elf\noptions wait-for-key=0\n"
    machine = boot(artefacts.EXAMPLE_KERNEL, files={"/loader/entries/a.conf": entry})
    machine.wait_for_serial(r"^Press a key to end")
    screen = machine.screenshot()
    for top in (1, 6):  # of eight rows
        rows = range(screen.height * top // 8, screen.height * (top + 1) // 8, 2)
        lit = sum(screen.pixel(x, y) == (255, 255, 255)
                  for y in rows for x in range(2, screen.width - 2, 2))
        assert lit > 100, top
    machine.press_on_keyboard("spc")
    machine.wait_for_exit()
    machine.wait_for_serial(r"^kernel: PASS")


def test_example_kernel_waits_no_longer_than_it_should(boot):
    machine = boot(artefacts.EXAMPLE_KERNEL, firmware=Pvh, files={
        "/loader/entries/a.conf": "options wait-for-key=1\n"})
    machine.wait_for_exit()
    machine.wait_for_serial(r"^Press a key to end\r?$")
