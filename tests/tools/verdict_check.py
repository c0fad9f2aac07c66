#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""verdict_check.py REPORT.json BOX[+BOX]... [affect=N/M] [may]

Holds a JSON report of the lab's standard experiment to the truth about its boxes: each connection
that they concern has their findings, all of them and no others, and the others have none. With
"may" a finding may be missing, not be false: for super-segments, of whose pieces a capture knows
little. Exit status 1 and one line when something is otherwise.
"""
import fnmatch
import json
import sys

# What goes well, and what only one end's hooks tell.
GOOD = ("option.intact", "hook.written", "hook.applied", "hook.parsed")
EVERY = ["cc:forward", "uto:forward", "uto:reverse"]


def ours(verdict):
    return [f"{verdict}:{which}" for which in EVERY]


TRUTH = {
    "none": [],
    "strip-nop": ours("option.removed.nop"),
    "strip-shorten": ours("option.removed.shortened"),
    "modify": ours("option.modified"),
    "add": ["option.added:kind-76:forward", "option.added:kind-76:reverse"],
    "mirror": ["option.mirrored:cc:reverse"],
    "reorder-options": ours("option.reordered") + ["option.reordered:kind-*"],
    "clamp-mss": ["option.modified:kind-2:forward", "option.modified:kind-2:reverse"],
    "timestamps": ["path.timestamps-rewritten:*"],
    "sequence": ["path.sequence-rewritten:*"],
    "nat": ["path.nat:*"],
    "nat-sequence": ["path.nat:*", "path.sequence-rewritten:*"],
    "proxy": ["path.proxy:*"],
    "block": ["syn.blocked:uto:forward"],
    "rst": ["path.rst-injected:*:forward", "path.rst-injected:*:reverse"],
    "payload": ["segment.payload-modified:*:forward"],
    "split": ["segment.split:*:forward", "segment.split:*:reverse"],
    "coalesce": ["segment.coalesced:*:forward", "segment.coalesced:*:reverse"],
    "reorder": ["segment.reordered:*:forward", "segment.reordered:*:reverse"],
    "duplicate": ["segment.duplicated:*:forward", "segment.duplicated:*:reverse"],
    "drop": ["segment.lost:*:forward"],
    "strip-mptcp": ["mptcp.fallback:*", "option.removed.nop:mptcp-*"],
}

# What may follow from it, as the kernel has it: the congestion control that a changed option asks for
# may not exist.
CONSEQUENCES = {"modify": ["hook.action-failed:cc:forward"]}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        report = json.load(file)
    boxes = sys.argv[2].split("+")
    settings = dict(word.partition("=")[::2] for word in sys.argv[3:])
    some, of = map(int, settings.get("affect", "1/1").split("/"))
    truth = [t for box in boxes for t in TRUTH[box]]
    possible = [t for box in boxes for t in CONSEQUENCES.get(box, [])]
    faults = []
    for number, flow in enumerate(report["flows"]):
        found = {f"{f['verdict']}:{f['option'] or '-'}:{f['direction'] or '-'}"
                 for f in report["findings"] if f["flow"] == flow["id"] and f["verdict"] not in GOOD}
        # The block's two plain connections come first.
        concerned = number % of < some and (boxes != ["block"] or number >= 2)
        wanted = truth if concerned else []
        false = {f for f in found if not any(fnmatch.fnmatch(f, w) for w in wanted + possible * concerned)}
        missing = {w for w in wanted if not any(fnmatch.fnmatch(f, w) for f in found)}
        if false:
            faults.append(f"connection {flow['id']}: falsely {' '.join(sorted(false))}")
        if missing and "may" not in settings:
            faults.append(f"connection {flow['id']}: not found {' '.join(sorted(missing))}")
    if faults:
        sys.exit(f"verdict_check: {sys.argv[2]}: {'; '.join(faults[:3])} ({len(faults)} in all)")


main()
