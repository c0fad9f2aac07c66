#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a capture to measure dissectors with: make_connections.py FILE PACKETS [OPTION]

Ethernet, IPv4, TCP connections of 300 packets each, with handshakes, timestamps and payloads of 190
octets that no heuristic dissector takes for its own. OPTION, hex octets, stands on every packet but
the handshake's first two.
"""
import struct
import sys

PER_CONNECTION = 300
PAYLOAD = bytes(0x80 | i & 0x7F for i in range(190))


def segment(flow, back, seq, ack, flags, options, payload):
    options += b'\x01' * (-len(options) % 4)
    client, server = 0x0A000000 + flow // 20000, 0x0A800001
    ports = (40000 + flow % 20000, 61000)
    if back:
        client, server, ports = server, client, ports[::-1]
    tcp = struct.pack('>HHIIBBHHH', *ports, seq, ack, (20 + len(options)) << 2, flags, 512, 0, 0)
    tcp += options + payload
    ip = struct.pack('>BBHHHBBHII', 0x45, 0, 20 + len(tcp), 1, 0x4000, 64, 6, 0, client, server)
    return bytes(12) + b'\x08\x00' + ip + tcp


def connection(flow, option):
    stamps = struct.pack('>BBBBII', 1, 1, 8, 10, 1000, 2000)
    first = bytes.fromhex('020405b40402080a0000000100000000')
    yield segment(flow, False, 1000, 0, 2, first, b'')
    yield segment(flow, True, 5000, 1001, 0x12, first, b'')
    yield segment(flow, False, 1001, 5001, 0x10, stamps + option, b'')
    seq, ack = 1001, 5001
    for number in range(PER_CONNECTION - 3):
        if number % 3 == 2:
            yield segment(flow, True, ack, seq, 0x10, stamps + option, b'')
        else:
            yield segment(flow, False, seq, ack, 0x18, stamps + option, PAYLOAD)
            seq += len(PAYLOAD)


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    option = bytes.fromhex(sys.argv[3]) if len(sys.argv) > 3 else b''
    number = 0
    with open(path, 'wb', buffering=1 << 20) as out:
        out.write(struct.pack('<IHHIIII', 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
        for flow in range(-(-count // PER_CONNECTION)):
            for frame in connection(flow, option):
                if number == count:
                    return
                time = 1700000000 * 10**9 + number * 1000
                out.write(struct.pack('<IIII', time // 10**9, time % 10**9, len(frame), len(frame)))
                out.write(frame)
                number += 1


main()
