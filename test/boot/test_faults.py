# SPDX-License-Identifier: BSD-2-Clause
"""A kernel's first fault, before it has an IDT, is reported and no silent reset."""

import time

import hostile
import pytest
from elf import PF_R, PF_W, Elf, Segment
from faults import AT_ENTRY, VARIES, example_report, expect_report, matches, report, text_on
from kernels import TOP_2_GIB, code_kernel
from machine import FAULT_REPORTED, Ovmf, UBoot
from paths import Pvh

DATA = TOP_2_GIB + 0x2000
STACK = [0]  # there is nothing but the return address

UD2 = bytes.fromhex("0f0b")
READ_16 = bytes.fromhex("488b042510000000")  # mov rax, [16]
HANG = bytes.fromhex("ebfe")


def head(fault: str, offset: int = 0, *details: str) -> str:
    return "\n".join([f"baton: fault: {fault}, in kernel + {offset:#x}",
                      "step   in the kernel, entered at 0xffffffff80000000", *details])


def page_fault(offset: int, error: str, cause: str, *walk: str) -> str:
    walk = ["walk   " + walk[0], *("       " + line for line in walk[1:])]
    return head("#PF page fault, vector 14", offset, f"error  {error}", f"cause  {cause}", *walk)


def walk_down_to(last: str, address: int) -> list[str]:
    """The entries that lead to a page of the kernel's."""
    return [f"level 4, entry 511 at 0x*: 0x*", "level 3, entry 510 at 0x*: 0x*",
            "level 2, entry   0 at 0x*: 0x*",
            f"level 1, entry {address >> 12 & 511:3} at 0x*: {last}"]


READ_OF_PAGE_ZERO = report(
    page_fault(0, "0x0: read, page not present, supervisor",
               "read of 0x0000000000000010: not present at level *",
               "level 4, entry   0 at 0x*: 0x*", "level 3, entry   0 at 0x*: 0x*",
               "level 2, entry   0 at 0x*: 0x0000000000000000, not present"),
    AT_ENTRY | {"rip": TOP_2_GIB, "cr2": 16}, STACK)

