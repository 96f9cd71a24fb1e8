# SPDX-License-Identifier: BSD-2-Clause
"""What no firmware at hand does, but some do: the shim makes it up."""

import re
import struct
import subprocess
from pathlib import Path

import artefacts
import pytest
from elf import PF_R, PF_X
from kernels import MIB, TOP_2_GIB, conformance_with, patterned
from machine import Ovmf, UBoot, make_volume


def test_displays_are_told_and_state_that_the_firmware_leaves_does_not_reach_the_kernel(
        expect_conformance):
    """One display has no pixels in memory."""
    plan = "display 800 600 rgb\ndisplay 320 200 565\ndisplay 640 480 blt\nedid 256\n"
    expect_conformance("minus-2g", "edid:256", plan=f"{plan}dirty-processor\n", displays=3)


@pytest.mark.parametrize(("variables", "state"), [
    ("variable SecureBoot 0\nvariable SetupMode 0\n", "secure-boot-off"),
    ("variable SecureBoot 0\nvariable SetupMode 1\n", "secure-boot-setup"),
])
def test_secure_boot_is_told(expect_conformance, variables, state):
    expect_conformance("minus-2g", state, plan=variables, firmware=UBoot)


@pytest.mark.parametrize(("kernel", "levels"), [("minus-2g", "no-la57"),
                                                ("request-five-level", "la57")])
def test_firmware_with_five_level_paging(expect_conformance, kernel, levels):
    expect_conformance(kernel, levels, plan="five-levels\n", firmware=UBoot)


def test_page_tables_that_firmware_makes_while_the_loader_runs_are_kept(expect_conformance):
    machine = expect_conformance("minus-2g", plan="memory-attributes\n", firmware=UBoot)
    machine.wait_for_debugcon("^shim: split the page at 0x")


@pytest.mark.slow
def test_firmware_that_cannot_read_to_high_memory(boot):
    """Twice as large as what memory below 4 GiB has room for, and as the buffer there."""
    kernel = conformance_with([patterned(TOP_2_GIB + 32 * MIB, PF_R, 24 * MIB)])
    machine = boot(kernel, memory_mib=4096, plan="leave-low 16\nrefuse-high-reads\n")
    machine.wait_for_exit()
    machine.wait_for_debugcon(r"^conformance: \d+ kept, 0 broken,")
    machine.wait_for_debugcon("^shim: refused to read above 4 GiB$")


@pytest.mark.parametrize("plan", [
    "short-reads 1000", "map-grows", "map-garbled 48", "map-garbled 72", "set-variable-allocates 1000", "exit-allocates 3",
    "raise-priority 8", "raise-priority 16"], ids=lambda plan: plan.replace(" ", "-"))
def test_firmware_may_behave_so(expect_conformance, plan):
    expect_conformance("minus-2g", plan=f"{plan}\n", firmware=UBoot)


INITRD = b"the first file" * 30_000
# What firmware does to files: the plan, and what it or the loader says.
FILE_FAULTS = [
    ("largest-read 65024\nerrors-stick\n",
     r"\] a read of 64 KiB at 0x\w+ failed with status 0x8000000000000004: tried again with 4 KiB$"),
    ("errors-stick\nfail Read 9 9\n", "^shim: Read 9 fails"),
    ("fail SetPosition 9 9\n", "^shim: SetPosition 9 fails"),
    ("file-sizes 0\n", r"\] the firmware says that a file has 0 bytes, and it has 420000$"),
    ("file-sizes 0\nshort-reads 1000\nlargest-read 65024\nerrors-stick\n",
     r"\] the firmware reads only 1000 bytes at once$"),
    (f"file-sizes {2**63}\n", r"\] the firmware says that a file has 9223372036854775808 bytes"),
    ("longest-name 100\n", None),
]


@pytest.mark.parametrize(("plan", "said"), FILE_FAULTS,
                         ids=[plan.strip().replace("\n", "-").replace(" ", "-")
                              for plan, _ in FILE_FAULTS])
def test_files_are_read_though_the_firmware_makes_it_hard(expect_conformance, plan, said):
    """An empty one, too, and one with a path that is longer than the firmware may take."""
    folder = "/a folder with a long name" * 6
    machine = expect_conformance(
        "minus-2g", "modules:3", firmware=UBoot, plan=plan,
        entry=f'initrd /a.img\nmodule /flag\nmodule "{folder}/b" text\n',
        files={"/a.img": INITRD, "/flag": b"", f"{folder}/b": b"b"})
    if said is not None:
        machine.wait_for_debugcon(said)
    machine.wait_for_debugcon(r"\] module \\a.img: 410.1 KiB")


def test_sizes_that_are_too_small_are_measured(expect_conformance):
    machine = expect_conformance("minus-2g", "modules:1", firmware=UBoot, plan="file-sizes 13\n",
                                 entry="initrd /a.img\n", files={"/a.img": INITRD})
    machine.wait_for_debugcon(r"\] the firmware says that a file has 13 bytes, and it has 420000$")


def test_directory_without_an_end_is_left(expect_conformance):
    """The default kernel follows."""
    machine = expect_conformance("minus-2g", plan="endless-directories same.conf\n",
                                 firmware=UBoot)
    machine.wait_for_debugcon(r"\] \\loader\\entries has more than 16384 names: ")
    machine.wait_for_debugcon(r"\] same.conf: error: file_not_found: ")


