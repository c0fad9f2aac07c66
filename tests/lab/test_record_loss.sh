#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A ring that is far too small: what is missing is counted at the places where it is missing, and
# the counts add up to what the program itself counted.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"

record "$work/file" --no-packets --ring-size 4 --cgroup "$cgroup"
# Stopped, it cannot fetch: the ring overflows for certain, several times.
for _ in 1 2 3; do
    traffic 3 1000
    kill -STOP "$recorder"
    traffic 10 20000
    kill -CONT "$recorder"
    fetched
done
kill -STOP "$recorder"
traffic 10 20000
kill -CONT "$recorder"
stop

account "$work/file" "$(invocations first)"
[ "$lost" -gt 200 ] || fail "too little was lost: this shows nothing"
[ "$places" -ge 4 ] || fail "loss is told in $places places, and there were four at least"
/usr/bin/python3 - "$work/records" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
statistics = records.pop()["interfaces"][0]
hooks = [r for r in records if r["type"] == "hook"]

def check(claim, holds):
    if not holds:
        sys.exit("not so: " + claim)

check("what was received is what stands in the file: %s" % statistics,
      statistics["received"] == len(hooks))
check("ids leave gaps for what was lost", hooks[-1]["id"] ==
      len(hooks) + sum(h["lost"] for h in hooks))
PY
grep -q "hook invocations ([1-9][0-9]* lost)" "$work/said" || fail "the summary hides it: $(cat "$work/said")"

# Packets that the tap could not take are told where the gap is, too.
record "$work/file" --netns "$base-a" -i link-a
traffic 3 1000
kill -STOP "$recorder"
traffic 2 50000000
kill -CONT "$recorder"
fetched
traffic 3 1000
stop
"$records" "$work/file" >"$work/records" || fail "not as documented"
/usr/bin/python3 - "$work/records" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
interface = records.pop()["interfaces"][0]
lost = [(r["frame"], r["lost"]) for r in records if r["lost"]]

def check(claim, holds):
    if not holds:
        sys.exit("not so: " + claim)

check("packets were lost: %s" % interface, interface["dropped"] > 100)
check("the gaps add up: %s" % lost, sum(n for _, n in lost) == interface["dropped"])
check("received is what stands in the file", interface["received"] == len(records))
check("the gap is neither before the first traffic nor after the last",
      all(20 < frame < len(records) for frame, _ in lost))
PY