# name: code, report
FAULTS = {
    "undefined-instruction": (UD2, report(
        head("#UD invalid opcode, vector 6"), AT_ENTRY | {"rip": TOP_2_GIB}, STACK)),
    "breakpoint": (b"\xcc", report(
        head("#BP breakpoint, vector 3", 1), AT_ENTRY | {"rip": TOP_2_GIB + 1}, STACK)),
    # xor ecx, ecx; xor eax, eax; xor edx, edx; div ecx
    "divide-error": (bytes.fromhex("31c9 31c0 31d2 f7f1"), report(
        head("#DE divide error, vector 0", 6),
        AT_ENTRY | {"rip": TOP_2_GIB + 6, "rflags": 0x46}, STACK)),
    # mov byte [rip - 7], 0: its own first byte
    "write-to-text": (bytes.fromhex("c605f9ffffff00"), report(
        page_fault(0, "0x3: write, page present, supervisor",
                   "write to 0xffffffff80000000: read-only at level 1",
                   *walk_down_to("0x*, read-only", TOP_2_GIB)),
        AT_ENTRY | {"rip": TOP_2_GIB, "cr2": TOP_2_GIB}, STACK)),
    # mov rax, DATA; jmp rax
    "execution-of-data": (b"\x48\xc7\xc0" + (DATA & 0xFFFF_FFFF).to_bytes(4, "little")
                          + b"\xff\xe0", report(
        page_fault(0x2000, "0x11: fetch, page present, supervisor",
                   "fetch from 0xffffffff80002000: no-execute at level 1",
                   *walk_down_to("0x*, no-execute", DATA)),
        AT_ENTRY | {"rax": DATA, "rip": DATA, "cr2": DATA}, STACK)),
    # xor eax, eax; jmp rax
    "jump-to-null": (bytes.fromhex("31c0 ffe0"), report(
        page_fault(0, "0x10: fetch, page not present, supervisor",
                   "fetch from 0x0000000000000000: not present at level *",
                   "level 4, entry   0 at 0x*: 0x*", "level 3, entry   0 at 0x*: 0x*",
                   "level 2, entry   0 at 0x*: 0x0000000000000000, not present")
        .replace("in kernel + 0x0", "at unknown 0x0"), AT_ENTRY | {"rip": 0, "rflags": 0x46},
        STACK)),
    # call itself
    "stack-overflow": (bytes.fromhex("e8fbffffff"), report(
        page_fault(0, "0x2: write, page not present, supervisor",
                   "write to 0x*ff8: kernel stack overflow: guard page",
                   "level 4, entry 256 at 0x*: 0x*", "level 3, entry * at 0x*: 0x*",
                   "level 2, entry   0 at 0x*: 0x*",
                   "level 1, entry   0 at 0x*: 0x0000000000000000, not present")
        .replace("entry *", "entry   *"),
        AT_ENTRY | {"rip": TOP_2_GIB, "cr2": VARIES}, [TOP_2_GIB + 5] * 12)),
    # pop rax; pop rax
    "stack-underflow": (bytes.fromhex("5858"), report(
        page_fault(1, "0x0: read, page not present, supervisor",
                   "read of 0x*000: above the kernel stack: guard page",
                   "level 4, entry 256 at 0x*: 0x*", "level 3, entry   * at 0x*: 0x*",
                   "level 2, entry   0 at 0x*: 0x*",
                   "level 1, entry  17 at 0x*: 0x0000000000000000, not present"),
        AT_ENTRY | {"rip": TOP_2_GIB + 1, "cr2": VARIES}, "can't be read")),
    # bts rbx, 47; mov rax, [rbx]. CR2 stays 0, but QEMU 8 writes the address to it.
    "not-canonical": (bytes.fromhex("480fbaeb2f 488b03"), report(
        head("#GP general protection, vector 13", 5, "error  0x0",
             "cause  not a canonical address: rbx"),
        AT_ENTRY | {"rbx": 1 << 47, "rip": TOP_2_GIB + 5, "cr2": VARIES}, STACK)),
    # xor esp, esp; push rax
    "no-stack": (bytes.fromhex("31e4 50"), report(
        page_fault(2, "0x2: write, page not present, supervisor",
                   "write to 0xfffffffffffffff8: not present at level 3",
                   "level 4, entry 511 at 0x*: 0x*",
                   "level 3, entry 511 at 0x*: 0x0000000000000000, not present"),
        AT_ENTRY | {"rip": TOP_2_GIB + 2, "rsp": 0, "cr2": 2**64 - 8, "rflags": 0x46},
        "can't be read")),
    # mov eax, 30h; mov ds, eax: beyond the GDT
    "bad-selector": (bytes.fromhex("b830000000 8ed8"), report(
        head("#GP general protection, vector 13", 5, "error  0x30: GDT entry 6"),
        AT_ENTRY | {"rax": 0x30, "rip": TOP_2_GIB + 5}, STACK)),
    **{f"interrupt-{vector}": (bytes([0xcd, vector]), report(
        head(f"interrupt, vector {vector}", 2), AT_ENTRY | {"rip": TOP_2_GIB + 2}, STACK))
        for vector in (32, 63, 64, 128, 255)},
    "interrupt-of-an-exception": (bytes.fromhex("cd0d"), report(
        head("#GP general protection, vector 13", 2, "error  none: raised by an INT instruction"),
        AT_ENTRY | {"rip": TOP_2_GIB + 2}, STACK)),
    # The gate of page faults is made not present, then there is one: sub rsp, 16; sidt [rsp + 6];
    # mov rax, [rsp + 8]; mov byte [rax + 14 * 16 + 5], 0; mov rax, [16]
    "double-fault": (bytes.fromhex("4883ec10 0f014c2406 488b442408 c680e500000000") + READ_16,
                     report(
        head("#DF double fault, vector 8", 21, "error  0x0",
             "walk   level 4, entry   0 at 0x*: 0x*",
             "       level 3, entry   0 at 0x*: 0x*",
             "       level 2, entry   0 at 0x*: 0x0000000000000000, not present"),
        AT_ENTRY | {"rax": VARIES, "rip": TOP_2_GIB + 21, "cr2": 16, "rflags": VARIES},
        [VARIES, VARIES, 0])),
}


