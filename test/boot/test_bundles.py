# SPDX-License-Identifier: BSD-2-Clause
"""Stage 1 boots what is in its own image and in containers, and under Secure Boot nothing else."""

import functools
import re

import artefacts
import pytest
from bundles import ENTRY, bundle, files, kernel
from machine import SecureOvmf
from paths import Pvh
from pe_sections import SBAT, container
from signing import sign
from tpm import extended

BOOT = "/EFI/BOOT/BOOTX64.EFI"


def kernel_container(sections: dict[str, bytes]) -> bytes:
    """With these sections in front."""
    return container(sections | {".files": b".kernel \\kernel.elf\n", ".kernel": kernel()})


def expect_pass(machine, *texts: str):
    machine.wait_for_exit(fatal="^baton: fault.*")  # an entry before it may have had an error
    for text in (*texts, "^kernel: PASS"):
        assert re.search(text, machine.serial, re.MULTILINE), text


def expect_refusals(machine, *texts: str):
    machine.wait_for_serial(r"back to the firmware")
    for text in texts:
        assert re.search(text, machine.serial, re.MULTILINE), text
    assert "kernel: PASS" not in machine.serial


def test_a_bundle_boots_what_is_in_it(boot):
    machine = boot(None, files={BOOT: bundle(ENTRY, files())})
    expect_pass(machine, r"Secure Boot: off; what is found is used$", r"booting \\a\\kernel.elf of .entry$",
                r"\\a\\kernel.elf: .* from the bundle$", r"\\a\\module.bin: .* from the bundle$")


def test_without_enforcement_the_volume_comes_after_the_bundle(boot):
    machine = boot(kernel(), files={BOOT: bundle("kernel /missing.elf\n", files()),
                                  "/loader/entries/a.conf": "kernel /baton/kernel.elf\n"})
    expect_pass(machine, r"error: kernel_not_found: \\missing.elf", r"booting \\baton\\kernel.elf of a.conf$")


def test_a_damaged_bundle_boots_nothing(boot):
    machine = boot(kernel(), files={BOOT: bundle(ENTRY, files(), mod7=b"").replace(b".mod0 \\", b".mod8 \\")})
    expect_refusals(machine, r"error: bundle_damaged: \.mod8: .*check 0x8, section or line 0x2, ")


def test_a_bundle_that_enforces_refuses_the_volume(boot):
    machine = boot(kernel(), files={BOOT: bundle("kernel /baton/kernel.elf\nenforce on\n", {}),
                                  "/loader/loader.conf": "default a\n",
                                  "/loader/entries/a.conf": "kernel /baton/kernel.elf\n"})
    expect_refusals(machine, r"Secure Boot: off; only what is signed is used",
                    r"error: not_signed: \\baton\\kernel.elf: ", r"loader.conf: error: not_signed",
                    r"a.conf: error: not_signed")


def test_a_container_is_a_kernel_and_a_module(boot):
    on_disk = {"/k.efi": kernel_container({".sbat": SBAT}),
               "/m.EFI": container({".sbat": SBAT, ".files": b".mod0 \\m\n", ".mod0": b"a module"}),
               "/loader/entries/a.conf": "kernel /k.efi\nmodule /m.EFI\n"}
    machine = boot(None, files=on_disk)
    expect_pass(machine, r"\\k.efi: .* from a container$", r'/m.EFI "", 8 bytes')


@functools.cache
def refused() -> dict[str, bytes]:
    return {
        "container_without_sbat": kernel_container({}),
        "not_signed": container({".sbat": SBAT, ".files": b".mod0 \\a\n.kernel \\b\n", ".kernel": kernel(),
                                 ".mod0": b""}),
        "bundle_damaged": container({".sbat": SBAT, ".files": b".mod1 \\a\n", ".kernel": kernel()}),
    }


@pytest.mark.parametrize("error", ["container_without_sbat", "not_signed", "bundle_damaged"])
def test_a_container_is_refused(boot, error):
    machine = boot(None, files={"/k.efi": refused()[error], "/loader/entries/a.conf": "kernel /k.efi\n"})
    expect_refusals(machine, rf"error: {error}: \\k.efi: ")


def test_a_kernel_whose_name_ends_in_efi_is_an_ordinary_file(boot):
    machine = boot(None, files={"/k.efi": kernel(), "/loader/entries/a.conf": "kernel /k.efi\n"})
    expect_pass(machine)


def test_secure_boot_without_a_bundle_boots_nothing(boot):
    machine = boot(kernel(), firmware=SecureOvmf, files={
        BOOT: sign(artefacts.LOADER.read_bytes()), "/loader/entries/a.conf": "kernel /baton/kernel.elf\n"})
    expect_refusals(machine, r"a.conf: error: not_signed",
                    r"^error: not_signed: \\baton\\kernel.elf: .*make a bundle")


