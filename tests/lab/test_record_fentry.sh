#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the kernel permits fentry and fexit, the return codes of helpers in a program that knows
# nothing of Optrail stand in the records, each in the invocation where it was returned. Where it
# does not, the recorder says so in one line, in the file too, and records the rest.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"

record "$work/file" --no-packets --cgroup "$cgroup"
traffic 3 2000
stop
"$records" "$work/file" >"$work/records" || fail "not as documented"
if grep -q 'cannot see: return codes.*(fentry: ' "$work/said"; then
    [ "$(wc -l <"$work/said")" = 2 ] || fail "refused, but not in one line: $(cat "$work/said")"
    tail -n 1 "$work/records" | grep -q 'return codes of helpers.*fentry' || fail "the file does not say so"
    [ "$(grep -c '"type": "hook"' "$work/records")" = "$(invocations first)" ] || fail "not all is recorded"
    # Refused as it should be. Where it is permitted: tests/vm/test_record_fentry.sh.
    exit 0
fi
grep -q 'hooks: observers, fentry' "$work/said" || fail "fentry is not used: $(cat "$work/said")"
/usr/bin/python3 - "$work/records" "$(invocations first)" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
hooks = [r for r in records if r["type"] == "hook"]

def check(claim, holds):
    if not holds:
        sys.exit("not so: " + claim)

check("%d hooks, %s invocations" % (len(hooks), sys.argv[2]), len(hooks) == int(sys.argv[2]))
RESERVE, STORE = 1, 2
writes = [h for h in hooks if h["op"] == "WRITE"]
stores = missed = 0
for h in writes:
    written = "fd08bee5" in h["options"]
    actions = [a for a in h["actions"] if a["kind"] == STORE]
    check("at most one store in a WRITE that wrote: %s" % h, len(actions) <= int(written))
    missed += int(written) - len(actions)
    for a in actions:
        check("what it stored: %s" % a, a["result"] == 0 and a["program"] == "foreign" and
              a["head"] == h["options"][-16:-4] and a["value"] == "08000000")
        stores += 1
# The kernel leaves out a call when one hook interrupts the tracing of another's.
check("stores were seen: %d, %d missed" % (stores, missed), stores > 10 and missed <= 2)
reserves = [a for h in hooks if h["op"] == "LEN" for a in h["actions"]]
check("reservations were seen: %d" % len(reserves), len(reserves) > 10 and
      all(a["kind"] == RESERVE and a["result"] == 0 and a["value"] == "08000000" for a in reserves))
check("no other hook has actions", not any(h["actions"] for h in hooks if h["op"] not in ("LEN", "WRITE")))
PY
