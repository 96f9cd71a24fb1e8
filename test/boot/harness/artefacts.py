# SPDX-License-Identifier: BSD-2-Clause
"""Where the things under test are. ctest sets BATON_BUILD_DIR; by hand, it is build/."""

import os
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("BATON_BUILD_DIR", SOURCE / "build"))

LOADER = BUILD / "stage1-efi/BOOTX64.EFI"
PVH = BUILD / "stage1-pvh/baton-pvh.elf"
BZIMAGE = BUILD / "stage1-pvh/baton.bzimage"
STAGE2 = BUILD / "stage2-stub/stage2.bin"
EXAMPLE_KERNEL = BUILD / "kernel/kernel.elf"
REPORTER = BUILD / "test/boot/guests/reporter/reporter.elf"
REPORTER_PIE = BUILD / "test/boot/guests/reporter/reporter-pie.elf"
HANDOFF_CALLER = BUILD / "test/boot/guests/handoff/handoff-caller.elf"
HANDOFF_CALLER_1_0 = BUILD / "test/boot/guests/handoff/handoff-caller-1.0.elf"
SHIM = BUILD / "test/boot/guests/shim/shim.efi"
BENCH = BUILD / "test/bench"
BENCH_PAYLOAD = BENCH / "payload/bench-payload.bin"
HEADERS = BUILD / "include"
TOOL = BUILD / "bin/baton"

# What a path can have in it that a shell, a linker's option or a regular expression takes as syntax.
ODD_NAME = "it's a (path) & é + more, 50% x=y@z ~!{}^"


def configured(name: str) -> str:
    """What the build is configured with."""
    file = BUILD / "CMakeCache.txt"
    cache = file.read_text() if file.exists() else ""  # CMake lists the tests before it writes it
    return next((line.split("=", 1)[1] for line in cache.splitlines()
                 if line.startswith(f"{name}:")), "")


# What the loader was built with: "zstd", "lz4".
DECODERS = configured("BATON_DECODERS").split(";")


def conformance_kernel(name: str) -> Path:
    return BUILD / f"kernel/conformance/conformance-{name}.elf"
