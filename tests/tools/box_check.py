#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""box_check.py A B BOX[+BOX]... [KEY=VALUE]...

Holds two captures, A at the client and B at the server, to what the lab's boxes between them claim
to do, octet by octet. affect=N/M says which connections they concern; the others must be untouched.
Exit status 1 and one line when something is otherwise.
"""
import collections
import sys

from tcp_segments import ACK, FIN, PSH, RST, SYN, parse_options, read

MOD = 1 << 32
OURS = {28, 253, 254}


class Wrong(Exception):
    pass


def demand(condition, *what):
    if not condition:
        raise Wrong(" ".join(str(w) for w in what))


class Flow:
    """One connection as one end saw it."""

    def __init__(self, first):
        self.client, self.server = first.source, first.destination
        self.forward, self.reverse, self.all = [], [], []

    def add(self, segment):
        forward = segment.source == self.client
        (self.forward if forward else self.reverse).append(segment)
        self.all.append(("forward" if forward else "reverse", segment))


def flows_of(path):
    """Connections in the order of their SYNs; each incarnation of a port that is used again."""
    found, order = {}, []
    for s in read(path):
        demand(s.checksum != "wrong", path, "checksum wrong:", s)
        key = frozenset((s.source, s.destination))
        opens = s.flags & (SYN | ACK) == SYN
        if key not in found or (opens and found[key].forward[0].seq != s.seq):
            found[key] = Flow(s)
            order.append(found[key])
        found[key].add(s)
    return order


def pad(options):
    """Without padding behind the last option, then NOPs up to a multiple of four."""
    while options and options[-1][0] <= 1:
        options = options[:-1]
    raw = b"".join(octets for _, octets in options)
    return raw + b"\1" * (-len(raw) % 4)


# --- boxes that make of each segment another one ----------------------------------------------------
# Each gets (direction, header, payload) and gives header, payload; a header is a bytearray whose
# data offset is set afterwards.

def with_options(header, raw):
    return header[:20] + raw


def replace(header, offset, add):
    value = int.from_bytes(header[offset:offset + 4], "big") + add
    header[offset:offset + 4] = (value % MOD).to_bytes(4, "big")


def strip_nop(_, header, payload, kinds=None):
    kinds = kinds or OURS
    return with_options(header, b"".join(b"\1" * len(o) if k in kinds else o
                                         for k, o in parse_options(header[20:]))), payload


def strip_mptcp(direction, header, payload):
    return strip_nop(direction, header, payload, {30})


def strip_shorten(_, header, payload):
    options = parse_options(header[20:])
    if any(k in OURS for k, _ in options):
        header = with_options(header, pad([o for o in options if o[0] not in OURS]))
    return header, payload


def modify(_, header, payload):
    return with_options(header, b"".join(o[:-1] + bytes([o[-1] ^ 1]) if k in OURS else o
                                         for k, o in parse_options(header[20:]))), payload


def add(_, header, payload):
    # The new option stands right behind the last one, wherever that ends.
    options = parse_options(header[20:])
    while options and options[-1][0] <= 1:
        options.pop()
    raw = pad(options + [(0x4c, b"\x4c\x04\xbe\xef")])
    return (with_options(header, raw) if len(raw) <= 40 else header), payload


def reorder_options(_, header, payload):
    options = [o for o in parse_options(header[20:]) if o[0] > 1]
    if len(options) > 1:
        raw = b"".join(o for _, o in reversed(options))
        header = with_options(header, raw + b"\1" * (len(header) - 20 - len(raw)))
    return header, payload


def sequence(direction, header, payload):
    own, other = (123456789, -987654321)[::1 if direction == "forward" else -1]
    replace(header, 4, own)
    if header[13] & ACK:
        replace(header, 8, -other)
    at = 20
    for kind, option in parse_options(header[20:]):
        if kind == 5:
            for edge in range(2, len(option), 4):
                replace(header, at + edge, -other)
        at += len(option)
    return header, payload


def timestamps(direction, header, payload):
    own, other = (1000000, -2000000)[::1 if direction == "forward" else -1]
    at = 20
    for kind, option in parse_options(header[20:]):
        if kind == 8:
            replace(header, at + 2, own)
            if header[13] & ACK and any(option[6:10]):
                replace(header, at + 6, -other)
        at += len(option)
    return header, payload


def clamp_mss(_, header, payload):
    return with_options(header, b"".join(b"\2\4" + (1200).to_bytes(2, "big") if k == 2 else o
                                         for k, o in parse_options(header[20:]))), payload


def unchanged(_, header, payload):
    return header, payload


def nat(_, header, payload):
    return header, payload  # the ports are compared by check_ends()


CHANGES = {"none": unchanged, "strip-nop": strip_nop, "strip-shorten": strip_shorten,
           "modify": modify, "add": add, "reorder-options": reorder_options, "sequence": sequence,
           "timestamps": timestamps, "clamp-mss": clamp_mss, "strip-mptcp": strip_mptcp, "nat": nat}


def expect(boxes, direction, segment):
    header, payload = bytearray(segment.header), segment.payload
    for box in boxes:
        header, payload = CHANGES[box](direction, bytearray(header), payload)
    header = bytearray(header)
    header[12] = len(header) // 4 << 4 | header[12] & 15
    return plain(header), payload


def plain(header):
    """Without ports, which check_ends() looks at, and checksum."""
    return bytes(header[4:16] + header[18:])


def check_changes(boxes, a, b):
    """The forward segments of A arrive in B so changed, the reverse ones of B in A."""
    changed = 0
    for direction, sent, arrived in (("forward", a.forward, b.forward),
                                     ("reverse", b.reverse, a.reverse)):
        demand(len(sent) == len(arrived), direction, len(sent), "segments sent,", len(arrived), "arrived")
        # The order is the kernel's affair: two CPUs may hand segments of one connection on.
        left = collections.Counter(map(identity, arrived))
        for s in sent:
            # In the other direction the boxes stand in the opposite order.
            wanted = expect(boxes if direction == "forward" else boxes[::-1], direction, s)
            demand(left[wanted] > 0, direction, s.kind, s.header.hex(), "did not become", wanted[0].hex())
            left[wanted] -= 1
            changed += plain(s.header) != wanted[0]
    return changed


# --- boxes that do something to the row of segments ---------------------------------------------------

def stream(segments):
    """The octets that a direction carried, from the initial sequence number on."""
    base = next(s.seq for s in segments if s.flags & SYN) + 1
    octets = {}
    for s in segments:
        if not s.flags & (SYN | RST):
            for i, octet in enumerate(s.payload):
                at = (s.seq + i - base) % MOD
                demand(octets.setdefault(at, octet) == octet, "octet", at, "has two values")
    demand(sorted(octets) == list(range(len(octets))), "the stream has holes")
    return bytes(octets[i] for i in range(len(octets)))


def data_of(segments):
    return [s for s in segments if s.payload and not s.flags & (SYN | RST)]


def identity(s):
    return plain(s.header), s.payload


def both(a, b):
    return (("forward", a.forward, b.forward), ("reverse", b.reverse, a.reverse))


def covering(sent, part):
    """The sent segments whose range holds the part's."""
    return [s for s in sent if (part.seq - s.seq) % MOD + len(part.payload) <= len(s.payload)]


