# SPDX-License-Identifier: BSD-2-Clause
"""Under Secure Boot only what is signed runs: docs/secure-boot.md has these tests by their names."""

import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import artefacts
import pytest
from bundles import ENTRY, SBAT, Pe, bundle, container, files, kernel
from machine import Machine, MicrosoftOvmf, SecureOvmf, UBoot
from signing import Signer, der, made, sign
from start import BOOT_APPLICATION, Content, start
from variables import (BOOT, GLOBAL, NON_VOLATILE, RUNTIME, SECURITY, SHIM, TIME_BASED, Variables,
                       certificate_list, hash_list, load_option)


def firmware_with(directory: Path, *changes: Callable[[Variables], None],
                  firmware: type[SecureOvmf] = SecureOvmf) -> type[SecureOvmf]:
    """With other variables."""
    variables = Variables(firmware.VARIABLES.read_bytes())
    for change in changes:
        change(variables)
    file = directory / "changed-variables.fd"
    file.write_bytes(variables.flash)
    return type("ChangedOvmf", (firmware,), {"VARIABLES": file})


def signed_bundle() -> bytes:
    return sign(bundle(ENTRY, files()))


def expect_refusal_by_firmware(machine) -> None:
    machine.wait_for_serial(SecureOvmf.REFUSAL)
    assert "Baton" not in machine.serial


def test_signed_bundle_boots(boot):
    machine = boot(None, files={BOOT_APPLICATION: signed_bundle()}, firmware=SecureOvmf)
    machine.wait_for_exit()
    machine.wait_for_serial("Secure Boot: on, by the firmware; only what is signed is used")
    machine.wait_for_serial(r"^kernel: PASS")


@pytest.mark.long
def test_unsigned_bundle_is_refused(boot):
    expect_refusal_by_firmware(boot(None, files={BOOT_APPLICATION: bundle(ENTRY, files())},
                                    firmware=SecureOvmf))


def changed_at(where: str, image: bytes) -> int:
    """An offset there. The header's checksum is all that no signature covers."""
    if where == "header":
        return Pe(image).header + 8  # its time
    if where == "signature":
        offset, size = Pe(image).directory(4)
        return offset + size - 64  # of the value, which is last
    return Pe(image).sections[where].offset


ELSEWHERE = (".text", ".rdata", ".sbat", ".entry", ".files", ".mod0", "header", "signature")


@pytest.mark.parametrize("where", [
    ".kernel", *(pytest.param(where, marks=pytest.mark.long) for where in ELSEWHERE)])
def test_changed_byte_is_refused(boot, where):
    image = bytearray(signed_bundle())
    image[changed_at(where, bytes(image))] ^= 1
    expect_refusal_by_firmware(boot(None, files={BOOT_APPLICATION: bytes(image)}, firmware=SecureOvmf))


@pytest.mark.long
def test_bundle_whose_hash_is_revoked_is_refused(boot, tmp_path):
    image = signed_bundle()
    firmware = firmware_with(tmp_path, lambda variables: variables.set(
        "dbx", SECURITY, hash_list(Pe(image).digest()), NON_VOLATILE | BOOT | RUNTIME | TIME_BASED))
    expect_refusal_by_firmware(boot(None, files={BOOT_APPLICATION: image}, firmware=firmware))


@pytest.mark.long
def test_setup_mode_enforces_nothing(boot, tmp_path):
    """Anybody may set the keys then."""
    firmware = firmware_with(tmp_path, lambda variables: variables.remove("PK"))
    machine = boot(None, files={BOOT_APPLICATION: bundle(ENTRY, files())}, firmware=firmware)
    machine.wait_for_exit()
    machine.wait_for_serial("Secure Boot: off; what is found is used")


# What is on the volume of a machine that has a signed bundle: none of it is signed, and each but the
# last entry names some of it.
ENTRIES = ["kernel /os/kernel.elf\n",
           "kernel /a/kernel.elf\nmodule /os/module.bin\n",
           "kernel /a/kernel.elf\nmodule /os/unsigned.efi\n",
           "kernel /a/kernel.elf\nmodule /os/foreign.efi\n",
           "kernel /a/kernel.elf\nmodule /os/no-sbat.efi\n",
           "kernel /a/kernel.elf\nmodule /os/changed.efi\n",
           "kernel /a/kernel.elf\nmodule /os/program.efi\n",
           "kernel /a/kernel.elf\nmodule /os/good.efi\noptions the last\n"]


