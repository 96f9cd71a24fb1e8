# SPDX-License-Identifier: BSD-2-Clause
"""A network of one machine and one server, which knows DHCP (RFC 2131, all that it says in options)
and TFTP (RFC 1350): it tells the size of one file alone, and breaks off when that is fetched."""

import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SERVER_MAC = bytes.fromhex("525400000001")
SERVER, GUEST, EVERYBODY = bytes([10, 9, 8, 7]), bytes([10, 9, 8, 20]), b"\xff" * 4
ARP, IPV4, UDP = 0x0806, 0x0800, 17
DHCP_SERVER, DHCP_CLIENT, TFTP = 67, 68, 69
READ_REQUEST, DATA, ACKNOWLEDGEMENT, ERROR, OPTIONS = 1, 3, 4, 5, 6
BLOCK = 512


@dataclass
class PlainServer:
    boot_file: str  # a path on the server
    breaks_off: str  # the path of that file
    ADDRESS = ".".join(map(str, SERVER))
    _transfers: dict[int, str] = field(default_factory=dict)  # by the client's port

    def arguments(self, directory: Path, files: Mapping[str, Path]) -> list[str]:
        self._files = {path.lstrip("/"): file.read_bytes() for path, file in files.items()}
        path = directory / "lan"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=self._serve, args=[listener], daemon=True).start()
        return ["-netdev", f"stream,id=net,server=off,addr.type=unix,addr.path={path}",
                "-device", "virtio-net-pci,netdev=net,romfile="]

    def _serve(self, listener: socket.socket) -> None:
        """Each frame has its length before it. Ends with QEMU."""
        connection, _ = listener.accept()
        with listener, connection, connection.makefile("rb") as frames:
            while length := frames.read(4):
                answer = self._answer(frames.read(*struct.unpack(">I", length)))
                if answer:
                    connection.sendall(struct.pack(">I", len(answer)) + answer)

    def _answer(self, frame: bytes) -> bytes | None:
        client_mac, protocol = frame[6:12], *struct.unpack_from(">H", frame, 12)
        packet = frame[14:]
        if protocol == ARP and packet[24:28] == SERVER:
            reply = packet[:6] + b"\0\2" + SERVER_MAC + SERVER + packet[8:18]
        elif protocol == IPV4 and packet[9] == UDP:
            reply = self._answer_udp(packet[4 * (packet[0] & 15):])
        else:
            reply = None
        return reply and client_mac + SERVER_MAC + struct.pack(">H", protocol) + reply

    def _answer_udp(self, datagram: bytes) -> bytes | None:
        client_port, port, length = struct.unpack_from(">HHH", datagram)
        content = datagram[8:length]
        if port == DHCP_SERVER:
            return _udp(EVERYBODY, DHCP_SERVER, DHCP_CLIENT, self._answer_dhcp(content))
        if port != TFTP:
            return None
        # All transfers are from the well-known port: clients take the port of the first answer.
        reply = self._answer_tftp(client_port, content)
        return reply and _udp(GUEST, TFTP, client_port, reply)

    def _answer_dhcp(self, request: bytes) -> bytes:
        DISCOVER, OFFER, ACK = b"\1", b"\2", b"\5"
        kind = request[request.index(b"\x35\1", 240) + 2:][:1]
        # EDK II asks the TFTP server for the boot file's size unless DHCP tells it (option 13).
        blocks = len(self._files[self.boot_file]) // BLOCK + 1
        options = [(53, OFFER if kind == DISCOVER else ACK), (54, SERVER), (1, b"\xff\xff\xff\0"),
                   (51, struct.pack(">I", 3600)), (13, struct.pack(">H", blocks)),
                   (67, self.boot_file.encode() + b"\0")]
        fixed = b"\2" + request[1:16] + GUEST + bytes(8) + request[28:44] + bytes(64 + 128)
        return fixed + request[236:240] + b"".join(
            bytes([code, len(value)]) + value for code, value in options) + b"\xff"

    def _answer_tftp(self, client_port: int, content: bytes) -> bytes | None:
        operation, number = struct.unpack_from(">HH", content)
        if operation == READ_REQUEST:
            name, number = content[2:].split(b"\0")[0].decode(), 0
            if name not in self._files:
                return struct.pack(">HH", ERROR, 1) + b"No such file\0"
            if name == self.breaks_off and b"\0tsize\0" in content:  # RFC 2349
                size = str(len(self._files[name])).encode()
                return struct.pack(">H", OPTIONS) + b"tsize\0" + size + b"\0"
            self._transfers[client_port] = name
        elif operation != ACKNOWLEDGEMENT or client_port not in self._transfers:
            return None
        name = self._transfers[client_port]
        if number == 2 and name == self.breaks_off:
            return struct.pack(">HH", ERROR, 0) + b"Read error\0"
        if number * BLOCK > len(self._files[name]):  # the last block has been acknowledged
            return None
        block = self._files[name][number * BLOCK:][:BLOCK]
        return struct.pack(">HH", DATA, number + 1) + block


def _udp(destination: bytes, port: int, destination_port: int, content: bytes) -> bytes:
    datagram = struct.pack(">HHHH", port, destination_port, 8 + len(content), 0) + content
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, UDP, 0, SERVER,
                         destination)
    total = sum(struct.unpack(">10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return header[:10] + struct.pack(">H", checksum) + header[12:] + datagram
