# SPDX-License-Identifier: BSD-2-Clause
"""Where the loader calls the firmware: read from its machine code and its debug information."""

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import artefacts

# Those that free something, or only take time: nothing depends on what they answer.
CANNOT_FAIL = {"FreePages", "FreePool", "UnloadImage", "Close", "Stall"}

INDIRECT_CALL = re.compile(r"^\s*([0-9a-f]+):\t.*\bcall +\*")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t")
# All functions of UEFI are written so, and none of Baton's is.
FIRMWARE_FUNCTION = re.compile(r"(?:->|\.)([A-Z]\w+)\(")


@dataclass(frozen=True)
class CallSite:
    return_address: int  # in the image
    function: str        # "AllocatePages"
    place: str           # "firmware_frames.cpp:78"


def call_sites() -> list[CallSite]:
    """Calls of firmware functions that can fail."""
    loader = artefacts.LOADER.with_name(artefacts.LOADER.name + ".debug")
    code = subprocess.run(["objdump", "--disassemble", "--no-show-raw-insn", loader], check=True,
                          capture_output=True, text=True).stdout.splitlines()
    calls = [(int(match[1], 16), int(INSTRUCTION.match(following)[1], 16))
             for line, following in zip(code, code[1:], strict=False)
             if (match := INDIRECT_CALL.match(line)) and INSTRUCTION.match(following)]
    places = subprocess.run(
        ["addr2line", "--exe", loader, *(hex(address) for address, _ in calls)], check=True,
        capture_output=True, text=True).stdout.splitlines()
    sites = []
    for (_, return_address), place in zip(calls, places, strict=True):
        path, line = place.split(" ")[0].rsplit(":", 1)
        function = _function_called(Path(path), line)
        if function is not None and function not in CANNOT_FAIL:
            sites.append(CallSite(return_address, function, f"{Path(path).name}:{line}"))
    return sites


def _function_called(file: Path, line: str) -> str | None:
    """The firmware function that is called there, in a statement that may have several lines."""
    if not line.isdigit() or not file.is_file():
        return None
    text = ""
    for part in _lines(file)[int(line) - 1:int(line) + 2]:
        text += part
        if match := FIRMWARE_FUNCTION.search(text):
            return match[1]
        if part.endswith(";"):
            break
    return None


@cache
def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()
