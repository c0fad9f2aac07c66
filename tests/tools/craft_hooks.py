#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a recording with hook, clock and MPTCP event records of known content, for tests.

usage: craft_hooks.py FILE.pcapng [CASES.json...]

With CASES the records that tests/golden/test_dissector_records.sh describes, in their order. Without:
written from docs/hook-record.md alone, so that it and the readers check each other. The records:

1  a clock sample, bracket of 49 ns         2  a clock step of -2 ms
3  WRITE_HDR_OPT_CB, IPv4: 12 octets stood there, the program wrote cc with bbr, and said so
4  PARSE_HDR_OPT_CB, IPv6: uto came in; TCP_USER_TIMEOUT was set, TCP_CONGESTION refused
5  op 77, no header, an action that the reader does not know, an item that it does not know
6  a record whose option item is cut        7  a record of half the fixed part
8  a longer fixed part, with reservation    9  a program that declined
"""
import ipaddress
import json
import struct
import sys

WRITE, PARSE, LEN = 15, 13, 14
PROBE, FULLSOCK, HEADER, ENTRY, RESERVED, OUTGOING, LOST = (1 << bit for bit in range(7))
HEAD = 6  # octets of an option that an action shows
TIMESTAMPS = bytes.fromhex("0101080a0000000100000002")


def tag(kind, value):
    return struct.pack(">HH", kind, len(value)) + value


def item(kind, value):
    return struct.pack("<HH", kind, len(value)) + value


def action(kind, head, program, result=0, level=0, name=0, value=b""):
    return item(2, struct.pack("<BB6siii16s16s", kind, len(value), bytes.fromhex(head), result,
                               level, name, program.encode(), value))


def hook(op, flags, number, local, remote, *items, seq=0, ack=0, length=0, tcp_flags=0, before=0,
         reserved=0, more=b"", args=(1, 2, 3, 4)):
    near, far = (ipaddress.ip_address(end[0]) for end in (local, remote))
    fixed = struct.pack("<HHIQQQQQQ4III", 1, 172 + len(more), op, 1700000000000000000 + number,
                        5000 + number, number, 4097, 9221, 6494, *args, 5, flags)
    fixed += struct.pack("<16s16sHHBBBB", near.packed, far.packed, local[1], remote[1],
                         near.version, far.version, tcp_flags, before)
    fixed += struct.pack("<11IHHHH", 0xABCD1234, seq, ack, 71, 72, length, 10, 250, 1448, 420, 1,
                         501, 3, reserved, 0)
    source, destination = (local, remote) if op != PARSE else (remote, local)
    kinds = (20, 21) if near.version == 4 else (22, 23)
    tags = tag(12, b"optrail.hook")
    for kind, end in zip(kinds, (source, destination)):
        tags += tag(kind, ipaddress.ip_address(end[0]).packed)
    for kind, value in ((24, 2), (25, source[1]), (26, destination[1])):
        tags += tag(kind, struct.pack(">I", value))
    return tags + tag(0, b"") + fixed + more + b"".join(items)


def clock(width, monotonic, realtime, step):
    return (tag(12, b"optrail.clock\0\0\0") + tag(0, b"") +
            struct.pack("<HHIQQq", 1, 32, width, monotonic, realtime, step))


def block(kind, body):
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def packet(octets, number):
    time = 1700000000000000000 + number * 1000
    return block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(octets),
                                len(octets)) + octets + bytes(-len(octets) % 4))


def mptcp_event(event, token=0xABCD1234, flags=0, local=None, remote=None, ids=(0, 0), error=0,
                reset=(0, 0), interface=0):
    """What the path manager said; an end is (address, port) or None."""
    ends = [ipaddress.ip_address(end[0]) if end else None for end in (local, remote)]
    return (tag(12, b"optrail.mptcp\0\0\0") + tag(0, b"") +
            struct.pack("<HHIQQQII", 1, 96, event, 1700000000000000000, 5000, 6494, token, flags) +
            struct.pack("<16s16sHHBBBB", *(end.packed if end else b"" for end in ends),
                        *(end[1] if end else 0 for end in (local, remote)),
                        *(end.version if end else 0 for end in ends), *ids) +
            struct.pack("<IIII", error, *reset, interface))


A, B = ("192.0.2.1", 40000), ("198.51.100.2", 80)
A6, B6 = ("2001:db8::1", 40000), ("2001:db8:1::2", 80)
CC, UTO = bytes.fromhex("fd064f430002"), bytes.fromhex("1c040022")


def known_records():
    whole = hook(WRITE, FULLSOCK | HEADER | ENTRY | OUTGOING, 6, A, B, item(1, TIMESTAMPS + CC))
    return [
        clock(49, 1000, 1700000000000000000, 0),
        clock(60, 2000, 1700000000000000000, -2000000),
        hook(WRITE, FULLSOCK | HEADER | ENTRY | OUTGOING, 3, A, B, item(1, TIMESTAMPS + CC),
             action(2, CC.hex(), "cc", 0, value=struct.pack("<I", 6)), seq=1001, ack=5001, length=10,
             tcp_flags=0x18, before=12),
        hook(PARSE, FULLSOCK | HEADER, 4, B6, A6, item(1, UTO),
             action(4, UTO.hex() + "0000", "uto", 0, 6, 18, struct.pack("<I", 34000)),
             action(4, CC.hex(), "cc", -2, 6, 13, b"bbr"), seq=7, ack=8, tcp_flags=0x10),
        hook(77, 0, 5, A, B, action(99, "000000000000", "new"), item(4711, b"whatever")),
        whole[:-3],
        hook(LEN, 0, 7, A, B)[:-100],
        hook(LEN, FULLSOCK | HEADER | ENTRY | OUTGOING | RESERVED, 8, A, B, reserved=8,
             tcp_flags=0x02, more=b"later!"),
        hook(PARSE, FULLSOCK | HEADER, 9, B, A, item(1, CC),
             action(5, CC.hex(), "cc", value=struct.pack("<I", 2)), tcp_flags=0x10),
    ]


def described_record(case):
    """The record of a case: see tests/golden/test_dissector_records.sh."""
    if "event" in case:
        words = dict(case["event"])
        for end in ("local", "remote"):
            if end in words:
                address, _, port = words[end].rpartition(" ")
                words[end] = (address, int(port))
        return mptcp_event(**words)
    actions = [action(one["kind"], one.get("head", "00" * HEAD), one["program"], one.get("result", 0),
                      one.get("level", 0), one.get("name", 0), bytes.fromhex(one.get("value", "")))
               for one in case.get("actions", [])]
    return hook(case["op"], case.get("flags", 0), 1, A, B, *actions,
                args=case.get("args", [0, 0, 0, 0]))


def main():
    records = known_records()
    if len(sys.argv) > 2:
        records = []
        for path in sys.argv[2:]:
            with open(path, encoding="utf-8") as file:
                records += map(described_record, json.load(file))
    interface = struct.pack("<HHI", 252, 0, 0) + struct.pack("<HHB3x", 9, 1, 9)
    interface += struct.pack("<HH", 2, 13) + b"optrail-hooks\0\0\0" + struct.pack("<HH", 0, 0)
    with open(sys.argv[1], "wb") as out:
        out.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        out.write(block(1, interface))
        for index, octets in enumerate(records):
            out.write(packet(octets, index))


if __name__ == "__main__":
    main()
