# SPDX-License-Identifier: BSD-2-Clause
"""tpm_relay.py SOCKET: a program's commands to a TPM come on standard input, the answers go to standard
output. For TPM2TOOLS_TCTI (tpm.Tpm.environment)."""

import os
import struct
import sys

from tpm import channel, flush_transient

HEADER_BYTES = 10  # of each command and answer; its size is after a tag of two bytes


def read(count: int) -> bytes:
    found = b""
    while len(found) < count and (part := os.read(0, count - len(found))):
        found += part
    return found


with channel(sys.argv[1]) as commands:
    while len(header := read(HEADER_BYTES)) == HEADER_BYTES:
        commands.sendall(header + read(struct.unpack_from(">I", header, 2)[0] - HEADER_BYTES))
        os.write(1, commands.recv(4096))
    flush_transient(commands)
