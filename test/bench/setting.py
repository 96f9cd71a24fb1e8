# SPDX-License-Identifier: BSD-2-Clause
"""What loaders are compared in."""

from dataclasses import dataclass

from kernels import MIB
from payload import Payload

DEADLINE_SECONDS = 300  # of a boot


@dataclass(frozen=True)
class Setting:
    disk: str
    mib: int
    disk_bytes_per_second = None  # as fast as it is, in all of them

    @property
    def memory_mib(self) -> int:
        return max(256, 8 * self.mib)

    @property
    def payload(self) -> Payload:
        return Payload(self.mib * MIB, self.memory_mib * MIB)

    def __str__(self) -> str:
        return f"{self.disk}, {self.mib} MiB"
