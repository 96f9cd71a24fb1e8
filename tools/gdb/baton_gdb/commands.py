# SPDX-License-Identifier: BSD-2-Clause
"""The commands that begin with `baton`."""

from pathlib import Path

import gdb

from baton_gdb import diff, paging, processors
from baton_gdb.memory import register, text_at
from baton_gdb.session import EFI, offset_of, session, symbol

CR0 = (
    (31, "PG"),
    (30, "CD"),
    (29, "NW"),
    (18, "AM"),
    (16, "WP"),
    (5, "NE"),
    (3, "TS"),
    (2, "EM"),
    (1, "MP"),
    (0, "PE"),
)
CR4 = (
    (23, "CET"),
    (22, "PKE"),
    (21, "SMAP"),
    (20, "SMEP"),
    (18, "OSXSAVE"),
    (17, "PCIDE"),
    (16, "FSGSBASE"),
    (12, "LA57"),
    (11, "UMIP"),
    (10, "OSXMMEXCPT"),
    (9, "OSFXSR"),
    (7, "PGE"),
    (6, "MCE"),
    (5, "PAE"),
    (4, "PSE"),
    (3, "DE"),
)
EFER = ((11, "NXE"), (10, "LMA"), (8, "LME"), (0, "SCE"))
IN_PLACE = (1 << 64) - 1  # BATON_SOURCE_IN_PLACE
STEPS = (
    "setting up its stack and its descriptor tables",
    "loading the page tables",
    "copying and zeroing segments",
    "setting the machine state",
    "entering the kernel",
)


def bits(value: int, names) -> str:
    return " ".join(name for bit, name in names if value >> bit & 1)


def arguments_of(text: str, least: int, most: int, usage: str) -> list[str]:
    words = gdb.string_to_argv(text)
    if not least <= len(words) <= most:
        raise gdb.GdbError(f"usage: baton {usage}")
    return words


def number(word: str) -> int:
    value = gdb.parse_and_eval(word)
    if value.type.code == gdb.TYPE_CODE_FUNC:
        value = value.address
    return int(value.cast(gdb.lookup_type("unsigned long")))


class Baton(gdb.Command):
    """Look at a boot: baton status, break, plan, walk, map, bootinfo, memmap, diff."""

    def __init__(self):
        super().__init__("baton", gdb.COMMAND_USER, prefix=True)


class _Verb(gdb.Command):
    def __init__(self, name: str):
        super().__init__(f"baton {name}", gdb.COMMAND_USER)

    def invoke(self, argument, _from_tty):
        try:
            self.run(argument)
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"memory can't be read: {error}") from error


class Attach(_Verb):
    """baton attach SOCKET [KERNEL [QEMU-LOG [SERIAL]]]: as `baton debug --server-only` prints."""

    def run(self, argument):
        words = arguments_of(argument, 1, 4, "attach SOCKET [KERNEL [QEMU-LOG [SERIAL]]]")
        files = [Path(word) if word else None for word in words[1:]] + [None] * 3
        session.kernel_file, session.qemu_log, session.serial = files[:3]
        # GDB gives up after 2 s, and takes the late answer for that to its next question.
        gdb.execute("set remotetimeout 60")
        gdb.execute(f"target remote {words[0]}", to_string=True)


class Status(_Verb):
    """baton status: which stage runs, the state of the processor, and where the others are."""

    def run(self, argument):
        arguments_of(argument, 0, 0, "status")
        session.find_all()
        if other := processors.selected():
            gdb.write(f"processor {other.number}, APIC id {other.apic_id:#x}: {other.place()}\n")
        else:
            gdb.write(f"{_boot_place()}\n")
        if session.stage1:
            gdb.write(f"stage 1   {session.stage1}, loaded at {session.stage1_base:#x}\n")
        if session.stage2_base:
            handoff = session.handoff()
            gdb.write(
                f"stage 2   at {session.stage2_base:#x}\n"
                f"kernel    entry {int(handoff['kernel_entry']):#x}, slide {session.slide:#x}\n"
            )
        cr0, cr4, efer, cr3 = (register(name) for name in ("cr0", "cr4", "efer", "cr3"))
        tables = ""
        if session.stage2_base and (cr0 >> 31 or not other):
            tables = (
                "the kernel's"
                if cr3 == int(session.handoff()["page_table_root"])
                else "the firmware's"
                if session.stage1 == EFI
                else "stage 1's"
            )
        gdb.write(
            f"CR0       {cr0:#x}: {bits(cr0, CR0)}\n"
            f"CR3       {cr3:#x}{': ' + tables if tables else ''}\n"
            f"CR4       {cr4:#x}: {bits(cr4, CR4)}\n"
            f"EFER      {efer:#x}: {bits(efer, EFER)}\n"
            f"mode      {_mode(cr0, cr4, efer)}\n"
        )
        if session.stage2_base and session.handoff()["processor_count"] != 0:
            _show_processors()


