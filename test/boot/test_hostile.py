# SPDX-License-Identifier: BSD-2-Clause
"""Every hostile kernel is its named error, with the numbers: by `baton check`, which is the loader's
own code, on the host. Ten of them, one for each step of loading, are booted: there the error comes to
the console, the loader gives back all that it took, and a good kernel boots after them."""

import re

import artefacts
import hostile
import pytest
from paths import Pvh
from tool import baton


def outcomes(console: str) -> dict[str, tuple[str, str]]:
    """What was tried, by its path: name and text of its error; empty ones where there was none."""
    found = {}
    for part in re.split(r"\] booting ", console)[1:]:
        found[part.split()[0]] = error_in(part)
    return found


def error_in(text: str) -> tuple[str, str]:
    error = re.search(r"^error: (\w+): (.*)$", text, re.MULTILINE)
    return error.groups() if error else ("", "")


def numbers_in(text: str) -> dict[str, int]:
    listed = re.search(r"\(([^()]*)\)$", text)
    return {label: int(value, 16) for label, value in
            re.findall(r"([^,]+) (0x[0-9a-f]+)(?:, )?", listed[1] if listed else "")}


def mismatch(kernel: hostile.Hostile, error: str, text: str) -> str | None:
    if error != kernel.error:
        return f"{kernel.name}: {kernel.error} expected, but: {error or 'no error'}: {text}"
    numbers = numbers_in(text)
    for label, value in kernel.numbers.items():
        if numbers.get(label) != value:
            return f"{kernel.name}: {label} {value:#x} expected, but: {error}: {text}"
    if kernel.subject not in text.split(": ")[0]:
        return f"{kernel.name}: {kernel.subject!r} not in: {error}: {text}"
    return None


def expect_no_mismatch(wrong: list[str | None]) -> None:
    assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.mark.parametrize("batch", hostile.BATCHES)
def test_hostile_kernels(tmp_path, batch):
    wrong = []
    for kernel in hostile.BATCHES[batch]:
        if kernel.name in hostile.FOR_A_MACHINE:
            continue
        (tmp_path / "kernel.elf").write_bytes(hostile.content(kernel))
        settings = [word for line in kernel.entry.splitlines()
                    for word in ("--set", line.replace(" ", "="))]
        result = baton("check", "--quiet", tmp_path / "kernel.elf", *settings)
        assert result.returncode == 1, kernel.name
        wrong.append(mismatch(kernel, *error_in(result.stdout)))
    expect_no_mismatch(wrong)


@pytest.mark.parametrize("name", ["multiboot2-tag-of-0", "addresses-1-in-the-hole", "limine-tag-twice",
                                  "pvh32-entry-of-1", "elf32-no-protocol"])
def test_hostile_kernels_of_other_protocols_are_errors_of_the_loader(boot, name):
    [kernel] = [each for batch in hostile.BATCHES.values() for each in batch if each.name == name]
    machine = boot(hostile.content(kernel), firmware=Pvh)
    machine.wait_for_serial(machine.firmware.REGAINED)
    assert mismatch(kernel, *error_in(machine.serial)) is None


def test_hostile_kernels_are_errors_of_the_loader(boot):
    kernels = [kernel for batch in hostile.BATCHES.values() for kernel in batch
               if kernel.name in hostile.FOR_A_MACHINE | hostile.FOR_THE_LOADER]
    assert len(kernels) == 10
    files = {"/empty": b"", "/good.elf": artefacts.conformance_kernel("minus-2g")}
    for i, kernel in enumerate(kernels):
        files[f"/h/{i:03}.elf"] = hostile.content(kernel)
        files[f"/loader/entries/{i:03}.conf"] = (
            f"title {kernel.name}\nsort-key {i:03}\nkernel /h/{i:03}.elf\n{kernel.entry}")
    machine = boot(None, plan="start\noptions kernel=/good.elf\n", files=files,
                   cpu="max,la57=off")
    try:
        machine.wait_for_exit(fatal="^baton: fault.*")
    finally:
        found = outcomes(machine.debugcon)
        expect_no_mismatch([mismatch(kernel, *found.get(rf"\h\{i:03}.elf", ("", "not tried")))
                            for i, kernel in enumerate(kernels)])
    machine.wait_for_debugcon("the loader came back with 0x8.* keeps 0 pages, 0 pools, 0 files$")
    machine.wait_for_debugcon(r"^conformance: \d+ kept, 0 broken")
