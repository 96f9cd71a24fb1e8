# SPDX-License-Identifier: BSD-2-Clause
"""What is known of the boot that is debugged: which files, and where each stage is."""

import os
import re
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Event, Timer

import gdb

from baton_gdb import images, paging, uefi
from baton_gdb.memory import read_physical, record_at, register, write_physical

DEBUG_MAGIC = int.from_bytes(b"BTNDEBUG", "little")
STAGE2_MAGIC = b"BTSTAGE2"
BOOT_INFO_MAGIC = 0x4444441111
KERNEL_32_BIT = 1  # BatonKernelMode
SLICE_SECONDS = 0.5  # a machine with much to do takes as long for a look
EFI, FLAT = "BOOTX64.EFI", "baton-pvh.elf"  # the two stages 1
FLAT_LINKED_AT = 0x100000
STAGE1_BYTES = 1 << 20  # at most
HERE = Path(__file__).parent.absolute()


def _data_folder() -> Path:
    """Where the loader is: beside this when installed, in build/ in the source tree."""
    for folder in (HERE.parents[1], HERE.parents[2] / "build/share/baton"):
        if (folder / "stage2.elf").exists():
            return folder
    return HERE.parents[1]


class Session:
    def __init__(self):
        self.folder = _data_folder()
        self.kernel_file: Path | None = None
        self.qemu_log: Path | None = None
        self.serial: Path | None = None
        self.serial_shown = 0
        self.table = uefi.DebugImageInfo()
        self.stage1 = ""  # EFI or FLAT; "": not found yet
        self.stage1_base = 0
        self.is_past_entry = False  # it was found where it waits
        self.stage2_base = self.stage2_bytes = 0
        self.slide: int | None = None
        self.values: dict[str, int] | None = None  # that stage 1 published
        self.leave_firmware: int | None = None  # in stage 1, if its symbols are gone

    # Stage 1.

    @cached_property
    def _pe(self) -> images.Pe:
        return images.pe_file(self._file(EFI))

    @cached_property
    def _flat(self) -> images.Elf:
        return images.Elf(self._file(FLAT))

    def _is_flat_at(self, base: int) -> bool:
        build_id = self._flat.build_id()
        return _matches(base + build_id.address - FLAT_LINKED_AT, build_id.content)

    def _is_efi_at(self, base: int) -> bool:
        return (
            images.Pe(lambda rva, count: read_physical(base + rva, count)).build_id
            == self._pe.build_id
        )

    def _file(self, name: str) -> Path:
        """Its debug information, which lies beside the file."""
        file = self.folder / (name + ".debug")
        if not file.exists():
            raise gdb.GdbError(f"there is no {file}, which has the symbols of stage 1")
        return file

    def _set_stage1(self, name: str, base: int) -> None:
        self.stage1, self.stage1_base = name, base
        if name == EFI:
            _add_symbols(self._file(EFI), base)
        else:
            _add_symbols(self._file(FLAT), base - FLAT_LINKED_AT)

    def find_stage1(self) -> bool:
        """Without letting the guest run."""
        return bool(self.stage1) or self._find_flat() or self._find_efi()

    def _find_flat(self) -> bool:
        """Where it is linked to be: QEMU has put it there before the guest runs."""
        if not self._is_flat_at(FLAT_LINKED_AT):
            return False
        self._set_stage1(FLAT, FLAT_LINKED_AT)
        return True

    def _find_efi(self) -> bool:
        try:
            if self.table.find():
                for base in self.table.new_bases():
                    if self._is_efi_at(base):
                        self._set_stage1(EFI, base)
                        return True
        except gdb.MemoryError:
            pass
        return False

    def _find_waiting_stage1(self) -> bool:
        """It spins because of debug=wait: the processor is in it."""
        flat_end = max(
            each.address + each.memory_bytes for each in self._flat.of_type(images.PT_LOAD)
        )
        for name, size, is_at in (
            (FLAT, flat_end - FLAT_LINKED_AT, self._is_flat_at),
            (EFI, self._pe.image_bytes, self._is_efi_at),
        ):
            if base := _image_around(register("rip"), size, is_at):
                self._set_stage1(name, base)
                self.is_past_entry = True
                return True
        return False

    def wait_for_stage1(self) -> None:
        """Lets the guest run until stage 1 has been loaded; not further, if the firmware reports it."""
        if not self.find_stage1():
            gdb.write("baton: waiting for stage 1 to be loaded\n")
            self._run_until_loaded()
        address = symbol("baton_debug") + offset_of("BatonDebug", "go_on")
        write_physical(address, (1).to_bytes(8, "little"))  # ends the waiting of debug=wait

    def _run_until_loaded(self) -> None:
        while not self.table.find():
            _run_for(SLICE_SECONDS)
            if self._find_waiting_stage1():
                return
        if self._find_efi():
            return
        watch = gdb.Breakpoint(
            f"*(unsigned int *) {self.table.count_address:#x}",
            gdb.BP_WATCHPOINT,
            gdb.WP_WRITE,
            True,
        )
        watch.silent = True
        try:
            while True:
                before = watch.hit_count
                _run_for(SLICE_SECONDS)
                has_loaded = watch.hit_count > before
                if self._find_efi() if has_loaded else self._find_waiting_stage1():
                    return
        finally:
            watch.delete()

    # What stage 1 publishes.

    def published(self) -> dict[str, int] | None:
        """Kept: the kernel may go to where stage 1 was."""
        if self.values is not None:
            return self.values
        if not self.find_stage1():
            return None
        record = record_at("BatonDebug", symbol("baton_debug"))
        values = {field.name: int(record[field.name]) for field in record.type.fields()}
        return values if values["magic"] == DEBUG_MAGIC and values["stage2_base"] else None

    def find_all(self) -> bool:
        """Stage 2 and the kernel's slide, once stage 1 has planned them; without running."""
        if self.stage2_base:
            return True
        values = self.published()
        if values is None:
            return False
        self.values = values
        self.stage2_base, self.slide = values["stage2_base"], values["slide"]
        self._check_stage2()
        header = record_at("BatonStage2Header", self.stage2_base)
        self.stage2_bytes = int(header["memory_bytes"])
        _add_symbols(self.folder / "stage2.elf", self.stage2_base)
        if self.kernel_file:
            self._add_kernel_symbols()
        if self.stage1 == FLAT and self._kernel_replaces_stage1():
            self.leave_firmware = symbol("baton::leave_firmware")
            _remove_symbols(self._file(FLAT))
        return True

    def _kernel_replaces_stage1(self) -> bool:
        """Stage 2 moves a kernel to its physical addresses, where stage 1 may have been."""
        begin, end = self.stage1_base, self.stage1_base + STAGE1_BYTES
        return any(
            int(each["destination"]) < end
            and int(each["destination"]) + int(each["memory_bytes"]) > begin
            for each in self.segments()
        )

    def _add_kernel_symbols(self) -> None:
        """At the addresses that its code is linked for, and where it runs before it has paging. A
        flat file has none."""
        if self.kernel_file.exists() and self.kernel_file.read_bytes()[:4] != b"\x7fELF":
            return
        _add_symbols(self.kernel_file, self.slide)
        if not self.is_32_bit() or not self.kernel_file.exists():
            return
        entry = int(self.handoff()["kernel_entry"])
        elf = images.Elf(self.kernel_file)
        if not elf.is_64_bit:  # its debug information numbers registers as a 32-bit processor does
            gdb.execute("set print frame-arguments none")
        for each in elf.of_type(images.PT_LOAD):
            if 0 <= entry - each.physical < each.memory_bytes and each.physical != each.address:
                _add_symbols(self.kernel_file, each.physical - each.address)

    def is_32_bit(self) -> bool:
        """Whether the kernel is entered as 32-bit code, without paging."""
        return int(self.handoff()["kernel_mode"]) == KERNEL_32_BIT

    def place_of(self, segment: images.Segment) -> int:
        """Where a segment of the kernel is in physical memory."""
        if not self.find_all() or self.is_32_bit():
            return segment.physical
        handoff = self.handoff()
        count = 5 if int(handoff["cr4"]) & paging.CR4_LA57 else 4
        address = segment.address + self.slide & (1 << 64) - 1
        _, physical = paging.walk(address, int(handoff["page_table_root"]), count)
        if physical is None:
            raise gdb.GdbError(f"no page table of the kernel's maps {address:#x}")
        return physical

    def _check_stage2(self) -> None:
        header = read_physical(self.stage2_base, 56)
        if header[:8] != STAGE2_MAGIC:
            raise gdb.GdbError(f"there is no stage 2 at {self.stage2_base:#x}")
        at, count = (int.from_bytes(header[i : i + 4], "little") for i in (48, 52))
        file = images.Elf(self.folder / "stage2.elf")
        if read_physical(self.stage2_base + at, count) != file.build_id().content:
            gdb.write("baton: warning: stage2.elf has another build id than stage 2 in memory\n")

    def wait_for_all(self) -> None:
        """Lets the guest run until all is planned, before stage 1 leaves the firmware."""
        if self.find_all():
            return
        self.wait_for_stage1()
        if not self.find_all():
            run_to(symbol("baton_debug_published"), "stage 1 has planned the handoff")
            self.find_all()

    # Records.

    def handoff(self) -> gdb.Value:
        return record_at("BatonHandoff", self._published_or_fail()["handoff"])

    def segments(self) -> list[gdb.Value]:
        """Of the kernel, as stage 2 loads them."""
        handoff = self.handoff()
        return [
            record_at(
                "BatonHandoffSegment",
                int(handoff["segments"]) + i * int(handoff["segment_entry_bytes"]),
            )
            for i in range(int(handoff["segment_count"]))
        ]

    def boot_info(self) -> gdb.Value:
        record = record_at("BatonBootInfo", self._published_or_fail()["boot_info"])
        if int(record["magic"]) != BOOT_INFO_MAGIC:
            raise gdb.GdbError("the kernel is of another boot protocol, and gets no BootInfo")
        return record

    def physical(self, direct: int) -> int:
        """Of an address in the direct map."""
        return direct - int(self.handoff()["direct_map_base"])

    def array(
        self, owner: gdb.Value, field: str, count: str, step: str, type_: str
    ) -> list[gdb.Value]:
        base = self.physical(int(owner[field]))
        return [record_at(type_, base + i * int(owner[step])) for i in range(int(owner[count]))]

    def _published_or_fail(self) -> dict[str, int]:
        if not self.find_all():
            raise gdb.GdbError("stage 1 has not planned the handoff yet")
        return self.published()

    def stage_of(self, address: int) -> str:
        if self.find_all():
            if 0 <= address - self.stage2_base < self.stage2_bytes:
                return "stage 2"
            for each in self.segments():
                if 0 <= address - int(each["destination"]) < int(each["memory_bytes"]):
                    return "the kernel"
        if self.stage1 and 0 <= address - self.stage1_base < STAGE1_BYTES:
            return "stage 1"
        return "the firmware" if not self.stage2_base else "unknown code"

    def progress(self) -> gdb.Value:
        type_ = "baton::stage2::FaultState"
        return record_at(type_, symbol("baton::stage2::fault_state"))["progress"]


