# SPDX-License-Identifier: BSD-2-Clause
"""What README.md and the documents for its readers show works as it stands there."""

import re
import subprocess

import artefacts
import pytest
from machine import DEADLINE_SECONDS, SUCCESS, UBoot

STARTING = "docs/starting.md"


def block(language: str, containing: str, document: str = STARTING) -> str:
    """The document's only block of code in this language with this text."""
    text = (artefacts.SOURCE / document).read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    [found] = [code for code in blocks if containing in code]
    return found


@pytest.mark.parametrize("document", ["README.md", "docs/first-kernel.md"])
def test_readme_kernel_builds_and_boots_as_shown(boot, tmp_path, document):
    (tmp_path / "hello.c").write_text(block("c", "_start", document))
    commands = block("sh", "hello.c", document)
    assert "./baton run hello.elf" in commands
    compile_command = re.search(r"^gcc (?:.*\\\n)*.*$", commands, re.MULTILINE).group()
    # The reader stands in the repository, whose build/ may not be the one under test.
    command = compile_command.replace("-Ibuild/include", f"-I{artefacts.BUILD}/include")
    result = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    machine = boot(tmp_path / "hello.elf", firmware=UBoot)
    machine.wait_for_exit()
    assert "Hello" in machine.serial


def test_readme_network_boot_works_as_shown(tmp_path):
    (tmp_path / "build").symlink_to(artefacts.BUILD)
    commands = block("sh", "bootfile=").replace("qemu-system", "exec qemu-system")
    result = subprocess.run(["bash", "-ec", commands], cwd=tmp_path, stdin=subprocess.DEVNULL,
                            capture_output=True, timeout=DEADLINE_SECONDS)
    output = result.stdout.decode(errors="replace")
    assert result.returncode == SUCCESS, output + result.stderr.decode()
    assert "files from tftp://10.0.2.2/" in output and "kernel: PASS" in output


def expect_my_os(machine, string: str) -> None:
    machine.wait_for_exit()
    machine.wait_for_debugcon(r"\] slide 0x\w+, at random$")
    machine.wait_for_debugcon('^report: kernel "/my-os/kernel.elf", command line "verbose", ')
    machine.wait_for_debugcon(f'^report: module "/my-os/initrd.img" "{string}", 10 bytes, ')
    for complaint in ("ignored", "warning: ", "error: "):
        assert complaint not in machine.debugcon


MY_OS = {"/my-os/kernel.elf": artefacts.REPORTER_PIE, "/my-os/initrd.img": b"0123456789"}


def test_readme_boot_entry_boots_as_shown(boot):
    machine = boot(None, firmware=UBoot,
                   files={"/loader/entries/my-os.conf": block("conf", "My OS")} | MY_OS)
    expect_my_os(machine, "the string that the kernel finds beside it")


def test_readme_load_options_boot_as_shown(boot):
    machine = boot(None, plan=f"options {block('text', 'kernel=')}", files=MY_OS, firmware=UBoot)
    expect_my_os(machine, "the string")
