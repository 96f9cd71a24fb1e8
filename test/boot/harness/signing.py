# SPDX-License-Identifier: BSD-2-Clause
"""Signs PE files: with the key that the package ovmf has for tests, which is in the variables of
machine.SecureOvmf, and with one that nobody knows."""

import functools
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple


class Signer(NamedTuple):
    key: Path
    certificate: Path


_SNAKEOIL = Path("/usr/share/ovmf/PkKek-1-snakeoil.key")
_made = tempfile.TemporaryDirectory(prefix="baton-keys-")  # as long as the tests run


def _run(*command) -> None:
    subprocess.run(command, check=True, capture_output=True)


@functools.cache
def trusted() -> Signer:
    """The firmware's `db` has its certificate."""
    key = Path(_made.name) / "trusted.key"
    _run("openssl", "rsa", "-in", _SNAKEOIL, "-passin", "pass:snakeoil", "-out", key)
    return Signer(key, _SNAKEOIL.with_suffix(".pem"))


@functools.cache
def made(name: str) -> Signer:
    """A new key, in no variable."""
    signer = Signer(*(Path(_made.name) / f"{name}.{what}" for what in ("key", "pem")))
    _run("openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
         "-days", "2", "-keyout", signer.key, "-out", signer.certificate)
    return signer


def sign(image: bytes, signer: Signer | None = None) -> bytes:
    """By the key that is trusted, or another."""
    key, certificate = signer or trusted()
    with tempfile.TemporaryDirectory(prefix="baton-sign-") as name:
        unsigned, signed = (Path(name) / what for what in ("unsigned.efi", "signed.efi"))
        unsigned.write_bytes(image)
        _run("sbsign", "--key", key, "--cert", certificate, "--output", signed, unsigned)
        return signed.read_bytes()


def der(signer: Signer) -> bytes:
    """Its certificate."""
    command = ["openssl", "x509", "-in", signer.certificate, "-outform", "DER"]
    return subprocess.run(command, check=True, capture_output=True).stdout
