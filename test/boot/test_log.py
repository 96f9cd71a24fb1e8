# SPDX-License-Identifier: BSD-2-Clause
"""Where the lines of the log go while the loader works."""

import re

import pytest
from kernels import code_kernel
from machine import UBoot
from paths import Pvh

HANG = bytes.fromhex("f4 ebfd")  # hlt; jmp to it
LINE = "kernel .*: .*, entry 0x"


def entry(log: str) -> dict[str, str]:
    return {"/loader/entries/a.conf": f"kernel /baton/kernel.elf\nlog {log}\n"}


def lit_pixels(machine) -> int:
    screen = machine.screenshot()
    return sum(sum(screen.pixel(x, y)) > 384
               for y in range(0, screen.height, 4) for x in range(screen.width))


def test_log_is_on_the_screen_only_where_it_is_wanted_or_nothing_can_be_booted(boot):
    lit = {}
    for log in ("ports", "screen"):
        machine = boot(code_kernel(HANG), files=entry(log))
        machine.wait_for_debugcon("entering the kernel")
        machine.wait_for_serial(LINE)
        assert machine.serial.count("segment 0: ") == 1
        lit[log] = lit_pixels(machine)
    machine = boot(None)
    machine.wait_for_serial("back to the firmware")
    lit["error"] = lit_pixels(machine)
    assert min(lit["screen"], lit["error"]) > lit["ports"] + 1000


@pytest.mark.parametrize("firmware", [UBoot, Pvh])
def test_log_in_memory_alone_is_with_the_kernel_and_not_on_the_ports(expect_conformance, firmware):
    """Which looks for its last line."""
    machine = expect_conformance("minus-2g", firmware=firmware, entry="log memory\n")
    for said in (machine.serial, machine.debugcon):
        assert "stage 1 for" in said and "segment 0: " not in said


def test_place_chosen_at_random_is_not_on_the_serial_port(expect_conformance):
    """The kernel looks for its slide in the log; QEMU's debug console is for who debugs."""
    slide = r"\] slide (0x[0-9a-f]+), at random"
    for log, is_told in (("", False), ("log ports\n", True)):
        machine = expect_conformance("pie-relr", "kaslr", firmware=Pvh, entry=f"kaslr on\n{log}")
        [number] = re.findall(slide, machine.debugcon)
        assert (number in machine.serial) == is_told
        assert ("segment 0: " in machine.serial) == is_told


def test_kaslr_without_random_numbers_is_warned_of(expect_conformance):
    machine = expect_conformance("pie-relr", "no-kaslr", firmware=Pvh, entry="kaslr on\n",
                                 cpu="qemu64")
    machine.wait_for_serial("warning: no KASLR: neither the firmware nor the processor ")


def test_name_beyond_ascii_is_as_many_characters_on_the_console(boot):
    """EDK II's terminal on the serial port writes a '?' for each that it doesn't have, or UTF-8."""
    machine = boot(None, files={"/loader/entries/a.conf": "kernel /käse-€-🐧.elf\nlog memory\n"})
    machine.wait_for_debugcon(r"^error: kernel_not_found: \\käse-€-🐧.elf: ")
    machine.wait_for_serial("press a key")
    machine.press_key()
    machine.wait_for_firmware()
    assert (b"\\k?se-?-?.elf" in machine.serial_bytes or
            "\\käse-€-\N{REPLACEMENT CHARACTER}.elf".encode() in machine.serial_bytes)
