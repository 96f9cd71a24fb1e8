# SPDX-License-Identifier: BSD-2-Clause
"""Makes disks with a GUID partition table: UEFI 2.10 section 5.3."""

import struct
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

import mbr
from mbr import FIRST_SECTOR, SECTOR

ENTRIES, ENTRY_BYTES = 128, 128
TABLE_SECTORS = ENTRIES * ENTRY_BYTES // SECTOR
EFI_SYSTEM_PARTITION = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")


@dataclass(frozen=True)
class Partition:
    """The only one of its disk. `number` is its place in the table, from 1 on."""

    guid: uuid.UUID
    disk_guid: uuid.UUID
    number: int = 1

    def put_around(self, image: Path) -> None:
        """Turns the image of a volume into that of a disk with it."""
        volume_sectors = image.stat().st_size // SECTOR
        last_sector = FIRST_SECTOR + volume_sectors - 1
        disk_sectors = last_sector + 1 + TABLE_SECTORS + 1
        volume = image.read_bytes()
        table = _table(self, last_sector)
        with image.open("wb") as disk:
            disk.write(mbr.boot_record(mbr.GPT_PROTECTIVE, 1, disk_sectors - 1))
            disk.write(_header(self, table, 1, disk_sectors - 1, 2, disk_sectors))
            disk.write(table)
            disk.seek(FIRST_SECTOR * SECTOR)
            disk.write(volume)
            disk.write(table)
            disk.write(_header(self, table, disk_sectors - 1, 1, last_sector + 1, disk_sectors))


def _table(partition: Partition, last_sector: int) -> bytes:
    entry = struct.pack("<16s16sQQQ72s", EFI_SYSTEM_PARTITION.bytes_le, partition.guid.bytes_le,
                        FIRST_SECTOR, last_sector, 0, "EFI".encode("utf-16-le"))
    return (bytes((partition.number - 1) * ENTRY_BYTES) + entry).ljust(ENTRIES * ENTRY_BYTES, b"\0")


def _header(partition: Partition, table: bytes, own: int, other: int, table_sector: int,
            disk_sectors: int) -> bytes:
    def pack(checksum: int) -> bytes:
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, checksum, 0, own, other,
                           2 + TABLE_SECTORS, disk_sectors - TABLE_SECTORS - 2,
                           partition.disk_guid.bytes_le, table_sector, ENTRIES, ENTRY_BYTES,
                           zlib.crc32(table))

    return pack(zlib.crc32(pack(0))).ljust(SECTOR, b"\0")
