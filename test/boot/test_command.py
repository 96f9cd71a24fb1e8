# SPDX-License-Identifier: BSD-2-Clause
"""What ./baton does for the person who calls it."""

import os
import signal
import subprocess
import time

import artefacts
import pytest
from elf import Elf
from kernels import code_kernel
from tool import baton as tool

BATON = artefacts.SOURCE / "baton"
LOOP = bytes.fromhex("ebfe")
UD2 = bytes.fromhex("0f0b")
# mov eax, 0x11; out 0xf4, eax
REPORT_FAILURE = bytes.fromhex("b811000000 e7f4") + LOOP
# An IDT without an entry, then an exception: push 0; push 0; lidt [rsp]; ud2
TRIPLE_FAULT = bytes.fromhex("6a00 6a00 0f011c24 0f0b")

needs_build = pytest.mark.skipif(artefacts.BUILD != artefacts.SOURCE / "build",
                                 reason="./baton boots what is in build/, which is not tested now")


def baton(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run([BATON, *map(str, arguments)], capture_output=True, text=True,
                          errors="replace", timeout=90, stdin=subprocess.DEVNULL, **options)


@pytest.fixture
def kernel_file(tmp_path):
    def write(kernel: Elf):
        file = tmp_path / "my kernel.elf"
        file.write_bytes(kernel.build())
        return file

    return write


@needs_build
def test_run_boots_the_example_kernel_and_succeeds():
    result = baton("run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "kernel: PASS" in result.stdout
    assert "\x1b[2J" not in result.stdout, "the terminal is not cleared"


@needs_build
def test_soak_tells_what_became_of_its_boots():
    result = baton("soak", 2, "--seed", "both")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 boots: 2 booted, 0 failed, 0 named errors" in result.stdout


@needs_build
def test_run_boots_a_kernel_of_ones_own_from_any_folder(kernel_file):
    file = kernel_file(code_kernel(REPORT_FAILURE))
    result = baton("run", file.name, "--via=pvh", "--timeout", 60, cwd=file.parent)
    assert result.returncode == 1, result.stderr
    assert "the kernel reported failure" in result.stderr


@pytest.mark.long
def test_run_by_grub_on_uefi(tmp_path):
    """Other paths are in test_image.py."""
    log = tmp_path / "debug.txt"
    result = tool("run", artefacts.REPORTER, "--via=multiboot2", "--append", "a=1 b", "--timeout", 60,
                  "--", "-debugcon", f"file:{log}")
    assert result.returncode == 0, result.stdout + result.stderr
    assert ', command line "a=1 b", ' in log.read_text()


def test_run_without_firmware_says_that_there_is_one_file():
    result = tool("run", "--via", "pvh", "--module", artefacts.LOADER)
    assert result.returncode == 1
    assert "QEMU passes only the kernel" in result.stderr


def test_run_ends_at_its_timeout(kernel_file):
    result = tool("run", kernel_file(code_kernel(LOOP)), "--via=pvh", "--timeout=2",
                  "--set=watchdog=off")
    assert result.returncode == 1
    assert "no result within 2 s" in result.stderr


def test_run_tells_of_a_triple_fault(kernel_file):
    result = tool("run", kernel_file(code_kernel(TRIPLE_FAULT)), "--via=pvh", "--timeout", 60)
    assert result.returncode == 1
    assert "the guest triple-faulted" in result.stderr


def test_run_ends_with_a_fault_that_is_reported(kernel_file):
    result = tool("run", kernel_file(code_kernel(UD2)), "--via=pvh", "--timeout", 60)
    assert result.returncode == 1
    assert "baton: fault: #UD invalid opcode, vector 6, in kernel + 0x0" in result.stdout
    assert "the loader reported a fault" in result.stderr


def test_run_hands_arguments_to_qemu():
    result = tool("run", "--", "-device", "no-such-device")
    assert result.returncode == 1
    assert "no-such-device" in result.stderr


@needs_build
def test_run_ends_at_control_c_and_leaves_nothing(kernel_file, tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    arguments = [BATON, "run", kernel_file(code_kernel(LOOP)), "--via=pvh"]
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, env=environment,
                               start_new_session=True)
    try:
        while "booting" not in process.stderr.readline():
            assert process.poll() is None
        assert list(tmp_path.glob("baton.*"))
        time.sleep(1)  # so that QEMU has started
        os.killpg(process.pid, signal.SIGINT)  # as the terminal does
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.stderr.close()
    assert not list(tmp_path.glob("baton.*"))


def test_fuzz_lists_its_targets():
    lines = baton("fuzz").stdout.splitlines()
    targets = {file.name.removesuffix("_target.cpp")
               for file in (artefacts.SOURCE / "test/fuzz").glob("*_target.cpp")}
    assert {line.split()[0] for line in lines} == targets
    for line in lines:
        assert line.endswith("."), "a sentence for each"


@needs_build
def test_fuzz_runs_a_target_for_a_time_or_one_input(tmp_path):
    result = baton("fuzz", "note", 1)
    assert result.returncode == 0, result.stderr
    assert "nothing was found" in result.stderr
    (tmp_path / "input").write_bytes(b"\4")
    result = baton("fuzz", "note", "input", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert f"Executed {tmp_path}/input in" in result.stderr


@needs_build
def test_package_makes_a_debian_package_and_a_tarball():
    result = baton("package")
    assert result.returncode == 0, result.stderr
    packages = {file.suffix for file in (artefacts.BUILD / "packages").glob("baton[-_]*.*")}
    assert packages == {".deb", ".gz"}


@needs_build
def test_new_makes_a_project_that_needs_no_installed_baton(tmp_path):
    result = baton("new", "my-os", cwd=tmp_path)
    assert result.returncode == 0 and result.stdout.startswith("cd my-os\n"), result.stderr
    made = subprocess.run(["make", "run"], cwd=tmp_path / "my-os", capture_output=True, text=True,
                          timeout=120, stdin=subprocess.DEVNULL)
    assert made.returncode == 0 and "Hello from my-os" in made.stdout, made.stderr


def expect_misuse(*wrong_calls):
    for arguments in wrong_calls:
        result = baton(*arguments)
        assert result.returncode == 2, arguments
        assert result.stdout == "", arguments
        assert result.stderr.startswith("baton: ") and "./baton help" in result.stderr, arguments


def test_wrong_calls_explain_themselves():
    expect_misuse([], ["fly"], ["--fly"], ["build", "it"], ["lint", "it"],
                  ["package", "it"], ["fuzz", "nothing"],
                  ["fuzz", "note", "soon"], ["fuzz", "--coverage", "note", "1"])


@needs_build
def test_wrong_calls_of_the_tool_explain_themselves():
    expect_misuse(
        ["run", "--fly"], ["run", "no-such-file.elf"], ["run", "--timeout"],
        ["run", "--timeout", "soon"], ["run", "--memory", "0"], ["run", "--accel", "magic"],
        ["run", "--via", "magic"],
        ["run", BATON, BATON], ["run", artefacts.SOURCE], ["run", "--module"],
        ["run", "--module", "no-such-file=x"], ["run", "--module", "/dev/null"],
        ["run", "--module", f"{BATON}=a\nb"], ["run", "--append"], ["run", "--append", "a\nb"],
        ["image", BATON], ["image", "-o", "disk.img"], ["explain"], ["explain", "no-such-file"],
        ["check"], ["check", BATON, "--memory", "much"], ["plan", BATON, "--json", "--svg"])


def test_help_has_every_verb_and_option():
    result = baton("help")
    assert result.returncode == 0
    for word in ["new", "run", "check", "plan", "image", "explain", "test", "fuzz", "build", "package",
                 "lint", "help", "bench", "--timeout", "--memory", "--smp", "--display", "--accel", "--via",
                 "--module", "--append", "--protocol", "--lang", "--build", "--coverage", "--"]:
        assert f" {word} " in result.stdout.replace("\n", " "), word
