#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What kernels lacked before: with each of the newer means taken for absent, and with all of them,
# every invocation is still recorded once, the recording says what it cannot see, and what finds no
# room is counted.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"

# sees LACKING WORDS: records without them; the file says WORDS.
sees() {
    local before
    before=$(invocations first)
    export OPTRAIL_KERNEL_LACKS=$1
    record "$work/file" --no-packets --cgroup "$cgroup"
    traffic 5 50000
    traffic 2 50000 2001:db8::2
    stop
    "$records" "$work/file" >"$work/records" || fail "without $1: not as documented"
    /usr/bin/python3 - "$work/records" $(($(invocations first) - before)) "$@" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
happened, lacking, words = int(sys.argv[2]), sys.argv[3], sys.argv[4]
end = records.pop()
hooks = [r for r in records if r["type"] == "hook"]
written = [h for h in hooks if h["op"] == "WRITE"]

def check(claim, holds):
    if not holds:
        sys.exit("not so, without %s: %s" % (lacking, claim))

check("%d of %d invocations, each once" % (len(hooks), happened),
      [h["id"] for h in hooks] == list(range(1, happened + 1)))
check("it says '%s': %s" % (words, end["comment"]), words in end["comment"])
check("of both families", {h["lfamily"] for h in hooks} == {4, 6})
check("headers with what the program wrote", len(written) > 50 and
      all("fd08bee5" in h["options"] for h in written if h["state"] == 1))
check("each has its time", all(h["monotonic_ns"] > 10**9 for h in hooks))
PY
}
sees fetch_atomics "through one ring buffer of the kernel's"
sees kernel_context "cannot see: reserved octets"
sees preorder "cannot see: options before the programs ran"
sees mptcp_token "cannot see: MPTCP tokens"
sees kernel_context,netns_cookie "cannot see: network namespaces of hooks"
sees fetch_atomics,kernel_context,preorder,mptcp_token,netns_cookie "through one ring buffer of the kernel's"

# The ring buffer overflows while the recorder is stopped.
before=$(invocations first)
record "$work/file" --no-packets --ring-size 4 --cgroup "$cgroup"
for _ in 1 2; do
    traffic 3 1000
    kill -STOP "$recorder"
    traffic 40 20000
    kill -CONT "$recorder"
    fetched
done
stop
account "$work/file" $(($(invocations first) - before))
[ "$lost" -gt 100 ] || fail "nothing was lost: this shows nothing"
