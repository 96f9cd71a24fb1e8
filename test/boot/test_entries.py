# SPDX-License-Identifier: BSD-2-Clause
"""Finding what to boot: load options, Boot Loader Specification entries, \\baton\\kernel.elf."""

import re
import zlib

import artefacts
import pytest
from machine import FAILURE, Ovmf, UBoot
from paths import Multiboot2Bios, Pvh

BROKEN = b"This is a text and no kernel.\n" * 10
INITRD = b"the first file" * 1000
SYMBOLS = bytes(range(256)) * 40_000  # 10 MB: more than one read


def booted_in_order(machine) -> list[str]:
    return re.findall(r"\] booting (.*)$", machine.debugcon, re.MULTILINE)


def test_entries_in_order_until_one_boots(boot, reporter):
    """The default pattern's entry first, then by sort-key and version; those that fail show their
    error, and those that aren't for this loader are left out with the reason."""
    machine = boot(None, files={
        "/loader/loader.conf": "# a comment\ntimeout 3\nfavourite yes\ndefault chosen-*\n",
        "/loader/entries/chosen-1.conf": "title Chosen\nsort-key z\nkernel /boot/absent.elf\n",
        "/loader/entries/b-9.conf": "sort-key a\nversion 9\nkernel /boot/broken.elf\n",
        "/loader/entries/b-10.conf":
            "sort-key a\nversion 10\nkernel /boot/reporter.elf\ninitrd /boot/initrd.img\n"
            "initrd /boot/absent.img\n",
        "/loader/entries/c.conf":
            "title Good\nsort-key c\nkernel /boot/reporter.elf\noptions one  two\ncolour blue\n"
            "options three=\"4 5\"\ninitrd /boot/initrd.img\n"
            "module \"/boot/kernel symbols.sym\" all of them\narchitecture x64\n",
        "/loader/entries/d.conf": "sort-key d\nkernel /boot/reporter.elf\noptions wrong\n",
        "/loader/entries/arm.conf": "sort-key a\narchitecture aa64\nkernel /boot/reporter.elf\n",
        "/loader/entries/linux.conf": "sort-key a\nlinux /vmlinuz\ninitrd /boot/initrd.img\n",
        "/loader/entries/maybe.conf": "sort-key a\nkernel /boot/reporter.elf\nkaslr maybe\n",
        "/loader/entries/notes.txt": "kernel /boot/reporter.elf\n",
        "/boot/reporter.elf": reporter,
        "/boot/broken.elf": BROKEN,
        "/boot/initrd.img": INITRD,
        "/boot/kernel symbols.sym": SYMBOLS,
    })
    machine.wait_for_debugcon("^report: end$")
    for line in [
        r"loader.conf:3: favourite: not known, ignored",
        r"loader.conf:2: timeout: for other loaders, ignored",
        r"arm.conf: skipped: the entry is for another architecture",
        r"linux.conf: skipped: the entry starts a Linux kernel",
        r"maybe.conf: error: boot_setting_unknown: ",
        r"c.conf:5: colour: not known, ignored",
        r"booting .*boot.absent.elf of chosen-1.conf\n(.*\n)*"
        r"error: kernel_not_found: \\boot\\absent.elf: ",
        r"booting .*reporter.elf of b-10.conf\n(.*\n)*"
        r"error: file_not_found: \\boot\\absent.img: ",
        r"booting .*broken.elf of b-9.conf\n(.*\n)*error: elf_bad_magic: \\boot\\broken.elf: ",
        r'^report: kernel "/boot/reporter.elf", command line "one  two three="4 5"", slide 0+$',
        rf'^report: module "/boot/initrd.img" "", {len(INITRD)} bytes, '
        rf'checksum {zlib.adler32(INITRD):08x}\nreport: module "/boot/kernel symbols.sym" '
        rf'"all of them", {len(SYMBOLS)} bytes, checksum {zlib.adler32(SYMBOLS):08x}$',
        r'^report: origin "module initrd.img"$',
        r'^report: origin "module kernel symbols.sym"$',
    ]:
        machine.wait_for_debugcon(line)
    assert [text.rsplit(" ", 1)[1] for text in booted_in_order(machine)] == [
        "chosen-1.conf", "b-10.conf", "b-9.conf", "c.conf"]
    assert "error: kernel_not_found" in machine.serial
    # Nothing large was read before the module was found to be missing, the other module neither.
    [failed] = re.findall(r"of b-10.conf\n((?:.*\n)*?)error: ", machine.debugcon)
    assert "kernel read: " not in failed and "module " not in failed


def test_u_boot_entry_with_modules(expect_conformance):
    machine = expect_conformance(
        "minus-2g", "modules:3", firmware=UBoot, words="fill",
        entry="initrd /a.img\nmodule /b.img x y\ninitrd /a.img\n",
        files={"/a.img": INITRD, "/b.img": "b"})
    machine.wait_for_debugcon(r"module \\a.img: 13.6 KiB")


def test_empty_module_is_one_of_0_bytes(expect_conformance, boot, reporter):
    expect_conformance("minus-2g", "modules:3", firmware=UBoot, words="fill",
                       entry="module /flag one\nmodule /a.img\ninitrd /flag.img\n",
                       files={"/flag": b"", "/a.img": INITRD, "/flag.img": b""})
    machine = boot(reporter, firmware=Multiboot2Bios, files={"/flag": b"", "/a.img": INITRD})
    machine.wait_for_debugcon('^report: module "/flag" "", 0 bytes, ')
    machine.wait_for_debugcon(f'^report: module "/a.img" "", {len(INITRD)} bytes, ')