def _show_processors() -> None:
    number = int(session.handoff()["processor_number"])
    with processors.boot_processor():
        gdb.write(f"{f'cpu {number}':9} boot processor: {_boot_place()}\n")
    for each in processors.others():
        gdb.write(f"{f'cpu {each.number}':9} APIC id {each.apic_id:#x}: {each.place()}\n")


def _boot_place() -> str:
    rip = register("rip")
    stage = session.stage_of(rip)
    step = ""
    if stage == "stage 2":
        progress = session.progress()
        at = int(progress["step"])
        step = f", {STEPS[at]}"
        if at == 2:
            count = int(session.handoff()["segment_count"])
            action = "zeroing" if progress["zeroing"] else "copying"
            step += f" ({action} {int(progress['segment'])} of {count})"
    return f"in {stage}{step}, at {rip:#x}"


def _mode(cr0: int, cr4: int, efer: int) -> str:
    if not cr0 & 1:
        return "real mode"
    if not efer >> 10 & 1:
        return "32-bit protected mode, paging " + ("on" if cr0 >> 31 else "off")
    return f"64-bit, {5 if cr4 & paging.CR4_LA57 else 4} levels of page tables"


class Break(_Verb):
    """baton break WHERE: a hardware breakpoint where the handoff has come so far.

    stage1        stage 1's first function
    before-exit   all is planned, the firmware is about to be left
    stage2        stage 2's first instruction
    before-cr3    before it loads the kernel's page tables
    after-cr3     after that
    copy N        before segment N is copied
    before-jump   the last instruction of stage 2
    ap-start      another processor's first instruction, in the trampoline
    ap-parked     another processor is about to wait for the kernel
    kernel-entry  the kernel's first instruction
    fault         a fault has been reported

    If the place isn't known yet, the guest runs until it is: for stage1, until the firmware has
    loaded it, for the others until before-exit."""

    PLACES = (
        "stage1",
        "before-exit",
        "stage2",
        "before-cr3",
        "after-cr3",
        "copy",
        "before-jump",
        "ap-start",
        "ap-parked",
        "kernel-entry",
        "fault",
    )
    IN_STAGE2 = {
        "stage2": ("stage2_entry64",),
        "before-cr3": ("stage2_before_cr3",),
        "after-cr3": ("stage2_after_cr3",),
        "copy": ("stage2_before_copy",),
        "before-jump": ("enter_kernel.jump",),
        "ap-parked": ("park_processor",),
        "fault": ("baton::stage2::end_after_fault",),
    }

    def run(self, argument):
        words = arguments_of(
            argument, 1, 2, "break " + "|".join(self.PLACES).replace("copy", "copy N")
        )
        where = words[0]
        if where not in self.PLACES or (where == "copy") != (len(words) == 2):
            raise gdb.GdbError(
                "usage: baton break " + "|".join(self.PLACES).replace("copy", "copy N")
            )
        address = self.address(where)
        if where == "ap-start":
            processors.StartBreakpoint(address)
            return
        stop = gdb.Breakpoint(f"*{address:#x}", gdb.BP_HARDWARE_BREAKPOINT)
        if where == "copy":
            field = (
                symbol("baton::stage2::fault_state")
                + offset_of("baton::stage2::FaultState", "progress")
                + offset_of("baton::HandoffProgress", "segment")
            )
            stop.condition = f"*(unsigned int *) {field:#x} == {int(words[1], 0)}"

    def address(self, where: str) -> int:
        if where == "stage1":
            session.wait_for_stage1()
            if session.is_past_entry:
                raise gdb.GdbError(
                    "stage 1 runs already: it was found where it waits for a debugger"
                )
            return symbol("efi_main" if session.stage1 == EFI else "stage1_main")
        session.wait_for_all()
        if where == "before-exit":
            return session.leave_firmware or symbol("baton::leave_firmware")
        if where == "kernel-entry":
            return int(session.handoff()["kernel_entry"])
        if where.startswith("ap-") and session.handoff()["processor_count"] == 0:
            raise gdb.GdbError("no other processor is started")
        if where == "ap-start":
            return _trampoline()
        return symbol(self.IN_STAGE2[where][0])

    def complete(self, text, _word):
        return [place for place in self.PLACES if place.startswith(text)]


def _trampoline() -> int:
    if address := int(session.handoff()["trampoline"]):
        return address
    raise gdb.GdbError("the firmware wakes the other processors: there is no trampoline")


class Plan(_Verb):
    """baton plan: the handoff record, its segments, and the other processors."""

    def run(self, argument):
        arguments_of(argument, 0, 0, "plan")
        handoff = session.handoff()
        gdb.write(f"{handoff.format_string(pretty_structs=True)}\n")
        for i, each in enumerate(session.segments()):
            source = int(each["source_physical"])
            end = int(each["destination"]) + int(each["memory_bytes"])
            gdb.write(
                f"segment {i}: {int(each['destination']):#x}-{end:#x}, "
                f"{int(each['file_bytes']):#x} bytes "
                f"{'in place' if source == IN_PLACE else f'from {source:#x}'}, the rest zeroed\n"
            )
        for each in processors.others():
            base, top = each.stack
            gdb.write(
                f"processor {each.number}: APIC id {each.apic_id:#x}, "
                f"stack {base:#x}-{top:#x}, area {each.area:#x}\n"
            )


