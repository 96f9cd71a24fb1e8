# SPDX-License-Identifier: BSD-2-Clause
"""Kernels and modules that zstd and LZ4 have compressed."""

import random
import re
import subprocess
import zlib

import artefacts
import pytest
from decoders import needs_decoders
from machine import UBoot
from paths import Multiboot2Bios, Pvh
from tool import baton

pytestmark = needs_decoders

# As compressible as programs are, more or less.
SOURCES = sorted((artefacts.SOURCE / "common").rglob("*.?pp"))
TEXT = b"".join(file.read_bytes() for file in SOURCES) * 2
COMMANDS = {"zst": ["zstd", "-q", "-19", "-c"], "lz4": ["lz4", "-q", "-9", "-c"]}


def compressed(content: bytes, suffix: str) -> bytes:
    return subprocess.run(COMMANDS[suffix], input=content, stdout=subprocess.PIPE, check=True).stdout


def reported(path: str, content: bytes) -> str:
    return f'^report: module "{re.escape(path)}" "", {len(content)} bytes, ' \
           f"checksum {zlib.adler32(content):08x}$"


@pytest.mark.parametrize("suffix", COMMANDS)
@pytest.mark.parametrize("firmware", [UBoot, Pvh])
def test_compressed_kernel_boots(expect_conformance, firmware, suffix):
    """It keeps every promise that another one is given."""
    kernel = compressed(artefacts.conformance_kernel("pie-relr").read_bytes(), suffix)
    machine = expect_conformance("pie-relr", kernel=kernel, firmware=firmware)
    name = {"zst": "zstd", "lz4": "LZ4"}[suffix]
    machine.wait_for_debugcon(rf"kernel\S*: [0-9.]+ KiB of {name}, read and decompressed: ")


@pytest.mark.parametrize("firmware", [UBoot, Multiboot2Bios])
def test_modules_are_decompressed_by_their_names(boot, firmware):
    raw = compressed(TEXT[:5000], "zst")
    machine = boot(artefacts.REPORTER, firmware=firmware, files={
        "/loader/entries/a.conf": "kernel /baton/kernel.elf\n" + (
            "module /a.img.zst\nmodule /b.lz4\nmodule /raw\n" if firmware is UBoot else ""),
        "/a.img.zst": compressed(TEXT, "zst"), "/b.lz4": compressed(TEXT[:-1], "lz4"), "/raw": raw})
    machine.wait_for_exit()
    machine.wait_for_debugcon(reported("/a.img", TEXT))
    machine.wait_for_debugcon(reported("/b", TEXT[:-1]))
    machine.wait_for_debugcon(reported("/raw", raw))


@pytest.mark.parametrize(("content", "error"), [
    (compressed(TEXT, "zst")[:-7], r"compressed_data_damaged: \\m.zst: .*\(library's error 0x"),
    (TEXT, r"compression_unknown: \\m.zst: ")], ids=["damaged", "unknown"])
def test_module_that_cannot_be_decompressed_is_named(boot, content, error):
    machine = boot(artefacts.REPORTER, firmware=UBoot, files={
        "/loader/entries/a.conf": "kernel /baton/kernel.elf\nmodule /m.zst\n", "/m.zst": content})
    machine.wait_for_serial("^error: " + error)


def test_damaged_kernel_is_named(boot):
    kernel = bytearray(compressed(artefacts.REPORTER.read_bytes(), "zst"))
    kernel[len(kernel) // 2] ^= 0xff
    machine = boot(bytes(kernel), firmware=Pvh)
    machine.wait_for_serial(r"^error: compressed_data_damaged: \\kernel: ")


def test_image_compresses_what_gains_by_it(boot_image, tmp_path):
    """Random bytes don't."""
    (tmp_path / "text.img").write_bytes(TEXT)
    (tmp_path / "random.img").write_bytes(noise := random.Random(1).randbytes(100_000))
    result = baton("image", artefacts.REPORTER, "-o", tmp_path / "out.img", "--compress",
                   "--disk-speed", "20", "--module", tmp_path / "text.img", "--module",
                   tmp_path / "random.img")
    assert result.returncode == 0
    assert re.search(r"^baton: text.img: zstd, .* to .* KiB$", result.stderr, re.M)
    assert re.search(r"^baton: random.img: not compressed, .* KiB$", result.stderr, re.M)
    machine = boot_image(tmp_path / "out.img", firmware=UBoot)
    machine.wait_for_exit()
    machine.wait_for_debugcon(reported("/baton/0/text.img", TEXT))
    machine.wait_for_debugcon(reported("/baton/1/random.img", noise))


@pytest.mark.parametrize(("disk", "choice"), [
    ("20", "zstd"), ("450", "lz4"), ("9000", "not compressed")])
def test_faster_disk_gets_less_compression(tmp_path, disk, choice):
    (tmp_path / "text.img").write_bytes(TEXT)
    result = baton("image", artefacts.REPORTER, "-o", tmp_path / "out.img", "--compress",
                   "--disk-speed", disk, "--module", tmp_path / "text.img")
    assert f"baton: text.img: {choice}, " in result.stderr


def test_compression_that_is_asked_for_is_taken(boot_image, tmp_path):
    result = baton("image", artefacts.REPORTER, "-o", tmp_path / "out.img", "--compress=lz4")
    assert re.search(r"^baton: reporter.elf: lz4, ", result.stderr, re.M)
    machine = boot_image(tmp_path / "out.img", firmware=UBoot)
    machine.wait_for_exit()
    machine.wait_for_debugcon('^report: kernel "/baton/boot/kernel.elf.lz4", ')


def test_tools_read_a_compressed_kernel(tmp_path):
    """By what it holds: check and plan as the loader does, debug for GDB."""
    kernel = tmp_path / "reporter.elf.zst"
    kernel.write_bytes(compressed(artefacts.REPORTER.read_bytes(), "zst"))
    plain = [baton(verb, artefacts.REPORTER).stdout for verb in ("check", "plan")]
    packed = [baton(verb, kernel).stdout for verb in ("check", "plan")]
    segments = [re.findall("^segment .*? at ", checked[0], re.M) for checked in (plain, packed)]
    assert segments[0] == segments[1]
    assert packed[1].count("\n") > 10
    debugged = baton("debug", kernel, "--via", "pvh", "--batch", "--ex", "info symbol $rip")
    assert re.search(r"^_start in section \.text", debugged.stdout, re.M), debugged.stdout
