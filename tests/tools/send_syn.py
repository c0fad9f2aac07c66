#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""send_syn.py ADDRESS PORT OPTIONS-HEX: sends one SYN whose options are these octets, and nothing
else, so that a test says what is on the wire without any code of ours that writes options."""
import socket
import struct
import sys


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def main():
    address, port, options = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
    assert len(options) % 4 == 0 and len(options) <= 40
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as sock:
        sock.connect((address, 0))
        length = 20 + len(options)
        header = struct.pack("!HHIIBBHHH", 40000, port, 1, 0, length // 4 << 4, 0x02, 8192, 0, 0)
        ends = b"".join(socket.inet_pton(family, a)
                        for a in (sock.getsockname()[0], address))
        pseudo = ends + (struct.pack("!II", length, socket.IPPROTO_TCP) if family == socket.AF_INET6
                         else struct.pack("!HH", socket.IPPROTO_TCP, length))
        total = checksum(pseudo + header + options)
        sock.send(header[:16] + struct.pack("!H", total) + header[18:] + options)


main()