def faulting_kernel(code: bytes) -> Elf:
    return code_kernel(code, Segment(DATA, PF_R | PF_W, UD2))


@pytest.mark.parametrize("name", FAULTS)
def test_report_of(boot, name):
    code, wanted = FAULTS[name]
    expect_report(boot(faulting_kernel(code), firmware=Pvh), wanted)


def test_report_on_u_boot(boot):
    code, wanted = FAULTS["undefined-instruction"]
    expect_report(boot(faulting_kernel(code), firmware=UBoot), wanted)


def test_report_of_page_zero_is_the_documents_example_and_on_the_screen(boot):
    machine = boot(faulting_kernel(READ_16))
    found = expect_report(machine, READ_OF_PAGE_ZERO)
    assert text_on(machine.screenshot()) == found
    assert matches(READ_OF_PAGE_ZERO, example_report())


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1920, 1080)])
def test_report_is_as_large_on_the_screen_as_can_be(boot, width, height):
    kernel = code_kernel(UD2, hostile.notes(hostile.request(hostile.FRAMEBUFFER, width, height)))
    machine = boot(kernel)
    found = expect_report(machine, FAULTS["undefined-instruction"][1])
    screen = machine.screenshot()
    assert (screen.width, screen.height) == (width, height)
    assert text_on(screen) == found


def test_report_of_nmi(boot):
    running = bytes.fromhex("b04be6e9 b00ae6e9")  # "K\n" to the debug console
    machine = boot(faulting_kernel(running + HANG), firmware=Pvh)
    machine.wait_for_debugcon("^K$")
    machine.inject_nmi()
    expect_report(machine, report(
        head("NMI non-maskable interrupt, vector 2", len(running)),
        AT_ENTRY | {"rip": TOP_2_GIB + len(running), "rax": 0xA, "rflags": VARIES}, STACK))


def test_report_of_machine_check(boot):
    """It needs CR4.MCE, which is the kernel's to set."""
    # mov rax, cr4; or eax, 40h; mov cr4, rax; then "K\n" to the debug console
    set_mce = bytes.fromhex("0f20e0 83c840 0f22e0 b04be6e9 b00ae6e9")
    machine = boot(faulting_kernel(set_mce + HANG), firmware=Pvh)
    machine.wait_for_debugcon("^K$")
    machine.inject_machine_check()
    cr4 = AT_ENTRY["cr4"] | 0x40
    expect_report(machine, report(
        head("#MC machine check, vector 18", len(set_mce)),
        AT_ENTRY | {"rip": TOP_2_GIB + len(set_mce), "rax": cr4 & ~0xFF | 0xA, "cr4": cr4,
                    "rflags": VARIES}, STACK))


def entry(after_fault: str) -> dict[str, str]:
    return {"/loader/entries/a.conf": f"kernel /baton/kernel.elf\nafter-fault {after_fault}\n"}


def test_after_fault_exit_leaves_qemu(boot):
    machine = boot(faulting_kernel(UD2), firmware=Pvh, files=entry("exit"))
    machine.wait_for_exit(FAULT_REPORTED)
    machine.wait_for_serial("^baton: end of report: leaving QEMU$")


@pytest.mark.parametrize("firmware", [pytest.param(Ovmf, marks=pytest.mark.long), UBoot])
def test_after_fault_reset_boots_again_when_the_time_is_over(boot, firmware):
    machine = boot(faulting_kernel(UD2), firmware=firmware, files=entry("reset:2"), resets=True)
    machine.wait_for_debugcon("^baton: end of report: reset in 2 s$")
    reported = time.monotonic()
    machine.wait_for_debugcon(r"end of report: reset in 2 s\n(.*\n)*.*booting \\baton\\kernel.elf")
    # U-Boot's clock, which Baton's is measured by, is more than twice too fast now and then.
    assert time.monotonic() - reported > (1.8 if firmware is Ovmf else 0.7)
    assert not machine.has_triple_faulted
