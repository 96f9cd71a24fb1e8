# SPDX-License-Identifier: BSD-2-Clause
"""Starts a machine with Baton and other files on its disk."""

from collections.abc import Mapping
from pathlib import Path

import artefacts
from elf import Elf
from machine import Machine

BOOT_APPLICATION = "/EFI/BOOT/BOOTX64.EFI"
Content = Elf | bytes | str | Path


def start(directory: Path, kernel: Content | None, *, plan: str | None = None,
          loader: str = BOOT_APPLICATION, files: Mapping[str, Content] | None = None,
          **options) -> Machine:
    """A machine whose files are in `directory`, with the kernel on its disk: an Elf, the bytes of a
    file, a file, or None for no kernel. `files` maps paths on the disk to more files: texts, and
    what a kernel can be. `loader` is the path of the loader. With a `plan` the firmware misbehaves
    (shim/shim.cpp). The other options are Machine's."""
    directory.mkdir()
    contents = {loader: artefacts.LOADER} if plan is None else {
        BOOT_APPLICATION: artefacts.SHIM, "/shim/loader.efi": artefacts.LOADER,
        "/shim/plan.txt": plan}
    contents |= files or {}
    if kernel is not None:
        contents["/baton/kernel.elf"] = kernel
    on_disk = {path: _as_file(content, directory / f"content-{i}")
               for i, (path, content) in enumerate(contents.items())}
    return Machine(directory, on_disk, **options)


def _as_file(content: Content, file: Path) -> Path:
    if isinstance(content, Path):
        return content
    if isinstance(content, Elf):
        content = content.build()
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file
