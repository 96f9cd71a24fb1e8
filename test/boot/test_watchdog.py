# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that hangs is told from one that runs: by its acknowledgement, and by a watchdog."""

import time

import artefacts
import hostile
import pytest
from faults import AT_ENTRY, VARIES, expect_report, report
from kernels import TOP_2_GIB, code_kernel
from machine import FAILURE, Ovmf, UBoot
from test_handoff import start as start_relay

ACKNOWLEDGED = 1152  # where it is in BatonBootInfo
REQUEST_WATCHDOG = 13
HANG = bytes.fromhex("ebfe")
END_WELL = bytes.fromhex("b810000000 e7f4 f4")  # mov eax, 0x10; out 0xf4, eax; hlt
CLI_HLT = bytes.fromhex("faf4 ebfd")


def start(boot, code: bytes, seconds: int, **options):
    entry = f"kernel /baton/kernel.elf\nafter-fault exit\nwatchdog {seconds}\n"
    return boot(code_kernel(code), files={"/loader/entries/a.conf": entry}, **options)


def head(offset: int, seconds: int) -> str:
    return (f"baton: fault: watchdog, in kernel + {offset:#x}\n"
            "step   in the kernel, entered at 0xffffffff80000000\n"
            f"cause  no acknowledgement after {seconds} s")


@pytest.mark.parametrize(("code", "offset"), [(HANG, 0), (CLI_HLT, 2)], ids=["loop", "halt"])
def test_watchdog_reports_where_a_kernel_hangs(boot, code, offset):
    machine = start(boot, code, 2)
    machine.wait_for_debugcon("entering the kernel")
    entered = time.monotonic()
    found = expect_report(machine, report(
        head(offset, 2), AT_ENTRY | {"rip": TOP_2_GIB + offset}, [0], "leaving QEMU"))
    assert time.monotonic() - entered > 1.5, found


def test_acknowledgement_disarms_the_watchdog(boot):
    machine = start_relay(boot, "acknowledge\nwatchdog 2", firmware=Ovmf)
    machine.wait_for_exit()
    machine.wait_for_debugcon("^relay: PASS")
    machine.wait_for_debugcon(r"\] watchdog: 2 s, HPET timer 2 at pin \d+$")


@pytest.mark.long
def test_acknowledgement_alone_makes_the_watchdog_do_nothing(boot):
    """Written without baton_acknowledge(): or dword [rdi + ACKNOWLEDGED], 1"""
    acknowledge = b"\x83\x8f" + ACKNOWLEDGED.to_bytes(4, "little") + b"\x01"
    machine = start(boot, acknowledge + HANG, 2)
    machine.wait_for_debugcon("entering the kernel")
    time.sleep(4)
    assert machine.is_running and "baton: fault" not in machine.debugcon


@pytest.mark.long
def test_report_tells_of_the_acknowledgement(boot):
    """or dword [rdi + ACKNOWLEDGED], 1; ud2"""
    code = b"\x83\x8f" + ACKNOWLEDGED.to_bytes(4, "little") + b"\x01\x0f\x0b"
    wanted = ("baton: fault: #UD invalid opcode, vector 6, in kernel + 0x7\n"
              "step   in the kernel, entered at 0xffffffff80000000, acknowledged")
    expect_report(boot(code_kernel(code), firmware=UBoot), report(
        wanted, AT_ENTRY | {"rip": TOP_2_GIB + 7, "rflags": VARIES}, [0]))


@pytest.mark.long
@pytest.mark.parametrize("options", [{"hpet": False}, {"firmware": UBoot}], ids=["hpet", "pin"])
def test_watchdog_that_cannot_be_had_for_want_of_a(boot, options):
    """Without an HPET, and where it has no pin of its own, an entry's is left out."""
    machine = start(boot, bytes.fromhex("b811000000 e7f4 f4"), 2, **options)
    machine.wait_for_exit(FAILURE)
    machine.wait_for_debugcon(r"\] warning: no watchdog: ")


@pytest.mark.parametrize("required", [False, True])
def test_request_for_a_watchdog_that_cannot_be_had(boot, required):
    flags = hostile.REQUIRED if required else 0
    kernel = code_kernel(END_WELL, hostile.notes(hostile.request(REQUEST_WATCHDOG, 2, flags=flags)))
    machine = boot(kernel, firmware=UBoot)
    if required:
        machine.wait_for_debugcon(r"^error: request_not_met: WATCHDOG: ")
    else:
        machine.wait_for_exit()
        machine.wait_for_debugcon(r"\] warning: no watchdog: ")


@pytest.mark.long
def test_entry_turns_the_request_for_a_watchdog_off(boot):
    entry = "kernel /baton/kernel.elf\nwatchdog off\n"
    machine = boot(artefacts.conformance_kernel("request-watchdog"),
                   files={"/loader/entries/a.conf": entry})
    machine.wait_for_exit()
    machine.wait_for_debugcon("^SKIP W13 ")
