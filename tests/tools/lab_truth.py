#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""lab_truth.py A B BOX.TSV REPORT.json [BOX[:KEY=VALUE]...]

Holds a JSON report about two recordings of the lab, A at the client and B at the server, to the
truth. The truth is the boxes' own account (BOX.TSV, see lab/box.sh and lab/forwarder/note.h), and
for what nftables did the rule of the box applied to what was sent. Each connection must have the
findings that follow from it, all of them, and no others.

The kernel between the two recorders does things too: it may overtake, join and divide segments,
more so on a busy machine. What the octets of both recordings prove is no false finding, and what
it hides is no missing one: a divided segment that the receiver's kernel put together again before
it was recorded cannot be seen. Both are decided here from the octets alone.

The last words name the boxes and the parameters that the rule of an nftables box depends on.
Prints what was demanded, and of how many connections; exit status 1 and one line when something
is otherwise.
"""
import collections
import fnmatch
import itertools
import json
import sys

from box_check import Flow, both, data_of, flows_of
from tcp_segments import SYN

MOD = 1 << 32
OURS = {28, 253, 254}
# What goes well, and what only one end's hooks tell.
GOOD = ("option.intact", "hook.written", "hook.applied", "hook.parsed")
# What makes the whole report say "interfered" (docs/verdicts.md).
INTERFERENCE = ("option.removed.*", "option.modified", "option.added", "option.reordered",
                "option.mirrored", "segment.payload-modified", "syn.blocked",
                "path.sequence-rewritten", "path.timestamps-rewritten", "path.proxy",
                "path.rst-injected", "mptcp.fallback")
# account's words to verdicts, about the segment's direction.
SEGMENT_ACTS = {"split": "segment.split", "coalesce": "segment.coalesced",
                "reorder": "segment.reordered", "duplicate": "segment.duplicated",
                "drop": "segment.lost", "payload": "segment.payload-modified",
                "rst": "path.rst-injected"}
OPTION_ACTS = {"strip-nop": "option.removed.nop", "strip-shorten": "option.removed.shortened",
               "modify": "option.modified", "add": "option.added", "mirror": "option.mirrored",
               "reorder-options": "option.reordered"}
PATH_ACTS = {"sequence": "path.sequence-rewritten", "timestamps": "path.timestamps-rewritten"}
NFT_BOXES = {"strip-nop", "strip-mptcp", "clamp-mss", "block", "proxy"}


def option_name(octets):
    """As reports name it: those that have a description by its name, others by kind."""
    kind = octets[0]
    if kind == 28:
        return "uto"
    if kind in (253, 254) and octets[2:4] == b"OC":
        return "cc"
    if kind == 30:
        return f"mptcp-{octets[2] >> 4}"
    return f"kind-{kind}"


class Truth:
    """What must be found about one connection, and what may."""

    def __init__(self):
        self.must, self.may = set(), set()

    def demand(self, verdict, option="*", direction="*", visible=True):
        (self.must if visible else self.may).add(f"{verdict}:{option}:{direction}")


# --- what the octets of both recordings show ---------------------------------------------------------

def text(end):
    address, port = end
    if len(address) == 4:
        return f"{'.'.join(map(str, address))}:{port}"
    words = [f"{address[i] << 8 | address[i + 1]:x}" for i in range(0, 16, 2)]
    # The longest row of zeros, as RFC 5952 writes it.
    best = max(((run, -at) for at in range(8) for run in range(2, 9 - at)
                if words[at:at + run] == ["0"] * run), default=None)
    if best:
        run, at = best[0], -best[1]
        return f"[{':'.join(words[:at])}::{':'.join(words[at + run:])}]:{port}"
    return f"[{':'.join(words)}]:{port}"


def base_of(segments):
    first = next((s for s in segments if s.flags & SYN), segments[0] if segments else None)
    return first.seq if first else 0


def rows(segments):
    """Data as (offset in the stream, length), in the order of the recording."""
    base = base_of(segments)
    return [((s.seq - base) % MOD, len(s.payload)) for s in data_of(segments)]


def some_oftener(segments, others):
    """True when an octet of the stream stands oftener in these segments than in the others."""
    steps = collections.Counter()
    for row, step in ((rows(segments), 1), (rows(others), -1)):
        for at, length in row:
            steps[at] += step
            steps[at + length] -= step
    return any(level > 0 for level in itertools.accumulate(steps[at] for at in sorted(steps)))


def whole(segments):
    """Everything that tells one segment of a direction from another, for those without data too."""
    base = base_of(segments)
    return [((s.seq - base) % MOD, len(s.payload), s.flags & 7, len(s.payload) or s.ack)
            for s in segments]


def goes_back(segments):
    """True when data comes that lies before data that came already, other than sent again."""
    seen, end = [], 0
    for at, length in rows(segments):
        if at < end and not any(a <= at < a + n for a, n in seen):
            return True
        seen.append((at, length))
        end = max(end, at + length)
    return False


def order_differs(sent, arrived):
    """Of what both recorded once, another order."""
    ours, theirs = whole(sent), whole(arrived)
    once = {k for k, n in collections.Counter(ours).items() if n == 1}
    once &= {k for k, n in collections.Counter(theirs).items() if n == 1}
    return [k for k in ours if k in once] != [k for k in theirs if k in once]


def is_cut_at(row, whole_row):
    """Segments of `row` that lie within one of `whole_row` and are shorter."""
    return any(at <= a and a + n <= at + length and n < length
               for a, n in row for at, length in whole_row)


def joins(sent, arrived):
    """A segment arrived in which another one that was sent by itself begins or ends."""
    return any(at < a < at + length or at < a + n < at + length
               for at, length in rows(arrived) for a, n in rows(sent))


MSS = 1460


def supers(segments):
    return any(len(s.payload) > MSS for s in segments)


def natural(truth, a, b):
    """What the kernel did: permitted where the octets prove it."""
    if any(kind == 30 for kind, _ in a.forward[0].options):
        # MPTCP's own options leave less room than the programs hope for.
        truth.may.add("hook.no-space:*:*")
    for direction, sent, arrived in both(a, b):
        if goes_back(arrived) or order_differs(sent, arrived):
            truth.may.add(f"segment.reordered:*:{direction}")
        wholes, theirs = collections.Counter(whole(sent)), collections.Counter(whole(arrived))
        if some_oftener(sent, arrived) or (not supers(sent) and wholes - theirs):
            truth.may.add(f"segment.lost:*:{direction}")
        if some_oftener(arrived, sent) or (not supers(arrived) and theirs - wholes):
            truth.may.add(f"segment.duplicated:*:{direction}")


def visible(act, sent, arrived):
    """Whether what the box did to the row of segments can be seen in the recordings."""
    if act == "split":
        return is_cut_at(rows(arrived), [r for r in rows(sent) if r[1] <= MSS])
    if act == "coalesce":
        return not supers(sent) and not supers(arrived) and joins(sent, arrived)
    if act == "reorder":
        return not supers(sent) and not supers(arrived) and order_differs(data_of(sent), data_of(arrived))
    if act == "duplicate":
        return not supers(sent) and some_oftener(arrived, sent)
    if act == "drop":
        return not supers(sent) and some_oftener(sent, arrived)
    return True


# --- the account ---------------------------------------------------------------------------------------

def account(path):
    """Lines of the forwarder by the server's name of the client, and ports by nftables box."""
    acts, ports = collections.defaultdict(list), {}
    with open(path, encoding="ascii") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if fields[1] == "ports":
                ports[fields[0]] = None if fields[2] == "any" else {
                    int(p) for p in fields[2].split(",") if p.isdigit()}
            else:
                box, client, _, direction, _, seq, length, what = fields
                acts[client].append((box, direction, int(seq), int(length), what))
    return acts, ports


