# SPDX-License-Identifier: BSD-2-Clause
"""The font of fault reports: font.txt, pictures of 5 by 7 pixels for the characters 20h to 7Eh, as
bytes. A glyph is 5 bytes, a column each, the topmost pixel in bit 0.

    python3 font.py font.txt font.inc    writes the bytes as C++ initialisers
"""

import sys
from pathlib import Path

CHARACTERS = [chr(code) for code in range(0x20, 0x7F)]
WIDTH, HEIGHT = 5, 7
PITCH = WIDTH + 2  # from one picture of a block to the next


def read_font(text: str) -> dict[str, list[str]]:
    """The rows of each character's picture. A block is a line with characters and HEIGHT lines with
    their pictures below; blank lines separate blocks, of which the first is no picture."""
    font = {}
    for block in text.split("\n\n")[1:]:
        names, *rows = block.rstrip("\n").split("\n")
        count = (len(rows[0]) + 2) // PITCH
        if len(rows) != HEIGHT:
            raise ValueError(f"{names!r}: {len(rows)} rows instead of {HEIGHT}")
        for i, name in enumerate(names.ljust(count * PITCH)[::PITCH]):
            picture = [row[i * PITCH:i * PITCH + WIDTH] for row in rows]
            if any(len(row) != WIDTH or set(row) - set(".#") for row in picture):
                raise ValueError(f"{name!r}: not {WIDTH} pixels wide, each . or #")
            font[name] = picture
    if list(font) != CHARACTERS:
        raise ValueError("the characters are not those from 20h to 7Eh, in order")
    return font


def columns(picture: list[str]) -> list[int]:
    return [sum((picture[y][x] == "#") << y for y in range(HEIGHT)) for x in range(WIDTH)]


def main(source: str, target: str) -> None:
    font = read_font(Path(source).read_text(encoding="ascii"))
    lines = ["{" + ", ".join(f"0x{column:02x}" for column in columns(font[name])) + "},"
             for name in CHARACTERS]
    Path(target).write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
