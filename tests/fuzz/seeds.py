#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""seeds.py TARGET FOLDER: the corpus that a fuzz target begins with, made of what the project ships.

Descriptions from options/, captures and their packets from captures/, segments with every option
for the dissector. What each target takes is said in its target_NAME.c.
"""
import glob
import gzip
import os
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tests", "tools"))
import tcp_segments  # noqa: E402

LINES = """
eth/ipv4 client syn    020405b4,1e0c0081aabbccddeeff0011,fd06beef0001
eth/ipv4 server synack 020405b4,1e0c0081aabbccddeeff0011
vlan/ipv6 client data  fd064f430002,1c040022
sll/ipv4 client data   1e08f00100000fa0,080a0000000100000002
sll2/ipv6 server data  fd064f44040a
raw/ipv4 client fin    fd064f430002
null/ipv4 client data  1e06f0030064
loop/ipv6 client data  fd064f490014
eth/ipv4/icmp client data fd064f430002
eth/ipv6/gre client data fd064f430002
"""


def read(path):
    with open(path, "rb") as file:
        return file.read()


def shipped(pattern):
    return sorted(glob.glob(os.path.join(SOURCE, pattern)))


def crafted():
    """A pcapng with segments of every link type, as craft_segments.py makes it."""
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run([os.path.join(SOURCE, "tests", "tools", "craft_segments.py"), file.name],
                       input=LINES.encode(), check=True)
        return read(file.name)


def crafted_hooks(*cases):
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run([os.path.join(SOURCE, "tests", "tools", "craft_hooks.py"), file.name, *cases],
                       check=True)
        return read(file.name)


def packets(data):
    """(link type, octets) of the packets of a little-endian pcapng."""
    at, links = 0, []
    while at + 12 <= len(data):
        kind, length = struct.unpack("<II", data[at:at + 8])
        body = data[at + 8:at + length - 4]
        if kind == 1:
            links.append(struct.unpack("<H", body[:2])[0])
        elif kind == 6:
            interface, _, _, captured, _ = struct.unpack("<5I", body[:20])
            yield links[interface], body[20:20 + captured]
        at += length


def tags_end(octets):
    """Where an upper PDU begins, behind its tags."""
    at = 0
    while True:
        tag, length = struct.unpack(">HH", octets[at:at + 4])
        at += 4 + length
        if tag == 0:
            return at


def recordings():
    return [read(path) for path in shipped("captures/*.pcapng")] + [
        crafted_hooks(), crafted_hooks(*shipped("tests/golden/dissector/records.json"))]


def example_options():
    """Octets of options, from the tests that name them."""
    found = set()
    for path in shipped("tests/golden/test_dissector_*.sh"):
        for group in re.findall(r"\b(?:[0-9a-f]{2}){3,40}(?:,(?:[0-9a-f]{2}){2,40})*\b",
                                read(path).decode()):
            for one in group.split(","):
                octets = bytes.fromhex(one)
                if octets[1] == len(octets):
                    found.add(octets)
    return sorted(found)


# A description, and what of it to replace by what: faults and rare keys that mutation seldom finds.
DESCRIPTION = """[option]
name = a
carrier = exid
id = 0xBEEF
length = 8
[field a]
bits = 16
[field b]
bits = 16
"""
VARIANTS = [
    ("length = 8", "length = 8\nkinds = 254;253"), ("length = 8", "length = 8\nkinds = 253"),
    ("length = 8", "length = 8\nkinds = 253;253"), ("length = 8", "length = 8\nkinds ="),
    ("length = 8", "length = 8\nsegments ="), ("length = 8", "length = 8\nprofile = p;q"),
    ("length = 8", "length = 8\nprofile ="), ("name = a", "name = option"),
    ("carrier = exid\nid = 0xBEEF", "carrier = kind\nid = 253"),
    ("carrier = exid\nid = 0xBEEF", "carrier = mptcp-exp\nid = 300"),
    ("carrier = exid\nid = 0xBEEF", "carrier = mptcp\nid = 16"),
    ("bits = 16\n[field b]", "bits = 16\nmin = 70000\n[field b]"),
    ("bits = 16\n[field b]", "bits = 16\nmin = 7\nmax = 6\n[field b]"),
    ("bits = 16\n[field b]", "bits = 15\ntype = bool\n[field b]"),
    ("bits = 16\n[field b]", "bits = 33\ntype = enum\nvalues = 1:x\n[field b]"),
    ("bits = 16\n[field b]", "type = enum\nbits = 16\nvalues = 1:x;2:x\n[field b]"),
    ("[field a]", "[field kind]"), ("[field a]", "[field a_be]"), ("[field a]", "[field b]"),
    ("bits = 16\n[field b]", "bits = rest\ntype = bytes\n[field b]"),
    ("length = 8\n[field a]\nbits = 16", "length = 4-8\n[field a]\nbits = rest\ntype = string"),
    ("length = 8\n[field a]\nbits = 16\n[field b]\nbits = 16",
     "length = 5-8\n[field a]\nbits = 16\n[field b]\nbits = rest\ntype = bytes"),
    ("length = 8\n[field a]\nbits = 16\n[field b]\nbits = 16",
     "length = 4\n[field b]\nbits = rest\ntype = bytes"),
    ("length = 8", "length = 5-8"), ("length = 8", "length = 9"), ("length = 8", "length = 0x28"),
    ("[field b]\nbits = 16", "[field b]\nbits = 16\n[field c]\nof = a\nfactor-by = a:0=1;1=60"),
    ("[field b]\nbits = 16", "[field b]\nbits = 16\n[field c]\nof = a\nfactor-by = b:0=0;1=60"),
    ("[field b]\nbits = 16", "[field b]\nbits = 16\n[field c]\nof = a\nfactor = 0"),
    ("[field b]\nbits = 16", "[field b]\nbits = 16\n[field c]\nof = a\nexp2 = yes\nunit = s"),
    ("[field b]\nbits = 16", "".join(f"[field f{n}]\nbits = 1\n" for n in range(40))),
    ("name = a", "name = a\nname = b"), ("name = a", "name = a\ntitle = \\s\\n\\q"),
]


def descriptions():
    for old, new in VARIANTS:
        yield DESCRIPTION.replace(old, new).encode()
    for octets in example_options()[:60]:
        yield DESCRIPTION.replace("length = 8", "length = 4-40\nprofile = p").replace(
            "[field b]\nbits = 16", "[field b]\ntype = bytes\nbits = rest").encode() + b"\0" + octets
    for path in shipped("options/*.opt") + shipped("tests/golden/options/*.opt"):
        yield read(path)
    yield read(shipped("options/cc.opt")[0]) + b"\0" + bytes.fromhex("fd064f430002")


def options():
    for octets in example_options():
        for profile in range(3):
            yield bytes([profile]) + octets


def packet_seeds():
    order = {1: 0, 113: 1, 276: 2, 101: 3, 0: 4, 108: 5}
    for link, octets in packets(crafted()):
        yield bytes([order[link], 0]) + octets


def pcap():
    for path in shipped("captures/*-a.pcapng")[:2]:
        frames = [octets for link, octets in packets(read(path)) if link == 1][:12]
        for order, magic in (("<", 0xA1B2C3D4), (">", 0xA1B23C4D)):
            data = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, 1)
            for number, octets in enumerate(frames):
                data += struct.pack(order + "IIII", 1700000000, number, len(octets), len(octets))
                data += octets
            yield data
        yield gzip.compress(data, mtime=0)


def pcapng():
    yield crafted()
    for data in recordings():
        yield data[:6000]
    yield gzip.compress(crafted_hooks(), mtime=0)


def hooks():
    for data in recordings():
        for link, octets in list(packets(data))[:40]:
            if link == 252:
                yield b"\1" + octets
                yield b"\0" + octets[tags_end(octets):]


def assertions():
    texts = ["flow=1 direction=c>s option=cc segment=syn sent>=10", "verdict=delivered",
             "none failed", "option=uto applied=1 parsed!=0", "none stripped option=cc",
             "flow=2 reserved<5 written<=5 arrived>5"]
    for path in shipped("docs/*.md") + shipped("tests/*/test_*"):
        texts += re.findall(r"--assert '([^']+)'", read(path).decode())
    for text in texts:
        yield text.encode()


def rules():
    for path in shipped("bpf/tune/*.rules"):
        yield read(path)
    for text in re.findall(r"\[rule [^'\"`]*?(?=\n\n|END|\"|`)",
                           "".join(read(path).decode() for path in shipped("tests/*/test_*"))):
        yield text.encode()


def analyzer():
    pairs = [(path, path.replace("-a.", "-b.")) for path in shipped("captures/*-a.pcapng")]
    for a, b in pairs:
        first, second = read(a)[:8000], read(b)[:8000]
        yield b"\1" + len(first).to_bytes(3, "big") + first + second
    yield b"\2" + len(crafted()).to_bytes(3, "big") + crafted()


FLAGS = {"syn": 2, "synack": 18, "ack": 16, "data": 24, "fin": 17}


def segment(head, flags, options_, payload=0, cut=0, seq=0):
    return bytes([head, flags, len(options_), payload, cut, seq]) + options_


def dissector():
    records = [octets[tags_end(octets):] for data in recordings()
               for link, octets in list(packets(data))[:30] if link == 252]
    capable = bytes.fromhex("1e0c0081aabbccddeeff0011")
    examples = example_options()
    for number, octets in enumerate(examples):
        head = number % 4 | (number % 2) << 2
        data = bytes([number % 5])
        data += segment(head, 2, capable if number % 3 else octets)
        data += segment(head | 8, 18, capable if number % 3 else octets)
        data += segment(head, 24, octets, 4)
        data += segment(head | 8, 24, octets, 4, seq=4)
        data += segment(head | 0x40, 24, octets, 4)
        data += segment(head, 24, octets, 4, cut=6, seq=8)
        yield data
    for number, record in enumerate(records):
        kind = 0xA0 if len(record) < 96 else 0xC0 if len(record) < 172 else 0x80
        yield bytes([number % 16]) + bytes([kind]) + struct.pack(">H", len(record)) + record + \
            segment(0, 24, examples[number % len(examples)], 4)
    segments = [s for path in shipped("captures/*.pcapng") for s in tcp_segments.read(path)][:60]
    yield b"\0" + b"".join(segment(0 if s.source[1] > s.destination[1] else 8, s.flags,
                                   s.raw_options, min(len(s.payload), 200)) for s in segments)


SEEDS = {"descriptions": descriptions, "options": options, "packets": packet_seeds, "pcap": pcap,
         "pcapng": pcapng, "hooks": hooks, "assertions": assertions, "rules": rules,
         "analyzer": analyzer, "dissector": dissector}


def main():
    target, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    count = 0
    for number, seed in enumerate(SEEDS[target]()):
        with open(os.path.join(folder, f"seed-{number:03}"), "wb") as file:
            file.write(seed)
        count += 1
    if count == 0:
        sys.exit(f"seeds.py: no seed for {target}")


main()