def symbol(name: str) -> int:
    try:
        return int(gdb.parse_and_eval(f"(unsigned long) &'{name}'"))
    except gdb.error:
        text = gdb.execute(f"info address {name}", to_string=True)
        for word in text.replace(".", " ").split():
            if word.startswith("0x"):
                return int(word, 16)
        raise


def offset_of(type_: str, field: str) -> int:
    return next(each.bitpos // 8 for each in gdb.lookup_type(type_).fields() if each.name == field)


def _remove_symbols(file: Path) -> None:
    for each in gdb.objfiles():
        if Path(each.filename).resolve() == file.resolve():
            gdb.execute(f"remove-symbol-file {_word(Path(each.filename))}", to_string=True)


def _word(file: Path) -> str:
    return re.sub(r"([^\w./-])", r"\\\1", str(file))


def _matches(base: int, content: bytes) -> bool:
    try:
        return read_physical(base, len(content)) == content
    except gdb.MemoryError:
        return False


def _image_around(address: int, size: int, is_at) -> int:
    """The base of the image whose code is at this address; 0: it is none of those looked for."""
    for base in range(address & ~0xFFF, max(address - size, 0), -0x1000):
        try:
            if is_at(base):
                return base
        except gdb.MemoryError:
            return 0
    return 0


def _add_symbols(file: Path, offset: int) -> None:
    if not file.exists():
        gdb.write(f"baton: warning: there is no {file}\n")
        return
    # A negative number would be one of 32 bits.
    gdb.execute(f"add-symbol-file {_word(file)} -o {offset & (1 << 64) - 1:#x}", to_string=True)


@contextmanager
def _silence():
    """GDB shows why the guest has stopped, whatever to_string says."""
    gdb.flush(gdb.STDOUT)
    shown, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    try:
        yield
    finally:
        gdb.flush(gdb.STDOUT)
        os.dup2(shown, 1)
        os.close(shown)
        os.close(nothing)


def go_on() -> None:
    """Until the guest stops again."""
    with _silence():
        gdb.execute("continue", to_string=True)


def _run_for(seconds: float) -> None:
    """Or until a breakpoint. A GdbError if something else stops the guest."""
    is_over, has_stopped = Event(), Event()

    def interrupt() -> None:
        if not has_stopped.is_set():  # else it would stop the next run
            gdb.execute("interrupt")

    def stop() -> None:
        is_over.set()
        gdb.post_event(interrupt)

    stops: list[gdb.StopEvent] = []
    timer = Timer(seconds, stop)
    gdb.events.stop.connect(stops.append)
    try:
        timer.start()
        go_on()
    finally:
        has_stopped.set()
        timer.cancel()
        gdb.events.stop.disconnect(stops.append)
    is_signal = bool(stops) and isinstance(stops[-1], gdb.SignalEvent)
    if not stops or (is_signal and not (is_over.is_set() and stops[-1].stop_signal == "SIGINT")):
        raise gdb.GdbError("the guest stopped before stage 1 was loaded")


def run_to(address: int, what: str) -> None:
    stop = gdb.Breakpoint(f"*{address:#x}", gdb.BP_HARDWARE_BREAKPOINT, internal=True)
    stop.silent = True
    try:
        go_on()
        if not stop.is_valid() or stop.hit_count == 0:
            raise gdb.GdbError(f"the guest stopped before {what}")
    finally:
        if stop.is_valid():
            stop.delete()


session = Session()
