# SPDX-License-Identifier: BSD-2-Clause
"""What `baton image` writes, and where, read back without a machine; and what only `run` shows."""

import os
import re
import shutil
import stat
import subprocess
import sys
import zlib
from pathlib import Path

import artefacts
import pytest
from elf import PF_R, PF_W, PF_X, Elf, Segment
from kernels import TOP_2_GIB
from tool import FIXED, baton, compiled

ENTRY = "::/loader/entries/baton.conf"
DEFAULT_KERNEL = "::/baton/kernel.elf"  # which the loader boots without an entry
# Names that are syntax for mtools, sfdisk, QEMU, GRUB, a shell or the loader's own entries, and how
# FAT has them.
NAMES = {
    "-x.img": None, "a[b].img": None, "a,b=c.img": None, "it's": None, "x@@y": None, "~1": None,
    "a  b.img": None, "$HOME;`x`": None, "%s{}": None, "#x": None, "com1.txt": None, ".hidden": None,
    "LONG.TXT": None, "Mixed.Txt": None, "ünïcödé.img": None, "日本.img": None, "åb": None,
    "m" * 240: None, "é" * 120: None,
    "m" * 255: "m" * 240, "é" * 127: "é" * 120, "a" * 239 + ".img": "a" * 236 + ".img",
    "CON": "_CON", "aux": "_aux", "Com1": "_Com1", "a:b": "a_b", "a?b*": "a_b_", 'q"q': "q_q",
    "b\\s": "b_s", "<|>": "___", "n\nl": "n_l", " lead": "_lead", "tr ": "tr_", "x.y..": "x.y__",
    "\U0001f600.img": "_.img", b"inv\xff\xc0\xaf.img": "inv___.img", b"\xed\xa0\x80": "___",
    b"\xef\xbf\xbf": "_"}
# Of a directory for temporary files, or of an image.
SYNTAX = "T,=: @@1;\"'\\é *?[x]"


def as_text(name: str | bytes) -> str:
    return name if isinstance(name, str) else os.fsdecode(name)


def mtools(program: str, image: Path, *arguments: str) -> str:
    """With the volume of an image of any name."""
    environment = os.environ | {"LC_ALL": "C.UTF-8", "MTOOLSRC": "/dev/null"}
    with image.open("rb") as file:
        return subprocess.run([program, "-i", f"/proc/self/fd/{file.fileno()}@@{1 << 20}", *arguments],
                              check=True, capture_output=True, text=True, env=environment,
                              pass_fds=[file.fileno()]).stdout


def files_in(image: Path) -> set[str]:
    return {line for line in mtools("mdir", image, "-b", "-/", "::").splitlines()
            if not line.endswith("/")}


def entry_in(image: Path) -> list[str]:
    return mtools("mtype", image, ENTRY).splitlines()


def make(folder: Path, *arguments, name: str = "disk.img", **options) -> Path:
    result = baton("image", artefacts.REPORTER, "-o", folder / name, *arguments, **options)
    assert result.returncode == 0, result.stderr
    return folder / name


@pytest.fixture(scope="module")
def modules(tmp_path_factory) -> dict[Path, str]:
    """A file of each name, and what it is called in an image."""
    folder = tmp_path_factory.mktemp("modules")
    for name in NAMES:
        (folder / as_text(name)).write_bytes(os.fsencode(as_text(name)))
    return {folder / as_text(name): other or as_text(name) for name, other in NAMES.items()}


def module_arguments(modules) -> list[str]:
    return [f"--module={file}=the \"string\" of {i}" for i, file in enumerate(modules)]


def test_module_of_any_name_is_in_the_image_and_its_entry(modules, tmp_path):
    result = baton("image", artefacts.REPORTER, "-o", tmp_path / "disk.img",
                   *module_arguments(modules))
    assert result.returncode == 0, result.stderr
    paths = [f"/baton/{i}/{name}" for i, name in enumerate(modules.values())]
    assert files_in(tmp_path / "disk.img") == {
        "::/EFI/BOOT/BOOTX64.EFI", "::/baton/boot/kernel.elf", ENTRY, *(f"::{path}" for path in paths)}
    assert entry_in(tmp_path / "disk.img")[2:] == [
        f'module "{path}" the "string" of {i}' for i, path in enumerate(paths)]
    renamed = [path for path, file in zip(paths, modules) if Path(path).name != file.name]
    for path in renamed:
        assert f"is called {path} in the image: FAT has no name" in result.stderr
    assert result.stderr.count("\n") == len(renamed) == sum(map(bool, NAMES.values()))


