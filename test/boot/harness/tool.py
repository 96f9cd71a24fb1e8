# SPDX-License-Identifier: BSD-2-Clause
"""Runs the tool `baton`, and makes kernels for it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import artefacts

FIXED = ("-fno-pie", "-mcmodel=kernel", "-static", "-no-pie",
         "-Wl,-Ttext-segment=0xffffffff80000000")
PIE = ("-fpie", "-static-pie")

# Reads address 16, in a function that is inlined in one that the entry point calls.
FAULTING = """
#include <baton/boot_info.h>
static volatile uint32_t table[4];
static inline __attribute__((always_inline)) uint32_t peek(const volatile uint32_t* p) {
    return *p;
}
__attribute__((noinline)) uint32_t look(const volatile uint32_t* p) {
    uint32_t value = peek(p + 4);
    table[1] = value;
    return value + 1;
}
void _start(const BatonBootInfo* info) {
    table[0] = info->version;
    table[2] = look((const volatile uint32_t*)0);
    for (;;)
        __asm__ volatile("hlt");
}
"""


# Waits for what never comes, in a function that another one calls.
HANGING = """
#include <baton/boot_info.h>
static volatile uint32_t flag;
__attribute__((noinline)) void wait_for_flag(void) {
    while (!flag) /* for ever */
        ;
}
__attribute__((noinline)) void begin(void) {
    wait_for_flag();
    flag = 2;
}
void _start(const BatonBootInfo* info) {
    begin(); /* first of all */
    flag = info->version;
    for (;;)
        __asm__ volatile("cli; hlt");
}
"""


def line_of(source: str, text: str) -> int:
    return 1 + next(i for i, line in enumerate(source.splitlines()) if text in line)


def baton(*arguments, tool: Path = artefacts.TOOL, **options) -> subprocess.CompletedProcess:
    return subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True,
                          errors="replace",
                          **{"stdin": subprocess.DEVNULL, "timeout": 120} | options)


def compiled(folder: Path, source: str, flags: Sequence[str] = FIXED, *,
             include: Path = artefacts.HEADERS, name: str = "my-kernel.elf",
             source_name: str = "my-kernel.c") -> Path:
    (folder / source_name).write_text(source)
    subprocess.run(["gcc", "-O2", "-g", "-ffreestanding", "-mno-red-zone", "-mgeneral-regs-only",
                    f"-I{include}", "-nostdlib", *flags, "-Wl,--build-id=sha1", "-o", name,
                    source_name], cwd=folder, check=True)
    return folder / name
