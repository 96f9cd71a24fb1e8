# SPDX-License-Identifier: BSD-2-Clause
"""Networks that a machine boots from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


IPXE = Path("/usr/lib/ipxe/snponly.efi")


def ipxe_takes_its_script_by_tftp() -> bool:
    """autoexec.ipxe, as versions since 2024 do. Those in a network card's ROM leave booting to EDK II."""
    found = re.search(rb"\d\+git-?(20\d{6})", IPXE.read_bytes()) if IPXE.exists() else None
    return found is not None and int(found[1]) >= 2024_00_00


@dataclass(frozen=True)
class Network:
    """QEMU's own network: a DHCP and TFTP server that has the machine's files, at ADDRESS."""

    boot_file: str  # a path on the server
    ipxe: bool = False  # the network card's ROM boots, not the firmware's own driver
    ADDRESS = "10.0.2.2"

    def arguments(self, directory: Path, files: Mapping[str, Path]) -> list[str]:
        tree = directory / "tftp"
        for path, file in files.items():
            name = tree / path.lstrip("/")
            name.parent.mkdir(parents=True, exist_ok=True)
            name.symlink_to(file)
        return ["-netdev", f"user,id=net,tftp={tree},bootfile={self.boot_file}",
                "-device", "virtio-net-pci,netdev=net" + ("" if self.ipxe else ",romfile=")]
