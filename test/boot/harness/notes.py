# SPDX-License-Identifier: BSD-2-Clause
"""ELF notes (gABI chapter 5), and those by which a kernel requests things: boot_info.h."""

import struct

(PROTOCOL, STACK, FRAMEBUFFER, KASLR, FIVE_LEVEL, DIRECT_MAP, SYMBOL_TABLE, MODULE, BASE_ADDRESS,
 REFUSE, RUNTIME_MAP, KERNEL_FILE, WATCHDOG, PHYSICAL, IDENTITY,
 PROCESSORS) = range(1, 17)
REQUIRED = 1


def note(kind: int, descriptor: bytes, owner: bytes = b"Baton\0", **sizes: int) -> bytes:
    """`sizes`: a namesz, a descsz that are not true."""
    def padded(data: bytes) -> bytes:
        return data + bytes(-len(data) % 4)

    fields = {"namesz": len(owner), "descsz": len(descriptor)} | sizes
    return (struct.pack("<III", fields["namesz"], fields["descsz"], kind) + padded(owner)
            + padded(descriptor))


def request(kind: int, value: int = 0, other: int = 0, flags: int = REQUIRED) -> bytes:
    return note(kind, struct.pack("<IQQ", flags, value, other))
