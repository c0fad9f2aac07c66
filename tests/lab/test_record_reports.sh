#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of ours say what they did, and it stands in the record of the invocation in which they
# did it; two recorders on one cgroup both have it.
set -u
. "$(dirname "$0")/record.sh"
setup
"$optrail" load cc --cgroup "$cgroup" --set algorithm=reno >"$work/load" 2>&1 ||
    fail "load: $(cat "$work/load")"
trap '"$optrail" unload --all --cgroup "$cgroup" >/dev/null 2>&1; cleanup' EXIT

record "$work/other" --no-packets --cgroup "$cgroup"
other=$recorder
record "$work/file" --netns "$base-b" -i link-b --cgroup "$cgroup"
traffic 5 1000
stop
recorder=$other
stop

for file in file other; do
    "$records" "$work/$file" >"$work/records" || fail "not as documented"
    /usr/bin/python3 - "$work/records" <<'PY' || fail "$file: see above"
import json, sys
RESERVE, STORE, LOAD, SETSOCKOPT = 1, 2, 3, 4
records = [json.loads(line) for line in open(sys.argv[1])]
hooks = [r for r in records if r["type"] == "hook"]
seen = [(h, a) for h in hooks for a in h["actions"]]

def check(claim, holds):
    if not holds:
        sys.exit("not so: " + claim)

def of(op, kind):
    return [(h, a) for h, a in seen if h["op"] == op and a["kind"] == kind and a["result"] >= 0]

reserved, stored, loaded, acted = (of("LEN", RESERVE), of("WRITE", STORE), of("PASSIVE", LOAD),
                                   of("PASSIVE", SETSOCKOPT))
for name, actions in ("reserve", reserved), ("store", stored), ("load", loaded), ("set", acted):
    check("5 connections: %s %d times" % (name, len(actions)), len(actions) == 5)
    check("in 5 sockets", len({h["cookie"] for h, _ in actions}) == 5)
    check("by cc", all(a["program"] == "cc" for _, a in actions))
check("6 octets were reserved", all(h["reserved"] == 6 for h, _ in reserved))
check("the octets that it says it stored stand in the header",
      all(a["head"] == "fd064f430001" and h["options"].endswith(a["head"]) for h, a in stored))
check("and those that it found", all(a["head"] in h["options"] for h, a in loaded))
check("it set reno", all(bytes.fromhex(a["value"]).rstrip(b"\0") == b"reno" for _, a in acted))
check("each invocation is in it once", len(hooks) == len({h["id"] for h in hooks}))
check("the entry observer ran before all of them", all(h["flags"] & 8 for h, _ in seen))
PY
done
sizes=$(grep -c '"type": "hook"' "$work/records")
"$records" "$work/file" >"$work/records"
[ "$(grep -c '"type": "hook"' "$work/records")" = "$sizes" ] || fail "the two saw different numbers of hooks"

# A program that is replaced while it is watched is watched on.
record "$work/file" --no-packets --cgroup "$cgroup"
traffic 3 1000
"$optrail" load cc --cgroup "$cgroup" --set algorithm=reno --replace >"$work/load" 2>&1 || fail "replace: $(cat "$work/load")"
clocks() { "$records" "$work/file" | grep -c '"type": "clock"'; }
had=$(clocks)
looked_again() { [ "$(clocks)" -ge $((had + 2)) ]; } # once a second it looks what is attached
within "a look at what is attached" looked_again
traffic 3 1000
stop
"$records" "$work/file" >"$work/records" || fail "not as documented"
/usr/bin/python3 - "$work/records" <<'PY' || fail "replaced: see above"
import json, sys
hooks = [r for r in map(json.loads, open(sys.argv[1])) if r["type"] == "hook"]
stored = [h for h in hooks for a in h["actions"] if a["kind"] == 2 and a["program"] == "cc" and a["result"] >= 0]
if len(stored) != 6 or len({h["cookie"] for h in stored}) != 6 or not all(h["options"].endswith("fd064f430001") for h in stored):
    sys.exit("not so: 6 connections, 6 options of cc with their report: %d" % len(stored))
PY
