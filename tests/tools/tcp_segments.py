# SPDX-License-Identifier: GPL-2.0-or-later
"""The TCP segments of a pcap or pcapng file, decoded by nothing of ours but these lines.

read(FILE) gives Segment objects in file order. Only Ethernet, IPv4 and IPv6 without extension
headers, whole packets: what the lab's links carry.
"""
import dataclasses
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


@dataclasses.dataclass
class Segment:
    source: tuple       # (address, port)
    destination: tuple
    header: bytes       # the TCP header, options included
    payload: bytes
    checksum: str       # "right", "partial" (left to offloads), "wrong"

    seq = property(lambda self: int.from_bytes(self.header[4:8], "big"))
    ack = property(lambda self: int.from_bytes(self.header[8:12], "big"))
    flags = property(lambda self: self.header[13])
    raw_options = property(lambda self: self.header[20:])
    options = property(lambda self: parse_options(self.header[20:]))
    next = property(lambda self: self.seq + len(self.payload) + bool(self.flags & (SYN | FIN)))

    @property
    def kind(self):
        if self.flags & RST:
            return "rst"
        if self.flags & SYN:
            return "synack" if self.flags & ACK else "syn"
        if self.flags & FIN:
            return "fin"
        return "data" if self.payload else "ack"


def parse_options(raw):
    """[(kind, whole option)], NOPs included."""
    found = []
    while raw:
        length = 1 if raw[0] <= 1 else raw[1]
        assert 0 < length <= len(raw), raw.hex()
        found.append((raw[0], raw[:length]))
        raw = raw[length:]
    return found


def total(data):
    data += b"\0" * (len(data) % 2)
    value = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return value


def parse(frame):
    """An Ethernet frame as Segment, or None when it is no TCP."""
    kind, ip = frame[12:14], frame[14:]
    if kind == b"\x08\x00" and ip[9] == 6:
        size, length = (ip[0] & 15) * 4, int.from_bytes(ip[2:4], "big")
        assert total(ip[:size]) == 0xFFFF, "the IPv4 header's checksum is wrong"
        ends = ip[12:16], ip[16:20]
    elif kind == b"\x86\xdd" and ip[6] == 6:
        size, length = 40, 40 + int.from_bytes(ip[4:6], "big")
        ends = ip[8:24], ip[24:40]
    else:
        return None
    assert length <= len(ip), "cut"
    tcp = ip[size:length]
    pseudo = total(b"".join(ends) + struct.pack("!II", len(tcp), 6))
    if total(struct.pack("!H", pseudo) + tcp) == 0xFFFF:
        checksum = "right"
    else:
        checksum = "partial" if int.from_bytes(tcp[16:18], "big") == pseudo else "wrong"
    header = (tcp[12] >> 4) * 4
    ports = struct.unpack("!HH", tcp[:4])
    return Segment((ends[0], ports[0]), (ends[1], ports[1]), tcp[:header], tcp[header:], checksum)


def frames(data):
    """The Ethernet frames of a file's octets."""
    if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        at = 24
        while at + 16 <= len(data):
            captured, = struct.unpack("<I", data[at + 8:at + 12])
            yield data[at + 16:at + 16 + captured]
            at += 16 + captured
        return
    assert data[:4] == b"\x0a\x0d\x0d\x0a" and data[8:12] == b"\x4d\x3c\x2b\x1a", "no capture"
    at, links = 0, []
    while at + 12 <= len(data):
        kind, length = struct.unpack("<II", data[at:at + 8])
        body = data[at + 8:at + length - 4]
        if kind == 1:
            links.append(struct.unpack("<H", body[:2])[0])
        elif kind == 6:
            interface, _, _, captured, _ = struct.unpack("<5I", body[:20])
            if links[interface] == 1:
                yield body[20:20 + captured]
        at += length


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    return [s for s in map(parse, frames(data)) if s is not None]
