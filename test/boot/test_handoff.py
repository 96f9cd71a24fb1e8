# SPDX-License-Identifier: BSD-2-Clause
"""Stage 2 called by somebody else than Baton's stage 1: the relay kernel, a foreign caller, hands
over once more with a record of its own."""

import time

import artefacts
import pytest
from faults import AT_ENTRY, IN_STAGE2, OTHERS, VARIES, expect_report, report
from machine import Machine
from paths import Pvh

RELAY = artefacts.BUILD / "test/boot/guests/relay/relay.elf"
REQUEST_LA57 = artefacts.BUILD / "test/boot/guests/relay/relay-la57.elf"
POISON_EXIT = 2 * 42 + 1  # isa-debug-exit makes it of the record's exit_value
END = "leaving QEMU"
UNMAPPED = 0xFFFF_F000_0000_0000


def start(boot, mode: str, kernel=RELAY, **options):
    entry = f"kernel /baton/kernel.elf\noptions {mode}\n"
    return boot(kernel, files={"/loader/entries/relay.conf": entry},
                **({"firmware": Pvh} | options))


def test_h14_stage2_refuses_a_record_it_does_not_know_and_gives_it_back(boot):
    machine = start(boot, "refuse")
    machine.wait_for_exit()
    machine.wait_for_debugcon("^relay: PASS")


@pytest.mark.parametrize("mode", ["copy", "early"])
def test_h9_h15_stage2_copies_a_segment_and_zeroes_the_rest_and_nothing_else(boot, mode):
    machine = start(boot, mode)
    machine.wait_for_exit()
    machine.wait_for_debugcon("^relay: PASS")


@pytest.mark.parametrize("kernel", [RELAY, REQUEST_LA57], ids=["from 4 to 5", "from 5 to 4"])
def test_h18_stage2_changes_the_number_of_paging_levels(boot, kernel):
    machine = start(boot, "levels", kernel)
    machine.wait_for_exit()
    machine.wait_for_debugcon("^relay: PASS")


TABLES = "loading the page tables at 0x*"
COPY = "copying segment 0 to {}"
STATE = "setting the machine state for the kernel"
ENTRY = "entering the kernel at 0xffffffff8*"
PF = "#PF page fault, vector 14"
GP = "#GP general protection, vector 13"
UNMAPPED_WALK = "walk   level 4, entry 480 at 0x*: 0x0000000000000000, not present"
STACK_WALK = "walk   level 4, entry 479 at 0x*: 0x0000000000000000, not present"


def head(fault: str, step: str, *details: str) -> str:
    return "\n".join([f"baton: fault: {fault}, in stage 2 + 0x*", f"step   {step}", *details])


def at_unknown(address: str, step: str, *details: str) -> str:
    return head(PF, step, *details).replace("in stage 2 + 0x*", f"at unknown {address}")


def page_fault(step: str, error: str, cause: str, *walk: str) -> str:
    return head(PF, step, f"error  {error}", f"cause  {cause}", *walk)