def ours(segment):
    return [o for k, o in segment.options if k in OURS]


def is_part(part, whole, keep):
    """Whether a part can come from this segment; a super-segment was cut before it was divided."""
    at = (part.seq - whole.seq) % MOD
    options, last = whole.raw_options, at + len(part.payload) == len(whole.payload)
    if len(whole.payload) <= 1460 and keep == "first" and at > 0:
        options = strip_nop(None, bytearray(whole.header), b"")[0][20:]
    return part.raw_options == options and (last or not part.flags & (PSH | FIN))


def check_split(a, b, keep="all", size=400):
    divided = 0
    for _, sent, arrived in both(a, b):
        demand(stream(sent) == stream(arrived), "other data arrived")
        for part in data_of(arrived):
            demand(len(part.payload) <= size, "a part of", len(part.payload))
            # What was sent twice may have been sent in other portions.
            wholes = covering(data_of(sent), part)
            demand(any(is_part(part, whole, keep) for whole in wholes), part.header.hex(), "is no part of",
                   [whole.header.hex() for whole in wholes])
            divided += all(len(part.payload) < len(whole.payload) for whole in wholes)
    return divided


def check_coalesce(a, b, size=1400):
    joined = 0
    for _, sent, arrived in both(a, b):
        demand(stream(sent) == stream(arrived), "other data arrived")
        for whole in data_of(arrived):
            parts = [s for s in data_of(sent) if covering([whole], s)]
            demand(len(whole.payload) <= size or parts or covering(data_of(sent), whole),
                   len(whole.payload), "octets that were not sent so, joined")
            if not parts: # a piece of a super-segment, perhaps with what followed
                continue
            # What waits too long is sent again, with newer timestamps.
            firsts = [s.raw_options for s in data_of(sent) if (whole.seq - s.seq) % MOD < len(s.payload)]
            demand(whole.raw_options in firsts, "options", whole.raw_options.hex(), "not of the first")
            joined += len({s.seq for s in parts}) > 1
    return joined


