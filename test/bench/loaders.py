# SPDX-License-Identifier: BSD-2-Clause
"""The loaders that the benchmark compares: what is on the EFI system partition with each of them."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import artefacts
import signing
from bundles import bundle
from machine import Ovmf, SecureOvmf
from paths import KERNEL
from payload import Payload
from start import BOOT_APPLICATION

LOADER = "/EFI/BOOT/LOADER.EFI"  # stamp.cpp starts it
SYSTEMD_BOOT = Path("/usr/lib/systemd/boot/efi/systemd-bootx64.efi")
LIMINE = Path("/usr/share/limine/BOOTX64.EFI")  # where its `make install` puts it

Files = Mapping[str, Path]


@dataclass(frozen=True)
class Loader:
    name: str
    # files(payload, directory): by their paths on the volume; makes them in the directory.
    files: Callable[[Payload, Path], Files]
    kind: str = "peer"  # or "baton", "floor"; "pe" for a peer that boots no ELF file; "trial"
    by_pvh: bool = False
    only_full: bool = False
    processors: int = 1  # of the machine
    firmware: type[Ovmf] = Ovmf


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


def _bundle(payload: Payload, directory: Path) -> bytes:
    path = KERNEL.replace("/", "\\")
    return bundle(f"kernel {KERNEL}\n", {path: _kernel(payload, directory).read_bytes()})


def _in_a_bundle(payload: Payload, directory: Path) -> Files:
    return {LOADER: _made(directory / "bundle.efi",
                          lambda file: file.write_bytes(_bundle(payload, directory)))}


def _in_a_signed_bundle(payload: Payload, directory: Path) -> Files:
    """What starts it is signed, too."""
    signed = lambda image: lambda file: file.write_bytes(signing.sign(image))
    stamp = (artefacts.BENCH / "stamp.efi").read_bytes()
    return {BOOT_APPLICATION: _made(directory / "stamp-signed.efi", signed(stamp)),
            LOADER: _made(directory / "bundle-signed.efi", signed(_bundle(payload, directory)))}


def bundles() -> list[Loader]:
    """The firmware loads the kernel as a part of the loader, and under Secure Boot hashes it."""
    return [Loader("Baton, bundle", _in_a_bundle, "baton"),
            Loader("Baton, signed bundle", _in_a_signed_bundle, "baton", firmware=SecureOvmf)]


def with_processors(count: int) -> Loader:
    """By PVH; the kernel's entry has all of so many processors started."""
    def files(payload: Payload, directory: Path) -> Files:
        entry = _text(directory / "processors.conf", f"kernel {KERNEL}\nprocessors on\n")
        return {"/loader/entries/processors.conf": entry, KERNEL: _kernel(payload, directory)}

    name = f"Baton, PVH, {count} processor{'s' if count > 1 else ''}"
    return Loader(name, files, "baton", by_pvh=True, processors=count)


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


def _limine(payload: Payload, directory: Path) -> Files:
    """By Multiboot2, since its own protocol is for kernels in the upper half."""
    entry = (f"timeout: 0\nquiet: yes\n\n/Payload\n    protocol: multiboot2\n"
             f"    kernel_path: boot():{KERNEL}\n")
    return {LOADER: LIMINE, "/limine.conf": _text(directory / "limine.conf", entry),
            KERNEL: _kernel(payload, directory)}


def loaders(full: bool) -> list[Loader]:
    everything = [
        Loader("Baton", started(artefacts.LOADER), "baton"),
        Loader("Baton, PVH", lambda payload, directory: {KERNEL: _kernel(payload, directory)},
               "baton", by_pvh=True),
        Loader("floor: merged", started(artefacts.BENCH / "floor-merged.efi"), "floor"),
        Loader("floor: direct", started(artefacts.BENCH / "floor-direct.efi"), "floor",
               only_full=True),
        Loader("floor: asynchronous", started(artefacts.BENCH / "floor-asynchronous.efi"), "trial",
               only_full=True),
        Loader("floor: read, copy", started(artefacts.BENCH / "floor-read_copy.efi"), "floor"),
        Loader("GRUB, Multiboot2", _grub),
        Loader("systemd-boot, PE", _systemd_boot, "pe"),
        Loader("firmware, PE", _firmware, "pe", only_full=True),
    ]
    if LIMINE.exists():
        everything.append(Loader("Limine, Multiboot2", _limine))
    return [loader for loader in everything if full or not loader.only_full]


def _boot_application(files: Files) -> str:
    for path in files:
        if path.lower() == "/efi/boot/bootx64.efi":
            return path
    raise FileNotFoundError("there is no EFI/BOOT/BOOTX64.EFI")


def other(name: str, tree: Path) -> Loader:
    """Somebody's: `tree` is what its EFI system partition holds beside the kernel."""
    tree_files = {f"/{file.relative_to(tree)}": file for file in tree.rglob("*") if file.is_file()}
    _boot_application(tree_files)

    def files(payload: Payload, directory: Path) -> Files:
        found = dict(tree_files)
        found[LOADER] = found.pop(_boot_application(found))
        return {KERNEL: _kernel(payload, directory), **found}

    return Loader(name, files)
