# SPDX-License-Identifier: BSD-2-Clause
"""The example of other processors, kernel/processors/: each draws its stripe and counts."""

import re

import artefacts
import pytest
from paths import Pvh
from tool import baton

KERNEL = artefacts.BUILD / "kernel/processors/processors.elf"
FOLDER = artefacts.SOURCE / "kernel/processors"
COUNT = r"^processor (\d+), APIC id (\d+): counted to (\d+)$"


@pytest.mark.parametrize("processors", [1, 4, 16])
def test_each_processor_counts_without_a_screen(boot, processors):
    machine = boot(KERNEL, firmware=Pvh, processors=processors, display_adapter=False)
    machine.wait_for_exit()
    assert re.findall(COUNT, machine.serial, re.M) == [
        (str(i), str(i), "1000000") for i in range(processors)
    ]


def test_each_processor_draws_its_stripe(boot):
    machine = boot(KERNEL, processors=4)
    machine.wait_for_serial(r"^processor 3, .*: counted to \d+$")
    screen = machine.screenshot()
    stripe = screen.height // 4
    counts = [int(count) for _, _, count in re.findall(COUNT, machine.serial, re.M)]
    assert counts == [screen.width * stripe] * 4
    for i, colour in enumerate([(0, 0, 255), (85, 0, 213), (170, 0, 170), (255, 0, 128)]):
        for x in (0, screen.width // 2, screen.width - 1):
            for y in (i * stripe, (i + 1) * stripe - 1):
                assert screen.pixel(x, y) == colour, (x, y)


def test_readme_shows_what_is_printed_and_written():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^\./baton run build/kernel/processors/(.* --via pvh)$", readme, re.M)
    result = baton("run", KERNEL, *command.split()[1:])
    assert result.returncode == 0, result.stderr
    shown = re.findall(COUNT, readme, re.M)
    assert shown and shown == re.findall(COUNT, result.stdout.replace("\r", ""), re.M)
    [lines] = re.findall(r"^```c\n((?:.*\n)*?)```$", readme, re.M)
    source = (FOLDER / "kernel.c").read_text(encoding="utf-8")
    for line in lines.splitlines():
        assert line.strip() in source, line
