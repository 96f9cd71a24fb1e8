# SPDX-License-Identifier: BSD-2-Clause
"""A boot's crash record: what the next one tells of it, by which kind of reset it came."""

import re
import struct
import time
import uuid

import artefacts
import pytest
from elf import PF_R, PF_W, Segment
from faults import report_on
from gpt import Partition
from kernels import MIB, TOP_2_GIB, code_kernel
from machine import Machine, UBoot

NONE, FAILED, STARTED, HANDED_OVER, KERNEL_ENTERED, ACKNOWLEDGED, FAULT = range(7)
CRASH_RECORD_OFFSET, STATE = 40, 20  # fields of BatonStage2Header and of BatonCrashRecord
TOLD = 42  # isa-debug-exit makes 2 * 42 + 1 of it

UD2 = bytes.fromhex("0f0b")
HANG = bytes.fromhex("ebfe")
# Instructions that reset the machine.
RESETS = {
    # mov dx, 0cf9h; mov al, 2; out dx, al; mov al, 6; out dx, al
    "chipset": bytes.fromhex("66baf90c b002 ee b006 ee") + HANG,
    "keyboard-controller": bytes.fromhex("b0fe e664") + HANG,  # mov al, 0feh; out 64h, al
    "triple-fault": bytes.fromhex("6a00 6a00 0f011c24") + UD2,  # push 0 twice; lidt [rsp]
}


# Machines that keep variables: U-Boot does so in a file, on an EFI system partition.
FIRMWARES = {
    "ovmf": {},
    "u-boot": {"firmware": UBoot, "partition": Partition(uuid.uuid4(), uuid.uuid4())},
}
each_firmware = pytest.mark.parametrize("firmware", [
    "ovmf", pytest.param("u-boot", marks=pytest.mark.skipif(
        not UBoot.KEEPS_MEMORY, reason="this U-Boot overwrites memory when it starts"))])


def offset_in_boot_info(field: str) -> int:
    header = (artefacts.SOURCE / "common/abi/boot_info.h").read_text(encoding="utf-8")
    return int(re.search(rf"BATON_ASSERT_OFFSET\(BatonBootInfo, {field}, (\d+)\)", header)[1])


def kernel(first: bytes, *others: Segment):
    """A kernel that does `first` if it knows of no boot before, else tells what it knows on the
    debug console: the state's number, and the text. Then it ends QEMU."""
    at = offset_in_boot_info("previous_boot")
    place = lambda field: struct.pack("<i", at + field)
    tell = b"".join([
        b"\x8a\x87", place(0),          # mov al, [rdi + state]
        bytes.fromhex("0430 e6e9"),     # add al, "0"; out 0e9h, al
        bytes.fromhex("b00a e6e9"),     # mov al, LF; out 0e9h, al
        b"\x48\x8b\xb7", place(16),     # mov rsi, [rdi + text]
        b"\x48\x8b\x8f", place(24),     # mov rcx, [rdi + text_bytes]
        bytes.fromhex("66bae900 f36e"),  # mov dx, 0e9h; rep outsb
        b"\xb8", struct.pack("<I", TOLD),  # mov eax, TOLD; out 0f4h, eax
        bytes.fromhex("e7f4"), HANG])
    # cmp dword [rdi + state], 0; jne tell
    choose = b"\x83\xbf" + place(0) + b"\0" + b"\x0f\x85" + struct.pack("<i", len(first))
    return code_kernel(choose + first + tell, *others)


def entry(*lines: str) -> dict[str, str]:
    return {"/loader/entries/a.conf": "\n".join(["kernel /baton/kernel.elf", *lines, ""])}


def told(machine: Machine) -> tuple[int, str]:
    """What the kernel tells of the boot before."""
    machine.wait_for_exit(2 * TOLD + 1)
    match = re.search(r"entering the kernel at \S+\n(\d)\n(.*)\Z", machine.debugcon, re.S)
    return int(match[1]), match[2]


def last_log(machine: Machine) -> list[str]:
    """Lines of the last boot's log, without their times."""
    last = machine.debugcon[machine.debugcon.rfind("Baton "):]
    return re.findall(r"^\[ *\d+ us\] (.*)$", last, re.M)


@each_firmware
def test_report_survives_the_reset_after_it(boot, firmware):
    machine = boot(kernel(UD2), files=entry("after-fault reset:0"), resets=True, **FIRMWARES[firmware])
    state, text = told(machine)
    found = report_on(machine.debugcon)
    assert state == FAULT
    assert text + "baton: end of report: reset in 0 s\n" == found
    log = last_log(machine)
    at = log.index(next(line for line in log if line.startswith("previous boot: ")))
    assert re.fullmatch("previous boot: fault, vector 6, rip 0xffffffff800000..", log[at])
    assert [line[2:] for line in log[at + 1:][:text.count("\n")]] == text.splitlines()


