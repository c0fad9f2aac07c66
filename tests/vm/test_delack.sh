#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program makes a receiver acknowledge every twenty segments instead of every second one: far fewer
# ACKs for the same transfer, which arrives complete. Values out of range are refused.
. "$(dirname "$0")/guest.sh"

make_hosts 1
shape 1 delay 5ms rate 20mbit
for host in client server; do
    ip netns exec $host ethtool -K "${host:0:1}1" tso off gso off gro off >/dev/null || skip "no ethtool"
done
serve --tcp 5000
acks() { # of one download
    local before
    before=$(mib client TcpOutSegs)
    client --tcp 10.0.1.2 5000 download 6000000 >&2 || return 1
    echo $(($(mib client TcpOutSegs) - before))
}

usual=$(acks) || fail "the transfer breaks"
load delack client segments=20 delay_us=100000 || fail "the program is refused"
asked=$(acks) || fail "the transfer breaks"
note "segments sent by the receiver: $usual usually, $asked as asked"
equal "options applied" "$(value delack client applied)" 2
equal "values out of range refused" "$(value delack client refused)" 1
less "half of the usual ACKs at most: twice as many" $((asked * 2)) "$usual"
