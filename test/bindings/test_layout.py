# SPDX-License-Identifier: BSD-2-Clause
"""Every number of the generated files is the C compiler's."""
import re
import struct
import subprocess

import pytest

from conftest import ASSEMBLERS, BINDINGS, assemble, run, section, tool

MARK = {"baton_has_requests"}  # of requests: no number of the header's

RUST_CRATE = """#![no_std]
#[path = "{module}"]
mod baton;
use core::mem::{{offset_of, size_of}};
{asserts}
"""


def test_c_compiler_tells_of_the_whole_header(truth):
    assert truth.sizes["BatonBootInfo"] > 1000 and len(truth.offsets) > 150
    assert truth.enumerators["BATON_MEMORY_SPECIAL_PURPOSE"] == 12
    assert truth.constants["BATON_BOOT_INFO_MAGIC"] == 0x4444441111


def expect_nasm_has_each_number(file, truth, tmp_path):
    numbers = truth.flat()
    defined = re.findall(r"^([\w.]+) equ ", (BINDINGS / file).read_text(), re.M)
    assert set(defined) - set(truth.sizes) - MARK == set(numbers)
    lines = ["bits 64", f'%include "{BINDINGS}/{file}"', *(f"dq {name}" for name in numbers)]
    (tmp_path / "table.asm").write_text("\n".join(lines) + "\n")
    run(tool("NASM"), "-Wall", "-Werror", "-f", "bin", "table.asm", "-o", "table", cwd=tmp_path)
    got = struct.unpack(f"<{len(numbers)}Q", (tmp_path / "table").read_bytes())
    assert dict(zip(numbers, got)) == numbers


def test_nasm_has_each_number(truth, tmp_path):
    expect_nasm_has_each_number("boot_info.inc", truth, tmp_path)


def test_nasm_has_each_number_of_the_handoff(truth_of_handoff, tmp_path):
    assert truth_of_handoff.sizes["BatonHandoff"] == 344
    expect_nasm_has_each_number("handoff.inc", truth_of_handoff, tmp_path)


def expect_gnu_as_has_each_number(file, truth, tmp_path, assembler):
    numbers = truth.flat()
    defined = re.findall(r"^\.set ([\w.]+), ", (BINDINGS / file).read_text(), re.M)
    assert set(defined) - {f"BATON_{file.upper().replace('.', '_')}"} - MARK == set(numbers)
    include = f'.include "baton/{file}"'
    lines = [include, include, '.section table, "a"', *(f".quad {name}" for name in numbers)]
    (tmp_path / "table.s").write_text("\n".join(lines) + "\n")
    assemble(assembler, "table", tmp_path)
    got = struct.unpack(f"<{len(numbers)}Q", section(tmp_path / "table.o", "table"))
    assert dict(zip(numbers, got)) == numbers


@pytest.mark.parametrize("assembler", ASSEMBLERS)
def test_gnu_as_has_each_number(truth, truth_of_handoff, tmp_path, assembler):
    expect_gnu_as_has_each_number("boot_info.s", truth, tmp_path, assembler)
    expect_gnu_as_has_each_number("handoff.s", truth_of_handoff, tmp_path, assembler)


@pytest.mark.parametrize("assembler", ASSEMBLERS)
def test_gnu_as_takes_fields_in_both_syntaxes(tmp_path, assembler):
    (tmp_path / "field.s").write_text("""
        .include "baton/boot_info.s"
        mov BatonBootInfo.memory_map(%rdi), %rsi
        .intel_syntax noprefix
        mov rsi, [rdi + BatonBootInfo.memory_map]
    """)
    assemble(assembler, "field", tmp_path)
    assert section(tmp_path / "field.o", ".text") == bytes.fromhex("488b7710") * 2


def test_nasm_knows_the_structures_as_its_own(tmp_path):
    (tmp_path / "own.asm").write_text(f"""
        %include "{BINDINGS}/boot_info.inc"
        istruc BatonMemoryRange
            at BatonMemoryRange.bytes, dq 0x1000
            at BatonMemoryRange.type, dd BATON_MEMORY_BAD
        iend""")
    run(tool("NASM"), "-Wall", "-Werror", "-f", "bin", "own.asm", "-o", "own", cwd=tmp_path)
    assert (tmp_path / "own").read_bytes() == struct.pack("<QQI20x", 0, 0x1000, 9)


def rust_name(name):
    return {"type": "r#type"}.get(name, name)