def test_module_keeps_its_content(modules, tmp_path):
    image = make(tmp_path, *module_arguments(modules))
    mtools("mcopy", image, "-s", "-n", "::/baton", str(tmp_path / "out"))
    for i, (file, name) in enumerate(modules.items()):
        assert (tmp_path / "out" / str(i) / name).read_bytes() == file.read_bytes()


def test_compressed_module_of_the_longest_name_has_its_suffix(tmp_path):
    for name in ("m" * 255, "-x"):
        (tmp_path / name).write_bytes(bytes(100_000))
    image = make(tmp_path, "--compress=zstd", "--module", tmp_path / ("m" * 255), "--module", "-x",
                 cwd=tmp_path)
    assert {f"::/baton/0/{'m' * 236}.zst", "::/baton/1/-x.zst", "::/baton/boot/kernel.elf.zst"} < (
        files_in(image))


@pytest.mark.parametrize("arguments", [[], ["--iso"], ["--compress"], ["--sector-size=4096"]])
def test_image_of_any_name_is_made_with_any_tmpdir(tmp_path, arguments):
    folder = tmp_path / SYNTAX
    folder.mkdir()
    image = make(folder, *arguments, name=SYNTAX + ".img",
                 env=os.environ | {"TMPDIR": str(folder)})
    assert {file.name for file in folder.iterdir()} == {image.name}
    if not arguments:
        assert len(files_in(image)) == 3


def test_kernel_of_any_name_is_booted(tmp_path):
    for name in ("-k,=@@:\n\"'\\ é.elf", "k" * 255, b"\xff.elf"):
        kernel = tmp_path / as_text(name)
        shutil.copy(artefacts.REPORTER, kernel)
        result = baton("image", f"./{as_text(name)}", f"--output=-o,{len(name)}.img", cwd=tmp_path)
        assert result.returncode == 0 and not result.stderr
        assert "::/baton/boot/kernel.elf" in files_in(tmp_path / f"-o,{len(name)}.img")


@pytest.mark.parametrize("path", ["pvh", "microvm", "linux"])
def test_run_by_names_that_are_syntax_for_qemu(tmp_path, path):
    folder = tmp_path / SYNTAX
    folder.mkdir()
    kernel = folder / "k,file=x \".elf"
    shutil.copy(artefacts.REPORTER, kernel)
    log = tmp_path / "debug.txt"
    result = baton("run", kernel, "--via", path, "--timeout", 60, "--append", "  a  \"b ",
                   "--append", " é, c=d ", "--", "-debugcon", f"file:{log}",
                   env=os.environ | {"TMPDIR": str(folder)})
    assert result.returncode == 0, result.stdout + result.stderr
    assert ', command line "a  "b é, c=d", ' in log.read_text()
    assert list(folder.iterdir()) == [kernel]


def test_run_by_names_that_are_syntax_for_grub(tmp_path):
    folder = tmp_path / SYNTAX
    folder.mkdir()
    names = ("a,b=$HOME  c.img", "ünï;{x}.img")
    for name in names:
        (folder / name).write_text(name)
    line = "a   b " + " ".join(["x" * 7_000] * 8) + " $y é"
    log = tmp_path / "debug.txt"
    result = baton("run", artefacts.REPORTER, "--via=multiboot2-bios", "--timeout", 60,
                   *(f"--module={folder}/{name}=the  string, é" for name in names),
                   "--append", line, "--", "-debugcon", f"file:{log}",
                   env=os.environ | {"TMPDIR": str(folder)})
    assert result.returncode == 0, result.stdout + result.stderr
    report = log.read_text()
    assert f'report: kernel "/baton/boot/kernel.elf", command line "{line}", ' in report
    for i, name in enumerate(names):
        checksum = zlib.adler32(name.encode())
        assert (f'report: module "/baton/{i}/{name}" "the  string, é", {len(name.encode())} bytes, '
                f"checksum {checksum:08x}\n") in report


def test_debug_finds_a_kernel_of_a_name_that_is_syntax_for_gdb(tmp_path):
    folder = tmp_path / SYNTAX
    folder.mkdir()
    kernel = compiled(folder, "void _start(void) { for (;;) ; }", FIXED, name="k '\"\\ $x.elf")
    result = baton("debug", kernel, "--via", "pvh", "--batch", "--timeout", 100, "--ex",
                   "info symbol $rip", env=os.environ | {"TMPDIR": str(folder)})
    assert "_start in section .text" in result.stdout, result.stdout + result.stderr