def _root(words: list[str]) -> tuple[int, int]:
    """CR3 and the number of levels; `new`: the kernel's tables."""
    if not words:
        if not register("cr0") >> 31:
            raise gdb.GdbError("paging is off: addresses are physical")
        return register("cr3"), paging.levels()
    if words[0] != "new":
        return number(words[0]), paging.levels()
    handoff = session.handoff()
    return int(handoff["page_table_root"]), 5 if int(handoff["cr4"]) & paging.CR4_LA57 else 4


class Walk(_Verb):
    """baton walk VA [CR3]: how an address is translated; CR3 `new`: by the kernel's tables."""

    def run(self, argument):
        words = arguments_of(argument, 1, 2, "walk VA [CR3|new]")
        address = number(words[0])
        steps, physical = paging.walk(address, *_root(words[1:]))
        for step in steps:
            gdb.write(f"{step}\n")
        gdb.write(
            f"{address:#x} is "
            + (f"at {physical:#x}\n" if physical is not None else "not mapped\n")
        )


class Map(_Verb):
    """baton map [CR3]: everything that is mapped; CR3 `new`: by the kernel's tables."""

    def run(self, argument):
        words = arguments_of(argument, 0, 1, "map [CR3|new]")
        for each in paging.ranges(*_root(words)):
            flag = "  W+X" if each.access == "rwx" else ""
            gdb.write(
                f"{each.begin:#018x}-{each.end - 1:#018x} {each.access} "
                f"-> {each.physical:#x}{flag}\n"
            )


class BootInfo(_Verb):
    """baton bootinfo: what the kernel gets."""

    def run(self, argument):
        arguments_of(argument, 0, 0, "bootinfo")
        gdb.write(f"{session.boot_info().format_string(pretty_structs=True)}\n")


class MemoryMap(_Verb):
    """baton memmap: the memory map that the kernel gets."""

    def run(self, argument):
        arguments_of(argument, 0, 0, "memmap")
        info = session.boot_info()
        names = {
            int(each.enumval): each.name.removeprefix("BATON_MEMORY_").lower().replace("_", " ")
            for each in gdb.lookup_type("BatonMemoryType").fields()
        }
        ranges = session.array(
            info, "memory_map", "memory_map_count", "memory_map_entry_bytes", "BatonMemoryRange"
        )
        if not ranges:
            gdb.write("it is empty until the firmware has been left\n")
        for each in ranges:
            base, size, kind = (int(each[name]) for name in ("base_physical", "bytes", "type"))
            origin = int(each["origin"])
            what = text_at(session.physical(origin)) if origin else ""
            gdb.write(
                f"{base:#014x}-{base + size - 1:#014x} {names.get(kind, kind)}"
                f"{': ' + what if what else ''}\n"
            )


class Diff(_Verb):
    """baton diff: whether the kernel's image in memory is that of its file."""

    def run(self, argument):
        arguments_of(argument, 0, 0, "diff")
        if session.kernel_file is None:
            raise gdb.GdbError("the kernel is not known: use `baton kernel FILE`")
        diff.show(session)


class Kernel(_Verb):
    """baton kernel FILE: the kernel that is booted."""

    def run(self, argument):
        [file] = arguments_of(argument, 1, 1, "kernel FILE")
        session.kernel_file = Path(file)


class Serial(_Verb):
    """baton serial: what the guest has written to its serial port since the last time."""

    def run(self, argument):
        arguments_of(argument, 0, 0, "serial")
        if session.serial is None:
            raise gdb.GdbError("this machine's serial port is somewhere else")
        content = session.serial.read_bytes()
        text = content[session.serial_shown :].decode("utf-8", "replace").replace("\r", "")
        session.serial_shown = len(content)
        gdb.write(text)


def on_stop(event):
    """A triple fault has stopped the machine, which would have been reset."""
    if (
        not isinstance(event, gdb.SignalEvent)
        or event.stop_signal != "SIGQUIT"
        or session.qemu_log is None
    ):
        return
    if "Triple fault" in session.qemu_log.read_text(errors="replace"):
        gdb.write(
            f"baton: the guest has triple-faulted, at {register('rip'):#x}, "
            f"in {session.stage_of(register('rip'))}; CR2 {register('cr2'):#x}\n"
        )
    else:
        gdb.write("baton: the guest has reset itself or powered off\n")


Baton()
for _name, _class in (
    ("attach", Attach),
    ("status", Status),
    ("break", Break),
    ("plan", Plan),
    ("walk", Walk),
    ("map", Map),
    ("bootinfo", BootInfo),
    ("memmap", MemoryMap),
    ("diff", Diff),
    ("kernel", Kernel),
    ("serial", Serial),
):
    _class(_name)
gdb.events.stop.connect(on_stop)
