# SPDX-License-Identifier: BSD-2-Clause
"""Boots random kernels on random machines, by random paths and with random numbers of processors to
start, some of them with a firmware that misbehaves. Each has to end in a kernel that finds itself in
order, or in a named error; anything else is a failure.

A boot depends on the seed and its number alone: --only boots one again."""

import argparse
import random
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from elf import PF_R, PF_W, PF_X, Segment
from kernels import MIB, TABLE_AT, TOP_2_GIB, conformance_with, patterned
from machine import DISKS, Ovmf, UBoot
from paths import PATHS
from start import start

PAGE = 4096
HALF_BYTES = 1 << 47
SIGN_EXTENSION = ~(HALF_BYTES - 1) & (1 << 64) - 1

# QEMU's, each of which has what the loader needs; most lack something that others have.
PROCESSORS = ["max", "max,la57=off", "qemu64", "Nehalem", "Haswell-noTSX", "EPYC",
              "Skylake-Client-noTSX-IBRS"]
# A call of each of these fails.
CALLS = ["AllocatePages", "AllocatePool", "GetMemoryMap", "HandleProtocol", "LocateProtocol",
         "LocateHandleBuffer", "GetVariable", "GetTime", "OpenVolume", "Open", "GetInfo",
         "SetPosition", "Read", "QueryMode", "OutputString"]


@dataclass(frozen=True)
class Scenario:
    kernel: bytes
    plan: str | None  # None: the firmware behaves
    options: dict     # of the machine
    started: int      # other processors than the first

    @property
    def entry(self) -> str:
        setting = f"processors {self.started + 1}\n" if self.started else ""
        return f"kernel /baton/kernel.elf\n{setting}"


def random_size(dice: random.Random, most: int) -> int:
    """Small ones as often as large ones."""
    return dice.randrange(1 << dice.randint(0, most.bit_length() - 1)) + 1


