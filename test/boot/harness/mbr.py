# SPDX-License-Identifier: BSD-2-Clause
"""Makes disks with a master boot record: UEFI 2.10 section 5.2."""

import struct
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
FIRST_SECTOR = 2048  # of the partition: 1 MiB, as partitioning tools do
FAT32_LBA = 0x0C
EFI_SYSTEM_PARTITION = 0xEF
GPT_PROTECTIVE = 0xEE
ENTRIES = 4


@dataclass(frozen=True)
class Partition:
    """The only one of its disk. `number` is its place in the table, from 1 to 4."""

    signature: int  # of the disk
    number: int = 1
    type: int = FAT32_LBA

    def put_around(self, image: Path) -> None:
        """Turns the image of a volume into that of a disk with it."""
        volume = image.read_bytes()
        with image.open("wb") as disk:
            disk.write(boot_record(self.type, FIRST_SECTOR, len(volume) // SECTOR,
                                   number=self.number, signature=self.signature))
            disk.seek(FIRST_SECTOR * SECTOR)
            disk.write(volume)


def boot_record(type: int, first_sector: int, sectors: int, *, number: int = 1,
                signature: int = 0) -> bytes:
    """The first sector of a disk with one partition. Cylinders, heads and sectors are not told."""
    entry = struct.pack("<B3sB3sII", 0, b"\xff" * 3, type, b"\xff" * 3, first_sector, sectors)
    table = (bytes((number - 1) * len(entry)) + entry).ljust(ENTRIES * len(entry), b"\0")
    return bytes(440) + struct.pack("<IH", signature, 0) + table + b"\x55\xaa"