def volume() -> dict[str, Content]:
    good = sign(container(b"signed", "\\module.bin"))
    changed = bytearray(good)
    changed[Pe(good).sections[".mod0"].offset] ^= 1
    return {"/loader/loader.conf": "default z*\n",
            "/loader/entries/z.conf": "kernel /os/kernel.elf\n",
            "/limine.conf": "/Entry\nprotocol: baton\npath: boot():/os/kernel.elf\n",
            "/baton/kernel.elf": artefacts.EXAMPLE_KERNEL,
            "/os/kernel.elf": artefacts.EXAMPLE_KERNEL,
            "/os/module.bin": "not signed",
            "/os/unsigned.efi": container(b"not signed", "\\module.bin"),
            "/os/foreign.efi": sign(container(b"foreign", "\\module.bin"), made("foreign")),
            "/os/no-sbat.efi": sign(container(b"signed", "\\module.bin", sbat=b"")),
            "/os/changed.efi": bytes(changed),
            "/os/program.efi": sign(artefacts.LOADER.read_bytes()),
            "/os/good.efi": good}


def run(loader: bytes, files: Mapping[str, Content], ending: Callable[[Machine], None],
        *changes: Callable[[Variables], None]) -> str:
    """What a machine says until `ending` has waited for it."""
    with tempfile.TemporaryDirectory(prefix="baton-test-") as name:
        machine = start(Path(name) / "machine", None, files={BOOT_APPLICATION: loader} | files,
                        firmware=firmware_with(Path(name), *changes))
        try:
            ending(machine)
            return machine.serial
        finally:
            machine.close()


@pytest.fixture(scope="module")
def said() -> str:
    """By a machine whose bundle has ENTRIES."""
    return run(sign(bundle(ENTRIES, {"\\a\\kernel.elf": kernel()}, sbat=b"")), volume(),
               lambda machine: machine.wait_for_exit(fatal="(?!)"))


@pytest.mark.parametrize("path", [r"\os\kernel.elf", r"\os\module.bin", r"\os\program.efi"])
def test_unsigned_file_is_refused(said, path):
    assert f"error: not_signed: {path}" in said


@pytest.mark.parametrize("name", ["unsigned", "foreign", "changed"])
def test_untrusted_container_is_refused(said, name):
    assert rf"error: container_refused: \os\{name}.efi" in said


def test_container_without_sbat_is_refused(said):
    assert r"error: container_without_sbat: \os\no-sbat.efi" in said


def test_good_entry_after_refused_ones_boots(said):
    assert r"\os\good.efi: 6 B from a container" in said
    assert "kernel: PASS" in said


@pytest.mark.long
@pytest.mark.parametrize(("files", "refused"), [
    ([], ["load options", "loader.conf", "z.conf"]),
    # It doesn't count where there is another configuration, or the default kernel.
    (["/limine.conf"], [r"\limine.conf"])], ids=["entries", "limine"])
def test_configuration_is_refused(files, refused):
    option = load_option(r"\EFI\BOOT\BOOTX64.EFI", "loader kernel=/os/kernel.elf")
    of_firmware = NON_VOLATILE | BOOT | RUNTIME

    def set_load_options(variables: Variables) -> None:
        if not files:
            variables.set("Boot0042", GLOBAL, option, of_firmware)
            variables.set("BootOrder", GLOBAL, b"\x42\0", of_firmware)

    on_disk = {path: content for path, content in volume().items() if not files or path in files}
    said = run(sign(artefacts.LOADER.read_bytes()), on_disk, Machine.wait_for_firmware, set_load_options)
    for what in refused:
        assert f"{what}: error: not_signed" in said


def test_file_that_the_kernel_requests_is_refused(boot):
    kernel = artefacts.conformance_kernel("request-module").read_bytes()
    machine = boot(None, firmware=UBoot, files={
        BOOT_APPLICATION: bundle("kernel /k\nenforce on\n", {"\\k": kernel}),
        "/baton/requested.txt": "not signed"})
    machine.wait_for_debugcon(r"^error: not_signed: \\baton\\requested.txt: ")


