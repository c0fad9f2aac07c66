#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A recorder whose system calls are interrupted all the time, by signals that stop it and let it go
# on and by those that ask how far it is, while it writes to a file and to a pipe: everything that
# happened stands in it once, and it ends well.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"

# interrupt: signals until the traffic is over, a hundred at least.
interrupt() {
    local n=0
    while [ "$n" -lt 100 ] || kill -0 "$load" 2>/dev/null; do
        kill -STOP "$recorder" && kill -USR1 "$recorder" && kill -CONT "$recorder" || fail "it is gone"
        n=$((n + 1))
        sleep 0.01
    done
    wait "$load" || fail "traffic suffered"
}
complete() { # FILE WHERE BEFORE
    "$records" "$1" >"$work/records" || fail "$2: not as documented"
    /usr/bin/python3 - "$work/records" "$2" $(($(invocations first) - $3)) <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
end, ids = records.pop(), [r["id"] for r in records if r["type"] == "hook"]
print("%s: %d of %s invocations" % (sys.argv[2], len(ids), sys.argv[3]))
sys.exit(not (end["whole"] and ids == list(range(1, int(sys.argv[3]) + 1))))
PY
}

before=$(invocations first)
record "$work/file" --no-packets --cgroup "$cgroup"
traffic 30 200000 &
load=$!
interrupt
fetched
stop
complete "$work/file" "a file" "$before"

before=$(invocations first)
mkfifo "$work/pipe"
cat "$work/pipe" >"$work/piped" &
reader=$!
record "$work/pipe" --no-packets --cgroup "$cgroup"
traffic 30 200000 &
load=$!
interrupt
fetched
stop
wait "$reader"
complete "$work/piped" "a pipe" "$before"