# mode: what the report begins with, in the order of stage 2's steps
POISONS = {
    "tables-without-stage2": head(
        "page tables without stage 2", TABLES, "cause  fetch from 0x*: not present at level 4",
        "walk   level 4, entry   0 at 0x*: 0x0000000000000000, not present"),
    "unmapped-time-stamps": page_fault(
        TABLES, "0x2: write, page not present, supervisor",
        "write to 0xfffff00000000000: not present at level 4", UNMAPPED_WALK),
    "not-canonical-time-stamps": head(
        GP, TABLES, "error  0x0", "cause  not a canonical address: rax" + OTHERS),
    "unmapped-segments": page_fault(
        "copying segment 0", "0x0: read, page not present, supervisor",
        "read of 0xffff96000*: not present at level 4",
        "walk   level 4, entry 300 at 0x*: 0x0000000000000000, not present"),
    "unmapped-destination": page_fault(
        COPY.format("0xfffff00000000000"), "0x2: write, page not present, supervisor",
        "write to 0xfffff00000000000: not present at level 4", UNMAPPED_WALK),
    "unmapped-source": page_fault(
        COPY.format("0xffffffff8*"), "0x0: read, page not present, supervisor",
        "read of 0xfffff00000000000: not present at level 4", UNMAPPED_WALK),
    # Processors say "page present"; QEMU doesn't.
    "reserved-bit": page_fault(
        COPY.format("0xffff960000000000"),
        "0xa: write, page not present, supervisor, reserved bit set",
        "write to 0xffff960000000000: reserved bit set at level 2",
        "walk   level 4, entry 300 at 0x*: 0x*", "       level 3, entry   0 at 0x*: 0x*",
        "       level 2, entry   0 at 0x*: 0x0008000000*, reserved bit set"),
    "read-only-time-stamps": page_fault(
        STATE, "0x3: write, page present, supervisor",
        "write to 0xffffffff8*: read-only at level 1",
        "walk   level 4, entry 511 at 0x*: 0x*", "       level 3, entry 510 at 0x*: 0x*",
        "       level 2, entry   0 at 0x*: 0x*",
        "       level 1, entry   * at 0x*: 0x80000000*, read-only"),
    "unmapped-stack": page_fault(
        ENTRY, "0x2: write, page not present, supervisor",
        "write to 0xffffeffffffffff8: not present at level 4", STACK_WALK),
    "no-execute-entry": at_unknown(
        "0xffffffff8*", "in the kernel, entered at 0xffffffff8*",
        "error  0x11: fetch, page present, supervisor",
        "cause  fetch from 0xffffffff8*: no-execute at level 1",
        "walk   level 4, entry 511 at 0x*: 0x*", "       level 3, entry 510 at 0x*: 0x*",
        "       level 2, entry   0 at 0x*: 0x*",
        "       level 1, entry   * at 0x*: 0x80000000*, no-execute"),
    "unmapped-entry": at_unknown(
        "0xfffff00000000000", "in the kernel, entered at 0xfffff00000000000",
        "error  0x10: fetch, page not present, supervisor",
        "cause  fetch from 0xfffff00000000000: not present at level 4", UNMAPPED_WALK),
}
REGISTERS = {
    "unmapped-destination": {"rdi": UNMAPPED, "cr2": UNMAPPED},
    "unmapped-source": {"rsi": UNMAPPED, "cr2": UNMAPPED},
    "read-only-time-stamps": {"cr0": AT_ENTRY["cr0"], "cr4": AT_ENTRY["cr4"]},
    "unmapped-stack": {"rsp": UNMAPPED},
    "unmapped-entry": AT_ENTRY | {"rip": UNMAPPED, "cr2": UNMAPPED},
    "no-execute-entry": AT_ENTRY | {"cr2": VARIES},
}


@pytest.mark.parametrize("mode", POISONS)
def test_h17_stage2_reports_its_fault_by(boot, mode):
    machine = start(boot, mode)
    machine.wait_for_exit(POISON_EXIT)
    stack = "can't be read" if mode.endswith("-stack") else None
    expect_report(machine, report(POISONS[mode], IN_STAGE2 | REGISTERS.get(mode, {}), stack, END))


def test_stage2_walks_five_levels_if_there_are_five(boot):
    machine = start(boot, "unmapped-destination", REQUEST_LA57)
    machine.wait_for_exit(POISON_EXIT)
    wanted = POISONS["unmapped-destination"].replace(
        UNMAPPED_WALK, "walk   level 5, entry 511 at 0x*: 0x*\n" +
        UNMAPPED_WALK.replace("walk ", "     "))
    expect_report(machine, report(wanted, IN_STAGE2 | REGISTERS["unmapped-destination"], None, END))


@pytest.mark.parametrize(("inject", "fault"), [
    (Machine.inject_nmi, "NMI non-maskable interrupt, vector 2"),
    (Machine.inject_machine_check, "#MC machine check, vector 18"),
], ids=["nmi", "machine-check"])
def test_stage2_reports_what_comes_from_outside(boot, inject, fault):
    machine = start(boot, "endless")
    machine.wait_for_debugcon("^relay: handing over$")
    time.sleep(1)  # it gets there in microseconds, and stays there for hours
    inject(machine)
    machine.wait_for_exit(POISON_EXIT)
    step = "zeroing the end of segment 0, from 0xffff960000001388"
    expect_report(machine, report(head(fault, step), IN_STAGE2, None, END))


@pytest.mark.parametrize("mode", ["no-serial-port", "stuck-serial-port"])
def test_a_report_comes_to_its_end_with(boot, mode):
    machine = start(boot, mode)
    machine.wait_for_exit(POISON_EXIT)
    expect_report(machine, report(
        POISONS["unmapped-destination"], IN_STAGE2 | REGISTERS["unmapped-destination"], None, END),
        on_serial=False)
    assert "baton: fault" not in machine.serial


def test_a_fault_in_the_report_is_told_and_ends_nothing(boot):
    machine = start(boot, "bad-screen")
    machine.wait_for_exit(POISON_EXIT)
    wanted = report(POISONS["unmapped-destination"],
                    IN_STAGE2 | REGISTERS["unmapped-destination"], None, END)
    line = ("baton: fault while drawing on the screen: #PF page fault, vector 14, rip 0x*, "
            "cr2 0xfffff00000000000\n")
    expect_report(machine, wanted.replace("baton: end", line + "baton: end"))
