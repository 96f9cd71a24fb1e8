# SPDX-License-Identifier: BSD-2-Clause
"""Kernels include the headers with warnings of their own choice: no compiler here has one to give."""
import os
import pathlib
import re
import subprocess

import pytest
from conftest import INCLUDE, run, tool

WARNINGS = """-Werror -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef
-Wcast-align=strict -Wcast-qual -Wformat=2 -Wredundant-decls -Wswitch-enum -Wmissing-declarations
-Wdouble-promotion -Wnull-dereference""".split()
WARNINGS_C = "-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition".split()
WARNINGS_CPP = """-Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi
-Wzero-as-null-pointer-constant -Wctor-dtor-privacy""".split()
ONLY_GCC = ["-Wlogical-op", "-Wduplicated-cond", "-Wduplicated-branches"]
ONLY_GPP = ["-Wuseless-cast", "-Wredundant-tags", "-Wmismatched-tags"]
NEWER = ["-Wdangling-reference"]  # than the oldest compiler
FREESTANDING = ["-O2", "-ffreestanding", "-mno-red-zone", "-fsyntax-only"]

C = """
#include <baton/boot_info.h>
#include <baton/handoff.h>
const BatonMemoryRange* first(const BatonBootInfo* info);
const BatonMemoryRange* first(const BatonBootInfo* info) {
    return baton_boot_info_is_valid(info) ? baton_memory_range(info, 0) : 0;
}
"""
CPP = """
#include <baton/boot_info.h>
#include <baton/handoff.h>
"""
VIEW = CPP + """
#include <baton/boot_info.hpp>

// As a kernel would: from a view that lives, and from one that is a temporary.
uint64_t sum(const BatonBootInfo& info);
uint64_t sum(const BatonBootInfo& info) {
    const baton::BootInfoView view(info);
    uint64_t result = baton::BootInfoView(info).loader_name().size() + view.stack().size();
    const BatonBootInfo& record = baton::BootInfoView(info).record();
    result += record.magic;
    const auto ranges = view.memory_map();
    const BatonMemoryRange& first = ranges[0];
    const BatonMemoryRange& same = *ranges.begin();
    const uint64_t& bytes = view.memory_map().begin()->bytes;
    result += first.bytes + same.bytes + bytes;
    for (uint32_t i = 0; i < view.modules().size(); ++i) {
        const BatonModule& module = view.modules()[i];
        const auto& again = baton::BootInfoView(info).modules()[i];
        result += module.bytes + again.bytes;
    }
    for (const BatonFramebuffer& screen : view.framebuffers())
        for (const auto& mode : baton::BootInfoView::modes(screen))
            result += mode.width_pixels + baton::BootInfoView::modes(screen)[0].width_pixels;
    for (const auto& segment : baton::BootInfoView(info).kernel_segments())
        result += segment.bytes;
    for (auto it = view.time_stamps().begin(); it != view.time_stamps().end(); it++) {
        const BatonTimeStamp& stamp = *it;
        result += stamp.tsc;
    }
    return result;
}
"""


def compilers(pattern: str, default: str) -> list[str]:
    """The one that builds Baton, and all others with a version in their names."""
    found = {path.resolve(): str(path) for folder in os.get_exec_path()
             for path in pathlib.Path(folder).glob(pattern) if re.fullmatch(r"[a-z+]+-\d+", path.name)}
    return [default, *sorted(found.values())]


def accepts(compiler: str, *options: str) -> bool:
    done = subprocess.run([compiler, "-Werror", *options, "-x", "c++" if "++" in compiler else "c",
                           "-fsyntax-only", "-"], input="", capture_output=True, text=True)
    return done.returncode == 0


def warnings_of(compiler: str, cpp: bool) -> list[str]:
    common = [*WARNINGS, *(WARNINGS_CPP if cpp else WARNINGS_C)]
    if "clang" in run(compiler, "--version"):
        return [*common, "-Wno-unknown-warning-option"]
    return [*common, *ONLY_GCC, *(ONLY_GPP if cpp else []),
            *(option for option in NEWER if cpp and accepts(compiler, option))]


def compile_everywhere(folder, found, cpp: bool, standards: str, source: str):
    file = folder / ("kernel.cpp" if cpp else "kernel.c")
    file.write_text(source)
    for compiler in found:
        warnings = warnings_of(compiler, cpp)
        accepted = [name for name in standards.split() if accepts(compiler, f"-std={name}")]
        assert accepted, f"{compiler} knows none of {standards}"
        for standard in accepted:
            run(compiler, f"-std={standard}", *FREESTANDING, *warnings, f"-I{INCLUDE}", file,
                cwd=folder)


@pytest.mark.parametrize("pattern", ["gcc-*", "clang-*"])
def test_kernels_in_c_compile_without_a_warning(pattern, tmp_path):
    compile_everywhere(tmp_path, compilers(pattern, tool("CC")), False, "c11 gnu17 c2x", C)


@pytest.mark.parametrize("pattern", ["g++-*", "clang++-*"])
def test_kernels_in_cpp_compile_without_a_warning(pattern, tmp_path):
    found = compilers(pattern, tool("CXX"))
    compile_everywhere(tmp_path, found, True, "c++11 c++17", CPP)
    compile_everywhere(tmp_path, found, True, "c++20 c++2b c++2c", VIEW)