def compile_rust(rustc, folder, module, asserts=(), edition=2021):
    """rustc's exit status and messages for a crate without the standard library."""
    lines = [f"const _: () = assert!({left} == {right});" for left, right in asserts]
    source = RUST_CRATE.format(module=module, asserts="\n".join(lines))
    (folder / "crate.rs").write_text(source)
    return subprocess.run(
        [rustc, f"--edition={edition}", "--crate-type=lib", "--emit=obj", "-Cpanic=abort",
         "-Dwarnings", "-Aunused-imports", "crate.rs"],
        cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("edition", [2021, 2024])
def test_rust_has_each_number(truth, rustc, tmp_path, edition):
    asserts = [
        *((f"size_of::<baton::{name}>()", size) for name, size in truth.sizes.items()),
        *((f"offset_of!(baton::{name}, {rust_name(field)})", offset)
          for (name, field), offset in truth.offsets.items()),
        *((f"baton::{name}.0", value) for name, value in truth.enumerators.items()),
        *((f"baton::{name} as u64", value) for name, value in truth.constants.items()),
    ]
    done = compile_rust(rustc, tmp_path, BINDINGS / "boot_info.rs", asserts, edition)
    if "is unstable" in done.stderr:
        pytest.skip(f"{rustc} has no edition {edition}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("correct, wrong, words", [
    ("offset_of!(BatonBootInfo, memory_map) == 16", "offset_of!(BatonBootInfo, memory_map) == 24",
     "offset_of!(BatonBootInfo, memory_map) == 24"),
    ("    pub firmware_type: u32,\n", "", "no field `firmware_type`"),
    ("    pub firmware_type: u32,\n", "    pub firmware_type: u64,\n",
     "offset_of!(BatonMemoryRange, attributes) == 24"),
], ids=["offset", "missing", "wider"])  # fmt: skip
def test_rust_refuses_a_wrong_layout(rustc, tmp_path, correct, wrong, words):
    text = (BINDINGS / "boot_info.rs").read_text()
    assert text.count(correct) == 1
    (tmp_path / "wrong.rs").write_text(text.replace(correct, wrong))
    done = compile_rust(rustc, tmp_path, tmp_path / "wrong.rs")
    assert done.returncode != 0 and words in done.stderr, done.stderr


def zig_layout(text, sizes):
    """Offsets of every extern struct in a Zig text, as its C ABI lays them out."""
    offsets = {}
    for name, body in re.findall(r"^pub const (\w+) = extern struct \{(.*?)^\};", text, re.M | re.S):
        at, largest = 0, 1
        fields = re.findall(r"^    (\w+): (?:\[(\d+)\])?(\w+)(?: align\((\d+)\))?,", body, re.M)
        for field, count, type_, packed in fields:
            size, align = sizes[type_]
            align = min(align, int(packed or align))
            at = -(-at // align) * align
            offsets[name, field] = at
            at += size * int(count or 1)
            largest = max(largest, align)
        sizes[name] = (-(-at // largest) * largest, largest)
    return offsets


def test_zig_file_says_each_number(truth):
    """Without Zig's compiler: what the text says, and what its structures amount to."""
    text = (BINDINGS / "boot_info.zig").read_text()
    enumerations = set(re.findall(r"^pub const (\w+) = enum\(u32\)", text, re.M))
    sizes = {"u8": (1, 1), "u16": (2, 2), "u32": (4, 4), "u64": (8, 8), "i64": (8, 8)}
    sizes.update({name: (4, 4) for name in enumerations})
    assert zig_layout(text, sizes) == truth.offsets
    assert {name: sizes[name][0] for name in truth.sizes} == truth.sizes

    said = re.findall(r"^    expectOffset\((\w+), \"(\w+)\", (\d+)\);", text, re.M)
    assert {(name, field): int(at) for name, field, at in said} == truth.offsets
    said = re.findall(r"^    expectSize\((\w+), (\d+)\);", text, re.M)
    assert {name: int(size) for name, size in said} == truth.sizes
    said = re.findall(r"^    (BATON_\w+) = (\d+),", text, re.M)
    assert {name: int(value) for name, value in said} == truth.enumerators
    said = re.findall(r"^pub const (BATON_\w+): u\d+ = (\w+);", text, re.M)
    assert {name: int(value, 0) for name, value in said} == truth.constants


def test_zig_has_each_number(truth, zig, tmp_path):
    (tmp_path / "boot_info.zig").write_bytes((BINDINGS / "boot_info.zig").read_bytes())
    left = {
        **{f"@sizeOf(baton.{name})": size for name, size in truth.sizes.items()},
        **{f'@offsetOf(baton.{name}, "{field}")': at for (name, field), at in truth.offsets.items()},
        **{f"baton.{name}": value for name, value in truth.constants.items()},
    }
    text = (tmp_path / "boot_info.zig").read_text()
    for name, body in re.findall(r"^pub const (\w+) = enum\(u32\) \{(.*?)^\};", text, re.M | re.S):
        for tag in re.findall(r"^    (BATON_\w+) =", body, re.M):
            left[f"@intFromEnum(baton.{name}.{tag})"] = truth.enumerators[tag]
    checks = [f"if ({name} != {value}) unreachable;" for name, value in left.items()]
    source = ['const baton = @import("boot_info.zig");', "comptime {", *checks, "}"]
    (tmp_path / "numbers.zig").write_text("\n".join(source) + "\n")
    zig("build-obj", "-target", "x86_64-freestanding", "-fno-emit-bin", "numbers.zig", cwd=tmp_path)
