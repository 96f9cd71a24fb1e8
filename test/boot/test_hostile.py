# SPDX-License-Identifier: BSD-2-Clause
"""Every hostile kernel is its named error, with the numbers; the loader gives back all that it took
for them; and after them a good kernel boots as if nothing had happened. Each batch is one boot, with
an entry for each kernel, all of which fail, and then the loader once more."""

import re

import hostile
import pytest
from kernels import checker_kernel, plain_segments


def outcomes(console: str) -> dict[str, tuple[str, str]]:
    """What was tried, by its path: name and text of its error; empty ones where there was none."""
    found = {}
    for part in re.split(r"\] booting ", console)[1:]:
        error = re.search(r"^error: (\w+): (.*)$", part, re.MULTILINE)
        found[part.split()[0]] = error.groups() if error else ("", "")
    return found


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


@pytest.mark.parametrize("batch", hostile.BATCHES)
def test_hostile_kernels(boot, batch):
    kernels = hostile.BATCHES[batch]
    files = {"/empty": b"", "/good.elf": checker_kernel(plain_segments())}
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
        wrong = [mismatch(kernel, *found.get(rf"\h\{i:03}.elf", ("", "not tried")))
                 for i, kernel in enumerate(kernels)]
        assert not any(wrong), "\n".join(filter(None, wrong))
    machine.wait_for_debugcon("the loader came back with 0x8.* keeps 0 pages, 0 pools, 0 files$")
    machine.wait_for_debugcon(r"^checker: kept 0x[0-9a-f]+, broken 0x0$")
