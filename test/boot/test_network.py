# SPDX-License-Identifier: BSD-2-Clause
"""Booting from a TFTP server, without a disk."""

import re
import zlib

import pytest
from network import IPXE, Network, ipxe_takes_its_script_by_tftp
from plain_server import PlainServer

INITRD = b"the first file" * 30_000  # hundreds of blocks, the last one not full


@pytest.mark.long
def test_pxe_boots_the_default_entry_with_its_modules(boot, reporter):
    """From a copy of a boot volume in a directory of the server: all paths count from there."""
    machine = boot(None, loader="/lab/EFI/BOOT/BOOTX64.EFI",
                   network=Network("lab/EFI/BOOT/BOOTX64.EFI"), files={
        "/lab/loader/loader.conf": "default my-os\n",
        "/lab/loader/entries/my-os.conf":
            "kernel /boot/reporter.elf\noptions one two\ninitrd /boot/initrd.img\n"
            "module /boot/empty.conf string\n",
        "/lab/boot/reporter.elf": reporter,
        "/lab/boot/initrd.img": INITRD,
        "/lab/boot/empty.conf": "x",
    })
    machine.wait_for_exit()
    for line in [
        r"files from tftp://10\.0\.2\.2/lab/$",
        r"TFTP lists no directory, and loader.conf names \\loader\\entries\\my-os.conf$",
        r"booting \\boot\\reporter.elf of my-os.conf$",
        r"fetched lab/boot/reporter.elf: \d",
        r'^report: kernel "/boot/reporter.elf", command line "one two", ',
        rf'^report: module "/boot/initrd.img" "", {len(INITRD)} bytes, '
        rf'checksum {zlib.adler32(INITRD):08x}$',
        r'^report: module "/boot/empty.conf" "string", 1 bytes, ',
        r"^report: boot device 4, partition 0 ",
        r"^report: server 10\.0\.2\.2$",
        r'^report: loader "lab/EFI/BOOT/BOOTX64.EFI" on "\S*MAC\(525400123456\S*"$',
        r'^report: origin "fetched file"$',
    ]:
        machine.wait_for_debugcon(line)


def test_pxe_keeps_every_promise(expect_conformance):
    expect_conformance("pie-relr", "network,modules:1", entry="initrd /a.img\n",
                       loader="/BOOTX64.EFI", network=Network("BOOTX64.EFI"),
                       files={"/loader/loader.conf": "default test.conf\n", "/a.img": INITRD})


@pytest.mark.long
@pytest.mark.parametrize("separator", ["/", "\\"])
def test_pxe_asks_with_the_separator_of_the_boot_file(boot, reporter, separator):
    """And a server's empty file is a module of 0 bytes."""
    root = f"/Boot{separator}my-os{separator}"
    machine = boot(None, loader=f"{root}BOOTX64.EFI", network=Network(f"{root[1:]}BOOTX64.EFI"),
                   files={
                       f"{root}loader{separator}loader.conf": "default my-os\n",
                       f"{root}loader{separator}entries{separator}my-os.conf":
                           "kernel /k.elf\nmodule /flag text\n",
                       f"{root}k.elf": reporter,
                       f"{root}flag": b"",
                   })
    machine.wait_for_exit()
    machine.wait_for_debugcon(r'^report: module "/flag" "text", 0 bytes, ')
    assert re.search(r"fetched \S+k.elf: [\d.]+ [KM]iB(, [1-9]\d* [KM]B/s)?$", machine.debugcon,
                     re.MULTILINE)


@pytest.mark.long
def test_pxe_without_a_kernel_gives_the_machine_back(boot):
    machine = boot(None, loader="/BOOTX64.EFI", network=Network("BOOTX64.EFI"),
                   files={"/loader/loader.conf": "default my-*\n", "/loader/entries/my-os.conf": ""})
    for line in [r"TFTP server: loader/entries/my-\*\.conf: File not found$",
                 r"my-\*\.conf: error: file_not_found: ",
                 r"^error: kernel_not_found: \\baton\\kernel\.elf: .*\(status 0x8000000000000017\)"]:
        machine.wait_for_debugcon(line)
    machine.wait_for_serial("press a key")
    machine.press_key()
    machine.wait_for_firmware()


