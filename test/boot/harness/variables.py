# SPDX-License-Identifier: BSD-2-Clause
"""Changes the variables that OVMF has in its flash, without a person at its setup."""

import struct
import uuid

NON_VOLATILE, BOOT, RUNTIME, TIME_BASED = 1, 2, 4, 0x20

GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
SECURITY = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")  # of db and dbx
SHIM = uuid.UUID("605dab50-e046-4300-abb6-3dd810dd8b23")

_SHA256 = uuid.UUID("c1c41626-504c-4092-aca9-41f936934328")
_X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")

# EDK II, MdeModulePkg/Include/Guid/VariableFormat.h: AUTHENTICATED_VARIABLE_HEADER.
_HEADER = struct.Struct("<HBxIQ16sIII16s")
_START, _ADDED, _DELETED = 0x55AA, 0x3F, 0x3D
_STORE_HEADER_BYTES = 28


def _signature_list(kind: uuid.UUID, data: bytes) -> bytes:
    """UEFI 2.10 section 32.4.1, EFI_SIGNATURE_LIST of one."""
    size = 16 + len(data)
    return kind.bytes_le + struct.pack("<III", 28 + size, 0, size) + SHIM.bytes_le + data


def hash_list(digest: bytes) -> bytes:
    return _signature_list(_SHA256, digest)


def certificate_list(der: bytes) -> bytes:
    return _signature_list(_X509, der)


def load_option(path: str, options: str) -> bytes:
    """UEFI 2.10 section 3.1.3, of a file on any volume."""
    name = path.encode("utf-16-le") + b"\0\0"
    device_path = struct.pack("<BBH", 4, 4, 4 + len(name)) + name + struct.pack("<BBH", 0x7F, 0xFF, 4)
    return (struct.pack("<IH", 1, len(device_path)) + "test\0".encode("utf-16-le") + device_path
            + options.encode("utf-16-le") + b"\0\0")


class Variables:
    def __init__(self, flash: bytes):
        self.flash = bytearray(flash)
        volume_header_bytes, = struct.unpack_from("<H", flash, 48)
        self._first = volume_header_bytes + _STORE_HEADER_BYTES

    def _all(self):
        """Offset, name and the offset after each; at last that of the free space."""
        at = self._first
        while True:
            fields = _HEADER.unpack_from(self.flash, at)
            if fields[0] != _START:
                break
            name_bytes, data_bytes = fields[6:8]
            name = self.flash[at + _HEADER.size:][:name_bytes].decode("utf-16-le").rstrip("\0")
            end = at + _HEADER.size + name_bytes + data_bytes
            yield at, name
            at = (end + 3) & -4
        yield at, None

    def remove(self, name: str) -> None:
        for at, known in self._all():
            if known == name and self.flash[at + 2] == _ADDED:
                self.flash[at + 2] = _DELETED

    def set(self, name: str, vendor: uuid.UUID, data: bytes, attributes: int) -> None:
        self.remove(name)
        *_, (at, _) = self._all()
        text = name.encode("utf-16-le") + b"\0\0"
        time = struct.pack("<HBBBBB9x", 2020, 1, 1, 0, 0, 0) if attributes & TIME_BASED else bytes(16)
        self.flash[at:at + _HEADER.size + len(text) + len(data)] = _HEADER.pack(
            _START, _ADDED, attributes, 0, time, 0, len(text), len(data), vendor.bytes_le) + text + data
