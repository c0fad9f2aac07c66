#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report_digest.py REPORT.json: what a report claims, a line each, without words and times.

Golden reports are kept so: a better sentence does not change them, another verdict does.
"""
import json
import sys

GOOD = ("option.intact", "hook.written", "hook.applied")


def shown(value):
    return "-" if value is None else ",".join(map(str, value)) or "-" if isinstance(value, list) else value


with open(sys.argv[1], encoding="utf-8") as stream:
    report = json.load(stream)
print("verdict", report["verdict"])
for one in report["inputs"]:
    print("input", *(one[k] for k in ("vantage", "packets", "tcp_segments", "hook_events")),
          *(f"{k}={shown(one[k])}" for k in ("lost_packets", "lost_events", "truncated_packets")))
for one in report["flows"]:
    delta = one["sequence_delta"] or {}
    print("flow", *(shown(one[k]) for k in ("id", "client", "server", "client_b", "server_b", "paired_by")),
          shown(delta.get("forward")), shown(delta.get("reverse")))
for one in report["options"]:
    print("row", *(shown(one[k]) for k in ("flow", "direction", "option", "segment", "reserved", "written", "sent",
                                           "arrived", "parsed", "applied", "verdict", "confidence")))
for one in report["findings"]:
    # The first frames of what went well are no more than examples.
    frames = () if one["verdict"] in GOOD else ("frames_a", "frames_b")
    print("finding", *(shown(one[k]) for k in ("verdict", "flow", "direction", "option", "segment", "count",
                                               "confidence") + frames))
