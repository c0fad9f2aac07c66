#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The shipped recordings still tell their story: verdict, funnel and evidence of each pair, without
# any privilege. Each has its section in captures/README.md, and none names the machine.
set -u
. "$(dirname "$0")/../tools/lib.sh"
need /usr/bin/python3
captures=$OPTRAIL_SOURCE/captures

count=0
for a in "$captures"/*-a.pcapng; do
    b=${a%-a.pcapng}-b.pcapng
    name=$(basename "${a%-a.pcapng}")
    grep -q "^## .*\b$name\b" "$captures/README.md" || fail "$name has no story in captures/README.md"
    "$optrail" analyze --format json "$a" "$b" | /usr/bin/python3 -c '
import json, sys
name, report = sys.argv[1], json.load(sys.stdin)
clean = name.startswith("clean")
funnel = [1, 1, 1, 1, 1, 1] if clean else [1, 1, 1, 0, 0, 0]
verdict = ["option.intact" if clean else "option.removed.nop", "certain"]
steps = "reserved", "written", "sent", "arrived", "parsed", "applied"
rows = [[r["option"], r["direction"], r["segment"]] + [r[s] for s in steps] + [r["verdict"], r["confidence"]]
        for r in report["options"]]
truth = [[option, direction, "ack"] + funnel + verdict
         for option, direction in (("cc", "forward"), ("uto", "forward"), ("uto", "reverse"))]
if report["verdict"] != ("intact" if clean else "interfered") or sorted(rows) != truth:
    sys.exit("FAIL: %s: %s %s" % (name, report["verdict"], rows))
if ("[" in report["flows"][0]["client"]) != ("ipv6" in name):
    sys.exit("FAIL: %s: client %s" % (name, report["flows"][0]["client"]))
' "$name" || exit 1
    count=$((count + 1))
done
[ "$count" = 4 ] || fail "$count pairs of recordings, not 4"

# The name and kernel release of the recorder's host have no business in a file shown to others.
for file in "$captures"/*.pcapng; do
    grep -a -o -E 'Linux|[0-9]+\.[0-9]+\.[0-9]+-[a-z0-9]+|/(home|root)/' "$file" &&
        fail "$(basename "$file") names the machine"
done
echo "the recordings tell their story"
