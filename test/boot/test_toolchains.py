# SPDX-License-Identifier: BSD-2-Clause
"""Kernels that other compilers and linkers have made."""

import shutil
import subprocess

import artefacts
import pytest
from machine import Ovmf, UBoot

REPORTER_C = artefacts.SOURCE / "test/boot/guests/reporter/reporter.c"
REPORTER_RS = artefacts.SOURCE / "test/boot/guests/reporter/reporter.rs"
FIXED = ["-static", "-Wl,--image-base=0xffffffff80000000"]
PIE = ["-static-pie"]
# name: for the compiler, for the linker
CLANG = {
    "fixed": (["-fno-pie", "-mcmodel=kernel"], FIXED),
    "static-pie": (["-fpie"], PIE),
    "static-pie-relr": (["-fpie"], [*PIE, "-Wl,--pack-dyn-relocs=relr"]),
    "lto": (["-fpie", "-flto"], [*PIE, "-flto", "-Wl,--pack-dyn-relocs=relr"]),
}
FUNCTIONS = "^report: functions one three two two three one$"


def compiled(tmp_path, *arguments):
    result = subprocess.run([*map(str, arguments)], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    return tmp_path / "kernel.elf"


@pytest.mark.parametrize("name", CLANG)
def test_clang_and_lld(boot, tmp_path, name):
    if not shutil.which("clang-19") or not shutil.which("ld.lld-19"):
        pytest.skip("no clang-19 with lld-19")
    compiler, linker = CLANG[name]
    kernel = compiled(
        tmp_path, "clang-19", "-O2", "-g", "-ffreestanding", "-mno-red-zone", "-mgeneral-regs-only",
        f"-I{artefacts.HEADERS}", *compiler, "-fuse-ld=lld-19", "-nostdlib", *linker,
        "-Wl,--build-id=sha1", "-o", "kernel.elf", REPORTER_C)
    machine = boot(kernel, firmware=UBoot)
    machine.wait_for_exit()
    machine.wait_for_debugcon(FUNCTIONS)
    machine.wait_for_debugcon("^report: .bss is zero$")
    if name != "fixed":
        relocations = machine.wait_for_debugcon(r"relocations: (\d+) RELA, (\d+) RELR")
        assert int(relocations[2 if "relr" in name or name == "lto" else 1]) > 0
    machine.wait_for_debugcon(r"\] build id [0-9a-f]{40}$")


@pytest.mark.parametrize("firmware", [Ovmf, UBoot])
def test_rustc(boot, tmp_path, firmware):
    """A static library without std, linked with the header that is made for Rust."""
    if not shutil.which("rustc"):
        pytest.skip("no rustc")
    (tmp_path / "boot_info.rs").symlink_to(artefacts.HEADERS / "baton/boot_info.rs")
    (tmp_path / "reporter.rs").write_text(REPORTER_RS.read_text())
    compiled(tmp_path, "rustc", "--edition=2021", "--crate-type=staticlib", "-Cpanic=abort",
             "-Copt-level=2", "-Crelocation-model=pie", "-Cno-redzone=yes", "-o", "libreporter.a",
             "reporter.rs")
    kernel = compiled(tmp_path, "ld", "-pie", "--no-dynamic-linker", "-z", "text", "-z",
                      "noexecstack", "--gc-sections", "-o", "kernel.elf", "libreporter.a",
                      "--entry=_start", "-u", "_start")
    machine = boot(kernel, firmware=firmware,
                   files={"/loader/entries/a.conf":
                          "kernel /baton/kernel.elf\noptions from rust\nkaslr on\n"
                          "module /loader/entries/a.conf itself\n"})
    machine.wait_for_exit()
    for line in ['command line "from rust"', 'module "/loader/entries/a.conf" "itself"',
                 r"2\d\d MiB usable", "stack of 256 KiB"]:
        machine.wait_for_debugcon(f"^report: {line}$")
    machine.wait_for_debugcon(r"\] slide 0x\w+, at random$")


GNU_AS = """
    .include "baton/boot_info.s"
    BATON_REQUEST BATON_REQUEST_STACK, BATON_REQUEST_REQUIRED, 192*1024, 0
    .globl _start
_start:
    movabs $BATON_BOOT_INFO_MAGIC, %rax
    cmp %rax, BatonBootInfo.magic(%rdi)
    jne 1f
    cmpq $192*1024, BatonBootInfo.stack_bytes(%rdi)
    jne 1f
    mov $0x10, %eax # success
1:  out %eax, $0xf4
    hlt
    jmp 1b
"""


def test_gnu_as(boot, tmp_path):
    """With the header that is made for it."""
    (tmp_path / "kernel.s").write_text(GNU_AS)
    kernel = compiled(tmp_path, "gcc", f"-I{artefacts.HEADERS}", "-nostdlib", "-static",
                      "-Wl,-Ttext-segment=0xffffffff80000000", "-Wl,-z,noexecstack", "-o", "kernel.elf", "kernel.s")
    boot(kernel, firmware=UBoot).wait_for_exit()
