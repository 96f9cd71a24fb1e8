# SPDX-License-Identifier: BSD-2-Clause
"""Stage 1 boots what is in its own image, and in containers."""

import artefacts
from pe_sections import SBAT, add_sections, container


def bundle(entry: str, files: dict[str, bytes], **sections: bytes) -> bytes:
    """`files`: the kernel is the first."""
    names = [".kernel"] + [f".mod{i}" for i in range(len(files) - 1)]
    index = "".join(f"{name} {path}\n" for name, path in zip(names, files))
    return add_sections(artefacts.LOADER.read_bytes(),
                        {".sbat": SBAT, ".entry": entry.encode(), ".files": index.encode()}
                        | dict(zip(names, files.values()))
                        | {"." + name: content for name, content in sections.items()})


ENTRY = "kernel /a/kernel.elf\nmodule /a/module.bin words\noptions from the bundle\n"
FILES = {"\\a\\kernel.elf": artefacts.EXAMPLE_KERNEL.read_bytes(), "\\a\\module.bin": b"0123456789"}


def test_a_bundle_boots_what_is_in_it(boot):
    machine = boot(None, files={"/EFI/BOOT/BOOTX64.EFI": bundle(ENTRY, FILES)})
    machine.wait_for_exit()
    machine.wait_for_serial(r"^kernel: PASS")
    machine.wait_for_serial(r"booting \\a\\kernel.elf of .entry$")
    machine.wait_for_serial(r"\\a\\kernel.elf: .* from the bundle$")
    machine.wait_for_serial(r"\\a\\module.bin: .* from the bundle$")