def from_forwarder(truth, acts, a, b):
    lanes = {name: (sent, arrived) for name, sent, arrived in both(a, b)}
    for box, direction, _, _, what in acts:
        if box in SEGMENT_ACTS:
            if not what.startswith("removed"): # a part without the options: another part has them
                truth.demand(SEGMENT_ACTS[box], "*", direction, visible(box, *lanes[direction]))
        elif box in PATH_ACTS:
            truth.demand(PATH_ACTS[box])
        elif box == "reorder-options":
            truth.demand(OPTION_ACTS[box], "*", direction)
        else:
            option = option_name(bytes.fromhex(what.split()[1]))
            truth.demand(OPTION_ACTS[box], option, direction)
            if box == "mirror": # the server never sent it
                truth.may.add(f"option.added:{option}:{direction}")
            if box == "modify": # a congestion control that does not exist
                truth.may.add(f"hook.action-failed:{option}:{direction}")


def from_rule(truth, box, kinds, a, b):
    """What an nftables box does to every segment of a connection that it concerns."""
    if box == "proxy":
        truth.demand("path.proxy")
        return
    if box == "block":
        syn = a.forward[0]
        if b is None and any(k in kinds for k, _ in syn.options):
            # One lost SYN is no more than a lost SYN.
            tries = sum(bool(s.flags & SYN) for s in a.forward)
            truth.demand("syn.blocked", "uto", "forward", tries > 1)
            truth.may.add("segment.lost:*:forward")
        return
    for direction, sent, _ in both(a, b):
        for segment in sent:
            for kind, octets in segment.options:
                if box == "clamp-mss" and kind == 2 and int.from_bytes(octets[2:4], "big") > 1200:
                    truth.demand("option.modified", "kind-2", direction)
                elif box != "clamp-mss" and kind in kinds:
                    truth.demand("option.removed.nop", option_name(octets), direction)
    if box == "strip-mptcp":
        truth.demand("mptcp.fallback")


