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

"$records" "$work/file" >"$work/records" || fail "not as documented"
/usr/bin/python3 - "$work/records" "$(invocations first)" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
invocations, end = int(sys.argv[2]), records.pop()
hooks = [r for r in records if r["type"] == "hook"]
lost = sum(r["lost"] for r in records)
hooks_interface = end["interfaces"][0]

def check(claim, holds):
    if not holds:
        sys.exit("not so: " + claim)

check("something was lost: %d" % lost, lost > 200)
check("%d recorded + %d lost = %d" % (len(hooks), lost, invocations), len(hooks) + lost == invocations)
check("the statistics say the same: %s" % hooks_interface,
      hooks_interface["dropped"] == lost and hooks_interface["received"] == len(hooks))
check("loss is told in several places", sum(r["lost"] > 0 for r in records) >= 4)
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
