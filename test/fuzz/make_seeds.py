# SPDX-License-Identifier: BSD-2-Clause
"""Makes the fuzz targets' first inputs: make_seeds.py OUTPUT makes OUTPUT/TARGET/NAME for each of
them, and OUTPUT/TARGET.list, which names a target's as libFuzzer wants it."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "boot/harness"))  # elf.py, notes.py

import firmware_seeds
import kernel_seeds
from seeds import SEEDS


def main() -> None:
    output = Path(sys.argv[1])
    kernel_seeds.make()
    firmware_seeds.make()
    for target, seeds in SEEDS.items():
        folder = output / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if old.name not in seeds:
                old.unlink()
        for name, content in seeds.items():
            (folder / name).write_bytes(content)
        names = ",".join(str(folder / name) for name in sorted(seeds))
        (output / f"{target}.list").write_text(names)


if __name__ == "__main__":
    main()