def test_memory_that_is_gone_since_the_map_was_read_is_replaced(expect_conformance):
    """The third is a block of its own, by the map that is known from the boot entries."""
    machine = expect_conformance("minus-2g", plan="fail AllocatePages 3 3\n", firmware=UBoot)
    machine.wait_for_debugcon("^shim: AllocatePages 3 fails, ")


def test_machine_without_serial_port(expect_conformance):
    expect_conformance("minus-2g", serial_port=False)


@pytest.mark.parametrize("disk", ["virtio-blk", "nvme"])
def test_sector_that_cannot_be_read_is_error(boot, disk):
    """AHCI is not among them: EDK II's driver says that all is well, and gives zeroes."""
    text = patterned(TOP_2_GIB + MIB, PF_R | PF_X, MIB)
    machine = boot(conformance_with([text]), disk=disk, unreadable=text.content[MIB // 2:][:4096])
    machine.wait_for_debugcon(r"^error: file_unreadable: .*0x8000000000000007")


# The plan, the error, MiB of memory, and the firmware: one that uses memory above 4 GiB, or the
# one that starts soonest.
LIES = [
    ("long-reads 1", "file_read_short", 256, UBoot),
    ("long-files 100000", "file_read_short", 256, UBoot),
    ("leave-low 0", "out_of_memory", 4096, Ovmf),  # stage 2 must lie below 4 GiB
    ("fail ExitBootServices 1 99", "exit_boot_services_failed", 256, UBoot),
    ("fail GetMemoryMap 1 9999", "memory_map_unavailable", 256, UBoot),
    ("fail HandleProtocol 1 99", "boot_volume_not_found", 256, UBoot),
    ("fail OpenVolume 1 1", "boot_volume_unreadable", 256, UBoot),
]


@pytest.mark.parametrize(("plan", "error", "mib", "firmware"), LIES)
def test_want_or_lie_of_the_firmware_is_error(boot, plan, error, mib, firmware):
    options = "options kernel=/os/kernel.elf module=/os/module\n"
    machine = boot(None, plan=f"{options}{plan}\n", memory_mib=mib, firmware=firmware,
                   files={"/os/kernel.elf": artefacts.conformance_kernel("minus-2g"),
                          "/os/module": "a module"})
    machine.wait_for_debugcon(rf"^error: {error}: ")
    machine.wait_for_debugcon(r"^shim: the loader came back with 0x8")


def loop_directory(image: Path, directory: str) -> None:
    """The chain of the directory's clusters on a FAT32 volume, of which there is one, leads back to
    itself; none of its entries is the last."""
    shown = subprocess.run(["mshowfat", "-i", image, f"::{directory}"], check=True,
                           capture_output=True, text=True).stdout
    cluster = int(re.search(r"<(\d+)>", shown)[1])
    volume = bytearray(image.read_bytes())
    sector_bytes, cluster_sectors, reserved, fats = struct.unpack_from("<HBHB", volume, 11)
    [fat_sectors] = struct.unpack_from("<I", volume, 36)
    for fat in range(fats):
        at = (reserved + fat * fat_sectors) * sector_bytes + cluster * 4
        struct.pack_into("<I", volume, at, cluster)
    cluster_bytes = cluster_sectors * sector_bytes
    start = (reserved + fats * fat_sectors) * sector_bytes + (cluster - 2) * cluster_bytes
    unused, deleted = 0, 0xE5
    for at in range(start, start + cluster_bytes, 32):
        if volume[at] == unused:
            volume[at] = deleted
    image.write_bytes(volume)


@pytest.mark.long
def test_directory_without_an_end_ends_in_a_reset(boot_image, tmp_path):
    """EDK II's FAT driver follows it for ever, and nobody else gets to run but the watchdog."""
    entry = tmp_path / "a.conf"
    entry.write_text("kernel /baton/kernel.elf\n")
    plan = tmp_path / "plan.txt"
    plan.write_text("hurry-watchdog 60\n")
    image = tmp_path / "disk.img"
    make_volume(image, {"/EFI/BOOT/BOOTX64.EFI": artefacts.SHIM, "/shim/plan.txt": plan,
                        "/shim/loader.efi": artefacts.LOADER, "/loader/entries/a.conf": entry})
    loop_directory(image, "/loader/entries")
    machine = boot_image(image)
    machine.wait_for_debugcon("stage 1 for UEFI")
    reset = 0
    machine.wait_for_exit(reset)
    assert "error: " not in machine.debugcon


def test_watchdog_runs_while_the_loader_does_and_not_when_it_has_ended(expect_conformance):
    """The shim shows each call."""
    machine = expect_conformance("minus-2g", plan="show-watchdog\n", firmware=UBoot)
    seconds = [int(number) for number in re.findall(r"^shim: watchdog (\d+) s$", machine.debugcon,
                                                    re.MULTILINE)]
    step, none = 300, 0
    assert seconds[0] == step and seconds[-1] == none and seconds.count(none) == 1
    assert len(seconds) > 2 and max(seconds) <= step + 2  # for the bytes of the kernel
