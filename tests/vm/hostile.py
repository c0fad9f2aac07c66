#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A peer that speaks Multipath TCP (RFC 8684) over a raw socket, and badly.

  hostile.py DEVICE SOURCE DESTINATION PORT WHAT...

SOURCE is an IPv4 address that nobody has, so that no stack answers in this one's place; DESTINATION
must know its link-layer address. For each WHAT (see the table at the end) a connection is opened by a
right handshake, as the server of traffic.py wants it, and abused. Prints a line for each and ends with
status 0 if all handshakes came about: what harm was done is for the caller to see.
"""
import hashlib
import hmac
import random
import select
import socket
import struct
import sys
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
SUBOPTION = 30
# a private subtype and the experiment that tests/vm/option.bpf.c looks for
OURS = bytes([0xf0, 0x01])


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def option(body, length=None):
    """A suboption; its length octet can lie."""
    return bytes([SUBOPTION, len(body) + 2 if length is None else length]) + body


class Peer:
    def __init__(self, device, source, destination, port):
        self.source, self.destination, self.port = source, destination, port
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.tap.bind((device, 0))
        self.random = random.Random(8684)
        self.own_port = 20000

    def transmit(self, flags, options=b"", payload=b"", port=None):
        options += b"\1" * (-len(options) % 4)
        assert len(options) <= 40
        header = struct.pack("!HHIIBBHHH", port or self.own_port, self.port, self.next,
                             self.expected if flags & ACK else 0,
                             (5 + len(options) // 4) << 4, flags, 65535, 0, 0) + options
        pseudo = (socket.inet_aton(self.source) + socket.inet_aton(self.destination) +
                  struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header) + len(payload)))
        value = checksum(pseudo + header + payload)
        header = header[:16] + struct.pack("!H", value) + header[18:]
        total = 20 + len(header) + len(payload)
        packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 64, socket.IPPROTO_TCP, 0,
                             socket.inet_aton(self.source), socket.inet_aton(self.destination))
        self.raw.sendto(packet + header + payload, (self.destination, 0))

    def receive(self, seconds):
        """Takes the next segment for this connection; (flags, options) or None."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.tap], [], [], left)[0]:
                break
            packet = self.tap.recv(65535)
            start = (packet[0] & 15) * 4
            if packet[9] != socket.IPPROTO_TCP or \
                    packet[16:20] != socket.inet_aton(self.source):
                continue
            tcp = packet[start:struct.unpack("!H", packet[2:4])[0]]
            _, port, sequence, _, offset, flags = struct.unpack("!HHIIBB", tcp[:14])
            if port != self.own_port:
                continue
            length = len(tcp) - (offset >> 4) * 4 + bool(flags & SYN) + bool(flags & FIN)
            if self.expected is None or sequence == self.expected:
                self.expected = (sequence + length) & 0xffffffff
            return flags, tcp[20:(offset >> 4) * 4]
        return None

    def drain(self):
        """Takes what came; the acknowledgement number follows."""
        while self.receive(0.002):
            pass

    def connect(self, ask):
        """Opens a connection and sends the line that tells the server what to do."""
        self.own_port += 1
        self.next, self.expected = self.random.getrandbits(32), None
        self.key = self.random.randbytes(8)
        synack = None
        for _ in range(20):
            self.transmit(SYN, option(bytes([0x01, 0x01])))
            synack = self.receive(3)
            if synack and synack[0] & SYN:
                break
            synack = None
        at = synack[1].find(bytes([SUBOPTION, 12])) if synack else -1
        if at < 0:
            return False
        self.peer_key = synack[1][at + 4:at + 12]
        self.next = (self.next + 1) & 0xffffffff
        keys = bytes([0x01, 0x01]) + self.key + self.peer_key
        self.transmit(ACK, option(keys))
        self.say(option(keys + struct.pack("!H", len(ask))), ask)
        for _ in range(10):
            self.receive(0.1)
        return True

    def say(self, options, payload=b""):
        self.transmit(ACK | (PSH if payload else 0), options, payload)
        self.next = (self.next + len(payload)) & 0xffffffff

    def data_ack(self):
        """DSS with nothing but the acknowledgement of all that came on the connection's level."""
        first = struct.unpack("!Q", hashlib.sha256(self.peer_key).digest()[24:])[0]
        return option(bytes([0x20, 0x03]) + struct.pack("!Q", (first + 1) & (2**64 - 1)))

    def add_addr(self, number, address, right=True):
        body = bytes([number]) + socket.inet_aton(address)
        digest = hmac.new(self.key + self.peer_key, body + b"\0\0", hashlib.sha256).digest()[24:]
        if not right:
            digest = bytes(8)
        return option(bytes([0x30]) + body + digest)

    def reset(self):
        self.transmit(RST | ACK)


