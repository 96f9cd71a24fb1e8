# SPDX-License-Identifier: BSD-2-Clause
"""A machine's TPM 2.0, which swtpm plays, and the lack of one.

A machine without a TPM reads ones where it would be, and QEMU's reads zeroes, which OVMF takes for
one that is never ready: it waits 2 s, nearly half of the time that a boot takes."""

import array
import contextlib
import ctypes
import hashlib
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# TCG PC Client Platform TPM Profile 1.05, section 6.5.2: the first register. Ones: there is no TPM.
ACCESS = 0xFED4_0000

# The display adapter, which is the first device, and its memory of 16 MiB.
SLOT = 1
BASE = ACCESS & -(16 << 20)
CONFIG_ADDRESS, CONFIG_DATA = 0xCF8, 0xCFC
BAR0, COMMAND, MEMORY_SPACE = 0x10, 4, 2


def _set(register: int, value: int) -> list[str]:
    return [f"outl {CONFIG_ADDRESS} {1 << 31 | SLOT << 11 | register}", f"outl {CONFIG_DATA} {value}"]


# Before a machine's first instruction, commands of QEMU's test protocol: the memory of its display
# adapter is there, until the firmware gives it a place.
HIDE = [*_set(BAR0, BASE), *_set(COMMAND, MEMORY_SPACE), f"writeb {ACCESS} 0xff"]

# TCG Algorithm Registry 1.34, table 3: TPM_ALG_ID of a bank.
BANKS = {"sha1": 0x04, "sha256": 0x0B, "sha384": 0x0C, "sha512": 0x0D}

# TCG TPM 2.0 Library part 3, sections 22.4, 28.4 and 30.2.
_TPM_ST_NO_SESSIONS, _TPM_CC_PCR_READ = 0x8001, 0x17E
_TPM_CC_FLUSH_CONTEXT, _TPM_CC_GET_CAPABILITY, _TPM_CAP_HANDLES = 0x165, 0x17A, 1
_FIRST_TRANSIENT, _MOST_HANDLES = 0x8000_0000, 16
# swtpm's control channel: it takes its TPM's commands from the descriptor that comes with this one.
_CMD_SET_DATAFD = struct.pack(">I", 0x10)
_SECONDS = 20


class Tpm:
    """A new one. It keeps what a machine has extended when that has ended, until it is closed."""

    def __init__(self, directory: Path):
        self._socket = directory / "tpm.socket"
        state = directory / "tpm"
        state.mkdir()
        self._swtpm = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}",
             "--ctrl", f"type=unixio,path={self._socket}", "--flags", "startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        end = time.monotonic() + _SECONDS
        while not self._socket.exists():
            assert self._swtpm.poll() is None and time.monotonic() < end, "swtpm doesn't start"
            time.sleep(0.01)

    def arguments(self) -> list[str]:
        """QEMU's."""
        return ["-chardev", f"socket,id=tpm,path={self._socket}",
                "-tpmdev", "emulator,id=tpm,chardev=tpm", "-device", "tpm-tis,tpmdev=tpm"]

    def pcrs(self, *numbers: int, bank: str = "sha256") -> list[bytes]:
        """What is in them. The machine has ended."""
        with channel(self._socket) as commands:
            return [_read_pcr(commands, number, BANKS[bank]) for number in numbers]

    def environment(self) -> dict[str, str]:
        """For programs of tpm2-tools. The machine has ended."""
        relay = Path(__file__).with_name("tpm_relay.py")
        return {"TPM2TOOLS_TCTI": f"cmd:{sys.executable} {relay} {self._socket}"}

    def close(self) -> None:
        self._swtpm.kill()
        self._swtpm.wait()


def extended(*contents: bytes | str, bank: str = "sha256", before: bytes | None = None,
             is_hashed: bool = False) -> bytes:
    """What a PCR that had this `before`, or zeroes, has then. Contents may be hashes already."""
    value = before or bytes(hashlib.new(bank).digest_size)
    for content in contents:
        data = content.encode() if isinstance(content, str) else content
        digest = data if is_hashed else hashlib.new(bank, data).digest()
        value = hashlib.new(bank, value + digest).digest()
    return value


@contextlib.contextmanager
def channel(control_socket: Path) -> Iterator[socket.socket]:
    """For commands to swtpm's TPM."""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(_SECONDS)
        control.connect(str(control_socket))
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(_SECONDS)
            control.sendmsg([_CMD_SET_DATAFD], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                                 array.array("i", [theirs.fileno()]))])
            assert control.recv(4) == bytes(4), "swtpm doesn't take a channel"
            yield ours


def _ask(commands: socket.socket, code: int, body: bytes) -> bytes:
    """What comes after the answer's header."""
    commands.sendall(struct.pack(">HII", _TPM_ST_NO_SESSIONS, 10 + len(body), code) + body)
    answer = commands.recv(4096)
    status, = struct.unpack_from(">I", answer, 6)
    assert status == 0, f"command {code:#x}: {status:#x}"
    return answer[10:]


def _read_pcr(commands: socket.socket, number: int, algorithm: int) -> bytes:
    selected = (1 << number).to_bytes(3, "little")
    answer = _ask(commands, _TPM_CC_PCR_READ,
                  struct.pack(">IHB", 1, algorithm, len(selected)) + selected)
    count, digest_bytes = struct.unpack_from(">IH", answer, 4 + 4 + 6)
    assert count == 1, f"there is no bank {algorithm:#x}"
    return answer[20:][:digest_bytes]


def flush_transient(commands: socket.socket) -> None:
    """Objects that a program has left: Linux's /dev/tpmrm0 does that."""
    answer = _ask(commands, _TPM_CC_GET_CAPABILITY,
                  struct.pack(">III", _TPM_CAP_HANDLES, _FIRST_TRANSIENT, _MOST_HANDLES))
    count, = struct.unpack_from(">I", answer, 5)
    for handle in struct.unpack_from(f">{count}I", answer, 9):
        _ask(commands, _TPM_CC_FLUSH_CONTEXT, struct.pack(">I", handle))


def die_with_parent() -> None:
    """Run in the child before swtpm: a test that is killed leaves none of it."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
