#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tcp_options.py FILE.pcap PREFIX - the TCP options whose octets begin with PREFIX (hexadecimal)

Reads a capture of Ethernet frames (tcpdump -w) by itself, without anything of Optrail's, and prints
a line for each such option, "SOURCE-PORT DESTINATION-PORT KIND OPTION-HEX", where KIND is of the
segment: syn, fin, rst, data or ack (a pure one). The last line is "acks N": pure ACKs in all; with
--after, only those behind the last such option.
"""
import struct
import sys


def packets(path):
    with open(path, "rb") as file:
        magic = file.read(4)
        order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        file.read(20)
        while len(head := file.read(16)) == 16:
            yield file.read(struct.unpack(order + "IIII", head)[2])


def segment(frame):
    kind = struct.unpack("!H", frame[12:14])[0]
    if kind == 0x0800 and frame[23] == 6:
        start = 14 + (frame[14] & 15) * 4
        end = 14 + struct.unpack("!H", frame[16:18])[0]
    elif kind == 0x86DD and frame[20] == 6:
        start, end = 54, 54 + struct.unpack("!H", frame[18:20])[0]
    else:
        return None
    return frame[start:], end - start


def options(header):
    at = 20
    while at < len(header) and header[at] != 0:
        length = 1 if header[at] == 1 else header[at + 1]
        if length < 1 or at + length > len(header):
            return
        yield header[at:at + length]
        at += length


def main():
    path, prefix = sys.argv[1], bytes.fromhex(sys.argv[2])
    acks = 0
    for frame in packets(path):
        found = segment(frame)
        if not found:
            continue
        tcp, length = found
        ports, size, flags = struct.unpack("!HH", tcp[:4]), (tcp[12] >> 4) * 4, tcp[13]
        kind = ("syn" if flags & 2 else "rst" if flags & 4 else "fin" if flags & 1 else
                "data" if length > size else "ack")
        acks += kind == "ack"
        for option in options(tcp[:size]):
            if option.startswith(prefix):
                print(*ports, kind, option.hex())
                if "--after" in sys.argv:
                    acks = 0
    print("acks", acks)


main()
