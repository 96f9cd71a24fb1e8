# SPDX-License-Identifier: BSD-2-Clause
"""What a boot leaves in a TPM, and what docs/secure-boot.md says of it and of attacks."""

import os
import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import artefacts
import pytest
from bundles import bundle, container
from machine import Machine, SecureOvmf
from network import Network
from start import BOOT_APPLICATION
from tpm import BANKS, Tpm, extended
from variables import BOOT, GLOBAL, NON_VOLATILE, RUNTIME, SECURITY, TIME_BASED, Variables

DOCUMENT = (artefacts.SOURCE / "docs/secure-boot.md").read_text(encoding="utf-8")


def events_in(log: bytes) -> Iterator[tuple[int, int, dict[str, bytes], bytes]]:
    """PCR, type, digest for each bank, and data: TCG PC Client Platform Firmware Profile 1.06,
    section 10.2. The first, which says what is in the others, is left out."""
    def number(at: int, count: int) -> int:
        return int.from_bytes(log[at:at + count], "little")

    names = {algorithm: (bank, len(extended(bank=bank))) for bank, algorithm in BANKS.items()}
    at = 32 + number(28, 4)
    while at < len(log):
        pcr, kind, count = number(at, 4), number(at + 4, 4), number(at + 8, 4)
        at += 12
        digests = {}
        for _ in range(count):
            bank, size = names[number(at, 2)]
            digests[bank] = log[at + 2:at + 2 + size]
            at += 2 + size
        size = number(at, 4)
        yield pcr, kind, digests, log[at + 4:at + 4 + size]
        at += 4 + size
    assert at == len(log)


def test_event_log_replayed_gives_the_registers(boot, reporter, tpm):
    EV_NO_ACTION, EV_IPL = 3, 0xD
    files = {"\\k": reporter.read_bytes(), "\\m": b"a module"}
    machine = boot(None, tpm=tpm, files={
        BOOT_APPLICATION: bundle("kernel /k\nmodule /m\noptions one two\n", files)})
    machine.wait_for_exit()
    log = bytes.fromhex(machine.wait_for_debugcon(r"^report: event log (\w+)$")[1])
    values: dict[str, dict[int, bytes]] = {bank: {} for bank in BANKS}
    texts = []
    for pcr, kind, digests, data in events_in(log):
        if kind == EV_NO_ACTION:
            continue
        for bank, digest in digests.items():
            values[bank][pcr] = extended(digest, before=values[bank].get(pcr), bank=bank, is_hashed=True)
        if kind == EV_IPL:
            texts.append((pcr, data.decode()))
    numbers = [pcr for pcr in range(16) if pcr in values["sha256"]]
    assert {4, 5, 7, 8, 9} <= set(numbers)
    for bank in BANKS:
        assert tpm.pcrs(*numbers, bank=bank) == [values[bank][pcr] for pcr in numbers], bank
    assert texts == [(9, f"baton bundle: {name}\0") for name in (".sbat", ".files", ".kernel", ".mod0")] + [
        (8, "baton entry: .entry\0"), (8, "baton command line: one two\0")]


def registers(boot, directory: Path, entry: str, kernel: bytes, module: bytes, **options) -> list[bytes]:
    """PCRs 8 and 9 after a boot of these files."""
    directory.mkdir()
    tpm = Tpm(directory)
    try:
        boot(None, tpm=tpm, files={"/loader/entries/a.conf": entry, "/k": kernel, "/m": module},
             **options).wait_for_exit()
        return tpm.pcrs(8, 9)
    finally:
        tpm.close()


@pytest.mark.long
def test_registers_show_content_and_nothing_else(boot, reporter, tmp_path):
    entry, kernel, module = "kernel /k\nmodule /m\noptions one\n", reporter.read_bytes(), b"a module"
    changed = [("as it is", (entry, kernel, module)), ("options", (entry + "options two\n", kernel, module)),
               ("a comment", ("# comment\n" + entry, kernel, module)),
               ("the kernel", (entry, kernel + b"\0", module)), ("the module", (entry, kernel, b"a modulf"))]
    found = {name: registers(boot, tmp_path / name, *content) for name, content in changed}
    assert found["as it is"] == registers(boot, tmp_path / "again", *changed[0][1], memory_mib=512,
                                          disk="ahci", processors=2)
    texts, files = (set(values) for values in zip(*found.values()))
    assert len(texts) == 3 and len(files) == 3
    assert found["options"][1] == found["as it is"][1] == found["a comment"][1]
    assert found["the kernel"][0] == found["as it is"][0] == found["the module"][0]