@pytest.mark.parametrize("firmware", [UBoot, pytest.param(SecureOvmf, marks=pytest.mark.long)])
def test_swapped_container_is_what_was_read(boot, reporter, firmware):
    content = bytes(range(256)) * 40
    file = container(content, "\\module.bin")
    loader = bundle("kernel /k\nmodule /m.efi\n", {"\\k": reporter.read_bytes()})
    shim = artefacts.SHIM.read_bytes()
    if firmware is SecureOvmf:
        file, loader, shim = sign(file), sign(loader), sign(shim)
    machine = boot(None, plan=f"swap-file \\m.efi {len(file)}\n", firmware=firmware,
                   files={BOOT_APPLICATION: shim, "/shim/loader.efi": loader, "/m.efi": file})
    machine.wait_for_exit()
    machine.wait_for_debugcon(f'module "/m.efi" "", {len(content)} bytes, '
                              f"checksum {zlib.adler32(content):08x}")
    assert "swapped" not in machine.debugcon + machine.serial


# The owner of a machine has enrolled this one in shim.
def owner() -> Signer:
    return made("owner")


SHIMS = Path("/usr/lib/shim")
# shim-signed's postinst installs a boot loader on the machine that runs the tests: they need only
# the other, and sign it themselves.
SIGNED_SHIM = SHIMS / "shimx64.efi.signed"


def boot_by_shim(boot, directory: Path, loader: bytes, files: Mapping[str, Content] = {}, *,
                 sbat_level: str = "", is_signed: bool = False):
    """By shim as Microsoft has signed it, or with a signature of ours."""
    shim = SIGNED_SHIM if is_signed else sign((SHIMS / "shimx64.efi").read_bytes())

    def enrol(variables: Variables) -> None:
        variables.set("MokList", SHIM, certificate_list(der(owner())), NON_VOLATILE | BOOT)
        if sbat_level:
            variables.set("SbatLevel", SHIM, sbat_level.encode(), NON_VOLATILE | BOOT)

    firmware = firmware_with(directory, enrol, firmware=MicrosoftOvmf if is_signed else SecureOvmf)
    return boot(None, firmware=firmware,
                files={BOOT_APPLICATION: shim, "/EFI/BOOT/grubx64.efi": loader} | dict(files))


@pytest.mark.long
@pytest.mark.parametrize("is_signed", [False, pytest.param(True, marks=pytest.mark.skipif(
    not SIGNED_SHIM.exists(), reason="shim-signed isn't installed"))])
def test_shim_takes_a_bundle_and_a_container_of_the_owners(boot, tmp_path, is_signed):
    entries = [f"kernel /a/kernel.elf\nmodule /{name}.efi\n" for name in ("foreign", "no-sbat", "good")]
    of_owner = lambda image: sign(image, owner())
    machine = boot_by_shim(boot, tmp_path, of_owner(bundle(entries, {"\\a\\kernel.elf": kernel()})), {
        "/foreign.efi": sign(container(b"foreign", "\\module.bin"), made("foreign")),
        "/no-sbat.efi": of_owner(container(b"signed", "\\module.bin", sbat=b"")),
        "/good.efi": of_owner(container(b"signed", "\\module.bin"))}, is_signed=is_signed)
    machine.wait_for_exit(fatal="(?!)")
    machine.wait_for_serial("Secure Boot: on, by shim; only what is signed is used")
    machine.wait_for_serial(r"error: container_refused: \\foreign.efi")
    machine.wait_for_serial(r"error: container_without_sbat: \\no-sbat.efi")
    machine.wait_for_serial(r"\\good.efi: 6 B from a container")
    machine.wait_for_serial("^kernel: PASS")


@pytest.mark.long
def test_kernel_learns_that_shim_has_verified_it(boot, tmp_path):
    expect = ",".join((*SecureOvmf.FEATURES, "memory:240", "framebuffer:1", "modes", "secure-boot",
                       "bundle", "enforced", "shim"))
    content = artefacts.conformance_kernel("16m").read_bytes()
    machine = boot_by_shim(boot, tmp_path, sign(
        bundle(f"kernel /k\noptions expect={expect}\n", {"\\k": content}), owner()))
    machine.wait_for_exit()
    machine.wait_for_debugcon(r"^conformance: \d+ kept, 0 broken")


@pytest.mark.long
@pytest.mark.parametrize("case", ["foreign", "without-sbat", "revoked"])
def test_shim_refuses_a_bundle(boot, tmp_path, case):
    loader = sign(bundle(ENTRY, files(), sbat=b"" if case == "without-sbat" else SBAT),
                  made("foreign") if case == "foreign" else owner())
    machine = boot_by_shim(boot, tmp_path, loader,
                           sbat_level="sbat,1,2099010100\nbaton,2\n" if case == "revoked" else "")
    machine.wait_for_serial(r"Verification failed: \(0x1A\) Security Violation", whole_lines=False)
    assert "Baton" not in machine.serial
