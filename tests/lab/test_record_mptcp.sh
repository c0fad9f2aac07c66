#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel's MPTCP path manager says stands beside the hooks: the connection at both ends'
# view of one namespace, the subflow that was added, its end; in order, with token and addresses.
set -u
. "$(dirname "$0")/record.sh"
setup
for end in a b; do
    ip netns exec "$base-$end" sysctl -qw net.mptcp.enabled=1 2>/dev/null || skip "kernel without MPTCP"
    ip -n "$base-$end" mptcp limits set subflow 4 add_addr_accepted 4 || skip "ip without mptcp"
done
ip -n "$base-a" addr add 198.51.100.1/24 dev link-a
ip -n "$base-b" route add 198.51.100.0/24 dev link-b
ip -n "$base-a" route add 192.0.2.2/32 dev link-a src 192.0.2.1
ip -n "$base-a" mptcp endpoint add 198.51.100.1 dev link-a subflow

record "$work/file" --netns "$base-a" -i link-a --cgroup "$cgroup"
grep -q 'mptcp netlink' "$work/said" || fail "not listened to: $(cat "$work/said")"
MPTCP=1 traffic 2 20000000
both_are_closed() { [ "$("$records" "$work/file" | grep -c '"type": "mptcp", "event": 3,')" = 2 ]; }
within "the kernel's word that both connections are closed" both_are_closed
stop
"$records" "$work/file" >"$work/records" || fail "not as documented"
/usr/bin/python3 - "$work/records" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
events = [r for r in records if r["type"] == "mptcp"]
hooks = [r for r in records if r["type"] == "hook"]

def check(claim, holds):
    if not holds:
        sys.exit("not so: " + claim)

CREATED, ESTABLISHED, CLOSED, SUB_ESTABLISHED = 1, 2, 3, 10
tokens = list(dict.fromkeys(e["token"] for e in events))
check("two connections: %s" % events, len(tokens) == 2 and all(tokens))
for token in tokens:
    of = [e for e in events if e["token"] == token]
    kinds = [e["event"] for e in of]
    check("it begins and ends: %s" % kinds, kinds[0] == CREATED and ESTABLISHED in kinds and kinds[-1] == CLOSED)
    check("the client says so", not of[0]["flags"] & 1 and of[0]["local"].startswith("192.0.2.1 ") and
          of[0]["remote"].startswith("192.0.2.2 "))
    joined = [e for e in of if e["event"] == SUB_ESTABLISHED]
    check("a second subflow: %s" % kinds, len(joined) == 1 and joined[0]["local"].startswith("198.51.100.1 ")
          and joined[0]["local_id"] > 0 and joined[0]["interface"] > 0)
    check("an event is received after it happened", any(
          r["time"] <= of[0]["time"] for r in records if r["type"] == "tcp" and r["tcp_flags"] & 2))
check("in order of time", [r["time"] for r in records[:-1]] == sorted(r["time"] for r in records[:-1]))
check("the hooks know the same token", set(tokens) <= {h["token"] for h in hooks})
PY