@pytest.mark.long
def test_swapped_file_is_what_was_measured(boot, reporter, tpm):
    content = b"as it was measured"
    machine = boot(reporter, tpm=tpm, plan=f"swap-file \\m {len(content)}\n", files={
        "/loader/entries/a.conf": "kernel /baton/kernel.elf\nmodule /m\n", "/m": content})
    machine.wait_for_exit()
    machine.wait_for_debugcon(f"{len(content)} bytes, checksum {zlib.adler32(content):08x}")
    assert tpm.pcrs(9) == [extended(reporter.read_bytes(), content)]


@pytest.mark.long
def test_file_of_a_server_is_refused(boot, reporter):
    entries = ["kernel /k\nmodule /m.bin\nenforce on\n", "kernel /k\nmodule /m.efi\n"]
    machine = boot(None, network=Network("bundle.efi"), loader="/plain.efi", files={
        "/bundle.efi": bundle(entries, {"\\k": reporter.read_bytes()}), "/m.bin": b"not signed",
        "/m.efi": container(b"a module", "\\m")})
    machine.wait_for_exit(fatal="(?!)")
    machine.wait_for_serial(r"error: not_signed: \\m.bin: ")
    machine.wait_for_debugcon('module "/m.efi" "", 8 bytes')


def commands() -> list[str]:
    """The walk's, block by block."""
    [walk] = re.findall(r"^## From nothing to a sealed secret\n(.*?)^## ", DOCUMENT, re.M | re.S)
    return re.findall(r"^```sh\n(.*?)^```$", walk, re.M | re.S)


def enrolled(directory: Path) -> type[SecureOvmf]:
    """A machine that had no keys, with those of the walk."""
    flash = Variables(Path("/usr/share/OVMF/OVMF_VARS_4M.fd").read_bytes())
    for name, vendor in (("PK", GLOBAL), ("KEK", GLOBAL), ("db", SECURITY)):
        signed = (directory / f"keys/{name}/{name}.auth").read_bytes()
        certificate_bytes = int.from_bytes(signed[16:20], "little")  # EFI_VARIABLE_AUTHENTICATION_2
        flash.set(name, vendor, signed[16 + certificate_bytes:], NON_VOLATILE | BOOT | RUNTIME | TIME_BASED)
    file = directory / "variables.fd"
    file.write_bytes(flash.flash)
    return type("EnrolledOvmf", (SecureOvmf,), {"VARIABLES": file})


@pytest.mark.long
def test_walk_from_nothing_to_a_sealed_secret(boot_image, tmp_path, tpm):
    environment = os.environ | tpm.environment() | {
        "PATH": f"{artefacts.TOOL.parent}:{os.environ['PATH']}"}

    def run(text: str, succeeds: bool = True) -> str:
        result = subprocess.run(["bash", "-eo", "pipefail", "-c", text], cwd=tmp_path, timeout=100,
                                env=environment, capture_output=True, text=True)
        assert (result.returncode == 0) == succeeds, result.stdout + result.stderr
        return result.stdout

    def boot_disk() -> Machine:
        machine = boot_image(tmp_path / "disk.img", firmware=enrolled(tmp_path), tpm=tpm)
        machine.wait_for_exit()
        machine.wait_for_serial("Secure Boot: on, by the firmware")
        return machine

    (tmp_path / "my-kernel.elf").symlink_to(artefacts.EXAMPLE_KERNEL)
    (tmp_path / "secret.txt").write_text("a secret")
    keys, variables, make, seal, unseal = commands()
    for block in (keys, variables, make, seal):
        run(block)
    run(unseal, succeeds=False)  # before the boot
    boot_disk()
    assert run(unseal) == "a secret"
    run("tpm2_unseal -c sealed.ctx", succeeds=False)  # by no password
    run(make.replace("verbose", "quiet"))
    boot_disk()
    run(unseal, succeeds=False)


def test_each_attack_has_a_test():
    [table] = re.findall(r"^## Each way in, and what stops it\n(.*)", DOCUMENT, re.M | re.S)
    rows = re.findall(r"^\| (?!Way in|---)(.*?) \| (.*?) \| (.*?) \|$", table, re.M)
    assert len(rows) > 15
    tests = "".join(file.read_text(encoding="utf-8")
                    for file in (artefacts.SOURCE / "test/boot").glob("test_*.py"))
    for way, _, test in rows:
        assert re.search(rf"^def {test.strip('`')}\(", tests, re.M), way
