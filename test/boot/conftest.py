# SPDX-License-Identifier: BSD-2-Clause
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

import artefacts
from machine import Machine, Ovmf, PvhKernel
from start import Content, start
from tpm import Tpm


def pytest_configure(config):
    for marker in ("slow: takes longer than most, so that it should begin first",
                   "long: of those that only `./baton test --all` runs"):
        config.addinivalue_line("markers", f"{marker}; ctest labels it too")


@pytest.fixture
def boot():
    """boot(kernel, **options): start.start(), and the machine ends with the test."""
    machines = []
    with tempfile.TemporaryDirectory(prefix="baton-test-") as name:

        def start_here(kernel: Content | None, **options) -> Machine:
            machines.append(start(Path(name) / str(len(machines)), kernel, **options))
            return machines[-1]

        yield start_here
        for machine in machines:
            machine.close()


@pytest.fixture
def tpm():
    """A new TPM, for Machine's `tpm`. It ends with the test."""
    with tempfile.TemporaryDirectory(prefix="baton-test-") as name:
        tpm = Tpm(Path(name))
        yield tpm
        tpm.close()


@pytest.fixture
def boot_image(tmp_path):
    """boot_image(file, disk): a machine with nothing but this disk. It ends with the test."""
    machines = []

    def start_here(image: Path, disk: str = "virtio-blk", **options) -> Machine:
        directory = tmp_path / f"machine-{len(machines)}"
        directory.mkdir()
        machines.append(Machine(directory, image, disk=disk, **options))
        return machines[-1]

    yield start_here
    for machine in machines:
        machine.close()


@pytest.fixture
def boot_by_pvh(tmp_path):
    """boot_by_pvh(file, command_line, **options): QEMU starts an ELF file, with no firmware. The
    machine ends with the test."""
    machines = []

    def start_here(file: Path, command_line: str = "", **options) -> Machine:
        directory = tmp_path / f"machine-{len(machines)}"
        directory.mkdir()
        machines.append(Machine(directory, {}, firmware=PvhKernel(file, command_line),
                                **({"display_adapter": False} | options)))
        return machines[-1]

    yield start_here
    for machine in machines:
        machine.close()


@pytest.fixture
def expect_conformance(boot):
    """expect_conformance(name, expect, **options): boots conformance-NAME.elf, and waits until it
    says that all promises of the boot protocol were kept. `expect`: which of its features are to be
    there, beside those that any kernel has on this machine. `entry` holds more lines of its boot
    entry. Returns the machine, which has ended if it `ends`."""

    def start(name: str, expect: str = "", *, words: str = "", entry: str = "",
              firmware=Ovmf, memory_mib: int = 256, display_adapter: bool = True, displays: int = 1,
              ends: bool = True, files: Mapping[str, Content] | None = None, kernel: Content | None = None,
              **options) -> Machine:
        features = [*firmware.FEATURES, f"memory:{memory_mib - firmware.HIDDEN_MIB}", *filter(None, expect.split(","))]
        has_screen = display_adapter and firmware.HAS_DISPLAY_DRIVER
        features += [f"framebuffer:{displays}", "modes"] if has_screen else ["no-framebuffer"]
        text = f"kernel /baton/kernel.elf\noptions {words}\noptions expect={','.join(features)}\n"
        machine = boot(kernel or artefacts.conformance_kernel(name), firmware=firmware,
                       memory_mib=memory_mib, display_adapter=display_adapter, **options,
                       files={"/loader/entries/test.conf": text + entry} | dict(files or {}))
        if ends:
            machine.wait_for_exit()
        kept = machine.wait_for_debugcon(r"^conformance: (\d+) kept, 0 broken, (\d+) skipped$")
        assert int(kept[1]) > 50
        return machine

    return start


@pytest.fixture
def reporter() -> Path:
    """A kernel that prints what it was given (reporter/)."""
    return artefacts.REPORTER
