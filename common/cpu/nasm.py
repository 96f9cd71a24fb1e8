# SPDX-License-Identifier: BSD-2-Clause
"""The constants of constants.hpp for NASM: kCr4La57 is CR4_LA57.

    python3 nasm.py constants.hpp constants.inc
"""

import re
import sys
from pathlib import Path

DEFINITION = re.compile(r"inline constexpr (uint\d+_t) k(\w+) = (.+?);")
BIT, NUMBER = re.compile(r"uint\d+_t\{1\} << (\d+)"), re.compile(r"0x[0-9a-f]+|\d+")


def nasm_name(name: str) -> str:
    return re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", name).upper()


def nasm_value(text: str) -> str:
    if bit := BIT.fullmatch(text):
        return f"(1 << {bit[1]})"
    if NUMBER.fullmatch(text):
        return text
    raise ValueError(f"neither a number nor a bit: {text}")


def main(source: str, target: str) -> None:
    text = Path(source).read_text(encoding="ascii")
    found = DEFINITION.findall(text)
    if len(found) != text.count("constexpr"):
        raise ValueError(f"{source}: a definition has more than one line")
    lines = [f"%define {nasm_name(name)} {nasm_value(value)}" for _, name, value in found]
    guard = "BATON_CPU_CONSTANTS_INC"
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    Path(target).write_text("\n".join([f"; Made by {Path(__file__).name} from constants.hpp.",
                                       f"%ifndef {guard}", f"%define {guard}", *lines,
                                       "%endif", ""]), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
