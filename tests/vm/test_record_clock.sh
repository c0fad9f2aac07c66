#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host whose clock is set while it is recorded, forth and back, in a guest that harms nobody: each
# step stands in the file, and hook records and packets around it keep to each other.
here=$(cd "$(dirname "$0")" && pwd)
export OPTRAIL_BUILD=${OPTRAIL_BUILD:-$here/../../build}
[ -x "$OPTRAIL_BUILD/bin/optrail" ] || { echo "SKIP: $OPTRAIL_BUILD/bin/optrail is not built"; exit 77; }
set -u
. "$here/../lab/record.sh"
here=$here/../lab
setup
foreign first "$cgroup"
record "$work/file" --netns "$base-a" -i link-a --cgroup "$cgroup"
traffic 2 2000
date -s '+1 hour' >/dev/null || skip "the clock cannot be set here"
within "the step forth is noticed" said 'the clock was set by +3[56][0-9][0-9]\.'
traffic 2 2000
date -s '-2 hours' >/dev/null
within "the step back is noticed" said 'the clock was set by -7[12][0-9][0-9]\.'
traffic 2 2000
stop
"$records" "$work/file" >"$work/records" || fail "not as documented"
/usr/bin/python3 - "$work/records" "$(invocations first)" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
end = records.pop()
hooks = [r for r in records if r["type"] == "hook"]
steps = [round(r["step_ns"] / 3.6e12) for r in records if r["type"] == "clock" and r["step_ns"]]
wire = {}
for r in records:
    if r["type"] == "tcp":
        wire.setdefault((r["source"], r["destination"], r["seq"], r["ack"], r["tcp_flags"], r["options"]), r)
late = []
for h in hooks:
    key = (h["local"], h["remote"], h["seq"], h["ack"], h["tcp_flags"], h["options"])
    if h["op"] == "WRITE" and h["local"].startswith("192.0.2.1 "):
        late.append(abs(wire[key]["time"] - h["time"]))
print("steps of hours: %s; %d hooks, %d segments, at most %.6f s apart" % (
      steps, len(hooks), len(late), max(late) / 1e9))

def check(claim, holds):
    if not holds:
        sys.exit("not so: " + claim)

check("every invocation is there", len(hooks) == int(sys.argv[2]) and end["whole"])
check("both steps stand in the file", steps == [1, -2])
check("hooks and packets keep to each other across steps of hours", len(late) > 20 and max(late) < 600e9)
check("MONOTONIC goes on", [h["monotonic_ns"] for h in hooks] == sorted(h["monotonic_ns"] for h in hooks))
PY
