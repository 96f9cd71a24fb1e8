# SPDX-License-Identifier: BSD-2-Clause
"""What no firmware at hand does, but some do: the shim makes it up."""

import pytest
from elf import PF_R, PF_X
from kernels import MIB, TOP_2_GIB, patterned, plain_segments


def test_displays_are_told_with_modes_and_edid(expect_conformance):
    """One of them has no pixels in memory."""
    plan = "display 800 600 rgb\ndisplay 320 200 565\ndisplay 640 480 blt\nedid 256\n"
    expect_conformance("minus-2g", "edid:256", plan=plan, displays=3)


@pytest.mark.parametrize(("variables", "state"), [
    ("variable SecureBoot 1\nvariable SetupMode 0\n", "secure-boot"),
    ("variable SecureBoot 0\nvariable SetupMode 0\n", "secure-boot-off"),
    ("variable SecureBoot 0\nvariable SetupMode 1\n", "secure-boot-setup"),
])
def test_secure_boot_is_told(expect_conformance, variables, state):
    expect_conformance("minus-2g", state, plan=variables)


def test_state_that_the_firmware_leaves_does_not_reach_the_kernel(expect_conformance):
    expect_conformance("minus-2g", plan="dirty-processor\n")


@pytest.mark.parametrize(("kernel", "levels"), [("minus-2g", "no-la57"),
                                                ("wish-five-level", "la57")])
def test_firmware_with_five_level_paging(expect_conformance, kernel, levels):
    expect_conformance(kernel, levels, plan="five-levels\n")


@pytest.mark.slow
def test_firmware_that_cannot_read_to_high_memory(expect_promises_kept):
    """Twice as large as what memory below 4 GiB has room for, and as the buffer there."""
    text = patterned(TOP_2_GIB, PF_R | PF_X, 24 * MIB)
    machine = expect_promises_kept([text, *plain_segments(TOP_2_GIB + 32 * MIB)[1:]],
                                   memory_mib=4096,
                                   plan="leave-low 16\nrefuse-high-reads\n")
    machine.wait_for_debugcon("^shim: refused to read above 4 GiB$")
