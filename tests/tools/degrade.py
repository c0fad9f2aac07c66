#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""degrade.py HOW IN OUT: makes of a good recording (pcapng, little-endian, gzip or not) a bad one.

HOW is
  late            begins in the middle: half of the time is missing, hook records too
  early           ends in the middle
  snaplen         packets are cut after 60 octets
  loss-counted    every fifth packet is missing, and the file says so where it was (epb_dropcount)
                  and in its statistics
  loss-silent     every fifth packet is missing, and the file says nothing about loss, as one of
                  tcpdump's does
  clock           its clock is 4 s ahead and gains 50 ppm
The same file gives the same result each time.
"""
import gzip
import struct
import sys

IDB, ISB, EPB = 1, 5, 6
ETHERNET = 1
SNAPLEN = 60
EVERY = 5
OPT_END, EPB_DROPCOUNT, ISB_IFDROP = 0, 4, 5


def blocks(data):
    """(type, body) of each block."""
    at = 0
    while at + 12 <= len(data):
        kind, length = struct.unpack("<II", data[at:at + 8])
        yield kind, data[at + 8:at + length - 4]
        at += length


def block(kind, body):
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def options(data):
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack("<HH", data[at:at + 4])
        if code == OPT_END:
            return
        yield code, data[at + 4:at + 4 + length]
        at += 4 + length + -length % 4


class Packet:
    """An enhanced packet block."""

    def __init__(self, body):
        self.interface, high, low, captured, self.length = struct.unpack("<5I", body[:20])
        self.time = high << 32 | low
        self.data = body[20:20 + captured]
        self.options = list(options(body[20 + captured + -captured % 4:]))

    def encode(self):
        tail = b"".join(option(code, value) for code, value in self.options)
        if tail:
            tail += option(OPT_END, b"")
        return block(EPB, struct.pack("<5I", self.interface, self.time >> 32, self.time & 0xFFFFFFFF,
                                      len(self.data), self.length) +
                     self.data + b"\0" * (-len(self.data) % 4) + tail)


def main():
    how, source, target = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    all_blocks = list(blocks(data))
    times = [Packet(body).time for kind, body in all_blocks if kind == EPB]
    middle = sorted(times)[len(times) // 2]
    links, out, wires, missing, dropped = [], [], 0, 0, {}
    for kind, body in all_blocks:
        if kind == IDB:
            link, = struct.unpack("<H", body[:2])
            links.append(link)
            if how == "snaplen" and link == ETHERNET:
                body = body[:4] + struct.pack("<I", SNAPLEN) + body[8:]
        elif kind == ISB:
            interface, = struct.unpack("<I", body[:4])
            if how == "loss-silent":
                continue
            if how == "loss-counted" and dropped.get(interface):
                kept = [(c, v) for c, v in options(body[12:]) if c != ISB_IFDROP]
                kept.append((ISB_IFDROP, struct.pack("<Q", dropped[interface])))
                body = body[:12] + b"".join(option(c, v) for c, v in kept) + option(OPT_END, b"")
        elif kind == EPB:
            packet = Packet(body)
            wire = links[packet.interface] == ETHERNET
            wires += wire
            if how == "late" and packet.time < middle or how == "early" and packet.time > middle:
                continue
            if how == "snaplen" and wire:
                packet.data = packet.data[:SNAPLEN]
            if how.startswith("loss") and wire and wires % EVERY == 0:
                missing += 1
                dropped[packet.interface] = dropped.get(packet.interface, 0) + 1
                continue
            if how == "loss-counted" and wire and missing:
                packet.options.append((EPB_DROPCOUNT, struct.pack("<Q", missing)))
                missing = 0
            if how == "clock":
                packet.time += 4_000_000_000 + (packet.time - times[0]) * 50 // 1_000_000
            out.append(packet.encode())
            continue
        out.append(block(kind, body))
    with open(target, "wb") as file:
        file.write(b"".join(out))


main()