def random_segments(dice: random.Random) -> Iterator[Segment]:
    """One behind the other, no two in one page, in some regions of the address space."""
    for _ in range(dice.randint(1, 3)):
        address = dice.choice([
            TOP_2_GIB + dice.randrange(1 << 30), SIGN_EXTENSION + dice.randrange(HALF_BYTES * 3 // 4),
            MIB + dice.randrange(1 << 30), MIB + dice.randrange(HALF_BYTES * 3 // 4)])
        for _ in range(dice.randint(1, 6)):
            file_bytes = random_size(dice, 4 * MIB)
            bss_bytes = random_size(dice, 8 * MIB) if dice.random() < 0.5 else 0
            flags = PF_R | dice.choice([0, PF_W, PF_X])
            segment = patterned(address, flags, file_bytes, file_bytes + bss_bytes,
                                align=dice.choice([1, 16, PAGE]))
            yield segment
            address = (segment.end + PAGE) // PAGE * PAGE + dice.choice([0, dice.randrange(PAGE)])
            address += random_size(dice, 64 * MIB) // PAGE * PAGE


# Of the conformance kernel, which the segments are added to.
OWN = [Segment(TOP_2_GIB, PF_R, memory_bytes=MIB), Segment(TABLE_AT, PF_R, memory_bytes=MIB)]


def random_kernel(dice: random.Random) -> bytes:
    """Regions that fell on one another are thrown again."""
    while True:
        segments = list(random_segments(dice))
        ascending = sorted(segments + OWN, key=lambda segment: segment.address)
        if all(one.end // PAGE < other.address // PAGE
               for one, other in zip(ascending, ascending[1:])):
            break
    dice.shuffle(segments)
    return conformance_with(segments)


def random_plan(dice: random.Random) -> str:
    number = dice.randint(1, 40)
    faults = [f"fail {dice.choice(CALLS)} {number} {number + dice.choice([0, 0, 5])}",
              f"short-reads {random_size(dice, MIB)}", "map-grows",
              f"map-garbled {dice.choice([40, 48, 64, 96])}", f"exit-allocates {dice.randint(1, 5)}",
              "dirty-processor", "memory-attributes", "no-console", "display 640 480 565\nedid 128",
              "variable SecureBoot 1", f"raise-priority {dice.choice([8, 16])}"]
    return "".join(f"{fault}\n" for fault in dice.sample(faults, dice.randint(1, 3)))


def scenario(seed: str, number: int) -> Scenario:
    dice = random.Random(f"{seed}/{number}")
    processors = dice.randint(1, 16)
    options = {"firmware": dice.choice([*[Ovmf] * 6, *[UBoot] * 3, *PATHS.values()]),
               "cpu": dice.choice(PROCESSORS),
               "processors": processors,
               "memory_mib": dice.choice([192, 256, 333, 512, 1024, 2048]),
               "display_adapter": dice.random() < 0.8}
    plan = None
    if options["firmware"] is Ovmf:
        options["disk"] = dice.choice(list(DISKS))
        plan = random_plan(dice) if dice.random() < 0.6 else None
    started = dice.choice([0, processors - 1, dice.randint(1, processors) - 1])
    return Scenario(random_kernel(dice), plan, options, started)


# What hangs does so for ever; what is slow may have a busy host.
DEADLINE_SECONDS = 300

BOOTED = re.compile(r"^conformance: \d+ kept, 0 broken,", re.MULTILINE)
CAME = re.compile(r"^conformance: (\d+) processors came;", re.MULTILINE)
CAME_BACK = "shim: the loader came back with 0x8"
KEPT_NOTHING = re.compile(r"^shim: .* keeps 0 pages, 0 pools, 0 files$", re.MULTILINE)
ERROR = re.compile(r"^error: (\w+): ", re.MULTILINE)


def outcome(case: Scenario, directory: Path) -> str:
    """"booted", or the name of the error. Raises AssertionError for all else."""
    machine = start(directory, case.kernel, plan=case.plan, deadline_seconds=DEADLINE_SECONDS,
                    files={"/loader/entries/soak.conf": case.entry}, **case.options)
    try:
        machine.wait_for_debugcon(r"^conformance: \d+ kept|^" + CAME_BACK)
        if BOOTED.search(machine.debugcon):
            match = CAME.search(machine.debugcon)
            came = int(match[1]) if match else 0
            # A firmware that misbehaves may not read the entry.
            if came != case.started and (case.plan is None or came != 0):
                machine.fail(f"{came} other processors came, not {case.started}")
            return "booted"
        errors = ERROR.findall(machine.debugcon)
        # A firmware that behaves has no excuse.
        if case.plan is None or not errors or not KEPT_NOTHING.search(machine.debugcon):
            broken = re.findall("^FAIL .*", machine.debugcon, re.MULTILINE)
            machine.fail("\n".join(["neither a good boot nor a named error", *broken]))
        return errors[-1]
    finally:
        machine.close()


def boot_one(seed: str, number: int, scratch: Path) -> tuple[int, str, str]:
    """The number, the outcome, and where it failed why."""
    case = scenario(seed, number)
    directory = scratch / str(number)
    try:
        return number, outcome(case, directory), ""
    except AssertionError as failure:
        return number, "failure", f"{case.options}, {case.entry!r}, plan {case.plan!r}\n{failure}"
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./baton soak", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boots", type=int, nargs="?", default=200, help="how many; 200")
    parser.add_argument("--seed", default="baton", help="what the boots are drawn from")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="just this boot")
    parser.add_argument("--jobs", type=int, default=2, help="boots at once; 2")
    arguments = parser.parse_args()
    if arguments.boots < 1 or arguments.jobs < 1:
        parser.error("there must be at least one boot, and one at once")
    numbers = range(arguments.boots) if arguments.only is None else [arguments.only]

    outcomes = Counter()
    with (tempfile.TemporaryDirectory(prefix="baton-soak-") as scratch,
          ThreadPoolExecutor(arguments.jobs) as pool):
        results = pool.map(lambda n: boot_one(arguments.seed, n, Path(scratch)), numbers)
        for done, (number, name, why) in enumerate(results, 1):
            outcomes[name] += 1
            if why:
                print(f"boot {number} failed (--seed {arguments.seed} --only {number}): {why}")
            if done % 20 == 0 or done == len(numbers):
                print(f"{done} boots: {outcomes['booted']} booted, {outcomes['failure']} failed, "
                      f"{done - outcomes['booted'] - outcomes['failure']} named errors", flush=True)
    for name, count in outcomes.most_common():
        print(f"{count:6} {name}")
    return 1 if outcomes["failure"] else 0


if __name__ == "__main__":
    sys.exit(main())