def deep_path(length: int) -> str:
    """Of a file in folders, with so many characters."""
    path = ""
    while length - len(path) > 60:
        path += "/" + 46 * "d"
    return path + "/" + "f" * (length - len(path) - 1)


def test_path_as_long_as_the_firmware_takes_is_opened(expect_conformance):
    path = deep_path(257)
    backslashes = path.replace("/", "\\")
    expect_conformance("minus-2g", "modules:1", entry=f"module .{backslashes} text\n",
                       files={path: INITRD})


@pytest.mark.parametrize(("firmware", "error"), [
    (Ovmf, rf"file_path_too_long: \\d+.*\(bytes {500:#x}, limit {257:#x}\)$"), (UBoot, None)])
def test_longer_path_is_opened_or_named(boot, reporter, firmware, error):
    """EDK II's FAT driver opens none, not by component either."""
    path = deep_path(500)
    machine = boot(None, firmware=firmware, files={
        "/loader/entries/one.conf": f"kernel /k.elf\nmodule {path} text\n",
        "/k.elf": reporter, path: INITRD})
    machine.wait_for_debugcon(rf"^error: {error}" if error else
                              rf'^report: module "\S+" "text", {len(INITRD)} bytes, ')


def test_no_entry_left_gives_the_machine_back(boot):
    """The last one tried is \\baton\\kernel.elf."""
    machine = boot(None, files={"/loader/entries/only.conf": "kernel /boot/absent.elf\n"})
    for path in [r"\\boot\\absent.elf", r"\\baton\\kernel.elf"]:
        for wait in (machine.wait_for_debugcon, machine.wait_for_serial):
            wait(rf"^error: kernel_not_found: {path}: ")
    machine.wait_for_serial("press a key")
    machine.press_key()
    machine.wait_for_firmware()
    assert [text.split()[0] for text in booted_in_order(machine)] == [
        r"\boot\absent.elf", r"\baton\kernel.elf"]


def test_broken_entry_leads_to_the_default_kernel(boot, reporter):
    machine = boot(reporter, firmware=UBoot, files={
        "/loader/entries/binary.conf": b"kernel\0/boot/x.elf\n",
        "/loader/entries/empty.conf": b"\n",
        "/loader/entries/up.conf": "kernel ../x.elf\n",
    })
    machine.wait_for_exit()
    for line in [r"binary.conf: error: boot_text_not_plain: ",
                 r"empty.conf: error: boot_entry_without_kernel: ",
                 r"up.conf: error: boot_path_goes_up: ",
                 r'report: kernel "/baton/kernel.elf", command line "", slide']:
        machine.wait_for_debugcon(line)


def test_load_options_come_first(boot, reporter):
    """From the firmware's shell, which passes its whole command line."""
    machine = boot(None, loader="/baton.efi", files={
        "/startup.nsh": "fs0:\r\nbaton.efi kernel=\\boot\\reporter.elf module=\\boot\\a.img=disk "
                        "kaslr=off -- one two\r\n",
        "/loader/entries/other.conf": "kernel /boot/reporter.elf\noptions wrong\n",
        "/boot/reporter.elf": reporter,
        "/boot/a.img": INITRD,
    })
    machine.wait_for_exit()
    machine.wait_for_debugcon(r'^report: kernel "/boot/reporter.elf", command line "one two", ')
    machine.wait_for_debugcon(rf'^report: module "/boot/a.img" "disk", {len(INITRD)} bytes')


def slide_of(machine) -> int:
    return int(machine.wait_for_debugcon(r"\] slide (0x\w+), at random$")[1], 16)


def test_kaslr_of_an_entry_is_another_slide_each_time(expect_conformance):
    boots = [expect_conformance("pie-relr", "kaslr", entry="kaslr on\n", firmware=firmware)
             for firmware in (UBoot, UBoot, UBoot)]
    slides = {slide_of(machine) for machine in boots}
    assert len(slides) > 1
    assert all(slide % 4096 == 0 for slide in slides)


def test_kaslr_off_in_the_entry_goes_over_the_request(expect_conformance):
    machine = expect_conformance("pie", "no-kaslr", entry="kaslr off\n", firmware=Pvh)
    machine.wait_for_debugcon(r"\] slide 0x\w+$")


def test_kaslr_of_a_fixed_kernel_is_told_to_be_none(expect_conformance):
    machine = expect_conformance("minus-2g", "no-kaslr", entry="kaslr on\n", firmware=Pvh)
    machine.wait_for_debugcon("the kernel isn't position independent: no KASLR")


def test_writable_and_executable_refused(boot):
    """By the entry, then by a request."""
    machine = boot(artefacts.conformance_kernel("write-execute-refused"), firmware=UBoot, files={
        "/loader/entries/one.conf": "kernel /wx.elf\nwx refuse\n",
        "/wx.elf": artefacts.conformance_kernel("write-execute"),
    })
    machine.wait_for_debugcon(
        r"booting \\wx.elf .*\n(.*\n)*error: write_execute_refused: .*first page 0xffffffff8\w+, "
        r"bytes 0x\w+, writable program header 0x3, executable program header 0x3\)$")
    machine.wait_for_debugcon(
        r"booting \\baton\\kernel.elf\n(.*\n)*error: write_execute_refused: ")


def test_conformance_kernel_tells_when_a_promise_is_broken(boot):
    """So that a pass means something: an expectation that this machine doesn't meet."""
    machine = boot(artefacts.conformance_kernel("minus-2g"), firmware=Pvh, files={
        "/loader/entries/one.conf": "kernel /baton/kernel.elf\noptions expect=modules:2\n"})
    machine.wait_for_exit(FAILURE)
    machine.wait_for_debugcon("^FAIL X1 .*modules: expected 0x2, found 0x0")
