# SPDX-License-Identifier: BSD-2-Clause
"""The processors that stage 2 starts: which of GDB's threads each is, and where it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import gdb

from baton_gdb import paging
from baton_gdb.memory import number_at, packet, record_at, register
from baton_gdb.session import session, symbol

PAGE = 4096
CR0_PE = 1
NO_ANSWER = 4  # BATON_OUTCOME_NO_ANSWER
STATES = ("expected", "came", "parked", "gone", "given_up")  # enum ProcessorState of stage 2


def linear_address() -> int:
    """Of the selected thread's instruction: in real mode RIP is an offset from the segment's base."""
    is_real = not register("cr0") & CR0_PE
    return register("rip") + (register("cs") << 4 if is_real else 0)


@contextmanager
def _selected(thread: gdb.InferiorThread):
    before = gdb.selected_thread()
    thread.switch()
    try:
        yield
    finally:
        before.switch()


def boot_processor():
    """Its thread is selected meanwhile: QEMU's first."""
    return _selected(next(each for each in gdb.selected_inferior().threads() if each.ptid[1] == 1))


def _is_halted(thread: gdb.InferiorThread) -> bool:
    process, id_, _ = thread.ptid
    return b"halted" in bytes.fromhex(packet(f"qThreadExtraInfo,p{process:x}.{id_:x}").decode())


def _thread_of(apic_id: int) -> gdb.InferiorThread | None:
    """QEMU's threads are numbered from 1 on, its processors from 0, and only it knows their ids."""
    dump = gdb.execute(f"monitor info lapic {apic_id}", to_string=True)
    index = re.match(r"dumping local APIC state for CPU (\d+)", dump)
    threads = gdb.selected_inferior().threads()
    return index and next((each for each in threads if each.ptid[1] == int(index[1]) + 1), None)


@dataclass
class Processor:
    """One of the handoff record's list."""

    number: int
    apic_id: int
    stack: tuple[int, int]
    area: int
    outcome_word: int

    @property
    def thread(self) -> gdb.InferiorThread | None:
        return _thread_of(self.apic_id)

    def place(self) -> str:
        own = record_at("baton::stage2::Processor", self.area)
        state = STATES[int(own["state_word"])] if _has_started() else "expected"
        if state == "given_up":
            return "didn't come" if self._outcome() == NO_ANSWER else "halted after a fault"
        thread = self.thread
        if thread is None:
            return state
        with _selected(thread):
            return _place(linear_address(), state, _is_halted(thread), bool(own["is_reporting"]))

    def _outcome(self) -> int:
        handoff = session.handoff()
        levels = 5 if int(handoff["cr4"]) & paging.CR4_LA57 else 4
        _, physical = paging.walk(self.outcome_word, int(handoff["page_table_root"]), levels)
        return number_at(physical, 4) if physical else 0


def _has_started() -> bool:
    """Before, the areas have not been set up."""
    return number_at(symbol("record_of_processors")) != 0


def _place(at: int, state: str, is_halted: bool, is_reporting: bool) -> str:
    handoff = session.handoff()
    if handoff["trampoline"] != 0 and 0 <= at - int(handoff["trampoline"]) < PAGE:
        return "halted after a fault, in the trampoline" if is_halted else f"in the trampoline, at {at:#x}"
    if session.stage_of(at) != "stage 2":
        if state == "expected":
            return "waiting for its mailbox" if handoff["mailbox"] != 0 else "waiting for SIPI"
        return f"in {'the kernel' if state == 'gone' else session.stage_of(at)}, at {at:#x}"
    if state in ("came", "parked", "gone") and is_reporting:
        return "halted after a fault" if is_halted else "reporting a fault"
    if state == "parked":
        return state
    return f"{'entering the kernel' if state == 'gone' else 'starting'}, at {at:#x}"


def others() -> Iterator[Processor]:
    """Those that the kernel has started, without the boot processor."""
    handoff = session.handoff()
    for i in range(int(handoff["processor_count"])):
        at = int(handoff["processors"]) + i * int(handoff["processor_entry_bytes"])
        entry = record_at("BatonHandoffProcessor", at)
        yield Processor(
            number=int(entry["number"]),
            apic_id=int(entry["apic_id"]),
            stack=(int(entry["stack_base"]), int(entry["stack_top"])),
            area=int(entry["area"]),
            outcome_word=int(entry["outcome"]),
        )


def selected() -> Processor | None:
    """Whose thread is selected; None: the boot processor, or one that is not on the list."""
    thread = gdb.selected_thread()
    if thread is None or thread.ptid[1] == 1 or not session.find_all():
        return None
    return next((each for each in others() if each.thread == thread), None)


class StartBreakpoint(gdb.Breakpoint):
    """At the trampoline's first instruction. QEMU stops at its linear address, for which GDB has a
    breakpoint of its own; then RIP is 0, an offset, which is where GDB looks for this one."""

    def __init__(self, trampoline: int):
        super().__init__("*0x0", gdb.BP_HARDWARE_BREAKPOINT)
        self.trampoline = trampoline
        self._linear = gdb.Breakpoint(f"*{trampoline:#x}", gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        gdb.events.breakpoint_deleted.connect(self._forget)
        gdb.events.breakpoint_modified.connect(self._follow)

    def stop(self) -> bool:
        return linear_address() == self.trampoline

    def _forget(self, which: gdb.Breakpoint) -> None:
        if which is self and self._linear.is_valid():
            self._linear.delete()

    def _follow(self, which: gdb.Breakpoint) -> None:
        if which is self and self._linear.is_valid() and self._linear.enabled != self.enabled:
            self._linear.enabled = self.enabled
