# SPDX-License-Identifier: BSD-2-Clause
"""A firmware whose calls fail, each of them, one after the other: the loader boots all the same, or
comes back with a named error and has kept nothing. The shim counts."""

import re
import uuid

import artefacts
import pytest
from call_sites import call_sites
from gpt import Partition
from pe_sections import SBAT, container

# What reaches every call of the loader's: requests of all kinds, entries, a module.
FILES = {
    "/loader/loader.conf": "default test.conf\n",
    "/loader/entries/test.conf": "kernel /baton/kernel.elf\nmodule /os/module text\n"
                                 "module /os/container.efi\n",
    "/os/container.efi": container({".sbat": SBAT, ".files": b".mod0 \\m\n", ".mod0": b"in it"}),
    "/os/module": "a module",
    "/baton/requested.txt": "as requested",
}
KEEPS_FIRMWARE = artefacts.BUILD / "kernel/protocols/multiboot-efi/multiboot2-efi-relocatable.elf"
PARTITION = Partition(uuid.uuid4(), uuid.uuid4())
# One boot each, and the promises that can't be kept then. In the last but two, what the loader can do
# without fails all the time; some of that is asked for only when something else has not failed.
PLANS = [
    ("no-console\nsweep AllocatePages\n", set()),
    ("no-console\nsweep AllocatePool\n", set()),
    ("no-console\nsweep GetMemoryMap\n", set()),
    ("no-console\nsweep Open\nsweep Read\nsweep SetPosition\nsweep GetInfo\n", set()),
    ("no-console\nnetwork reply\nsweep Mtftp\n", {"D6"}),
    ("fail OpenVolume 1 1\nfail-always ReadKeyStroke\nstart\nfail-nothing\nsweep OpenVolume\n"
     "sweep HandleProtocol\nsweep LocateProtocol\nsweep LocateHandleBuffer\n", set()),
    ("memory-attributes\nfail ExitBootServices 1 7\nfail-always LocateDevicePath "
     "SetWatchdogTimer GetVariable SetVariable GetTime SetVirtualAddressMap QueryMode SetMode "
     "GetRNG ConvertDevicePathToText SetMemoryAttributes ClearMemoryAttributes OutputString\n",
     {"D6", "W3", "W11"}),
    # Nothing is booted as long as Secure Boot is on.
    ("no-console\ntpm\nvariable SecureBoot 1\nsweep LocateProtocol\nvariable SecureBoot 0\n"
     "sweep GetCapability\nsweep HashLogExtendEvent\nsweep GetEventLog\nsweep LoadImage\n", set()),
    ("fail-always SetMode ReadBlocks GetResources\n", {"D6", "W3"}),
]

FAILS = re.compile(r"^shim: (\w+) (\d+) fails, back to 0x([0-9a-f]+)$")
CAME_BACK = re.compile(
    r"^shim: the loader came back with (0x8\w+) and keeps 0 pages, 0 pools, 0 files$")
BOOTED = "shim: the loader would have booted"
ERROR = re.compile(r"^error: \w+: ")


def check_outcomes(lines: list[str]) -> None:
    """Each return is behind an error that says why, and leaves nothing."""
    told = False
    for number, line in enumerate(lines):
        told = told or bool(ERROR.match(line))
        if line.startswith("shim: the loader "):
            assert line == BOOTED or told and CAME_BACK.match(line), lines[number - 20:number + 1]
            told = False


def note_failures(lines: list[str], failed: dict[int, set[str]]) -> None:
    """The calls that have failed, by the place in the loader that they go back to."""
    for line in lines:
        if match := FAILS.match(line):
            failed.setdefault(int(match[3], 16), set()).add(match[1])


@pytest.mark.long
def test_every_call_of_the_firmware_may_fail(boot):
    failed: dict[int, set[str]] = {}
    for plan, broken in PLANS:
        machine = boot(artefacts.conformance_kernel("request-everything"), plan=plan, files=FILES,
                       devices=["virtio-rng-pci"], partition=PARTITION)
        machine.wait_for_debugcon(r"^conformance: \d+ kept, \d+ broken, ")
        lines = machine.debugcon.splitlines()
        assert {line.split()[1] for line in lines if line.startswith("FAIL ")} == broken
        check_outcomes(lines)
        note_failures(lines, failed)
    machine = boot(KEEPS_FIRMWARE, plan="memory-attributes\nfail-always ClearMemoryAttributes\n")
    machine.wait_for_debugcon("^efi: 1 kept, 0 broken$")
    note_failures(machine.debugcon.splitlines(), failed)
    sites = call_sites()
    for site in sites:
        print(f"{site.function:24} {site.place}")
    assert not [site for site in sites if site.function not in failed.get(site.return_address, ())]
    assert len(sites) > 40
