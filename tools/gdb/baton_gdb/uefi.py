# SPDX-License-Identifier: BSD-2-Clause
"""Finds images that UEFI firmware has loaded: UEFI 2.10 section 18.4."""

import re
import struct
import uuid

import gdb

from baton_gdb.memory import Physical, number_at, read_physical

POINTER_SIGNATURE = b"IBI SYST"  # EFI_SYSTEM_TABLE_POINTER, 18.4.2
POINTER_STEP = 4 << 20
DEBUG_IMAGE_INFO_TABLE_GUID = uuid.UUID("49152e77-1ada-4764-b7a2-7afefed95e8b").bytes_le
NORMAL_IMAGE = 1  # EFI_DEBUG_IMAGE_INFO_TYPE_NORMAL
LOADED_IMAGE_BASE = 64  # EFI_LOADED_IMAGE_PROTOCOL.ImageBase, 9.1.1
LOW_MEMORY_END = 4 << 30
MOST_IMAGES = 4096  # a larger number is none


def _memory_end() -> int:
    """Behind the highest address that memory may have: QEMU leaves a hole below 4 GiB."""
    try:
        summary = gdb.execute("monitor info memory_size_summary", to_string=True)
    except gdb.error:
        return LOW_MEMORY_END
    size = re.search(r"base memory: (\d+)", summary)
    total = int(size[1]) if size else LOW_MEMORY_END
    return total if total <= 2 << 30 else total + LOW_MEMORY_END


def _words(address: int, layout: str) -> tuple:
    return struct.unpack(layout, read_physical(address, struct.calcsize(layout)))


class DebugImageInfo:
    """The table of loaded images, which is searched for until it is there."""

    def __init__(self):
        self._system_table = 0
        self.header = 0  # address of EFI_DEBUG_IMAGE_INFO_TABLE_HEADER; 0: not found yet
        self._memory_end = 0
        self._seen: set[tuple[int, int]] = set()

    def find(self) -> bool:
        if self.header == 0:
            self._system_table = self._system_table or self._find_system_table()
            self.header = self._find_header() if self._system_table else 0
        return self.header != 0

    def _find_system_table(self) -> int:
        self._memory_end = self._memory_end or _memory_end()
        with Physical():
            for address in range(self._memory_end - POINTER_STEP, 0, -POINTER_STEP):
                try:
                    signature, table = _words(address, "<8sQ")
                except gdb.MemoryError:
                    continue
                if signature == POINTER_SIGNATURE and table != 0:
                    return table
        return 0

    def _find_header(self) -> int:
        """EFI_SYSTEM_TABLE, 4.3.1: the configuration tables."""
        count, tables = _words(self._system_table + 104, "<QQ")
        for entry in range(tables, tables + 24 * min(count, 256), 24):
            guid, table = _words(entry, "<16sQ")
            if guid == DEBUG_IMAGE_INFO_TABLE_GUID:
                return table
        return 0

    @property
    def count_address(self) -> int:
        return self.header + 4  # TableSize: it grows when an image has been loaded

    def new_bases(self) -> list[int]:
        """Of the images that were not there the last time: their number is too large for a look at
        each of them whenever another one is loaded."""
        count, table = _words(self.header + 4, "<IQ")
        slots = set(enumerate(_words(table, f"<{min(count, MOST_IMAGES)}Q")))
        new, self._seen = slots - self._seen, slots
        bases = []
        for _, info in new:
            if info == 0 or number_at(info, 4) != NORMAL_IMAGE:
                continue
            if instance := number_at(info + 8):
                bases.append(number_at(instance + LOADED_IMAGE_BASE))
        return bases
