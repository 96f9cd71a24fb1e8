# SPDX-License-Identifier: BSD-2-Clause
"""Fault reports: what one must be, word by word, and what is on the screen."""

import importlib.util
import re
from collections.abc import Mapping, Sequence

import artefacts
from machine import Machine, Screenshot

REGISTERS = ("rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 "
             "rip rflags cs ss cr0 cr2 cr3 cr4 efer").split()
VARIES = "*"  # in a text: digits of a number that is not known beforehand

# What the boot protocol promises at the kernel's first instruction.
AT_ENTRY = dict.fromkeys(REGISTERS, 0) | {
    "rdi": VARIES, "rsp": VARIES, "rip": VARIES, "rflags": 2, "cs": 8, "ss": 0x10,
    "cr0": 0x8001_0033, "cr3": VARIES, "cr4": 0x6A0, "efer": 0xD00}
IN_STAGE2 = dict.fromkeys(REGISTERS, VARIES) | {"cs": 8, "ss": 0x10}

Number = int | str
OTHERS = "¶"  # perhaps more registers, as the compiler uses them


def report(head: str, registers: Mapping[str, Number], stack: Sequence[Number] | str | None,
           end: str = "stopped") -> str:
    """A whole report. `head` is what comes before the registers, `stack` its words or what stands
    instead of them; None: something, which this one doesn't go into."""
    word = lambda value: value if value == VARIES else f"{value:016x}"
    cells = [f"{name:6} 0x{word(registers[name])}" for name in REGISTERS]
    lines = [head.strip("\n"), *("  ".join(cells[i:i + 3]) for i in range(0, len(cells), 3))]
    if stack is None:
        lines.append("stack  " + "…")
    elif isinstance(stack, str):
        lines.append("stack  " + stack)
    else:
        words = [f"0x{word(value)}" for value in stack]
        rows = ["  ".join(words[i:i + 3]) for i in range(0, len(words), 3)]
        lines.append("stack  " + "\n       ".join(rows))
    return "\n".join([*lines, f"baton: end of report: {end}\n"])


def matches(wanted: str, found: str) -> bool:
    # A processor sets RF in the RFLAGS that it saves for a fault (Intel SDM 3B section 18.3.1.1),
    # and so does QEMU 10; older ones don't.
    found = re.sub(r"(?<=rflags 0x0{11})1(?=\w{4}\b)", "0", found)
    expression = re.escape(wanted).replace(re.escape(VARIES), "[0-9a-f]+")
    expression = expression.replace("…", "[0-9a-fx \n]+").replace(OTHERS, r"(, \w+)*")
    return re.fullmatch(expression, found) is not None


def report_on(text: str) -> str:
    """The report in what was written to a port."""
    return re.search(r"^baton: fault: (.*\n)*?baton: end of report: .*\n", text, re.M).group()


def expect_report(machine: Machine, wanted: str, *, on_serial: bool = True) -> str:
    """Waits for a report on the debug console and the serial port. Returns it."""
    machine.wait_for_debugcon(r"^baton: end of report: ")
    found = report_on(machine.debugcon)
    assert matches(wanted, found), f"wanted:\n{wanted}\nfound:\n{found}"
    if on_serial:
        machine.wait_for_serial(r"^baton: end of report: ")
        assert report_on(machine.serial) == found
    assert not machine.has_triple_faulted
    return found


def example_report() -> str:
    """The one that the documents show."""
    text = (artefacts.SOURCE / "docs/faults.md").read_text(encoding="utf-8")
    return re.search(r"^```\n(baton: fault: (.*\n)*?)```$", text, re.M)[1]


def text_on(screen: Screenshot) -> str:
    """What stage2-stub/screen.cpp has drawn, read with the font that it draws with."""
    spec = importlib.util.spec_from_file_location("font", artefacts.SOURCE / "stage2-stub/font.py")
    font = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(font)
    pictures = font.read_font((artefacts.SOURCE / "stage2-stub/font.txt").read_text("ascii"))
    character_of = {tuple(picture): name for name, picture in pictures.items()}

    width, height = font.WIDTH + 1, font.HEIGHT + 2  # of a cell, with its gaps
    scale = max(1, min(screen.width // (width * 82), screen.height // (height * 32)))
    is_lit = lambda x, y: sum(screen.pixel(scale * x + scale // 2, scale * y + scale // 2)) > 384

    def character(column: int, row: int) -> str:
        picture = tuple("".join(".#"[is_lit(column * width + x, row * height + 1 + y)]
                                for x in range(font.WIDTH)) for y in range(font.HEIGHT))
        return character_of[picture]

    columns, rows = screen.width // (width * scale), screen.height // (height * scale)
    lines = ["".join(character(column, row) for column in range(1, columns - 1)).rstrip()
             for row in range(1, rows)]
    return "\n".join(lines).rstrip("\n") + "\n"
