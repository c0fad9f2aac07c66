#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""degraded_check.py NAME HOW GOOD.json BAD.json

GOOD is the report of two recordings, which was held to the truth; BAD that of the same recordings
after degrade.py HOW spoiled B, or of a recorder beside B that saw less. Demands that what BAD
claims as certain is in GOOD too, of the same connection, direction, option and segment and no more
often, and that what it no longer can judge it says so, with the reason that HOW makes. Exit status
1 and one line a fault.
"""
import collections
import json
import sys

# HOW: reasons of which one must be named when an option's fate is no longer known, and those
# that may be.
REASONS = {
    "late": {"inconclusive.not-covered"},
    "early": {"inconclusive.not-covered"},
    "snaplen": {"inconclusive.snaplen"},
    "loss-counted": {"inconclusive.capture-loss"},
    # Of a recorder that was held up for long: all at once, with the beginnings and ends of connections.
    "loss-hole": {"inconclusive.capture-loss", "inconclusive.not-covered"},
    "loss-silent": set(),
    "clock": set(),
}


def load(path):
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def names_of(report, alias):
    """Connections by their names at A, for ids may differ; what only B saw under its own name there."""
    return {f["id"]: f["client"] or alias.get(f["client_b"], f["client_b"]) for f in report["flows"]}


def keyed(report, confidence, alias):
    """How often each claim is made."""
    names = names_of(report, alias)
    count = collections.Counter()
    for f in report["findings"]:
        if f["confidence"] in confidence:
            count[f["verdict"], names.get(f["flow"]), f["direction"], f["option"], f["segment"]] += f["count"]
    return count


def rows(report, alias):
    names = names_of(report, alias)
    return {(names[r["flow"]], r["direction"], r["option"], r["segment"]): r for r in report["options"]}


def main():
    name, how = sys.argv[1:3]
    good, bad = load(sys.argv[3]), load(sys.argv[4])
    faults = []
    alias = {f["client_b"]: f["client"] for f in good["flows"] if f["client_b"]}
    truth = keyed(good, {"certain", "likely"}, alias)
    # What a box put in stands there all the same when it can no longer be said that a box did it.
    put_in = {claim[1:4] for claim in truth if claim[0] in ("option.mirrored", "option.added")}
    for claim, count in keyed(bad, {"certain"}, alias).items():
        if claim[0] == "option.misplaced" and claim[1:4] in put_in:
            continue
        if count > truth[claim]:
            faults.append(f"certain {count} times, in truth {truth[claim]}: {' '.join(map(str, claim))}")
    if how == "clock":
        if keyed(bad, {"certain"}, alias) != keyed(good, {"certain"}, alias) or bad["verdict"] != good["verdict"]:
            faults.append("another clock changed what is claimed")
    found = {f["verdict"] for f in bad["findings"]} | {v for r in bad["options"] for v in r["counts"]}
    reasons = {v for v in found if v.startswith("inconclusive.")}
    if how in ("late", "early", "snaplen", "loss-counted", "loss-hole"):
        unknown = 0
        known, left = rows(good, alias), rows(bad, alias)
        for key, row in left.items():
            before = known.get(key)
            if before is None or not before["verdict"] or before["verdict"].startswith("inconclusive"):
                continue
            judged = row["verdict"] or "nothing"
            if judged.startswith("inconclusive."):
                unknown += 1
                if judged not in REASONS[how]:
                    faults.append(f"{' '.join(map(str, key))}: {judged} is not the reason")
            elif judged == "nothing":
                faults.append(f"{' '.join(map(str, key))}: {before['verdict']} became nothing, without a reason")
        lost = {(r[0], r[2]) for r in known} - {(r[0], r[2]) for r in left}
        if unknown == 0 and lost and not reasons & REASONS[how]:
            faults.append(f"no word about {sorted(map(str, lost))[:2]}")
    for fault in faults[:6]:
        print(f"{name}, {how}: {fault}")
    print(f"reasons {name} {how}: {' '.join(sorted(reasons)) or 'none'}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
