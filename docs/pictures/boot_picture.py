#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes boot.svg, the picture in README.md: boots the example kernel and draws what the terminal shows.

    boot_picture.py [TOOL [OUTPUT]]     (default: build/bin/baton, boot.svg beside this file)
"""

import re
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
TOOL = HERE.parents[1] / "build/bin/baton"
COLUMNS = 100
FIRST_LINES, LAST_LINES = 30, 6  # of a longer text
TIMEOUT_SECONDS = 150
FONT_PIXELS, LINE_PIXELS, MARGIN_PIXELS = 13, 18, 16
COLUMN_PIXELS = 0.6 * FONT_PIXELS  # of most monospaced fonts
BACKGROUND, TEXT = "#1b1f27", "#d6dbe5"
COLOURS = [  # the first expression that matches a line gives its colour
    (r"^\$ ", "#ffffff"),
    (r"PASS|success", "#8fd694"),
    (r"^(error|warning|baton: fault)", "#ff8f80"),
    (r"^baton: ", "#8fb8ff"),
]


def terminal_lines(tool: Path) -> list[str]:
    """What `baton run` shows, in lines of at most COLUMNS, without the middle of a long text."""
    result = subprocess.run([tool, "run"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=True, timeout=TIMEOUT_SECONDS)
    text = re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]|\r", "", result.stdout.decode(errors="replace"))
    lines = ["$ ./baton run"]
    for line in text.splitlines():
        if line.strip():
            lines += [line[i:i + COLUMNS].rstrip() for i in range(0, len(line), COLUMNS)]
    if len(lines) > FIRST_LINES + LAST_LINES:
        lines[FIRST_LINES:-LAST_LINES] = ["…"]
    return lines


def colour_of(line: str) -> str:
    return next((colour for expression, colour in COLOURS if re.search(expression, line)), TEXT)


def picture(lines: list[str]) -> str:
    width = round(COLUMNS * COLUMN_PIXELS + 2 * MARGIN_PIXELS)
    height = len(lines) * LINE_PIXELS + 2 * MARGIN_PIXELS
    drawn = [f'<text x="{MARGIN_PIXELS}" y="{MARGIN_PIXELS + (i + 1) * LINE_PIXELS - 5}" '
             f'fill="{colour_of(line)}" xml:space="preserve">{escape(line)}</text>'
             for i, line in enumerate(lines)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="monospace" font-size="{FONT_PIXELS}">',
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>', *drawn, "</svg>\n"])


def main() -> None:
    tool = Path(sys.argv[1]) if len(sys.argv) > 1 else TOOL
    output = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "boot.svg"
    output.write_text(picture(terminal_lines(tool)), encoding="utf-8")


if __name__ == "__main__":
    main()
