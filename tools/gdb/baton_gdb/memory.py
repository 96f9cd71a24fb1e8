# SPDX-License-Identifier: BSD-2-Clause
"""Physical memory, which QEMU's stub reads on request; registers; and records in memory."""

import gdb


def packet(text: str) -> bytes:
    connection = gdb.selected_inferior().connection
    if connection is None or not hasattr(connection, "send_packet"):
        raise gdb.GdbError("there is no machine: `target remote` comes first")
    return connection.send_packet(text)


class Physical:
    """Within it GDB's addresses are physical. It nests: a switch is a packet there and back."""

    depth = 0

    def __enter__(self):
        if Physical.depth == 0 and packet("Qqemu.PhyMemMode:1") != b"OK":
            raise gdb.GdbError("the stub can't read physical memory: it is not QEMU's")
        Physical.depth += 1

    def __exit__(self, *_):
        Physical.depth -= 1
        if Physical.depth == 0:
            packet("Qqemu.PhyMemMode:0")


def read_physical(address: int, count: int) -> bytes:
    """Raises gdb.MemoryError where there is no memory."""
    with Physical():
        return bytes(gdb.selected_inferior().read_memory(address, count))


def write_physical(address: int, content: bytes) -> None:
    with Physical():
        gdb.selected_inferior().write_memory(address, content)


def number_at(address: int, count: int = 8) -> int:
    return int.from_bytes(read_physical(address, count), "little")


def register(name: str, frame=None) -> int:
    """Of the processor, or of a frame that is being unwound: then GDB can't be asked for one."""
    value = (frame or gdb.newest_frame()).read_register(name)
    word = int.from_bytes(
        bytes(value.bytes) if hasattr(value, "bytes") else _bytes_of(value, frame), "little"
    )
    return word


def _bytes_of(value, frame) -> bytes:
    """For GDB before 15: flags types don't become numbers by int()."""
    unsigned = (frame or gdb.selected_frame()).architecture().integer_type(8 * value.type.sizeof, False)
    return int(value.cast(unsigned)).to_bytes(value.type.sizeof, "little")


def record_at(name: str, physical: int) -> gdb.Value:
    """A structure of the debug information's, from physical memory."""
    try:
        type_ = gdb.lookup_type(name)
    except gdb.error as error:
        raise gdb.GdbError(f"no debug information has {name}: {error}") from error
    return gdb.Value(read_physical(physical, type_.sizeof), type_)


def text_at(physical: int, limit: int = 256) -> str:
    content = read_physical(physical, limit)
    return content.split(b"\0")[0].decode("utf-8", "replace")
