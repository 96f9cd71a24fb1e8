# SPDX-License-Identifier: BSD-2-Clause
"""Ways to start Baton without a boot volume of its own: each stands for a firmware of machine.py. What
a test puts on the disk arrives as a command line and modules."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import artefacts
from machine import Firmware, Ovmf, make_volume

KERNEL = "/baton/kernel.elf"


@dataclass(frozen=True)
class Start:
    """What a path has to hand over."""

    kernel: Path | None
    modules: Sequence[tuple[str, Path]]  # with what their strings are
    command_line: str

    @classmethod
    def of(cls, files: Mapping[str, Path]) -> "Start":
        settings, options = [], []
        rest = dict(files)
        for path in files:
            if path.startswith("/loader/entries/"):
                for line in rest.pop(path).read_text().splitlines():
                    key, _, value = line.partition(" ")
                    if key == "options":
                        options.append(value)
                    elif key != "kernel":
                        settings.append(f"{key}={value}")
        kernel = rest.pop(KERNEL, None)
        modules = [(path, file) for path, file in rest.items() if file != artefacts.LOADER]
        line = " ".join(filter(None, options))
        if settings:
            line = " ".join([*settings, "--", line])
        return cls(kernel, modules, line)


def qemu_version() -> int:
    text = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True).stdout
    return int(re.search(r"version (\d+)", text)[1])


class _Path(Firmware):
    # What Baton says when it has given up.
    REGAINED = r"^nothing was booted: the machine stops$"
    HAS_DISPLAY_DRIVER = False
    TAKES_MODULES = False
    MACHINE = ["-machine", "q35"]
    FEATURES = ("no-uefi", "no-boot-device", "acpi", "log", "build-id")

    @classmethod
    def arguments(cls, _directory: Path, _before: Path | None) -> list[str]:
        return cls.MACHINE

    @classmethod
    def direct(cls, image: Path, start: Start) -> list[str]:
        """QEMU is the loader."""
        assert not start.modules, "QEMU hands over one file"
        return ["-kernel", str(image), "-append", start.command_line,
                *(["-initrd", str(start.kernel)] if start.kernel else [])]


class Pvh(_Path):
    FEATURES = (*_Path.FEATURES, "by-pvh", "smbios")

    @classmethod
    def medium(cls, _directory: Path, files: Mapping[str, Path]) -> list[str]:
        return cls.direct(artefacts.PVH, Start.of(files))


class MicroVm(Pvh):
    """QEMU's machine without PCI and with no BIOS to speak of."""

    HAS_PCI = False
    MACHINE = ["-machine", "microvm"]
    # Its BIOS has made SMBIOS tables since QEMU 8.
    HAS_SMBIOS = qemu_version() >= 8
    FEATURES = (*_Path.FEATURES, "by-pvh", "smbios" if HAS_SMBIOS else "no-smbios")


class Linux(_Path):
    """Through the 16-bit entry: the BIOS is asked for the memory map."""

    FEATURES = (*_Path.FEATURES, "by-linux", "smbios")

    @classmethod
    def medium(cls, _directory: Path, files: Mapping[str, Path]) -> list[str]:
        return cls.direct(artefacts.BZIMAGE, Start.of(files))


class _Grub(_Path):
    # The other modules of GRUB that a configuration asks for.
    MODULES = "multiboot multiboot2 linux normal part_gpt part_msdos fat memdisk tar all_video serial"

    @classmethod
    def configuration(cls, start: Start) -> str:
        raise NotImplementedError

    @classmethod
    def contents(cls, directory: Path, files: Mapping[str, Path]) -> dict[str, Path]:
        """Files for GRUB, and its configuration, by their paths in its file system."""
        start = Start.of(files)
        configuration = directory / "grub.cfg"
        configuration.write_text("serial\nterminal_output serial\n" + cls.configuration(start)
                                 + "boot\n")
        found = {"boot/grub/grub.cfg": configuration, "baton-pvh.elf": artefacts.PVH,
                 "baton.bzimage": artefacts.BZIMAGE}
        if start.kernel:
            found["kernel"] = start.kernel
        return found | {f"module-{i}": file for i, (_, file) in enumerate(start.modules)}


class _Multiboot2(_Grub):
    HAS_DISPLAY_DRIVER = True
    TAKES_MODULES = True

    @classmethod
    def configuration(cls, start: Start) -> str:
        lines = [f"multiboot2 /baton-pvh.elf {start.command_line}"]
        if start.kernel:
            lines.append(f"module2 /kernel {KERNEL}")
        lines += [f"module2 /module-{i} {path}" for i, (path, _) in enumerate(start.modules)]
        return "\n".join(["insmod all_video", *lines, ""])


