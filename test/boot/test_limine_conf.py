# SPDX-License-Identifier: BSD-2-Clause
"""Where a volume has a configuration of Limine and nothing of Baton's own, BOOTX64.EFI is all that
has to be replaced."""

import re
import uuid
import zlib

import artefacts
import pytest
from gpt import Partition
from machine import SUCCESS, UBoot
from tool import baton

INITRD = b"the first file" * 1000
CONFIGURATION = f"""\
# What Limine starts on this machine.
${{DIR}}=boot():/boot
timeout: 3
wallpaper: ${{DIR}}/picture.jpg
default_entry: Systems/My OS

/Arch
    protocol: linux
    path: ${{DIR}}/vmlinuz
/Old hardware
    if_fw_type: BIOS
    path: ${{DIR}}/kernel.elf
/+Systems
    //Absent
        path: boot():/absent.elf
    //Another disk
        path: guid(00000000-5ae1-4dff-be2c-ef8f44a61c52):/kernel.elf
    //Checked
        path: ${{DIR}}/kernel.elf#{64 * "0123"}
    //Good
        path: ${{DIR}}/kernel.elf
        resolution: 1024x768
        cmdline: verbose  root=a:b ${{ARCH}}
        kaslr: no
        module_path: boot(3):/boot/initrd.img
        module_string: first file
        module_path: ${{DIR}}/data.zst
        module_path: ${{DIR}}/initrd.img
        module_cmdline: again
    //My OS
        comment: Not one of its format
        protocol: multiboot2
        path: ${{DIR}}/kernel.elf
"""


def module_line(path: str, string: str, content: bytes) -> str:
    return (f'report: module "{path}" "{string}", {len(content)} bytes, '
            f"checksum {zlib.adler32(content):08x}\n")


def test_entries_of_limine_are_booted(boot, reporter):
    """The default one first; what isn't for Baton is left out by name; paths name the partition."""
    machine = boot(None, partition=Partition(uuid.UUID(int=1), uuid.UUID(int=2), number=3), files={
        "/boot/limine/limine.conf": CONFIGURATION,
        "/limine.conf": "/Another\npath: boot():/another.elf\n",
        "/boot/kernel.elf": reporter,
        "/boot/initrd.img": INITRD,
        "/boot/data.zst": b"not compressed",
    })
    machine.wait_for_debugcon("^report: end$")
    file = r"\\boot\\limine\\limine.conf"
    for line in [
        rf"{file}:3: timeout: for other loaders, ignored",
        rf"{file}:4: wallpaper: for other loaders, ignored",
        rf"booting \\boot\\kernel.elf of {file}\n(.*\n)*error: protocol_not_spoken: ",
        r"Arch: skipped: linux: the entry is for another boot protocol ",
        r"Old hardware: skipped: BIOS: the entry is for another architecture or firmware ",
        rf"booting \\absent.elf of {file}\n(.*\n)*error: kernel_not_found: \\absent.elf: ",
        r"Another disk: error: boot_path_with_device: guid\(00000000-5ae1-.*: .*\(line 0x11, ",
        r"Checked: error: boot_path_with_hash: .*\(line 0x13, column 0xf\)",
        rf"{file}:22: resolution: not known, ignored",
        r'^report: kernel "/boot/kernel.elf", command line "verbose  root=a:b x86-64", slide 0+$',
    ]:
        machine.wait_for_debugcon(line)
    assert (module_line("/boot/initrd.img", "first file", INITRD) +
            module_line("/boot/data.zst", "", b"not compressed") +
            module_line("/boot/initrd.img", "again", INITRD)) in machine.debugcon
    assert re.findall(r"\] booting (\S+)", machine.debugcon) == [
        r"\boot\kernel.elf", r"\absent.elf", r"\boot\kernel.elf"]


LIMINE_KERNEL = artefacts.BUILD / "kernel/protocols/limine/limine-test-6.elf"


