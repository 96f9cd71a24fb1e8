# SPDX-License-Identifier: BSD-2-Clause
"""The loaders that the benchmark compares: what is on the EFI system partition with each of them."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import artefacts
from payload import Payload

KERNEL = "/baton/kernel.elf"
LOADER = "/EFI/BOOT/LOADER.EFI"  # stamp.cpp starts it
SYSTEMD_BOOT = Path("/usr/lib/systemd/boot/efi/systemd-bootx64.efi")
GRUB_MODULES = Path("/usr/lib/grub/x86_64-efi")

Files = Mapping[str, Path]


@dataclass(frozen=True)
class Loader:
    name: str
    # files(payload, directory): by their paths on the volume; makes them in the directory.
    files: Callable[[Payload, Path], Files]
    kind: str = "peer"  # or "baton", "floor"; "pe" for a peer that boots no ELF file
    by_pvh: bool = False


def _made(file: Path, make: Callable[[Path], object]) -> Path:
    if not file.exists():
        make(file)
    return file


def _kernel(payload: Payload, directory: Path) -> Path:
    return _made(directory / "kernel.elf", payload.write_elf)


def _text(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def started(application: Path) -> Callable[[Payload, Path], Files]:
    """A loader that finds the kernel where Baton does."""
    return lambda payload, directory: {LOADER: application, KERNEL: _kernel(payload, directory)}


def with_modules(count: int, module_bytes: int) -> Callable[[Payload, Path], Files]:
    def files(payload: Payload, directory: Path) -> Files:
        module = _made(directory / "module", lambda file: file.write_bytes(bytes(module_bytes)))
        paths = [f"/modules/{number}" for number in range(count)]
        entry = _text(directory / "modules.conf",
                      f"kernel {KERNEL}\n" + "".join(f"module {path}\n" for path in paths))
        return {**started(artefacts.LOADER)(payload, directory),
                "/loader/entries/modules.conf": entry, **dict.fromkeys(paths, module)}

    return files


def _grub(payload: Payload, directory: Path) -> Files:
    """With nothing built in but what finds the kernel, and no menu: its fastest."""
    script = _text(directory / "grub.cfg", f"multiboot2 (hd0){KERNEL}\nboot\n")
    image = directory / "grub.efi"
    subprocess.run(["grub-mkimage", "--format", "x86_64-efi", "--prefix", "(hd0)/", "--config",
                    script, "--output", image, "fat", "multiboot2", "boot"], check=True)
    return {LOADER: image, KERNEL: _kernel(payload, directory)}


def _systemd_boot(payload: Payload, directory: Path) -> Files:
    return {LOADER: SYSTEMD_BOOT,
            "/loader/loader.conf": _text(directory / "loader.conf",
                                         "timeout 0\ndefault payload.conf\n"),
            "/loader/entries/payload.conf": _text(directory / "payload.conf",
                                                  "title Payload\nefi /payload.efi\n"),
            "/payload.efi": _made(directory / "payload.efi", payload.write_pe)}


def _firmware(payload: Payload, directory: Path) -> Files:
    return {LOADER: _made(directory / "payload.efi", payload.write_pe)}


def loaders() -> list[Loader]:
    return [
        Loader("Baton", started(artefacts.LOADER), "baton"),
        Loader("Baton, PVH", lambda payload, directory: {KERNEL: _kernel(payload, directory)},
               "baton", by_pvh=True),
        Loader("floor: merged", started(artefacts.BENCH / "floor-merged.efi"), "floor"),
        Loader("floor: direct", started(artefacts.BENCH / "floor-direct.efi"), "floor"),
        Loader("floor: read, copy", started(artefacts.BENCH / "floor-read_copy.efi"), "floor"),
        Loader("GRUB, Multiboot2", _grub),
        Loader("systemd-boot, PE", _systemd_boot, "pe"),
        Loader("firmware, PE", _firmware, "pe"),
    ]


def limine_configuration() -> str:
    return f"timeout: 0\nquiet: yes\n\n/Payload\n    protocol: limine\n    path: boot():{KERNEL}\n"


def other(name: str, tree: Path) -> Loader:
    """Somebody's: `tree` is what its EFI system partition holds beside the kernel."""
    def files(payload: Payload, directory: Path) -> Files:
        found = {f"/{file.relative_to(tree)}": file for file in tree.rglob("*") if file.is_file()}
        by_lower_case = {path.lower(): path for path in found}
        found[LOADER] = found.pop(by_lower_case["/efi/boot/bootx64.efi"])
        return {KERNEL: _kernel(payload, directory), **found}

    return Loader(name, files)
