# SPDX-License-Identifier: BSD-2-Clause
"""./baton bench measures all that it says, and its payload catches a loader that leaves work out."""

import json
import os
import re
import subprocess
import sys

import artefacts
import pytest
from decoders import needs_decoders
from machine import FAILURE

BENCH = artefacts.SOURCE / "test/bench"
sys.path.append(str(BENCH))

import bench  # noqa: E402
import goals  # noqa: E402
import loaders  # noqa: E402
from payload import MIB, Payload  # noqa: E402
from setting import Setting  # noqa: E402

PAYLOAD = Payload(MIB, 256 * MIB)


@pytest.mark.long
def test_bench_measures_each_loader(tmp_path):
    result = subprocess.run(
        [sys.executable, BENCH / "bench.py", "--mib", "1", "--runs", "1", "--rounds", "1",
         "--check", "--output", tmp_path],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": BENCH.parent / "boot/harness"})
    assert result.returncode == 0, result.stdout + result.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    measured = {cell["loader"]: cell for cell in results["cells"]}
    assert {"Baton", "Baton, PVH", "Baton, 64 modules", "Baton, PVH, 64 processors", "floor: merged", "floor: read, copy",
            "GRUB, Multiboot2", "systemd-boot, PE"} <= measured.keys()
    for name, cell in measured.items():
        assert cell["failure"] is None
        assert name in result.stdout
        assert cell["instructions"][0] > 0 and cell["milliseconds"][0] > 0
        # What is started without the stamp has no memory full of garbage.
        assert name.startswith("Baton, PVH") or 0 <= cell["touched_bytes"][0] < 64 * MIB
    # What the floors were made for.
    floor = measured["floor: merged"]["instructions"][0]
    assert floor == min(cell["instructions"][0] for cell in measured.values())
    baton = measured["Baton"]
    assert "kernel entered" in baton["steps"]
    told = baton["instructions"][0] + baton["waiting_instructions"][0]
    assert sum(baton["steps"].values()) == pytest.approx(told, rel=0.01)
    assert results["firmware_calls"]["ExitBootServices"] == 1
    assert results["page_table_frames"]["1024"] > 4
    assert {goal["name"] for goal in results["goals"]} >= {"KiB of BOOTX64.EFI",
                                                           "calls of the firmware"}
    for picture in ("instructions-virtio-blk.svg", "time-virtio-blk.svg", "steps.svg"):
        assert "<svg" in (tmp_path / picture).read_text()


def test_bench_counts_what_other_processors_cost(tmp_path):
    """Some thousand instructions each; nothing, and no waiting, where there is none."""
    workshop = bench.Workshop(tmp_path)
    cells = [bench.Cell(loader, Setting("virtio-blk", 1)) for loader in (
        *(loader for loader in loaders.loaders(False) if loader.name == "Baton, PVH"),
        loaders.with_processors(1), loaders.with_processors(4))]
    for cell in cells:
        workshop.prepare(cell)
        bench.count_instructions(workshop, cell)
    none, one, four = (cell.instructions[0] for cell in cells)
    assert abs(one - none) < 5_000 and 10_000 < four - one < 150_000
    assert [cell.waiting[0] > 0 for cell in cells] == [False, False, True]


@pytest.mark.long
def test_bench_counts_what_a_bundle_costs(tmp_path):
    """The firmware reads and copies it, and hashes it under Secure Boot."""
    workshop = bench.Workshop(tmp_path)
    plain = next(loader for loader in loaders.loaders(False) if loader.name == "Baton")
    counts = []
    for loader in (plain, *loaders.bundles()):
        cell = bench.Cell(loader, Setting("virtio-blk", 1))
        workshop.prepare(cell)
        bench.count_instructions(workshop, cell)
        counts += cell.instructions
        assert cell.steps[0]["kernel loaded"] < MIB / 2  # copied by words
    in_files, in_bundle, in_signed_bundle = counts
    assert in_files < in_bundle
    assert 50 < (in_signed_bundle - in_bundle) / MIB < 100  # OVMF: some 72 a byte


@pytest.mark.long
@needs_decoders
def test_bench_measures_compressed_kernels():
    """That it does, not who wins."""
    result = subprocess.run(
        [sys.executable, BENCH / "compression.py", "--speed", "50", "--rounds", "1"],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": BENCH.parent / "boot/harness"})
    assert result.returncode == 0, result.stdout + result.stderr
    [row] = re.findall(r"^50((?: +[0-9]+){6})$", result.stdout, re.M)
    plain, lz4, zstd = map(int, row.split()[3:])  # what is reckoned doesn't depend on the host alone
    assert plain == 320 and lz4 < plain and zstd < plain
    assert re.search(r"^not throttled(?: +[0-9]+){3}(?: +-){3}$", result.stdout, re.M)
    assert len(re.findall(r"^(?:LZ4|zstd): 16\.0 to .* MiB, .*: pays below [0-9]+ MiB/s$",
                          result.stdout, re.M)) == 2


@pytest.fixture
def kernel(tmp_path) -> bytearray:
    PAYLOAD.write_elf(tmp_path / "kernel.elf")
    return bytearray((tmp_path / "kernel.elf").read_bytes())


def test_payload_is_content_when_all_was_done(boot, kernel):
    machine = boot(bytes(kernel))
    machine.wait_for_exit()
    assert "payload good" in machine.debugcon


@pytest.mark.parametrize("position", [-1, MIB // 2], ids=["data", "constants"])
def test_payload_misses_a_byte(boot, kernel, position):
    kernel[position] ^= 1
    machine = boot(bytes(kernel))
    machine.wait_for_exit(FAILURE)
    assert "bench: wrong bytes at" in machine.debugcon


def test_payload_finds_a_byte_that_was_not_zeroed(boot, kernel):
    # The last segment gets one more page of file, which isn't zero.
    header = 64 + 2 * 56 + 32  # p_filesz of the third program header
    file_bytes = int.from_bytes(kernel[header:header + 8], "little")
    kernel[header:header + 8] = (file_bytes + 4096).to_bytes(8, "little")
    machine = boot(bytes(kernel) + bytes(4095) + b"\1")
    machine.wait_for_exit(FAILURE)
    assert "bench: .bss is not zero" in machine.debugcon


@pytest.mark.parametrize("relation, measured, is_met, has_regressed", [
    ("<=", 9, True, False), ("<=", 11, False, False), ("<=", 21, False, True),
    (">=", 11, True, False), (">=", 9, False, False), (">=", 1, False, True)])
def test_goal_is_met_missed_or_far_off(relation, measured, is_met, has_regressed):
    goal = goals.Goal("something", relation, 10, 20 if relation == "<=" else 2, measured)
    assert (goal.is_met, goal.has_regressed) == (is_met, has_regressed)