@pytest.mark.parametrize("file, text", [
    ("/boot/limine/limine.conf", """\
timeout: 0
/My OS
    protocol: limine
    path: boot():/boot/kernel.elf
    cmdline: one two
    module_path: boot():/boot/given
    module_string: of the entry
"""),
    ("/limine.cfg", """\
TIMEOUT=0
:My OS
PROTOCOL=limine
KERNEL_PATH=boot:///boot/kernel.elf
CMDLINE=one two
MODULE_PATH=boot:///boot/given
MODULE_CMDLINE=of the entry
""")])
def test_kernels_of_limine_are_booted_by_its_configuration(boot, file, text):
    """The same files as with Limine: the kernel judges what it gets."""
    machine = boot(None, firmware=UBoot, files={
        file: text, "/boot/kernel.elf": LIMINE_KERNEL, "/boot/own-module": b"own", "/boot/given": b"given"})
    machine.wait_for_exit(SUCCESS)
    machine.wait_for_debugcon(r"^limine: \d+ kept, 0 broken$")
    machine.wait_for_debugcon(r'^limine: kernel .* path "/boot/kernel.elf" string "one two"')
    assert re.findall(r'^limine: module .* path "(.*)" string "(.*)" media', machine.debugcon, re.M) == [
        ("/boot/own-module", "of the kernel"), ("/boot/given", "of the entry")]


def test_configuration_before_version_8(boot, reporter):
    machine = boot(None, firmware=UBoot, files={
        "/limine.cfg": "TIMEOUT=0\r\n:My OS\r\nPROTOCOL=stivale2\r\nKERNEL_PATH=boot:///k.elf\r\n"
                       ":My OS 2\r\nKERNEL_PATH=boot:///k.elf\r\nCMDLINE=a=b c\r\n"
                       "MODULE_PATH=boot:///a.img\r\nMODULE_STRING=x = y\r\n",
        "/k.elf": reporter, "/a.img": INITRD})
    machine.wait_for_exit()
    machine.wait_for_debugcon(r"My OS: skipped: stivale2: the entry is for another boot protocol ")
    machine.wait_for_debugcon(r'^report: kernel "/k.elf", command line "a=b c", ')
    assert module_line("/a.img", "x = y", INITRD) in machine.debugcon


def test_default_kernel_keeps_limine_away(boot, reporter):
    machine = boot(reporter, firmware=UBoot, files={
        "/limine.conf": "/A\npath: boot():/baton/kernel.elf\ncmdline: wrong\n"})
    machine.wait_for_exit()
    machine.wait_for_debugcon(r'^report: kernel "/baton/kernel.elf", command line "", ')
    assert "limine" not in machine.debugcon


def test_check_reads_a_configuration(tmp_path):
    """What the loader would log; and the kernels, where the file is in a copy of the volume."""
    file = tmp_path / "boot/limine/limine.conf"
    file.parent.mkdir(parents=True)
    file.write_text(CONFIGURATION)
    (tmp_path / "boot/kernel.elf").write_bytes(artefacts.REPORTER.read_bytes())
    for name in ("initrd.img", "data.zst"):
        (tmp_path / "boot" / name).write_bytes(INITRD)
    result = baton("check", file)
    assert result.returncode == 1
    for line in ["limine.conf:3: timeout: for other loaders, ignored",
                 "Arch: skipped: error: boot_entry_other_protocol: linux: ",
                 "Absent: \\absent.elf\nerror: kernel_not_found: ",
                 "Checked: error: boot_path_with_hash: ",
                 "Good: error: boot_path_with_device: boot(3): is Limine's: ",
                 "My OS: \\boot\\kernel.elf\nprotocol plain: any ELF64 file\nerror: protocol_not_spoken: ",
                 "limine.conf: no entry can be booted\n"]:
        assert line in result.stdout
    good = CONFIGURATION.replace("boot(3)", "boot()")
    file.write_text(good)
    result = baton("check", file)
    assert result.returncode == 0
    assert "Good: \\boot\\kernel.elf\n" in result.stdout
    assert "kernel.elf: can be booted, 0 warnings\n" in result.stdout
    mounted = tmp_path / "esp/boot/limine.cfg"  # on a volume that is mounted at boot
    mounted.parent.mkdir(parents=True)
    mounted.write_text(":A\nKERNEL_PATH=boot:///k.elf\n")
    (mounted.parent / "k.elf").write_bytes(artefacts.REPORTER.read_bytes())
    result = baton("check", "--quiet", mounted)
    assert result.returncode == 0 and "A: \\k.elf\n" in result.stdout
