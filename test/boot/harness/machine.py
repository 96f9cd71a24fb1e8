# SPDX-License-Identifier: BSD-2-Clause
"""A machine with Baton on its disk: starts QEMU, watches what it says, and ends it for sure."""

import contextlib
import fcntl
import functools
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import artefacts
import gpt
import mbr
from network import Network
from plain_server import PlainServer
from tpm import HIDE as HIDE_TPM
from tpm import Tpm, die_with_parent

# From starting QEMU to the outcome. Ten times what it takes, for machines that are busy.
DEADLINE_SECONDS = 60
POLL_SECONDS = 0.02

# Statuses of QEMU: isa-debug-exit makes 2 * value + 1 of what the guest writes.
SUCCESS = 2 * 0x10 + 1
FAILURE = 2 * 0x11 + 1
FAULT_REPORTED = 2 * 0x12 + 1
NOTHING_BOOTED = 2 * 0x13 + 1

DISKS = {
    "virtio-blk": ["-device", "virtio-blk-pci,drive=disk"],
    "ahci": ["-device", "ide-hd,drive=disk"],
    "nvme": ["-device", "nvme,drive=disk,serial=baton"],
    "usb": ["-device", "qemu-xhci", "-device", "usb-storage,drive=disk"],
    "cd": ["-device", "ide-cd,drive=disk"],
}
DISKS_OF_4096_BYTE_SECTORS = {
    "virtio-blk-4096": ["-device", "virtio-blk-pci,drive=disk,logical_block_size=4096,"
                                   "physical_block_size=4096"],
}


@functools.cache
def version(package: str) -> str:
    """As it is installed; empty where it isn't."""
    return subprocess.run(["dpkg-query", "--show", "--showformat=${Version}", package],
                          capture_output=True, text=True).stdout


class Firmware:
    """What a machine starts with."""

    HAS_PCI = True
    HIDDEN_MIB = 0  # of memory, beside a little
    LOOKS_FOR_TPM = False  # and waits where there is none
    QUESTION, ANSWER = None, b""  # what it asks on the serial port, and waits; then it boots at once

    @classmethod
    def medium(cls, _directory: Path, _files: Mapping[str, Path]) -> list[str] | None:
        """QEMU's arguments for what it boots from, where that is no disk with the files."""
        return None

    @classmethod
    def usual_before(cls) -> Path | None:
        """The directory of a machine with the usual devices whose variables others can have, so that
        they take less time."""
        return None