def unknown(peer):
    """Every subtype that RFC 8684 does not define, and unknown experiments of the private one."""
    for subtype in list(range(9, 16)) * 20:
        length = peer.random.randint(1, 38)
        body = bytes([subtype << 4 | peer.random.getrandbits(4)]) + peer.random.randbytes(length - 1)
        peer.say(option(body))


def malformed(peer):
    """Each subtype with each length that fits, and lengths that lie."""
    for subtype in range(16):
        for length in range(2, 24):
            # those end the connection by right: not what is asked here
            if (subtype, length) in ((7, 12), (8, 4), (6, 12)):
                continue
            peer.say(option((bytes([subtype << 4]) + peer.random.randbytes(38))[:length - 2]))
        for lie in (0, 1, 2, 3, 39, 255):
            peer.say(option(bytes([subtype << 4]) + peer.random.randbytes(5), length=lie))
        peer.drain()


def oversized(peer):
    """The whole option space for one suboption, also of an experiment that is known."""
    for body in (OURS, bytes([0xf0, 0x02]), bytes([0x90])):
        for _ in range(50):
            peer.say(option(body + peer.random.randbytes(38 - len(body))))


def repeated(peer):
    """The same experiment several times in a segment and in many segments."""
    for _ in range(150):
        peer.say(b"".join(option(OURS + peer.random.randbytes(4)) for _ in range(5)))


def announce(peer):
    """A thousand right ADD_ADDRs for as many addresses, five hundred forged ones; RM_ADDR."""
    peer.say(peer.data_ack())
    for i in range(1000):
        address = "10.%d.%d.%d" % (100 + i // 65000, i // 250 % 250, i % 250 + 1)
        peer.say(peer.add_addr(i % 255 + 1, address))
        if i % 2 == 0:
            peer.say(peer.add_addr(i % 255 + 1, address, right=False))
        if i % 100 == 0:
            peer.say(option(bytes([0x40]) + bytes(peer.random.randint(0, 255) for _ in range(20))))
            peer.drain()


def join(peer):
    """SYNs with MP_JOIN: forged tokens, and right ones whose handshake never ends."""
    token = hashlib.sha256(peer.peer_key).digest()[:4]
    number = peer.next
    for i in range(200):
        peer.next = peer.random.getrandbits(32)
        peer.transmit(SYN, option(bytes([0x10, i & 255]) + (token if i % 2 else b"\0\0\0\1") +
                                  peer.random.randbytes(4)), port=30000 + i)
    peer.next = number


def noise(peer):
    """Options of random octets, of which half begin like a suboption."""
    for i in range(600):
        options = peer.random.randbytes(peer.random.randint(1, 40))
        # FASTCLOSE, TCPRST with the right length would end the connection by right
        if i % 2:
            subtype = peer.random.choice((0, 1, 2, 3, 4, 5, 9, 12, 15))
            options = (bytes([SUBOPTION, peer.random.randint(0, 40), subtype << 4]) + options)[:40]
        peer.say(options, b"x" if i % 50 == 0 else b"")
        if i % 100 == 0:
            peer.drain()


def mapping(peer):
    """Data whose DSS maps it somewhere else, far ahead, or longer than it is."""
    for i in range(300):
        body = (bytes([0x20, 0x0d]) + peer.random.randbytes(8 + 4) +
                struct.pack("!H", peer.random.choice((0, 1, 10, 65535))))
        peer.say(option(body), b"0123456789" if i % 3 else b"")
        if i % 50 == 0:
            peer.drain()


WHAT = {function.__name__: function
        for function in (unknown, malformed, oversized, repeated, announce, join, noise, mapping)}


def main():
    peer = Peer(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
    for name in sys.argv[5:]:
        if not peer.connect(b"hold 1000\n"):
            print(name, "no connection")
            return 1
        WHAT[name](peer)
        peer.drain()
        peer.reset()
        print(name, "done", flush=True)
    return 0


sys.exit(main())
