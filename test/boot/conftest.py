# SPDX-License-Identifier: BSD-2-Clause
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import artefacts
from elf import Elf, Segment
from kernels import RESET_ONCE, checker_kernel
from machine import Machine, Ovmf


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes longer than most; ctest labels it too")


@pytest.fixture
def boot():
    """boot(kernel, **options): a Machine that starts with the kernel on its disk: an Elf, the bytes
    of a file, a file, or None for no kernel. The options are Machine's. It ends with the test."""
    machines = []
    with tempfile.TemporaryDirectory(prefix="baton-test-") as name:

        def start(kernel: Elf | bytes | Path | None, **options) -> Machine:
            directory = Path(name) / str(len(machines))
            directory.mkdir()
            files = {"/EFI/BOOT/BOOTX64.EFI": artefacts.LOADER}
            if kernel is not None:
                files["/baton/kernel.elf"] = _as_file(kernel, directory / "kernel.elf")
            machines.append(Machine(directory, files, **options))
            return machines[-1]

        yield start
        for machine in machines:
            machine.close()


@pytest.fixture
def boot_checker(boot):
    """boot_checker(segments, **options): the same with the checker in a kernel of these segments.
    It is told what to expect of a machine with these options; `flags` are the checker's."""

    def start(segments: Sequence[Segment], *, flags: int = 0, firmware=Ovmf, memory_mib: int = 256,
              display_adapter: bool = True, **options) -> Machine:
        kernel = checker_kernel(segments, flags=flags, memory_mib=memory_mib,
                                framebuffers=display_adapter and firmware.HAS_DISPLAY_DRIVER,
                                acpi_revision=firmware.ACPI_REVISION)
        return boot(kernel, firmware=firmware, memory_mib=memory_mib,
                    display_adapter=display_adapter, resets=bool(flags & RESET_ONCE), **options)

    return start


@pytest.fixture
def expect_promises_kept(boot_checker):
    """Boots as boot_checker does, and waits for the checker to end well. Returns the machine."""

    def expect(segments: Sequence[Segment], **options) -> Machine:
        machine = boot_checker(segments, **options)
        machine.wait_for_exit()
        machine.wait_for_debugcon(r"^checker: kept 0x[0-9a-f]+, broken 0x0$")
        return machine

    return expect


def _as_file(kernel: Elf | bytes | Path, file: Path) -> Path:
    if isinstance(kernel, Path):
        return kernel
    file.write_bytes(kernel.build() if isinstance(kernel, Elf) else kernel)
    return file