@pytest.mark.long
def test_secure_boot_takes_signed_containers_alone(boot):
    entries = [f"kernel /{name}.efi\n".encode() for name in ("plain", "broken", "elf", "good")]
    good = sign(kernel_container({".sbat": SBAT}))
    broken = good.replace(b"kernel: PASS", b"kernel: FOUL", 1)
    assert broken != good
    machine = boot(None, firmware=SecureOvmf, files={
        BOOT: sign(bundle(entries[0].decode(), {}, **{f"entry{i}": entries[i] for i in (1, 2, 3)})),
        "/plain.efi": kernel_container({".sbat": SBAT}), "/broken.efi": broken, "/elf.efi": kernel(), "/good.efi": good})
    expect_pass(machine, r"\\good.efi: .* from a container$", *(
        rf"error: container_refused: \\{name}.efi: .*status 0x80000000000000.."
        for name in ("plain", "broken", "elf")))


def test_the_kernel_gets_the_event_log(expect_conformance, tpm):
    expect_conformance("16m", "event-log,measured", tpm=tpm,
                       entry="measure required\n")


def test_the_kernel_learns_what_was_verified(boot):
    content = artefacts.conformance_kernel("16m").read_bytes()
    expect = ",".join((*SecureOvmf.FEATURES, "memory:240", "framebuffer:1", "modes", "secure-boot", "bundle",
                       "enforced"))
    machine = boot(None, firmware=SecureOvmf, files={
        BOOT: sign(bundle(f"kernel /k\noptions expect={expect}\n", {"\\k": content}))})
    machine.wait_for_exit()
    machine.wait_for_debugcon(r"^conformance: \d+ kept, 0 broken")


def test_a_bundle_is_measured(boot, tpm):
    index = ".kernel \\a\\kernel.elf\n.mod0 \\a\\module.bin\n"
    second = "# a second entry\n" + ENTRY + "measure required\n"
    machine = boot(None, tpm=tpm, files={
        BOOT: bundle("kernel /missing\nmeasure required\n", files(), entry1=second.encode())})
    expect_pass(machine)
    assert tpm.pcrs(8, 9) == [
        extended("kernel /missing\nmeasure required\n", second, "from the bundle"),
        extended(SBAT, index, *files().values())]


def test_files_are_measured_as_they_are_read(boot, tpm):
    entry = "kernel /k.efi\nmodule /m.bin\nmodule /empty\noptions words\n"
    on_disk = {"/k.efi": kernel_container({".sbat": SBAT}), "/m.bin": b"a module", "/empty": b"",
               "/loader/entries/a.conf": entry}
    machine = boot(None, tpm=tpm, files=on_disk)
    expect_pass(machine)
    assert tpm.pcrs(8, 9) == [extended(entry, "words"), extended(on_disk["/k.efi"], b"a module", b"")]


def test_an_entry_that_must_be_measured_needs_a_tpm(boot):
    machine = boot(kernel(), files={
        "/loader/loader.conf": "default a\n",
        "/loader/entries/a.conf": "kernel /baton/kernel.elf\nmeasure required\n",
        "/loader/entries/b.conf": "kernel /baton/kernel.elf\nmeasure auto\n"})
    expect_pass(machine, r"^error: tpm_missing: ", r"booting \\baton\\kernel.elf of b.conf$")


@pytest.mark.parametrize("setting, error", [("enforce on", "not_signed"), ("measure required", "tpm_missing")])
def test_without_firmware_there_is_neither(boot, setting, error):
    machine = boot(kernel(), firmware=Pvh,
                   files={"/loader/entries/a.conf": f"kernel /baton/kernel.elf\n{setting}\n"})
    machine.wait_for_serial(rf"^error: {error}: ")


def test_a_tpm_that_fails_is_a_warning_or_an_error(boot):
    machine = boot(kernel(), plan="tpm\nfail-always HashLogExtendEvent\n", files={
        "/loader/loader.conf": "default a\n",
        "/loader/entries/a.conf": "kernel /baton/kernel.elf\nmeasure required\n",
        "/loader/entries/b.conf": "kernel /baton/kernel.elf\n"})
    expect_pass(machine, r"warning: baton entry: a.conf can't be measured: status 0x8000000000000007$",
                r"^error: measurement_failed: .*status 0x8000000000000007",
                r"warning: baton file: \\baton\\kernel.elf can't be measured",
                r"warning: the TPM's event log can't be read: status 0x0$")
