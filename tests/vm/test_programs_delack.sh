#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program delack on a patched kernel: a server asks who downloads from it to acknowledge every
# twenty segments, over TCP and over Multipath TCP; there are fewer acknowledgements than before.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"

make_hosts 1
shape 1 delay 40ms rate 20mbit
for host in client server; do
    ip netns exec $host ethtool -K "${host:0:1}1" tso off gso off gro off >/dev/null || skip "no ethtool"
done
serve --tcp 5000
serve 5001
acks() { # PORT [--tcp]: segments that the client sends in a download
    local before port=$1; shift
    before=$(mib client TcpOutSegs)
    client "$@" 10.0.1.2 "$port" download 6000000 >&2 || return 1
    echo $(($(mib client TcpOutSegs) - before))
}

tcp=$(acks 5000 --tcp) && mptcp=$(acks 5001) || fail "the transfer breaks"
put server delack --set divisor=1 --set segments=20 --set repeat=always
put client delack
capture client c1
tcp_asked=$(acks 5000 --tcp) && mptcp_asked=$(acks 5001) || fail "the transfer breaks"
captured
more "segments with the request" "$(segments fd064f440114 '> 10.0.1.1')" 1
equal "carried out" "$(counter client delack applied)" 2
equal "declined" "$(counter client delack declined)" 0
note "segments sent by the receiver: TCP $tcp, then $tcp_asked; MPTCP $mptcp, then $mptcp_asked"
less "TCP: five quarters of them" $((tcp_asked * 5 / 4)) "$tcp"
less "MPTCP: five quarters of them" $((mptcp_asked * 5 / 4)) "$mptcp"