@pytest.mark.long
def test_ipxe_hands_over_what_its_script_has_fetched(boot, reporter):
    """iPXE shows its images to the loader as files."""
    script = ("#!ipxe\nimgfetch boot/kernel.elf\nimgfetch boot/initrd.img\n"
              "chain BOOTX64.EFI kernel=kernel.elf module=initrd.img=text -- one two\n")
    network, files = Network("boot.ipxe", ipxe=True), {"/boot.ipxe": script}
    if ipxe_takes_its_script_by_tftp():
        network = Network("ipxe.efi")
        files = {"/ipxe.efi": IPXE, "/autoexec.ipxe": script.replace("imgfetch", "dhcp\nimgfetch", 1)}
    machine = boot(None, loader="/BOOTX64.EFI", network=network,
                   files=files | {"/boot/kernel.elf": reporter, "/boot/initrd.img": INITRD})
    machine.wait_for_exit()
    for line in [r'^report: kernel "/kernel.elf", command line "one two", ',
                 rf'^report: module "/initrd.img" "text", {len(INITRD)} bytes, '
                 rf'checksum {zlib.adler32(INITRD):08x}$',
                 r"^report: boot device 4, partition 0 ",
                 r"^report: server 10\.0\.2\.2$"]:
        machine.wait_for_debugcon(line)


@pytest.mark.long
def test_pxe_from_a_server_that_tells_no_sizes_and_breaks_off(boot, reporter):
    server = PlainServer("boot/baton.efi", breaks_off="boot/broken.elf")
    long_kernel = reporter.read_bytes() + bytes(600_000)  # needs a second try
    machine = boot(None, loader="/boot/baton.efi", network=server, files={
        "/boot/baton/kernel.elf": long_kernel,
        "/boot/loader/loader.conf": "default broken\n",
        "/boot/loader/entries/broken.conf": "kernel /broken.elf\n",
        "/boot/broken.elf": INITRD,
    })
    machine.wait_for_debugcon("^report: end$")
    for line in [
        rf"files from tftp://{server.ADDRESS}/boot/$",
        r"booting \\broken.elf of broken.conf\n(.*\n)*"
        r"error: tftp_failed: boot/broken.elf: .*\(status 0x8000000000000017\)",
        r"booting \\baton\\kernel.elf\n(.*\n)*.*fetched boot/baton/kernel.elf: 6\d\d(\.\d)? KiB",
        r"^report: server 10\.9\.8\.7$",
    ]:
        machine.wait_for_debugcon(line)


def expect_back_with(machine, status: str) -> None:
    """The loader comes back to the shim, and leaves nothing behind."""
    machine.wait_for_debugcon(
        rf"^shim: the loader came back with {status} and keeps 0 pages, 0 pools, 0 files$")


def test_memory_of_what_was_fetched_is_given_back(boot):
    machine = boot(None, plan="network reply\n", files={
        "/loader/loader.conf": "default broken.conf\n",
        "/loader/entries/broken.conf": "kernel /broken.elf\n",
        "/broken.elf": INITRD,
    })
    EFI_NOT_FOUND = "0x800000000000000e"
    expect_back_with(machine, EFI_NOT_FOUND)
    for line in [r"files from tftp://10\.1\.2\.3/$",
                 r"fetched broken.elf: 410.1 KiB",
                 r"^error: elf_bad_magic: \\broken.elf: ",
                 r"TFTP server: baton/kernel.elf: not\?here$",
                 r"^error: kernel_not_found: \\baton\\kernel.elf: "]:
        machine.wait_for_debugcon(line)


@pytest.mark.long
@pytest.mark.parametrize(("reply", "is_ipv6"), [("no-reply", 0), ("ipv6", 1)])
def test_pxe_that_names_no_server_is_an_error(boot, reply, is_ipv6):
    machine = boot(None, plan=f"network {reply}\n")
    machine.wait_for_debugcon(
        rf"^error: boot_server_unknown: .*\(started 0x1, over IPv6 0x{is_ipv6}\)$")
