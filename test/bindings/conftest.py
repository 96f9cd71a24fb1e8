# SPDX-License-Identifier: BSD-2-Clause
"""The compilers that judge the generated files, and what the C compiler makes of the headers."""
import os
import pathlib
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass, field

import pytest

SOURCE = pathlib.Path(os.environ["BATON_SOURCE_DIR"])
HEADER = SOURCE / "common/abi/boot_info.h"
INCLUDE = pathlib.Path(os.environ["BATON_BUILD_DIR"]) / "include"
BINDINGS = INCLUDE / "baton"


def tool(name, default=None):
    return os.environ.get(name) or default or name.lower()


def run(*command, **options):
    """What a command prints; its errors fail the test with all that it printed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def section(object_file, name):
    raw = object_file.with_suffix(".raw")
    run(tool("OBJCOPY"), "-O", "binary", "-j", name, object_file, raw)
    return raw.read_bytes()


# What assembles the file for GNU as: GCC's assembler, and Clang's own.
ASSEMBLERS = ["gcc", "clang-19"]


def assemble(assembler, name, folder):
    """name.s into name.o, without a warning."""
    if not shutil.which(assembler):
        pytest.skip(f"no {assembler}")
    run(assembler, "-Wa,--fatal-warnings", f"-I{INCLUDE}", "-c", f"{name}.s", "-o", f"{name}.o",
        cwd=folder)


@dataclass
class Truth:
    """Every name of a header that has a number, by the C compiler's own account."""
    sizes: dict = field(default_factory=dict)  # {structure: bytes}
    offsets: dict = field(default_factory=dict)  # {(structure, field): offset}
    enumerators: dict = field(default_factory=dict)
    constants: dict = field(default_factory=dict)

    def flat(self):
        """As NASM names them."""
        return {
            **{f"{name}_size": size for name, size in self.sizes.items()},
            **{f"{name}.{field}": offset for (name, field), offset in self.offsets.items()},
            **self.enumerators,
            **self.constants,
        }


def read_dwarf(truth, dump):
    """Structures and enumerators from what `readelf --debug-dump=info` prints."""
    structure = ""
    for entry in re.split(r"\n <\d+><\w+>: ", dump):
        tag = re.search(r"\(DW_TAG_(\w+)\)", entry)
        values = dict(re.findall(r"DW_AT_(\w+) *:.*?(\S+)\s*$", entry, re.M))
        name = values.get("name", "")
        if not tag:
            continue
        if tag[1] in ("structure_type", "union_type"):
            structure = name if name.startswith("Baton") else ""
            if structure:
                truth.sizes[name] = int(values["byte_size"])
        elif tag[1] == "member" and structure:
            truth.offsets[structure, name] = int(values["data_member_location"])
        elif tag[1] == "enumerator" and name.startswith("BATON"):
            truth.enumerators[name] = int(values["const_value"])


def read_truth(header, folder):
    c = [tool("CC"), "-std=c11", f"-I{INCLUDE}"]
    (folder / "all.c").write_text(f"#include <baton/{header}>\n")
    run(*c, "-g", "-fno-eliminate-unused-debug-types", "-c", "all.c", "-o", "all.o", cwd=folder)
    result = Truth()
    read_dwarf(result, run(tool("READELF"), "--debug-dump=info", folder / "all.o"))

    macros = run(*c, "-E", "-dM", "all.c", cwd=folder)
    names = re.findall(r"^#define (BATON_\w+) (?:UINT\d+_C\(|\d)", macros, re.M)
    values = ", ".join(names)
    (folder / "values.c").write_text(
        f"#include <baton/{header}>\n"
        f'const uint64_t table[] __attribute__((section("values"))) = {{{values}}};\n')
    run(*c, "-c", "values.c", "-o", "values.o", cwd=folder)
    numbers = struct.unpack(f"<{len(names)}Q", section(folder / "values.o", "values"))
    result.constants = dict(zip(names, numbers))
    return result


@pytest.fixture(scope="session")
def truth(tmp_path_factory):
    """Of boot_info.h."""
    return read_truth("boot_info.h", tmp_path_factory.mktemp("truth"))


@pytest.fixture(scope="session")
def truth_of_handoff(tmp_path_factory):
    return read_truth("handoff.h", tmp_path_factory.mktemp("truth"))


def compiler(name, words, oldest):
    """The path of a compiler, if it is there and new enough; else the test is skipped."""
    path = shutil.which(tool(name))
    if not path:
        pytest.skip(f"no {name.lower()} in PATH when CMake looked for it, nor as -DBATON_{name}=FILE")
    version = re.search(r"(\d+)\.(\d+)", run(path, *words))
    if (int(version[1]), int(version[2])) < oldest:
        pytest.skip(f"{path} is {version[0]}, older than {oldest[0]}.{oldest[1]}")
    return path


@pytest.fixture(scope="session")
def rustc():
    return compiler("RUSTC", ["--version"], (1, 82))


@pytest.fixture(scope="session")
def zig(tmp_path_factory):
    """Runs zig, with caches of its own."""
    path = compiler("ZIG", ["version"], (0, 14))
    cache = tmp_path_factory.mktemp("zig-cache")
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    return lambda *words, **options: run(path, *words, env=environment, **options)