def check_reorder(a, b):
    moved = 0
    for _, sent, arrived in both(a, b):
        demand(stream(sent) == stream(arrived), "other data arrived")
        rows = [(s.seq, len(s.payload)) for s in data_of(sent)], [(s.seq, len(s.payload)) for s in data_of(arrived)]
        if max(len(s.payload) for s in data_of(sent)) <= 1460:
            demand(sorted(rows[0]) == sorted(rows[1]), "other segments arrived")
        # What was sent again comes later than what followed it, whoever was impatient.
        sent_once = {seq for seq, n in collections.Counter(s.seq for s in data_of(sent)).items() if n == 1}
        third = data_of(sent)[2].seq
        seqs = [s.seq for s in data_of(arrived) if s.seq in sent_once]
        late = {seqs[i] for i in range(1, len(seqs)) if (seqs[i] - seqs[i - 1]) % MOD > MOD // 2}
        demand(late <= {third}, "came late:", late, "not the third alone,", third)
        moved += len(late) or third not in sent_once
    return moved


def check_duplicate(a, b):
    twins = 0
    for direction, sent, arrived in both(a, b):
        demand(stream(sent) == stream(arrived), "other data arrived")
        second = data_of(arrived)[1:3]
        demand(identity(second[0]) == identity(second[1]), direction, "the second data segment came once")
        twins += 1
        if max(len(s.payload) for s in data_of(sent)) <= 1460:
            demand(len(arrived) == len(sent) + 1, direction, len(sent), "sent", len(arrived), "arrived")
    return twins


def check_drop(a, b):
    demand(stream(a.forward) == stream(b.forward), "other data arrived")
    demand(stream(a.reverse) == stream(b.reverse), "other data arrived")
    demand([identity(s) for s in b.reverse] == [identity(s) for s in a.reverse], "reverse was changed")
    sent, arrived = data_of(a.forward), data_of(b.forward)
    if max(len(s.payload) for s in sent) <= 1460:
        lost = list(map(identity, sent))
        for s in arrived:
            lost.remove(identity(s))
        demand(lost == [identity(sent[1])], len(lost), "lost, not the second data segment alone")
        return 1
    # A super-segment lost its second piece: that was sent once more than it came.
    octets = [sum(len(s.payload) for s in row) for row in (sent, arrived)]
    demand(octets[0] > octets[1], "nothing was lost")
    return 1


def check_payload(a, b):
    sent, arrived = data_of(a.forward), data_of(b.forward)
    demand([identity(s) for s in b.reverse] == [identity(s) for s in a.reverse], "reverse was changed")
    before, after = stream(a.forward), stream(b.forward)
    at = len(arrived[0].payload)
    demand(after == before[:at] + bytes([before[at] ^ 0x20]) + before[at + 1:], "not octet", at, "alone")
    demand(sent[0].raw_options == arrived[0].raw_options, "options changed")
    return 1


def check_rst(a, b):
    # An end that still gets data for a connection that is gone sends a RST of its own.
    injected = [[s for s in arrived if s.flags & RST and identity(s) not in map(identity, sent)]
                for _, sent, arrived in both(a, b)]
    demand(list(map(len, injected)) == [1, 1], "RSTs that nobody sent:", list(map(len, injected)))
    second = data_of(b.forward)[1]
    demand(injected[0][0].seq == second.next and injected[1][0].ack == second.next, "elsewhere in the stream")
    for _, sent, arrived in both(a, b):
        rest = [identity(s) for s in arrived if s not in injected[0] + injected[1]]
        demand(rest == [identity(s) for s in sent] or max(len(s.payload) for s in sent) > 1460,
               "other segments were changed")
    return 1


def check_mirror(a, b):
    demand([identity(s) for s in b.forward] == [identity(s) for s in a.forward], "forward was changed")
    demand(len(a.reverse) == len(b.reverse), "reverse segments came or went")
    sent = [o for s in a.forward for k, o in s.options if k in (253, 254)]
    copies = 0
    for s, r in zip(b.reverse, a.reverse):
        extra = [o for k, o in r.options if k in (253, 254)]
        demand([o for o in r.options if o[0] > 1 and o[1] not in extra] == [o for o in s.options if o[0] > 1],
               "other options changed")
        demand(all(o in sent for o in extra), "mirrored what was not sent")
        copies += len(extra)
    demand(0 < copies <= len(sent), copies, "copies of", len(sent))
    return copies


def check_proxy(a, b):
    for name, sent, arrived in both(a, b):
        demand(stream(sent) == stream(arrived), "other data arrived")
        syns = [next(s for s in row if s.flags & SYN) for row in (sent, arrived)]
        demand(syns[0].seq != syns[1].seq, name, "same initial sequence number")
        demand(not any(ours(s) for s in arrived), name, "an option of the other side got through")
    demand(any(ours(s) for s in a.forward), "the client sent no option")
    return 1


ROWS = {"split": check_split, "coalesce": check_coalesce, "reorder": check_reorder,
        "duplicate": check_duplicate, "drop": check_drop, "payload": check_payload, "rst": check_rst,
        "mirror": check_mirror, "proxy": check_proxy}


def check_ends(boxes, affected, a, b):
    demand(a.server == b.server, "the server's address changed")
    if "nat" in boxes and affected:
        demand(b.client[0] != a.client[0] and 20000 <= b.client[1] <= 29999, "not translated:", b.client)
    else:
        demand(a.client == b.client, "the client's address changed")


def check_block(a, b, affected):
    """SYNs with the options do not reach B, those without do."""
    # A blocked connection leaves its port free at once; the box counts ports, and remembers them.
    number = {}
    for f in a:
        number.setdefault(f.client, len(number))
    syn = {id(f): (f.client, f.forward[0].seq) for f in a + b}
    blocked = {syn[id(f)] for f in a if affected(number[f.client]) and ours(f.forward[0])}
    demand({syn[id(f)] for f in a} - blocked == {syn[id(f)] for f in b}, len(blocked), "to be blocked,", len(a),
           "at A,", len(b), "at B")
    demand(all(not f.reverse for f in a if syn[id(f)] in blocked), "a blocked SYN was answered")
    at_b = {syn[id(f)]: f for f in b}
    for f in a:
        if syn[id(f)] in at_b:
            check_changes(["none"], f, at_b[syn[id(f)]])
    return len(blocked)


def main():
    boxes = sys.argv[3].replace("nat-sequence", "nat+sequence").split("+")
    settings = dict(word.split("=", 1) for word in sys.argv[4:])
    some, of = map(int, settings.pop("affect", "1/1").split("/"))

    def affected(number):
        return number % of < some

    a, b = flows_of(sys.argv[1]), flows_of(sys.argv[2])
    done = 0
    if boxes == ["block"]:
        done = check_block(a, b, affected)
    else:
        demand(len(a) == len(b) > 0, len(a), "connections at A,", len(b), "at B")
        for number, (at_a, at_b) in enumerate(zip(a, b)):
            try:
                check_ends(boxes, affected(number), at_a, at_b)
                if not affected(number):
                    check_changes(["none"], at_a, at_b)
                elif len(boxes) == 1 and boxes[0] in ROWS:
                    done += ROWS[boxes[0]](at_a, at_b, **settings)
                else:
                    done += check_changes(boxes, at_a, at_b)
            except Wrong as wrong:
                raise Wrong(f"connection {number}: {wrong}") from None
    demand(done > 0 or boxes in (["none"], ["nat"]), "nothing was done at all")


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong_one:
        sys.exit(f"box_check: {sys.argv[3]}: {wrong_one}")
