#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make_capture.py [--pcapng] FILE: a small capture of one TCP connection, made by hand.

Ten packets over Ethernet: the handshake, data both ways, the end. The SYN and the SYN-ACK carry the
User Timeout Option (kind 28, 34 s), the third ACK the experimental option 0x4F43 (kind 253).
"""
import struct
import sys

UTO = bytes.fromhex("1c040022")
CC = bytes.fromhex("fd064f4300010101")
MSS = bytes.fromhex("020405b4")
CLIENT, SERVER = (bytes([192, 0, 2, 1]), 40000), (bytes([192, 0, 2, 2]), 9000)
FIN, SYN, PSH, ACK = 1, 2, 8, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def packet(sender, receiver, seq, ack, flags, options=b"", payload=b""):
    header = struct.pack(">HHIIBBHHH", sender[1], receiver[1], seq, ack,
                         (20 + len(options)) // 4 << 4, flags, 64240, 0, 0)
    segment = header + options + payload
    pseudo = sender[0] + receiver[0] + struct.pack(">BBH", 0, 6, len(segment))
    segment = segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), seq & 0xFFFF, 0x4000, 64, 6, 0)
    ip += sender[0] + receiver[0]
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return bytes.fromhex("0200000000020200000000010800") + ip + segment


def connection():
    c, s = 1000, 5000
    yield packet(CLIENT, SERVER, c, 0, SYN, MSS + UTO)
    yield packet(SERVER, CLIENT, s, c + 1, SYN | ACK, MSS + UTO)
    yield packet(CLIENT, SERVER, c + 1, s + 1, ACK, CC)
    yield packet(CLIENT, SERVER, c + 1, s + 1, PSH | ACK, b"", b"question")
    yield packet(SERVER, CLIENT, s + 1, c + 9, ACK)
    yield packet(SERVER, CLIENT, s + 1, c + 9, PSH | ACK, b"", b"answer")
    yield packet(CLIENT, SERVER, c + 9, s + 7, ACK)
    yield packet(CLIENT, SERVER, c + 9, s + 7, FIN | ACK)
    yield packet(SERVER, CLIENT, s + 7, c + 10, FIN | ACK)
    yield packet(CLIENT, SERVER, c + 10, s + 8, ACK)


def pcap(packets):
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for number, data in enumerate(packets):
        out += struct.pack("<IIII", 1700000000, 1000 * number, len(data), len(data)) + data
    return out


def block(kind, body):
    length = 12 + len(body)
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def pcapng(packets):
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack("<HHI", 1, 0, 65535))
    for number, data in enumerate(packets):
        time = 1700000000000000 + 1000 * number
        padding = b"\0" * (-len(data) % 4)
        out += block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data),
                                    len(data)) + data + padding)
    return out


def main():
    write = pcapng if sys.argv[1] == "--pcapng" else pcap
    with open(sys.argv[-1], "wb") as out:
        out.write(write(list(connection())))


if __name__ == "__main__":
    main()
