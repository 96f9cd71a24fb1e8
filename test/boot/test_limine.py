# SPDX-License-Identifier: BSD-2-Clause
"""Kernels that speak Limine's protocol, promise by promise of docs/protocols/limine.md: the test kernel
(kernel/protocols/limine/), for each base revision and by each way in."""

import re

import artefacts
import pytest
from machine import SUCCESS, Ovmf, UBoot
from paths import PATHS, GrubOnUefi, Pvh

KERNELS = artefacts.BUILD / "kernel/protocols/limine"
WAYS = {"ovmf": Ovmf, "u-boot": UBoot} | PATHS
REVISIONS = range(7)
KEPT = 29


def kernel(name: object):
    return KERNELS / f"limine-test-{name}.elf"


def entry(options: str = "", *lines: str) -> dict[str, str]:
    text = "\n".join(["kernel /baton/kernel.elf", f"options {options}", *lines, ""])
    return {"/loader/entries/test.conf": text}


@pytest.fixture
def keeps_promises(boot):
    """keeps_promises(name, **options): boots it. Returns the machine, which has ended."""

    def keeps_promises(name=6, **options):
        machine = boot(kernel(name), **({"files": entry("one two")} | options))
        machine.wait_for_exit(SUCCESS)
        kept = machine.wait_for_debugcon(r"^limine: (\d+) kept, 0 broken$")
        assert int(kept[1]) == KEPT
        return machine

    return keeps_promises


@pytest.mark.parametrize("revision", REVISIONS)
def test_base_revision(keeps_promises, revision):
    keeps_promises(revision, firmware=Pvh)


@pytest.mark.parametrize("revision", [pytest.param(r, marks=pytest.mark.long) if r in (1, 2, 4, 5) else r
                                      for r in REVISIONS])
def test_base_revision_on_uefi(keeps_promises, revision):
    machine = keeps_promises(revision)
    assert re.search(r'^limine: kernel .* path "/baton/kernel.elf" string "one two"', machine.debugcon,
                     re.M)


@pytest.mark.parametrize("way", [pytest.param(way, marks=pytest.mark.long)
                                 if issubclass(WAYS[way], GrubOnUefi) else way for way in WAYS])
def test_by(keeps_promises, way):
    keeps_promises(firmware=WAYS[way])


def test_position_independent_at_random(keeps_promises):
    places = {re.search(r"entering the kernel at (0x\w+)", keeps_promises(
        "pie", firmware=Pvh, files=entry("", "kaslr on", "log ports")).debugcon)[1] for _ in range(2)}
    assert len(places) == 2


def test_modules(keeps_promises):
    """Its own comes first, though the entry has another."""
    machine = keeps_promises(firmware=UBoot, files=entry("", "module /m/given The given one") | {
        "/m/given": b"given", "/baton/own-module": b"own"})
    assert re.findall(r'^limine: module bytes (\w+) path "(.*)" string "(.*)" media', machine.debugcon,
                      re.M) == [("0x3", "/baton/own-module", "of the kernel"),
                                ("0x5", "/m/given", "The given one")]


@pytest.mark.parametrize("revision", REVISIONS)
def test_l31_l32_other_processors(keeps_promises, revision):
    machine = keeps_promises(revision, firmware=Pvh, processors=4)
    assert "limine: processors 4\n" in machine.debugcon


def test_l31_l32_other_processors_on_uefi(keeps_promises):
    machine = keeps_promises(processors="6,sockets=2,cores=3")
    assert "limine: processors 6\n" in machine.debugcon


@pytest.mark.parametrize("setting, listed", [("off", 1), ("2", 2), ("on", 4)])
def test_l31_as_many_as_the_entry_says(keeps_promises, setting, listed):
    machine = keeps_promises(firmware=Pvh, processors="4,maxcpus=8",
                             files=entry("one two", f"processors {setting}"))
    assert f"limine: processors {listed}\n" in machine.debugcon


@pytest.mark.parametrize("revision", (0, 6))
def test_l32_strict(keeps_promises, revision):
    keeps_promises(revision, firmware=Pvh, processors=2, files=entry("strict", "strict on"))
@pytest.mark.parametrize("revision", (3, 4))
def test_l29_tables_in_reserved_memory(keeps_promises, revision):
    machine = keeps_promises(revision, firmware=UBoot, plan="acpi-reserved\n")
    assert not re.search(r"^limine: range .* type 0x2$", machine.debugcon, re.M)


# An I/O APIC's selector and window, and an entry: an interrupt, an NMI.
SELECT, WINDOW = 0xFEC0_0000, 0xFEC0_0010
INTERRUPT, NMI = 0x31, 0x431


@pytest.mark.parametrize("revision", (4, 5))
def test_l26_interrupts_that_come_in_before(keeps_promises, revision):
    """An NMI stays up to base revision 4."""
    pins = {1: INTERRUPT, 23: NMI}
    machine = keeps_promises(revision, firmware=Pvh, display_adapter=False,
                             writes=[write for pin, entry in pins.items()
                                     for write in ((SELECT, 0x10 + 2 * pin), (WINDOW, entry))])
    found = re.search(r"^limine: I/O APIC (.*)$", machine.debugcon, re.M)[1].split()
    assert int(found[1], 16) == INTERRUPT | 0x10000
    assert int(found[23], 16) == (NMI if revision == 4 else NMI | 0x10000)


# What turns each IOMMU on.
INTEL = (0xFED9_0018, 1 << 31)
AMD = (0xFED8_0018, 1)


@pytest.mark.parametrize("revision", (5, pytest.param(6, id="6-keeps-it")))
@pytest.mark.parametrize("name, on", (("intel", INTEL), ("amd", AMD)))
def test_l28_iommu_that_is_on(keeps_promises, name, on, revision):
    keeps_promises(revision, firmware=Pvh, files=entry(name), devices=[f"{name}-iommu"], writes=[on],
                   display_adapter=False)


def test_l28_iommu_on_uefi(keeps_promises):
    machine = keeps_promises(5, devices=["intel-iommu"])
    assert "to mask: 2 devices, and the local APIC" in machine.debugcon


@pytest.mark.parametrize("revision", (0, 6))
def test_l24_strict(keeps_promises, revision):
    keeps_promises(revision, firmware=Pvh, files=entry("strict", "strict on"))


@pytest.mark.parametrize("revision", (0, 6))
def test_l11_hhdm_rwx(keeps_promises, revision):
    keeps_promises(revision, firmware=Pvh, files=entry("rwx", "hhdm rwx"))
