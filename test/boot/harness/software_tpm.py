# SPDX-License-Identifier: BSD-2-Clause
"""A TPM 2.0 of swtpm's for QEMU, which logs what is measured into it."""

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

TPM2_PCR_EXTEND = bytes.fromhex("00000182")  # TPM 2.0 Library, part 2, table 12
DIGEST_BYTES = {0x04: 20, 0x0B: 32, 0x0C: 48, 0x0D: 64}  # TCG Algorithm Registry


@contextlib.contextmanager
def software_tpm(folder: Path) -> Iterator["SoftwareTpm"]:
    folder.mkdir()
    tpm = SoftwareTpm(folder)
    process = subprocess.Popen(
        ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}", 
         "--ctrl", f"type=unixio,path={tpm.socket}", "--flags", "startup-clear", "--terminate", "--log", f"level=20,file={tpm.log}"])
    try:
        while not tpm.socket.exists():
            assert process.poll() is None
            time.sleep(0.01)
        yield tpm
    finally:
        process.kill()
        process.wait()


class SoftwareTpm:
    def __init__(self, folder: Path):
        self.socket, self.log = folder / "control", folder / "log.txt"
        self.arguments = ["-chardev", f"socket,id=tpm,path={self.socket}",
                          "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-tis,tpmdev=tpm0"]

    def extends(self, pcr: int, algorithm: int = 0x0B) -> list[bytes]:
        """The digests that this PCR was extended by, in order."""
        found = []
        for command in re.findall(r"SWTPM_IO_Read: length \d+\n((?: *[0-9A-F ]+\n)+)", self.log.read_text()):
            data = bytes.fromhex(command)
            if data[6:10] != TPM2_PCR_EXTEND or int.from_bytes(data[10:14]) != pcr:
                continue
            at = 18 + int.from_bytes(data[14:18])  # after the authorisation
            count, at = int.from_bytes(data[at:at + 4]), at + 4
            for _ in range(count):
                name, at = int.from_bytes(data[at:at + 2]), at + 2
                if name == algorithm:
                    found.append(data[at:at + DIGEST_BYTES[name]])
                at += DIGEST_BYTES[name]
        return found
