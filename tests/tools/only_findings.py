#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""only_findings.py REPORT.json AFFECTED OF VERDICT[:OPTION]...

Demands that the report's findings, but for those that say that all went well, are exactly the
verdicts given, that each stands on the connections that are concerned (the first AFFECTED of every
OF, in their order) and on no other. `VERDICT?` may stand on any, or on none. Exit status 1 and one line otherwise.
"""
import json
import sys

GOOD = {"option.intact", "hook.written", "hook.applied"}
report = json.load(open(sys.argv[1], encoding="utf-8"))
part, of = int(sys.argv[2]), int(sys.argv[3])
wanted = {v.rstrip("?"): not v.endswith("?") for v in sys.argv[4:]}
concerned = {f["id"] for i, f in enumerate(report["flows"]) if i % of < part}
found = {}
for finding in report["findings"]:
    if finding["verdict"] in GOOD:
        continue
    names = {finding["verdict"], f"{finding['verdict']}:{finding['option']}"} & set(wanted)
    if not names:
        sys.exit(f"also {finding['verdict']}, flow {finding['flow']}: {finding['explain']}")
    found.setdefault(names.pop(), set()).add(finding["flow"])
for verdict, must in wanted.items():
    if found.get(verdict, set()) != concerned and must:
        sys.exit(f"{verdict} on {sorted(found.get(verdict, []))} instead of {sorted(concerned)}")
