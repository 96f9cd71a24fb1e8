# SPDX-License-Identifier: BSD-2-Clause
"""Code of 32 and 16 bits. QEMU describes a processor of 64 bits, whatever mode it is in, and GDB takes it at its
word: it would disassemble code, and look for callers, as if it were 64-bit code."""

import importlib
import subprocess
import tempfile

import gdb
from gdb.unwinder import Unwinder, register_unwinder

from baton_gdb.memory import register

EFER_LMA = 1 << 10
LONGEST = 15  # bytes of an instruction
WORD = 4
PUSH_EBP = b"\x55"


def is_32_bit_mode(frame=None) -> bool:
    """Protected mode, outside long mode."""
    try:
        return bool(register("cr0", frame) & 1) and not register("efer", frame) & EFER_LMA
    except (ValueError, gdb.error):  # no machine
        return False


def is_real_mode() -> bool:
    try:
        return not register("cr0") & 1
    except (ValueError, gdb.error):  # no machine
        return False


def _disassembled(code: bytes, address: int, machine: str) -> tuple[int, str]:
    """How long the first instruction is, and its text: by objdump."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(code)
        file.flush()
        listing = subprocess.run(
            ["objdump", "-D", "-b", "binary", "-m", machine, f"--adjust-vma={address:#x}",
             "--insn-width=15", "--no-show-raw-insn", file.name],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    lines = [line for line in listing.splitlines() if line.startswith(f"{address:8x}:")]
    begins = [
        int(line.split(":")[0], 16)
        for line in listing.splitlines()
        if line.partition(":")[0].strip().isalnum() and "\t" in line
    ]
    length = begins[1] - begins[0] if len(begins) > 1 else len(code)
    return length, lines[0].partition(":")[2].strip()


def _register_disassembler() -> None:
    try:  # gdb.disassembler may also be the module of GDB's own names
        disassembler = importlib.import_module("gdb.disassembler")
    except ImportError:
        return  # before GDB 13

    class Disassembler(disassembler.Disassembler):
        def __init__(self):
            super().__init__("baton-32-bit")

        def __call__(self, info):
            machine = "i386" if is_32_bit_mode() else "i8086" if is_real_mode() else None
            if machine is None:
                return None
            for count in range(LONGEST, 0, -1):
                try:
                    code = bytes(info.read_memory(count))
                except gdb.MemoryError:
                    continue
                length, text = _disassembled(code, info.address, machine)
                return disassembler.DisassemblerResult(length, text)
            return None

    disassembler.register_disassembler(Disassembler())


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Callers(Unwinder):
    """By the chain of EBP, which code that is compiled with frame pointers has."""

    def __init__(self):
        super().__init__("baton-32-bit")

    def __call__(self, frame):
        if not is_32_bit_mode(frame):
            return None
        sp, bp, pc = (frame.read_register(name) for name in ("rsp", "rbp", "rip"))
        stack, base = (int(value) & 0xFFFF_FFFF for value in (sp, bp))
        # A function begins with push %ebp; mov %esp,%ebp.
        if _read(int(pc), 1) == PUSH_EBP:
            saved, at = base, stack
        elif _read(int(pc) - 1, 1) == PUSH_EBP:
            saved, at = _word(stack), stack + WORD
        elif base >= stack:
            saved, at = _word(base), base + WORD
        else:
            saved, at = 0, 0
        callers = frame.create_unwind_info(FrameId(sp, pc))
        for name, value in (("rbp", saved), ("rip", _word(at) if at else 0), ("rsp", at + WORD)):
            callers.add_saved_register(name, gdb.Value(value).cast(bp.type))
        return callers


def _read(address: int, count: int) -> bytes:
    try:
        return bytes(gdb.selected_inferior().read_memory(address, count))
    except gdb.MemoryError:
        return b""


def _word(address: int) -> int:
    return int.from_bytes(_read(address, WORD), "little")


_register_disassembler()
register_unwinder(None, Callers(), True)
