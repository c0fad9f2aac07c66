#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""raw_peer.py ADDRESS PORT FOLDER [--syn HEX] [--ack HEX] [--data HEX] [--fin HEX]

A TCP client made by hand, whose segments carry these octets as options: on the SYN, the third ACK,
the data, the FIN. It sends 64 octets, expects them back, makes FOLDER/client then, and closes when
FOLDER/hold is gone. Fails when the connection comes to harm. The caller keeps the kernel from
answering with RST. Everything ends after 20 s at the latest.
"""
import argparse
import os
import random
import signal
import socket
import struct
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
PAYLOAD = b"abcdefgh" * 8


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Peer:
    def __init__(self, address, port):
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sock = socket.socket(self.family, socket.SOCK_RAW, socket.IPPROTO_TCP)
        self.sock.connect((address, 0))
        self.ends = [socket.inet_pton(self.family, a)
                     for a in (self.sock.getsockname()[0], address)]
        self.port, self.peer_port = random.randint(20000, 60000), port
        self.seq, self.ack = random.getrandbits(32), 0
        self.got = b""

    def send(self, flags, options=b"", payload=b""):
        options += b"\1" * (-len(options) % 4)
        length = 20 + len(options) + len(payload)
        pseudo = b"".join(self.ends) + (
            struct.pack("!II", length, socket.IPPROTO_TCP) if self.family == socket.AF_INET6
            else struct.pack("!HH", socket.IPPROTO_TCP, length))
        for total in 0, None:
            header = struct.pack("!HHIIBBHHH", self.port, self.peer_port, self.seq,
                                 self.ack if flags & ACK else 0, (20 + len(options)) // 4 << 4,
                                 flags, 64000, 0 if total == 0 else value, 0)
            segment = header + options + payload
            value = checksum(pseudo + segment)
        self.sock.send(segment)
        self.seq = (self.seq + len(payload) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF

    def receive(self):
        """The control bits of the next segment for us; acknowledges data that comes in order."""
        while True:
            packet = self.sock.recv(65536)
            if self.family == socket.AF_INET:
                packet = packet[(packet[0] & 15) * 4:]
            sport, dport, seq, _, offset, flags = struct.unpack("!HHIIBB", packet[:14])
            if (sport, dport) != (self.peer_port, self.port):
                continue
            if flags & RST:
                raise ConnectionError("the connection was reset")
            data = packet[(offset >> 4) * 4:]
            if flags & SYN:
                self.ack = (seq + 1) & 0xFFFFFFFF
            elif seq == self.ack and (data or flags & FIN):
                self.got += data
                self.ack = (self.ack + len(data) + bool(flags & FIN)) & 0xFFFFFFFF
            return flags


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("folder")
    for name in "syn", "ack", "data", "fin":
        parser.add_argument("--" + name, type=bytes.fromhex, default=b"")
    args = parser.parse_args()
    signal.alarm(20)
    peer = Peer(args.address, args.port)
    peer.send(SYN, args.syn)
    while not peer.receive() & SYN:
        pass
    peer.send(ACK, args.ack)
    time.sleep(0.05)
    peer.send(ACK | PSH, args.data, PAYLOAD)
    while len(peer.got) < len(PAYLOAD):
        peer.receive()
    peer.send(ACK)
    if peer.got != PAYLOAD:
        raise ConnectionError("other octets came back")
    open(args.folder + "/client", "w", encoding="ascii").close()
    while os.path.exists(args.folder + "/hold"):
        time.sleep(0.02)
    peer.send(ACK | FIN, args.fin)
    while not peer.receive() & FIN:
        pass
    peer.send(ACK)


main()
