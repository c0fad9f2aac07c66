#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The observers stand around all programs: those of a cgroup below, several of one cgroup, and
# those that are attached while the recorder runs, and no invocation is recorded twice.
set -u
. "$(dirname "$0")/record.sh"
setup
mkdir "$cgroup/below"
foreign first "$cgroup" 0xbee5
foreign second "$cgroup/below" 0xbee6

# Watching the cgroup and the one below it: the one below is seen once.
record "$work/file" --netns "$base-a" -i link-a --cgroup "$cgroup/below" --cgroup "$cgroup"
traffic 5 20000 192.0.2.2 "$cgroup/below"
foreign third "$cgroup" 0xbee7
load 2000 2000 192.0.2.2 "$cgroup/below" & # all the while
load=$!
within "the new program is noticed" said 'observing after it'
wait "$load" || fail "traffic suffered"
mark=$(date +%s%N)
traffic 5 20000 192.0.2.2 "$cgroup/below"
stop

[ "$(attached "$cgroup" | sort | tr '\n' ' ')" = "foreign foreign " ] ||
    fail "left attached: $(attached "$cgroup")"
"$records" "$work/file" >"$work/records" || fail "not as documented"
/usr/bin/python3 - "$work/records" "$(invocations first)" "$mark" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
invocations, mark, end = int(sys.argv[2]), int(sys.argv[3]), records.pop()
hooks = [r for r in records if r["type"] == "hook"]
writes = [h for h in hooks if h["op"] == "WRITE"]

def check(claim, holds):
    if not holds:
        sys.exit("not so: " + claim)

check("%d invocations, %d records" % (invocations, len(hooks)), len(hooks) == invocations)
check("the cgroup below is left out", "is seen there" in end["comment"])
first = [h for h in writes if h["options"][2 * h["before"]:]][0]
added = first["options"][2 * first["before"]:]
check("programs below and of the cgroup wrote: " + added,
      added.startswith("fd08bee6") and "fd08bee5" in added)
last = [h for h in writes if h["time"] > mark and h["options"][2 * h["before"]:]]
check("the late program's option is seen", last and all(
    "fd08bee7" in h["options"] or len(h["options"]) > 64 for h in last) and
      any("fd08bee7" in h["options"] for h in last))
wire = {(r["source"], r["seq"], r["ack"], r["tcp_flags"], r["options"]) for r in records
        if r["type"] == "tcp"}
for h in last:
    check("as it left", (h["local"], h["seq"], h["ack"], h["tcp_flags"], h["options"]) in wire)
PY