# --- the comparison --------------------------------------------------------------------------------------

def numbered(names):
    """Each name with how often it came before: a port may be used again."""
    count = collections.Counter()
    for name in names:
        yield name, count[name]
        count[name] += 1


def paired(a, b):
    """Each connection of A with its own of B or None: the same names, or the next that is left."""
    names = list(numbered((f.client, f.server) for f in a))
    by_name = dict(zip(numbered((f.client, f.server) for f in b), b))
    known = {id(by_name[name]) for name in names if name in by_name}
    others = iter([f for f in b if id(f) not in known])
    if not known or len(a) == len(b):
        return [(f, by_name.get(name) or next(others, None)) for f, name in zip(a, names)]
    # Of a port that was used again, what B saw less of is what was blocked: the first with the SYN.
    by_syn = {(f.client, f.forward[0].seq): f for f in b}
    return [(f, by_syn.get((f.client, f.forward[0].seq))) for f in a]


def truth_of(a, b, acts, ports, kinds):
    truth = Truth()
    for box, some in ports.items():
        if box in NFT_BOXES and (some is None or a.client[1] in some):
            from_rule(truth, box, {30} if box == "strip-mptcp" else kinds, a, b)
    if b is not None:
        if b.client != a.client:
            truth.demand("path.nat")
        from_forwarder(truth, acts.get(text(b.client), []), a, b)
        natural(truth, a, b)
    return truth


def main():
    path_a, path_b, path_account, path_report = sys.argv[1:5]
    settings = dict(word.partition("=")[::2] for word in sys.argv[5:])
    kinds = {int(k) for k in settings.get("kinds", "28,253,254").split(",")}
    with open(path_report, encoding="utf-8") as file:
        report = json.load(file)
    acts, ports = account(path_account)
    a, b = flows_of(path_a), flows_of(path_b)
    lost = [i[k] for i in report["inputs"] for k in ("lost_packets", "lost_events")]
    if any(lost):
        sys.exit(f"lab_truth: the recorders lost something: {lost}")

    reported = dict(zip(numbered(flow["client"] for flow in report["flows"]), report["flows"]))
    found = collections.defaultdict(set)
    for finding in report["findings"]:
        if finding["verdict"] not in GOOD:
            found[finding["flow"]].add(f"{finding['verdict']}:{finding['option'] or '-'}:"
                                       f"{finding['direction'] or '-'}")
    faults, demanded, concerned, wrong = [], collections.Counter(), 0, set()
    if len(report["flows"]) != len(a):
        faults.append(f"{len(report['flows'])} connections, not {len(a)}")
    names = numbered(text(f.client) for f in a)
    for number, ((at_a, at_b), name) in enumerate(zip(paired(a, b), names), 1):
        flow = reported.get(name)
        if flow is None:
            faults.append(f"connection {number}, {text(at_a.client)}, is not in the report")
            wrong.add(number)
            continue
        if at_b is not None and flow["client_b"] != text(at_b.client):
            faults.append(f"connection {number} is {text(at_b.client)} at B, not {flow['client_b']}")
        truth = truth_of(at_a, at_b, acts, ports, kinds)
        demanded.update(truth.must)
        concerned += bool(truth.must)
        these = found[flow["id"]]
        false = {f for f in these if not any(fnmatch.fnmatch(f, w) for w in truth.must | truth.may)}
        missing = {w for w in truth.must if not any(fnmatch.fnmatch(f, w) for f in these)}
        if false:
            faults.append(f"connection {flow['id']}: falsely {' '.join(sorted(false))}")
            wrong.add(number)
        if missing:
            faults.append(f"connection {flow['id']}: not found {' '.join(sorted(missing))}")
            wrong.add(number)
    if found[None]:
        faults.append(f"about no connection: {' '.join(sorted(found[None]))}")
    interfered = any(fnmatch.fnmatch(w.split(":")[0], v) for w in demanded for v in INTERFERENCE)
    if report["verdict"] != ("interfered" if interfered else "intact"):
        faults.append(f"in all \"{report['verdict']}\"")
    if faults:
        sys.exit(f"lab_truth: {'; '.join(faults[:4])} ({len(wrong)} of {len(a)} connections wrong)")
    print(" ".join(f"{what}={n}" for what, n in sorted(demanded.items())) or "nothing")
    print(f"{len(a)} connections, {concerned} concerned")


if __name__ == "__main__":
    main()
