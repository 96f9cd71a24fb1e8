# SPDX-License-Identifier: BSD-2-Clause
"""A machine without a TPM reads ones where it would be, and QEMU's reads zeroes, which OVMF takes for
one that is never ready: it waits 2 s, nearly half of the time that a boot takes."""

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
