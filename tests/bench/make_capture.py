#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a capture to measure readers with: make_capture.py FILE [PACKETS] [pcap|pcapng]

Ethernet, IPv4, TCP with timestamps, many flows, payloads of mixed sizes cut at 96 octets, as a
capture of headers has them. The same arguments make the same file.
"""
import struct
import sys


def frames(count):
    for number in range(count):
        flow = number % 5000
        payload = (0, 0, 1448, 512)[number % 4]
        options = struct.pack('>BBBBII', 1, 1, 8, 10, number & 0xffffffff, number // 2)
        tcp = struct.pack('>HHIIBBHHH', 1024 + flow, 443, number * 1448 & 0xffffffff, number,
                          8 << 4, 0x10, 512, 0, 0) + options
        ip = struct.pack('>BBHHHBBHII', 0x45, 0, 20 + len(tcp) + payload, number & 0xffff, 0x4000,
                         64, 6, 0, 0x0a000000 + flow, 0x0a800001)
        ethernet = bytes(12) + b'\x08\x00'
        whole = ethernet + ip + tcp
        yield number, whole + b'd' * min(payload, 96 - len(whole)), len(whole) + payload


def main():
    path = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000000
    form = sys.argv[3] if len(sys.argv) > 3 else 'pcapng'
    with open(path, 'wb', buffering=1 << 20) as out:
        if form == 'pcap':
            out.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 96, 1))
        else:
            out.write(struct.pack('<IIIHHqI', 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28))
            out.write(struct.pack('<IIHHIHHB3xI', 1, 28, 1, 0, 96, 9, 1, 9, 28))
        for number, data, length in frames(count):
            time = 1700000000 * 10**9 + number * 1000
            if form == 'pcap':
                out.write(struct.pack('<IIII', time // 10**9, time % 10**9, len(data), length))
                out.write(data)
                continue
            total = 32 + (len(data) + 3 & ~3)
            out.write(struct.pack('<IIIIIII', 6, total, 0, time >> 32, time & 0xffffffff, len(data),
                                  length))
            out.write(data + bytes(-len(data) % 4) + struct.pack('<I', total))


main()
