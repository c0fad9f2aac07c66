#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a capture of made-up TCP segments, for tests that need exactly these octets.

usage: craft_segments.py FILE.pcap < LINES

One line is one frame, `#` starts a comment:

    LAYERS  FROM  SEGMENT  OPTIONS  [KEY=VALUE]...
    eth/ipv4  client  ack  fd064f430002
    vlan/ipv6  server  data  0101080a0000000100000002,1e08f00100000fa0  payload=414243 stream=1

LAYERS   a link layer (eth, vlan, sll, sll2, raw, null or loop), then ipv4 or ipv6, then nothing, or
         /icmp: the segment stands in an ICMP error, or /gre or /vxlan: its packet stands in a tunnel
         over the same version of IP. Lines of one link type make a pcap, of several a pcapng with
         an interface for each
FROM     client or server
SEGMENT  syn synack ack data fin rst
OPTIONS  hex octets, commas as you like, `-` for none; filled up with NOPs to whole words
stream   number of the connection (0); payload: hex ("data" has 4 octets of its own); snap: octets
         captured of the frame (all); seq, ack: in the header, else counted along
"""
import ipaddress
import struct
import sys

FLAGS = {"syn": 0x02, "synack": 0x12, "ack": 0x10, "data": 0x18, "fin": 0x11, "rst": 0x14}
MACS = {"client": bytes.fromhex("020000000001"), "server": bytes.fromhex("020000000002")}
ADDRESSES = {
    "ipv4": {"client": "192.0.2.1", "server": "198.51.100.2"},
    "ipv6": {"client": "2001:db8::1", "server": "2001:db8:1::2"},
}
LINKTYPES = {"eth": 1, "vlan": 1, "sll": 113, "sll2": 276, "raw": 101, "null": 0, "loop": 108}
PEER = {"client": "server", "server": "client"}


def checksum(octets):
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def addresses(version, sender):
    return b"".join(ipaddress.ip_address(ADDRESSES[version][end]).packed
                    for end in (sender, PEER[sender]))


def network(version, sender, protocol, body):
    """An IP packet of that protocol around `body`."""
    ends = addresses(version, sender)
    if version == "ipv6":
        return struct.pack(">IHBB", 6 << 28, len(body), protocol, 64) + ends + body
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0x4000, 64, protocol, 0) + ends
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + body


def with_checksum(version, sender, protocol, body, at):
    """`body` with its checksum filled in at that offset; ICMP for IPv4 has no pseudo header."""
    pseudo = addresses(version, sender) + struct.pack(">II", len(body), protocol)
    total = checksum((b"" if protocol == 1 else pseudo) + body)
    return body[:at] + struct.pack(">H", total) + body[at + 2:]


def tcp(following, sender, segment, options, payload, keys):
    """A TCP segment; `following` holds the next sequence number of either end."""
    ports = {"client": 40000 + int(keys.get("stream", 0)), "server": 80}
    flags = FLAGS[segment]
    seq = int(keys.get("seq", following[sender]))
    ack = int(keys.get("ack", following[PEER[sender]] if flags & 0x10 else 0))
    octets = bytes.fromhex(options.replace("-", "").replace(",", ""))
    octets += b"\x01" * (-len(octets) % 4)
    following[sender] = seq + len(payload) + (1 if flags & 0x03 else 0)
    return struct.pack(">HHIIBBHHH", ports[sender], ports[PEER[sender]], seq, ack,
                       (20 + len(octets)) // 4 << 4, flags, 1024, 0, 0) + octets + payload


def on_link(link, version, sender, packet):
    """The IP packet behind the header of a link layer."""
    ether_type = b"\x86\xdd" if version == "ipv6" else b"\x08\x00"
    family = 10 if version == "ipv6" else 2  # Linux's; BSD's loopbacks have 24 or more for IPv6
    if link in ("eth", "vlan"):
        tag = b"\x81\x00\x00\x07" if link == "vlan" else b""
        return MACS[PEER[sender]] + MACS[sender] + tag + ether_type + packet
    if link == "sll":
        return struct.pack(">HHH", 4 * (sender == "client"), 1, 6) + MACS[sender] + b"\0\0" + \
            ether_type + packet
    if link == "sll2":
        return ether_type + struct.pack(">HIHBB", 0, 2, 1, 4 * (sender == "client"), 6) + \
            MACS[sender] + b"\0\0" + packet
    if link in ("null", "loop"):
        return struct.pack("<I" if link == "null" else ">I", 30 if family == 10 else 2) + packet
    return packet


def frame(line, connections):
    """The captured octets of a line's frame, and its length on the wire."""
    layers, sender, segment, options, *settings = line.split()
    link, version, *inside = layers.split("/")
    keys = dict(setting.split("=", 1) for setting in settings)
    payload = bytes.fromhex(keys.get("payload", "8081fe82" if segment == "data" else ""))
    following = connections.setdefault((version, keys.get("stream")),
                                       {"client": 1000, "server": 5000})
    body = tcp(following, sender, segment, options, payload, keys)
    packet = network(version, sender, 6, with_checksum(version, sender, 6, body, 16))
    if inside == ["icmp"]:  # a port unreachable, from the host that could not deliver it
        sender = PEER[sender]
        protocol, kind, code = (58, 1, 4) if version == "ipv6" else (1, 3, 3)
        body = with_checksum(version, sender, protocol, bytes([kind, code] + [0] * 6) + packet, 2)
        packet = network(version, sender, protocol, body)
    ether_type = b"\x86\xdd" if version == "ipv6" else b"\x08\x00"
    if inside == ["gre"]:
        packet = network(version, sender, 47, b"\0\0" + ether_type + packet)
    if inside == ["vxlan"]:
        frame_inside = MACS[PEER[sender]] + MACS[sender] + ether_type + packet
        body = struct.pack(">HHHHII", 50000, 4789, 16 + len(frame_inside), 0, 0x08000000, 7 << 8)
        body = with_checksum(version, sender, 17, body + frame_inside, 6)
        packet = network(version, sender, 17, body)
    octets = on_link(link, version, sender, packet)
    return LINKTYPES[link], octets[:int(keys.get("snap", len(octets)))], len(octets)


def pcap(frames):
    out = struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, frames[0][0] if frames else 1)
    for number, (_, octets, length) in enumerate(frames):
        out += struct.pack("<IIII", 1700000000, number * 1000000, len(octets), length) + octets
    return out


def block(kind, body):
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def pcapng(frames):
    links = list(dict.fromkeys(link for link, _, _ in frames))
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for link in links:
        out += block(1, struct.pack("<HHI", link, 0, 0))
    for number, (link, octets, length) in enumerate(frames):
        time = 1700000000000000 + number * 1000
        out += block(6, struct.pack("<IIIII", links.index(link), time >> 32, time & 0xFFFFFFFF,
                                    len(octets), length) + octets + bytes(-len(octets) % 4))
    return out


def main():
    connections = {}
    lines = [line.split("#")[0].strip() for line in sys.stdin]
    frames = [frame(line, connections) for line in lines if line]
    with open(sys.argv[1], "wb") as out:
        out.write(pcapng(frames) if len({link for link, _, _ in frames}) > 1 else pcap(frames))


main()