@pytest.mark.long
@each_firmware
@pytest.mark.parametrize("name", RESETS)
def test_kernel_that_was_entered_is_known_after_a_reset_by(boot, name, firmware):
    machine = boot(kernel(RESETS[name]), resets=True, **FIRMWARES[firmware])
    assert told(machine) == (KERNEL_ENTERED, "")
    assert "previous boot: entered the kernel, which has not acknowledged" in last_log(machine)


@pytest.mark.long
@each_firmware
def test_kernel_that_hangs_is_known_after_a_press_of_the_button(boot, firmware):
    say_k = bytes.fromhex("b04b e6e9 b00a e6e9")  # "K\n" to the debug console
    machine = boot(kernel(say_k + HANG), resets=True, **FIRMWARES[firmware])
    machine.wait_for_debugcon("^K$")
    machine.press_reset()
    assert told(machine) == (KERNEL_ENTERED, "")


@pytest.mark.long
def test_stage2_that_did_not_come_to_its_end_is_known_after_a_reset(boot):
    to_zero = Segment(TOP_2_GIB + MIB, PF_R | PF_W, b"", 400 * MIB)  # takes some seconds
    machine = boot(kernel(HANG, to_zero), resets=True, memory_mib=512, **FIRMWARES["u-boot"])
    base = int(machine.wait_for_debugcon(r"stage 2 at (0x[0-9a-f]+)$")[1], 16)
    header = (artefacts.BUILD / "stage2-stub/stage2.bin").read_bytes()
    crash_record = base + struct.unpack_from("<I", header, CRASH_RECORD_OFFSET)[0]
    while machine.physical_word(crash_record + STATE) != 1:  # BATON_CRASH_RECORD_HANDED_OVER
        time.sleep(0.01)
    machine.press_reset()
    assert told(machine) == (HANDED_OVER, "")


@pytest.mark.long
@each_firmware
def test_kernel_that_acknowledged_is_known_after_a_reset(boot, firmware):
    # mov dword [rdi + acknowledged], BATON_ACKNOWLEDGED
    word = struct.pack("<i", offset_in_boot_info("acknowledged"))
    acknowledge = b"\xc7\x87" + word + b"ACK!"
    machine = boot(kernel(acknowledge + RESETS["chipset"]), resets=True, **FIRMWARES[firmware])
    assert told(machine) == (ACKNOWLEDGED, "")


@pytest.mark.long
def test_report_of_the_watchdog_survives_the_reset_after_it(boot):
    files = entry("after-fault reset:0", "watchdog 2")
    state, text = told(boot(kernel(HANG), files=files, resets=True))
    assert state == FAULT
    assert text.startswith("baton: fault: watchdog")


def test_crash_record_that_have_changed_are_not_believed(boot):
    # mov rax, [rdi + identity_mappings]; mov rax, [rax + 24]: stage 2's writable memory, of which
    # the crash record is the first page; inc byte [rax + 24]: the fault's RIP
    change = b"\x48\x8b\x87" + struct.pack("<i", offset_in_boot_info("identity_mappings"))
    change += bytes.fromhex("488b4018 fe4018")
    machine = boot(kernel(change + RESETS["chipset"]), resets=True, **FIRMWARES["u-boot"])
    assert told(machine) == (STARTED, "")


def test_power_cycle_leaves_but_the_variable(boot):
    first = boot(kernel(UD2), files=entry("after-fault stop"))
    first.wait_for_debugcon("^baton: end of report: stopped$")
    assert "previous boot: not known" in last_log(first)
    first.close()
    second = boot(kernel(UD2), after=first)
    assert told(second) == (STARTED, "")
    assert "previous boot: left the firmware; what came then is lost" in last_log(second)


@pytest.mark.long
def test_crash_record_can_be_switched_off(boot):
    """And then what an earlier boot has left is gone."""
    first = boot(b"no kernel")
    first.wait_for_firmware()
    first.close()
    second = boot(kernel(UD2), after=first, files=entry("crash-record off"))
    assert told(second)[0] == FAILED
    assert told(boot(kernel(b""), after=second)) == (NONE, "")


@pytest.mark.long
def test_error_of_a_stage1_that_gave_up_survives_a_power_cycle(boot):
    first = boot(b"no kernel")
    first.wait_for_firmware()
    error = re.search("^error: .*", first.debugcon, re.M).group()
    first.close()
    assert told(boot(kernel(UD2), after=first)) == (FAILED, error)


@pytest.mark.long
def test_what_is_told_of_a_boot_that_failed_keeps_the_protocol(boot, expect_conformance):
    first = boot(b"no kernel")
    first.wait_for_firmware()
    first.close()
    expect_conformance("minus-2g", f"previous-boot:{FAILED}", after=first)


def test_firmware_without_variables_boots_and_knows_nothing(boot):
    """U-Boot without an EFI system partition."""
    machine = boot(kernel(RESETS["chipset"]), firmware=UBoot, resets=True)
    machine.wait_for_debugcon(r"previous boot: not known\n(.*\n)*.*previous boot: not known$")