class _LinuxGrub(_Grub):
    @classmethod
    def configuration(cls, start: Start) -> str:
        assert not start.modules, "a Linux kernel has one initial ramdisk"
        ramdisk = "initrd /kernel\n" if start.kernel else ""
        return f"linux /baton.bzimage {start.command_line}\n{ramdisk}"


class _Bios(_Grub):
    @classmethod
    def medium(cls, directory: Path, files: Mapping[str, Path]) -> list[str]:
        tree, image = directory / "iso", directory / "grub.iso"
        for path, file in cls.contents(directory, files).items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, tree / path)
        _run("grub-mkrescue", "--directory", "/usr/lib/grub/i386-pc", "--output", image, tree)
        return ["-cdrom", str(image)]


class GrubOnUefi(_Grub):
    FEATURES = ("uefi", "no-boot-device", "acpi", "log", "build-id", "smbios")
    LOOKS_FOR_TPM = True

    @classmethod
    def arguments(cls, directory: Path, before: Path | None) -> list[str]:
        return Ovmf.arguments(directory, before)

    @classmethod
    def usual_before(cls) -> Path | None:
        return Ovmf.usual_before()

    @classmethod
    def medium(cls, directory: Path, files: Mapping[str, Path]) -> list[str]:
        application, volume = directory / "grub.efi", directory / "grub.img"
        _run("grub-mkstandalone", "--format", "x86_64-efi", "--modules", cls.MODULES, "--fonts=",
             "--locales=", "--themes=", "--install-modules", cls.MODULES, "--output", application,
             *(f"{path}={file}" for path, file in cls.contents(directory, files).items()))
        make_volume(volume, {"/EFI/BOOT/BOOTX64.EFI": application})
        return ["-drive", f"if=none,id=disk,format=raw,file={volume}",
                "-device", "virtio-blk-pci,drive=disk"]


class Multiboot2Bios(_Multiboot2, _Bios):
    FEATURES = (*_Path.FEATURES, "by-multiboot2", "smbios")


class Multiboot2Uefi(_Multiboot2, GrubOnUefi):
    FEATURES = (*GrubOnUefi.FEATURES, "by-multiboot2")


class LinuxBios(_LinuxGrub, _Bios):
    """GRUB enters in protected mode."""

    FEATURES = (*_Path.FEATURES, "by-linux", "smbios")


class LinuxUefi(_LinuxGrub, GrubOnUefi):
    FEATURES = (*GrubOnUefi.FEATURES, "by-linux")
    HAS_DISPLAY_DRIVER = True


class _KernelByGrub(_Grub):
    """GRUB starts the kernel itself, and not Baton: the reference for Multiboot kernels. The boot entry
    has options, and modules with strings."""

    VERSION: int

    @classmethod
    def contents(cls, directory: Path, files: Mapping[str, Path]) -> dict[str, Path]:
        suffix = {1: "", 2: "2"}[cls.VERSION]
        options, modules, found = "", [], {"kernel": files[KERNEL]}
        [entry] = [file for path, file in files.items() if path.startswith("/loader/entries/")]
        for line in entry.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == "options":
                options = value
            elif key == "module":
                path, _, string = value.partition(" ")
                name = f"module-{len(modules)}"
                found[name] = files[path]
                modules.append(f"module{suffix} /{name} {string}")
        configuration = directory / "grub.cfg"
        configuration.write_text("\n".join([
            "serial", "terminal_output serial", "insmod all_video",
            f"multiboot{suffix} /kernel {options}", *modules, "boot", ""]))
        return found | {"boot/grub/grub.cfg": configuration}


class KernelByGrub2Bios(_KernelByGrub, _Bios):
    VERSION = 2


class KernelByGrub1Bios(_KernelByGrub, _Bios):
    VERSION = 1


class KernelByGrub2Uefi(_KernelByGrub, GrubOnUefi):
    VERSION = 2


class KernelByGrub1Uefi(_KernelByGrub, GrubOnUefi):
    VERSION = 1


PATHS = {"pvh": Pvh, "microvm": MicroVm, "multiboot2": Multiboot2Uefi,
         "multiboot2-bios": Multiboot2Bios, "linux": Linux, "linux-grub-bios": LinuxBios,
         "linux-grub": LinuxUefi}


def _run(*command: object) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(map(str, command))}\n{done.stderr}"
