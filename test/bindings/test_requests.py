# SPDX-License-Identifier: BSD-2-Clause
"""A request is the same note, byte for byte, whatever language the kernel says it in."""
import re
import struct

import pytest

from conftest import ASSEMBLERS, BINDINGS, INCLUDE, assemble, run, section, tool

# (type, flags, value 0, value 1), and the paths of modules: one of each length modulo 4, and none.
REQUESTS = [
    ("BATON_REQUEST_STACK", "BATON_REQUEST_REQUIRED", 256 * 1024, 0),
    ("BATON_REQUEST_FRAMEBUFFER", "0", 1920, 1080),
    ("BATON_REQUEST_DIRECT_MAP", "0", 0xFFFF900000000000, 0),
]
MODULES = [("0", path) for path in ("/boot/initrd.img", "/a", "/ab", "/abc", "/abcd", "/ä b,c", "")]
MODULES.append(("BATON_REQUEST_REQUIRED", "/needed"))


def notes(data):
    """The notes in a section's bytes, sorted: compilers put variables in an order of their own."""
    found = []
    while data:
        name_bytes, descriptor_bytes = struct.unpack_from("<II", data)
        end = 12 + (name_bytes + 3 & ~3) + (descriptor_bytes + 3 & ~3)
        assert end <= len(data)
        found.append(data[:end])
        data = data[end:]
    return sorted(found)


def note_section(object_file):
    """The notes, and how their section stands in the object file: type, flags, alignment. R, which
    rustc adds, keeps a section that nothing refers to; linkers keep notes without it."""
    linked = object_file.with_suffix(".linked.o")  # rustc gives each note a section of its own
    run(tool("LD"), "-r", object_file, "-o", linked)
    headers = run(tool("READELF"), "-SW", linked)
    line = re.search(r"\.note\.baton +(\w+) +\w+ \w+ \w+ \w+ +(\w+) .* (\d+)$", headers, re.M)
    shape = (line[1], line[2].replace("R", ""), line[3])
    assert " ABS baton_has_requests\n" in run(tool("READELF"), "-sW", linked, errors="replace")
    return notes(section(linked, ".note.baton")), shape


def c_lines():
    lines = [f"BATON_REQUEST({kind}, {flags}, {a:#x}, {b});" for kind, flags, a, b in REQUESTS]
    return lines + [f'BATON_REQUEST_MODULE_FILE({flags}, "{path}");' for flags, path in MODULES]


@pytest.fixture(scope="module")
def from_c(tmp_path_factory):
    folder = tmp_path_factory.mktemp("c")
    (folder / "requests.c").write_text("\n".join(["#include <baton/boot_info.h>", *c_lines()]) + "\n")
    run(tool("CC"), "-std=c11", "-O2", f"-I{INCLUDE}", "-c", "requests.c", cwd=folder)
    return note_section(folder / "requests.o")


def test_c_writes_elf_notes(from_c):
    found, shape = from_c
    assert shape == ("NOTE", "A", "4")
    assert len(found) == len(REQUESTS) + len(MODULES)
    assert struct.pack("<3I8sIQQ", 6, 20, 2, b"Baton", 1, 0x40000, 0) in found
    assert struct.pack("<3I8sI4s", 6, 7, 8, b"Baton", 0, b"/a") in found


def test_cpp_writes_the_same(from_c, tmp_path):
    (tmp_path / "requests.cpp").write_text("\n".join(["#include <baton/boot_info.h>", *c_lines()]))
    run(tool("CXX"), "-std=c++23", "-O2", f"-I{INCLUDE}", "-c", "requests.cpp", cwd=tmp_path)
    assert note_section(tmp_path / "requests.o") == from_c


def test_nasm_writes_the_same_and_stays_in_its_section(from_c, tmp_path):
    lines = [f"BATON_REQUEST {kind}, {flags}, {a:#x}, {b}" for kind, flags, a, b in REQUESTS]
    lines += [f'BATON_REQUEST_MODULE_FILE {flags}, "{path}"' for flags, path in MODULES]
    source = [f'%include "{BINDINGS}/boot_info.inc"', "section .mine", "db 1", *lines, "db 2"]
    (tmp_path / "requests.asm").write_text("\n".join(source) + "\n")
    run(tool("NASM"), "-Wall", "-Werror", "-f", "elf64", "requests.asm", cwd=tmp_path)
    assert note_section(tmp_path / "requests.o") == from_c
    assert section(tmp_path / "requests.o", ".mine") == b"\1\2"


@pytest.mark.parametrize("assembler", ASSEMBLERS)
def test_gnu_as_writes_the_same_and_stays_in_its_section(from_c, tmp_path, assembler):
    lines = [f"BATON_REQUEST {kind}, {flags}, {a:#x}, {b}" for kind, flags, a, b in REQUESTS]
    lines += [f'BATON_REQUEST_MODULE_FILE {flags}, "{path}"' for flags, path in MODULES]
    source = ['.include "baton/boot_info.s"', '.section .mine, "a"', ".byte 1", *lines, ".byte 2"]
    (tmp_path / "requests.s").write_text("\n".join(source) + "\n")
    assemble(assembler, "requests", tmp_path)
    assert note_section(tmp_path / "requests.o") == from_c
    assert section(tmp_path / "requests.o", ".mine") == b"\1\2"


@pytest.mark.parametrize("way", ["mod", "include"])
def test_rust_writes_the_same(from_c, rustc, tmp_path, way):
    def flag(name):
        return name if name == "0" else f"{at}{name}"

    at = "baton::" if way == "mod" else ""
    lines = [f"{at}baton_request!({at}{kind}, {flag(flags)}, {a:#x}, {b});"
             for kind, flags, a, b in REQUESTS]
    lines += [f'{at}baton_request_module_file!({flag(flags)}, "{path}");' for flags, path in MODULES]
    file = BINDINGS / "boot_info.rs"
    begin = f'#[path = "{file}"]\nmod baton;' if way == "mod" else f'include!("{file}");'
    (tmp_path / "requests.rs").write_text("\n".join(["#![no_std]", begin, *lines]) + "\n")
    run(rustc, "--edition=2021", "--crate-type=lib", "--emit=obj", "-Cpanic=abort", "-O",
        "requests.rs", cwd=tmp_path)
    assert note_section(tmp_path / "requests.o") == from_c


def test_zig_writes_the_same(from_c, zig, tmp_path):
    def flag(name):
        return name if name == "0" else f"baton.{name}"

    (tmp_path / "boot_info.zig").write_bytes((BINDINGS / "boot_info.zig").read_bytes())
    lines = [f"baton.request(.{kind}, {flag(flags)}, {a:#x}, {b});" for kind, flags, a, b in REQUESTS]
    lines += [f'baton.requestModuleFile({flag(flags)}, "{path}");' for flags, path in MODULES]
    source = ['const baton = @import("boot_info.zig");', "comptime {", *lines, "}"]
    (tmp_path / "requests.zig").write_text("\n".join(source) + "\n")
    zig("build-obj", "-target", "x86_64-freestanding", "-OReleaseSmall", "requests.zig", cwd=tmp_path)
    assert note_section(tmp_path / "requests.o") == from_c