def test_entry_has_all_that_was_given(tmp_path):
    module = tmp_path / "m"
    module.write_text("x")
    image = make(tmp_path, "--append", "  a  b ", "--append", "", "--append", "\"c",
                 "--module", f"{module}=  #x \"y  ", "--set", "kaslr=on", "--set=after-fault=reset:5",
                 "--protocol", "pvh")
    assert entry_in(image) == [
        "title reporter.elf", "kernel /baton/boot/kernel.elf", "kaslr on", "after-fault reset:5",
        "protocol pvh", "options a  b \"c", 'module "/baton/0/m" #x "y']


def test_loader_would_find_nothing_else_to_boot(tmp_path):
    """A kernel that it boots without an entry would be one without modules and command line."""
    assert DEFAULT_KERNEL not in files_in(make(tmp_path))


def test_long_command_line_and_many_modules_are_handed_over(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    files = [folder / f"{i}-{'m' * 230}.bin" for i in range(300)]
    for file in files:
        file.write_text("x")
    line = " ".join(["word" * 250] * 100)
    log = tmp_path / "debug.txt"
    result = baton("run", artefacts.REPORTER, *(f"--module={file}=number {file.name[0]}" for file in files),
                   "--append", line, "--timeout", 200, "--", "-debugcon", f"file:{log}", timeout=230)
    assert result.returncode == 0, result.stdout + result.stderr
    report = log.read_text()
    assert f'"/baton/boot/kernel.elf", command line "{line}", ' in report
    for i, file in enumerate(files):
        assert f'report: module "/baton/{i}/{file.name}" "number {file.name[0]}", 1 bytes' in report


@pytest.mark.parametrize("verb", ["image", "check", "plan", "run"])
def test_entry_that_the_loader_would_refuse_is_an_error(tmp_path, verb):
    output = ["-o", tmp_path / "disk.img"] if verb == "image" else []
    result = baton(verb, artefacts.REPORTER, *output, "--append", "x" * 70_000)
    assert result.returncode == 1
    assert "error: boot_line_too_long: " in result.stderr
    assert "bytes 0x11178, limit 0x10000" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path, bytes_", [("pvh", 4_200), ("linux", 66_000), ("microvm", 66_000)])
def test_command_line_that_cannot_be_handed_over_is_an_error(path, bytes_):
    result = baton("run", artefacts.REPORTER, "--via", path, "--append", "x" * bytes_)
    assert result.returncode == 1
    assert f"with its settings this one has {bytes_ + 20}" in result.stderr or (
        f"has {bytes_ + 20} bytes with the settings" in result.stderr)


def test_word_that_grub_does_not_read_is_an_error(tmp_path):
    result = baton("run", artefacts.REPORTER, "--via=multiboot2", "--append", "x" * 9_000)
    assert result.returncode == 1 and "no word longer than 8000 bytes" in result.stderr


def test_more_modules_than_multiboot2_takes_are_an_error(tmp_path):
    (tmp_path / "m").write_text("x")
    result = baton("run", artefacts.REPORTER, "--via=multiboot2",
                   *[f"--module={tmp_path}/m"] * 128)
    assert result.returncode == 1
    assert "at most 127 modules, not 128" in result.stderr


def test_long_string_of_a_module_is_no_file(tmp_path):
    (tmp_path / "m").write_text("x")
    image = make(tmp_path, "--module", f"{tmp_path}/m={'s' * 5000}")
    assert entry_in(image)[-1] == f'module "/baton/0/m" {"s" * 5000}'


def test_program_that_fails_without_a_word_is_named_with_its_status(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mformat").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "bin/mformat").chmod(0o755)
    result = baton("image", artefacts.REPORTER, "-o", tmp_path / "x.img",
                   env={"PATH": f"{tmp_path}/bin:/usr/bin"})
    assert result.stderr == "baton: mformat failed: with status 3\n"


def test_name_that_mtools_changed_is_an_error(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mcopy").write_text(
        '#!/bin/sh\n/usr/bin/mcopy "$@" && exec mren -i "$2" ::/baton/0/name ::/baton/0/other\n')
    (tmp_path / "bin/mcopy").chmod(0o755)
    (tmp_path / "name").write_text("x")
    result = baton("image", artefacts.REPORTER, "-o", tmp_path / "x.img", "--module",
                   tmp_path / "name", env={"PATH": f"{tmp_path}/bin:/usr/bin"})
    assert result.returncode == 1
    assert "has put /baton/0/name into the image under another name" in result.stderr
    assert not (tmp_path / "x.img").exists()


def test_image_goes_where_a_link_leads(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "there.img").write_text("old")
    (tmp_path / "there.img").chmod(0o640)
    (tmp_path / "d/link.img").symlink_to("../there.img")
    (tmp_path / "second.img").symlink_to("d/link.img")
    (tmp_path / "nothing.img").symlink_to("d/new.img")
    for link, target in (("second.img", "there.img"), ("nothing.img", "d/new.img")):
        make(tmp_path, name=link)
        assert (tmp_path / link).is_symlink()
        assert (tmp_path / target).stat().st_size > 1 << 20
        assert not (tmp_path / target).is_symlink()
    assert stat.S_IMODE((tmp_path / "there.img").stat().st_mode) == 0o640
    assert {file.name for file in (tmp_path / "d").iterdir()} == {"link.img", "new.img"}


@pytest.mark.parametrize("verb", ["image", "plan"])
@pytest.mark.parametrize("kind", ["directory", "pipe", "character device", "loop"])
def test_output_that_is_no_file_stays_what_it_is(tmp_path, verb, kind):
    output = tmp_path / "output"
    if kind == "directory":
        output.mkdir()
    elif kind == "pipe":
        os.mkfifo(output)
    elif kind == "loop":
        output.symlink_to("output")
    elif os.geteuid() == 0:
        os.mknod(output, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    else:
        pytest.skip("only root makes devices")
    before = output.lstat()
    if (verb, kind) in (("plan", "pipe"), ("plan", "character device")):
        if kind == "pipe":
            return  # the plan is written into it, to whoever reads
        assert baton("plan", artefacts.REPORTER, "-o", output).returncode == 0
    else:
        result = baton(verb, artefacts.REPORTER, "-o", output)
        assert result.returncode == 1
        assert f"can't write {output}: " in result.stderr
        assert kind in result.stderr or kind == "loop" and "links" in result.stderr
    after = output.lstat()
    assert (after.st_ino, after.st_mode, after.st_rdev) == (
        before.st_ino, before.st_mode, before.st_rdev)
    assert [file.name for file in tmp_path.iterdir()] == ["output"]


def test_image_to_a_pipe(tmp_path):
    image = subprocess.run([artefacts.TOOL, "image", artefacts.REPORTER, "-o", "-"],
                           capture_output=True, check=True).stdout
    (tmp_path / "disk.img").write_bytes(image)
    assert len(files_in(tmp_path / "disk.img")) == 3


@pytest.fixture
def disk(tmp_path, request):
    """A loop device with sectors of so many bytes, and so many MiB, and old content."""
    sector, mib = request.param
    file = tmp_path / "disk"
    with file.open("wb") as stream:
        stream.write(b"\xff" * (4 << 20))
        stream.truncate(mib << 20)
    made = subprocess.run(["losetup", "--find", "--show", "--sector-size", str(sector), file],
                          capture_output=True, text=True) if os.geteuid() == 0 else None
    if made is None or made.returncode != 0:
        pytest.skip("no loop device can be had")
    yield Path(made.stdout.strip()), file
    subprocess.run(["losetup", "--detach", made.stdout.strip()], check=True)


@pytest.mark.parametrize("disk", [(512, 300), (4096, 300)], indirect=True, ids=["512", "4096"])
def test_image_onto_a_disk(disk, tmp_path):
    """With sectors as it has them, and the second table at its end."""
    device, file = disk
    sector = int(subprocess.check_output(["blockdev", "--getss", device]))
    (tmp_path / "link").symlink_to(device)
    make(tmp_path, name="link")
    assert device.is_block_device() and (tmp_path / "link").is_symlink()
    content = file.read_bytes()
    assert content[sector:sector + 8] == b"EFI PART"
    assert content[-sector:][:8] == b"EFI PART"
    assert int.from_bytes(content[(1 << 20) + 11:][:2], "little") == sector
    assert files_in(file) == {"::/EFI/BOOT/BOOTX64.EFI", "::/baton/boot/kernel.elf", ENTRY}
    result = baton("image", artefacts.REPORTER, "-o", device, f"--sector-size={4096 + 512 - sector}")
    assert result.returncode == 1 and f"the disk has sectors of {sector} bytes" in result.stderr


@pytest.mark.parametrize("disk", [(512, 20)], indirect=True)
def test_disk_that_is_too_small_or_in_use_stays_as_it_is(disk):
    device, file = disk
    before = file.read_bytes()
    result = baton("image", artefacts.REPORTER, "-o", device)
    assert result.returncode == 1
    assert f"the disk has {20 << 20} bytes, and the image " in result.stderr
    user = os.open(device, os.O_RDWR | os.O_EXCL)
    result = baton("image", artefacts.REPORTER, "-o", device)
    os.close(user)
    assert result.returncode == 1 and "the disk is in use" in result.stderr
    assert baton("plan", artefacts.REPORTER, "-o", device).returncode == 1
    assert file.read_bytes() == before


def test_disk_with_sectors_of_4096_bytes_boots(boot_image, modules, tmp_path):
    """And firmware finds a module of any name."""
    image = make(tmp_path, "--sector-size=4096", *module_arguments(modules))
    content = image.read_bytes()
    assert content[4096:4104] == b"EFI PART" == content[-4096:][:8]
    machine = boot_image(image, "virtio-blk-4096")
    machine.wait_for_exit()
    machine.wait_for_debugcon('report: kernel "/baton/boot/kernel.elf"')
    for i, (file, name) in enumerate(modules.items()):
        content = file.read_bytes()
        machine.wait_for_debugcon(re.escape(
            f'report: module "/baton/{i}/{name}" "the "string" of {i}", {len(content)} bytes, '
            f"checksum {zlib.adler32(content):08x}"))


@pytest.mark.parametrize("setting, error", [
    ("kaslr=maybe", "kaslr on|off: the setting has no such value"), ("watchdog=0", "watchdog "),
    ("klasr=on", "klasr: the setting has no such value, or there is no such setting"),
    ("kernel=/x", "kernel: "), ("kaslr", "needs KEY=VALUE"), ("kaslr\nmodule=x", "kaslr_module: "),
    ("kaslr=on\nmodule /x", "kaslr on|off: "), ("=on", "no such setting")])
def test_setting_that_the_loader_does_not_know_is_refused(tmp_path, setting, error):
    for verb in ("check", "plan", "image", "run", "debug"):
        output = ["-o", tmp_path / "disk.img"] if verb == "image" else []
        result = baton(verb, artefacts.REPORTER, *output, "--set", setting)
        assert result.returncode == 2 and error in result.stderr, result.stderr


def test_setting_that_is_given_twice_is_refused(tmp_path):
    result = baton("image", artefacts.REPORTER, "-o", tmp_path / "disk.img", "--set=wx=allow",
                   "--set=wx=refuse")
    assert result.returncode == 1 and "error: boot_key_repeated: " in result.stderr


def test_settings_reach_the_loader(tmp_path):
    kernel = compiled(tmp_path, "void _start(void) { __asm__ volatile(\"ud2\"); }", FIXED)
    result = baton("run", kernel, "--via", "pvh", "--timeout", 60, "--set", "after-fault=reset:0")
    assert result.returncode == 1
    assert "baton: fault: #UD" in result.stdout and "reset" in result.stderr


def test_setting_counts_for_check(tmp_path):
    """One that makes the kernel unbootable."""
    text = Segment(TOP_2_GIB, PF_R | PF_W | PF_X, b"\xeb\xfe")
    kernel = tmp_path / "kernel.elf"
    kernel.write_bytes(Elf([text], entry=TOP_2_GIB).build())
    assert baton("check", kernel).returncode == 0
    result = baton("check", kernel, "--set", "wx=refuse")
    assert result.returncode == 1 and "error: write_execute_refused: " in result.stdout


# A process of its own, since a child's peak begins with what its parent has.
PEAK_KIB = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize("verb", ["check", "plan"])
def test_check_leaves_the_content_of_a_module_unread(tmp_path, verb):
    """It decides nothing, and may be more than the memory of this machine."""
    with (tmp_path / "large.img").open("wb") as file:
        file.truncate(2 << 30)
    peak = subprocess.check_output([sys.executable, "-c", PEAK_KIB, artefacts.TOOL, verb,
                                    artefacts.REPORTER, "--memory", "8192", "--module",
                                    tmp_path / "large.img"])
    assert int(peak) < 256 << 10