class Ovmf(Firmware):
    """The UEFI of EDK II, for QEMU."""

    CODE, VARIABLES = (Path("/usr/share/OVMF") / f"OVMF_{what}_4M.fd" for what in ("CODE", "VARS"))
    # What the firmware says on the serial port when the loader came back with an error.
    REGAINED = r"BdsDxe: failed to start Boot\d+"
    HAS_DISPLAY_DRIVER = True
    LOOKS_FOR_TPM = True
    QUESTION, ANSWER = " or any other key to continue.", b" "  # of its shell
    # Of the conformance kernel: what it finds on each machine with this firmware.
    FEATURES = ("uefi", "acpi", "smbios", "clock", "log", "boot-device", "build-id")

    @classmethod
    def arguments(cls, directory: Path, before: Path | None) -> list[str]:
        """`before`: the directory of a machine whose variables this one has."""
        variables = directory / "variables.fd"
        shutil.copyfile(cls.VARIABLES if before is None else before / variables.name, variables)
        return ["-machine", "q35",
                "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={cls.CODE}",
                "-drive", f"if=pflash,unit=1,format=raw,file={variables}"]

    @classmethod
    def usual_before(cls) -> Path:
        """One that was switched on once, without a loader. It is kept for the tests to come."""
        kept = artefacts.BUILD / f"test/boot/ovmf-{cls.CODE.stat().st_mtime_ns}"
        with open(kept.with_suffix(".lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                with tempfile.TemporaryDirectory(dir=kept.parent) as name:
                    made = Path(name) / "made"
                    made.mkdir()
                    _switch_on_once(made)
                    made.rename(kept)
        return kept


class NewOvmf(Ovmf):
    """It has never been switched on."""

    @classmethod
    def usual_before(cls) -> None:
        return None


class StrictNxOvmf(NewOvmf):
    """It maps what it allocates as not executable, and stops a program that runs it all the same."""

    CODE = Path("/usr/share/OVMF/OVMF_CODE_4M.secboot.strictnx.fd")
    HIDDEN_MIB = 16  # system management mode's

    @classmethod
    def arguments(cls, directory: Path, before: Path | None) -> list[str]:
        return [*super().arguments(directory, before), "-machine", "smm=on",
                "-global", "driver=cfi.pflash01,property=secure,value=on"]


def _switch_on_once(directory: Path) -> None:
    no_loader = directory / "no-loader"
    no_loader.write_bytes(b"none")
    machine = Machine(directory, {"/EFI/BOOT/BOOTX64.EFI": no_loader}, firmware=NewOvmf)
    try:
        machine.wait_for_serial(r"BdsDxe: failed to load Boot\d+")
    finally:
        machine.close()
    (directory / "disk.img").unlink()


class SecureOvmf(NewOvmf):
    """Secure Boot is on, with the keys that the package has for tests."""

    CODE = Path("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd")
    VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd")
    HIDDEN_MIB = 16  # system management mode's
    # What it says of a program that it doesn't start; then it waits for a key.
    REFUSAL = r"(?:Security Violation|Access Denied)"

    @classmethod
    def arguments(cls, directory: Path, before: Path | None) -> list[str]:
        return [*super().arguments(directory, before), "-machine", "smm=on",
                "-global", "driver=cfi.pflash01,property=secure,value=on",
                "-global", "ICH9-LPC.disable_s3=1"]


class MicrosoftOvmf(SecureOvmf):
    """Secure Boot is on, with the keys that machines are sold with."""

    VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.ms.fd")


class UBoot(Firmware):
    """U-Boot's UEFI: no SSE, descriptors of another size, page tables in memory it calls free."""

    ROM = Path("/usr/lib/u-boot/qemu-x86_64/u-boot.rom")
    _CONTENT = ROM.read_bytes() if ROM.exists() else b""
    # Since 2025 it looks for disks only while booting, which is too late for the variables that it
    # has put in a file.
    QUESTION, ANSWER = "Hit any key to stop autoboot", b" virtio scan; boot\n"
    REGAINED = r"## Application failed"
    # It has one since 2025.
    HAS_DISPLAY_DRIVER = b"Graphics Output\0" in _CONTENT
    # And since then a reset overwrites what was left in memory.
    KEEPS_MEMORY = not HAS_DISPLAY_DRIVER
    # 2025.10 stops before its prompt where memory was written to before a reset, and where nothing
    # is connected to COM1.
    IS_FRAGILE = b"U-Boot 2025.10" in _CONTENT
    FEATURES = ("uefi", "acpi", "smbios", "log", "boot-device", "build-id")

    @classmethod
    def arguments(cls, directory: Path, _before: Path | None) -> list[str]:
        return ["-machine", "pc", "-bios", str(cls.ROM)]


class PvhKernel(Firmware):
    """No firmware: QEMU starts an ELF file with a PVH entry, and gives it a command line."""

    def __init__(self, kernel: Path, command_line: str):
        self._medium = ["-kernel", str(kernel), "-append", command_line]

    def arguments(self, _directory: Path, _before: Path | None) -> list[str]:
        return ["-machine", "q35"]

    def medium(self, _directory: Path, _files: Mapping[str, Path]) -> list[str]:
        return self._medium


def make_volume(image: Path, files: Mapping[str, Path], cluster_sectors: int = 1) -> None:
    """A FAT32 image. `files` maps paths on it to files here."""
    content_bytes = sum(file.stat().st_size for file in files.values())
    image.touch()
    # FAT32 begins at 65525 clusters. Its tables take 1/64 of those of 512 bytes.
    with image.open("r+b") as file:
        size = (40 << 20) * cluster_sectors + content_bytes + content_bytes // 16
        # mformat tells of a partition of whole cylinders, which firmware believes in if it fits.
        file.truncate((size // gpt.SECTOR | 1) * gpt.SECTOR)
    run = lambda *arguments: subprocess.run(arguments, check=True)
    run("mformat", "-i", image, "-F", "-c", str(cluster_sectors), "::")
    directories = {str(parent) for path in files for parent in Path(path).parents} - {"/"}
    for directory in sorted(directories):
        run("mmd", "-i", image, f"::{directory}")
    # One mcopy for all files of a directory, under the names that they get there.
    for directory, paths in itertools.groupby(sorted(files), lambda path: Path(path).parent):
        with tempfile.TemporaryDirectory(dir=image.parent) as names:
            for path in paths:
                (Path(names) / Path(path).name).symlink_to(files[path].resolve())
            run("mcopy", "-i", image, *Path(names).iterdir(), f"::{directory}")


def _image_file(image: Path, unreadable: bytes | None) -> str:
    """The file of a drive, with QEMU's error injection for the sector with these bytes."""
    name = str(image).replace(",", ",,")  # as QEMU's options have it
    if unreadable is None:
        return f"file={name}"
    position = image.read_bytes().find(unreadable)
    assert position >= 0, "the disk has no such bytes"
    return (f"file.driver=blkdebug,file.image.filename={name},"
            f"file.inject-error.0.event=none,file.inject-error.0.iotype=read,"
            f"file.inject-error.0.errno=5,file.inject-error.0.sector={position // gpt.SECTOR}")


def _disk_arguments(image: Path, files: Mapping[str, Path] | Path, disk: str,
                    partition: gpt.Partition | mbr.Partition | None,
                    unreadable: bytes | None, bytes_per_second: int | None) -> list[str]:
    if isinstance(files, Path):
        image = files
    else:
        make_volume(image, files)
    if partition is not None:
        partition.put_around(image)
    speed = f",throttling.bps-read={bytes_per_second}" if bytes_per_second else ""
    return ["-drive", f"if=none,id=disk,format=raw,{_image_file(image, unreadable)}{speed}",
            *(DISKS | DISKS_OF_4096_BYTE_SECTORS)[disk]]


def _send_to_qtest(path: Path, commands: Sequence[str]) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        with connection.makefile("rw") as lines:
            for command in commands:
                lines.write(command + "\n")
                lines.flush()
                answer = lines.readline()
                assert answer == "OK\n", f"{command}: {answer}"


class Machine:
    def __init__(self, directory: Path, files: Mapping[str, Path] | Path, *, firmware=Ovmf,
                 disk: str = "virtio-blk",
                 partition: gpt.Partition | mbr.Partition | None = None,
                 network: Network | PlainServer | None = None,
                 memory_mib: int = 256, processors: int | str = 1, cpu: str = "max",
                 display_adapter: bool = True, resets: bool = False, exit_device: bool = True,
                 devices: Sequence[str] = (), serial_port: bool = True,
                 unreadable: bytes | None = None, disk_bytes_per_second: int | None = None,
                 hpet: bool = True, writes: Sequence[tuple[int, int]] = (),
                 instruction_shift: int | None = None, arguments: Sequence[str] = (),
                 tpm: Tpm | None = None, after: "Machine | None" = None, deadline_seconds: float = DEADLINE_SECONDS):
        """`directory` holds its files. `files` maps paths on its disk to files here, or is the whole
        disk; one of files has no partitions, or just the `partition`. With a `network` there is no
        disk, but a server with the
        files. `devices` and `processors` are QEMU's. The disk can't read the sector in which the `unreadable` bytes
        begin, and reads no more than `disk_bytes_per_second`. A reset ends QEMU unless it `resets`;
        without the `exit_device` the guest can't end it. With an `instruction_shift` its time is that of
        its instructions: each takes 2 to the power of it nanoseconds, and as many ticks of the TSC.
        `arguments` are QEMU's, too. `writes`: addresses and 32 bits for each, of devices, before the
        first instruction.
        `after`: a machine that has ended, and is switched on again as this one; what its firmware
        has stored is there."""
        self.firmware = firmware
        self._directory = directory
        self._debug_file = directory / "debugcon.txt"
        self._serial_file = directory / "serial.txt"
        self._log_file = directory / "qemu.log"
        self._errors_file = directory / "errors.txt"
        self._qmp_socket = directory / "qmp"
        self._qtest_socket = directory / "qtest"
        self._screenshot_file = directory / "screen.ppm"
        if medium := firmware.medium(directory, files):
            assert network is None and partition is None and unreadable is None
        elif network is None:
            medium = _disk_arguments(directory / "disk.img", files, disk, partition, unreadable,
                                     disk_bytes_per_second)
        else:
            medium = network.arguments(directory, files)
        is_usual = (display_adapter and disk == "virtio-blk" and network is None
                    and partition is None and not isinstance(files, Path))
        before = after._directory if after else firmware.usual_before() if is_usual else None
        has_vga = display_adapter and firmware.HAS_PCI
        hides_tpm = (firmware.LOOKS_FOR_TPM and has_vga and instruction_shift is None
                     and tpm is None)
        before_start = [*(HIDE_TPM if hides_tpm else []),
                        *(f"writel {address:#x} {value:#x}" for address, value in writes)]
        arguments = [
            "qemu-system-x86_64", *arguments, "-nodefaults", "-no-user-config",
            *([] if resets else ["-no-reboot"]),
            *firmware.arguments(directory, before),
            *(["-machine", f"hpet={'on' if hpet else 'off'}"] if firmware.HAS_PCI else []),
            "-accel", "tcg", "-cpu", cpu, "-m", str(memory_mib), "-smp", str(processors),
            "-display", "none", *(["-device", "VGA"] if has_vga else []),
            *([] if instruction_shift is None
              else ["-icount", f"shift={instruction_shift},sleep=off"]),
            *medium, *(tpm.arguments() if tpm else []),
            *(argument for device in devices for argument in ("-device", device)),
            *(["-device", "isa-debug-exit,iobase=0xf4,iosize=4"] if exit_device else []),
            "-qmp", f"unix:{self._qmp_socket},server=on,wait=off",
            "-debugcon", f"file:{self._debug_file}",
            "-chardev", f"stdio,id=console,logfile={self._serial_file}",
            *(["-serial", "chardev:console"] if serial_port else ["-serial", "none"]),
            "-d", "cpu_reset", "-D", str(self._log_file),
            *(["-S", "-qtest", f"unix:{self._qtest_socket},server=on,wait=off", "-qtest-log", "none"]
              if before_start else []),
        ]
        self._deadline = time.monotonic() + deadline_seconds
        self._answers = 0
        with self._errors_file.open("wb") as errors:
            self._qemu = subprocess.Popen(arguments, stdin=subprocess.PIPE,
                                          stdout=subprocess.DEVNULL, stderr=errors,
                                          preexec_fn=die_with_parent)
        if before_start:
            self._start_after(before_start)

    def _start_after(self, commands: Sequence[str]) -> None:
        """`commands` of QEMU's test protocol."""
        while self.is_running:
            try:
                _send_to_qtest(self._qtest_socket, commands)
            except (FileNotFoundError, ConnectionRefusedError):  # not yet
                time.sleep(POLL_SECONDS / 4)
            else:
                self._ask("cont")
                break

    def _answer(self) -> None:
        question = self.firmware.QUESTION
        if question and self.serial.count(question) > self._answers and self.is_running:
            self._answers += 1
            with contextlib.suppress(BrokenPipeError):
                os.write(self._qemu.stdin.fileno(), self.firmware.ANSWER)

    def close(self) -> None:
        self._qemu.kill()
        self._qemu.wait()
        self._qemu.stdin.close()

    @property
    def debugcon(self) -> str:
        return _read(self._debug_file)

    @property
    def serial(self) -> str:
        return _read(self._serial_file)

    @property
    def log(self) -> str:
        """QEMU's own."""
        return _read(self._log_file)

    @property
    def serial_bytes(self) -> bytes:
        return self._serial_file.read_bytes()

    @property
    def is_running(self) -> bool:
        return self._qemu.poll() is None

    @property
    def has_triple_faulted(self) -> bool:
        return "Triple fault" in _read(self._log_file)

    def wait_for_debugcon(self, pattern: str) -> re.Match:
        """Waits until the pattern is in what is on the debug console, in whole lines."""
        return self._wait(lambda: self.debugcon, pattern, "the debug console")

    def wait_for_serial(self, pattern: str, whole_lines: bool = True) -> re.Match:
        return self._wait(lambda: self.serial, pattern, "the serial port", whole_lines)

    def wait_for_exit(self, wanted: int = SUCCESS, *,
                      fatal: str = "^(error:|baton: fault).*") -> None:
        """Waits until QEMU ends, with this status. One that can't be success any more, since the debug
        console has something `fatal`, fails at once."""
        while self._qemu.poll() is None:
            match = re.search(fatal, self.debugcon, re.MULTILINE)
            if match and wanted == SUCCESS:
                self.fail(match.group())
            if time.monotonic() > self._deadline:
                self.fail("QEMU did not end in time")
            self._answer()
            time.sleep(POLL_SECONDS)
        if self._qemu.returncode != wanted:
            self.fail(f"QEMU ended with status {self._qemu.returncode}, not {wanted}")

    def press_key(self) -> None:
        """Presses a key on the serial console."""
        self._qemu.stdin.write(b" ")
        self._qemu.stdin.flush()

    def screenshot(self) -> "Screenshot":
        """What the display adapter shows."""
        self._ask("screendump", filename=str(self._screenshot_file))
        return Screenshot(self._screenshot_file.read_bytes())

    def press_reset(self) -> None:
        self._ask("system_reset")

    def start_debug_server(self, path: Path) -> None:
        """For GDB, on a socket."""
        command = f"gdbserver unix:{path},server=on,wait=off"
        self._ask("human-monitor-command", **{"command-line": command})

    def press_on_keyboard(self, name: str) -> None:
        self._ask("send-key", keys=[{"type": "qcode", "data": name}])

    def inject_nmi(self) -> None:
        self._ask("inject-nmi")

    def inject_machine_check(self) -> None:
        """An uncorrected error in bank 0, which resets a machine without CR4.MCE."""
        command = "mce 0 0 0xb000000000000000 0 0 0"
        self._ask("human-monitor-command", **{"command-line": command})

    def physical_word(self, address: int) -> int:
        """32 bits of memory."""
        answer = self._ask("human-monitor-command", **{"command-line": f"xp /1wx {address:#x}"})
        return int(answer.split(":")[1], 16)

    def bytes_read_from_disk(self) -> int:
        return sum(device["stats"]["rd_bytes"] for device in self._ask("query-blockstats")
                   if device["device"] == "disk")

    def query(self, command: str):
        """The answer to a QMP command without arguments."""
        return self._ask(command)

    def _ask(self, command: str, **arguments):
        """The answer to a QMP command; None if QEMU has ended before it gave one."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(DEADLINE_SECONDS)
            connection.connect(str(self._qmp_socket))
            with connection.makefile("rw") as qmp:
                qmp.readline()  # the greeting
                for request in [{"execute": "qmp_capabilities"},
                                {"execute": command, "arguments": arguments}]:
                    qmp.write(json.dumps(request))
                    qmp.flush()
                    answer = {"event": None}
                    while "event" in answer:
                        line = qmp.readline()
                        if not line:  # what was asked for has ended QEMU
                            return None
                        answer = json.loads(line)
                    assert "return" in answer, answer
                return answer["return"]

    def wait_for_firmware(self) -> None:
        """Waits until the loader has given the machine back to the firmware."""
        self.wait_for_serial(self.firmware.REGAINED)
        if self.has_triple_faulted:
            self.fail("the machine triple-faulted")

    def fail(self, reason: str) -> NoReturn:
        """Fails the test, and shows what the machine said last."""
        parts = [reason]
        if self.has_triple_faulted:
            parts.append("QEMU's log has a triple fault")
        for name, text in [("debug console", self.debugcon), ("serial port", self.serial),
                           ("QEMU", _read(self._errors_file))]:
            lines = [line for line in _plain(text).splitlines() if not line.startswith("PASS ")]
            parts.append(f"--- {name}, last lines\n" + "\n".join(lines[-30:]))
        raise AssertionError("\n".join(parts))

    def _wait(self, read: Callable[[], str], pattern: str, where: str,
              whole_lines: bool = True) -> re.Match:
        expression = re.compile(pattern, re.MULTILINE)
        while True:
            ended = self._qemu.poll() is not None  # asked before reading: then all has been said
            text = read()
            if not ended and whole_lines:
                text = text[:text.rfind("\n") + 1]
            if match := expression.search(text):
                return match
            if ended:
                self.fail(f"QEMU ended with status {self._qemu.returncode}, "
                          f"without {pattern!r} on {where}")
            if time.monotonic() > self._deadline:
                self.fail(f"no {pattern!r} on {where} in time")
            self._answer()
            time.sleep(POLL_SECONDS)


class Screenshot:
    """A picture in the format PPM: a header of four fields, then three bytes a pixel."""

    def __init__(self, ppm: bytes):
        match = re.match(rb"P6\s(\d+)\s(\d+)\s255\s", ppm)
        self.width, self.height = int(match[1]), int(match[2])
        self._pixels = ppm[match.end():]

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        at = 3 * (y * self.width + x)
        return tuple(self._pixels[at:at + 3])


def _read(file: Path) -> str:
    """Its text, without carriage returns: U-Boot's console makes two of one."""
    try:
        return file.read_bytes().decode("utf-8", "replace").replace("\r", "")
    except FileNotFoundError:
        return ""


def _plain(text: str) -> str:
    """Without the codes that would colour, clear or move on a terminal."""
    return re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]", "", text)
