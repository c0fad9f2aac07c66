#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# takes long
# A peer that sends unknown, malformed, oversized and repeated suboptions, forged mappings and joins, and
# a thousand ADD_ADDRs does no harm to a server whose programs read its suboptions and open a subflow
# to each address that it announces: what they ask for stays within its bounds, no socket and no memory
# is left behind, and others are served as before.
. "$(dirname "$0")/guest.sh"

make_hosts 2
on client sysctl -qw net.ipv4.ip_forward=0
evil=10.0.1.66
ip -n server neigh add $evil lladdr "$(ip netns exec client cat /sys/class/net/c1/address)" dev s1 ||
    fail "no neighbour"
load option server parse=1 || fail "the reader is refused"
load event server open_announced=1 || fail "the path manager is refused"
serve 5000
client 10.0.1.2 5000 upload 10000 || fail "no connection before"
# what the peer leaves behind is given up soon
on server sysctl -qw net.ipv4.tcp_synack_retries=1 net.ipv4.tcp_max_tw_buckets=0 net.mptcp.close_timeout=2

abuse() { # WHAT...
    on client python3 "$vm/hostile.py" c1 $evil 10.0.1.2 5000 "$@" || fail "the peer cannot connect"
}
abuse unknown malformed oversized repeated noise mapping join
more "segments with unknown options that the program looked at" "$(value option server parse_calls)" 300
equal "requests of the path manager so far" "$(value event server accepted)" 0

abuse announce
announced=$(value event server events | cut -d, -f7)
more "addresses that the program heard of" "$announced" 500
more "forged ones that the kernel refused" "$(mib server MPTcpExtAddAddrDrop)" 1
note "requests accepted $(value event server accepted), refused $(value event server refused_requests)," \
    "failed $(value event server failed)"
more "requests that were refused or failed" \
    $(($(value event server refused_requests) + $(value event server failed))) 1
less "subflows tried, of which the limit allows eight at a time" \
    "$(mib server MPTcpExtMPJoinSynTx)" "$(value event server accepted)"

no_sockets() { [ -z "$(on server ss -HMant "dst $evil")$(on server ss -Htan "dst $evil or dst 10.100.0.0/16")" ]; }
no_sockets_left() { until_true 120 no_sockets || fail "sockets are left: $(on server ss -Mant; on server ss -tan)"; }
no_sockets_left
first=$(unreclaimable)

# Now a route leads to what is announced: each subflow tries for some seconds, and they do not become many.
ip -n server route add 10.100.0.0/16 via 10.0.1.1
on server sysctl -qw net.ipv4.tcp_syn_retries=1
tried=$(mib server MPTcpExtMPJoinSynTx)
abuse unknown malformed oversized repeated noise mapping join announce
more "subflows tried where a route leads to the addresses" $(($(mib server MPTcpExtMPJoinSynTx) - tried)) 1
# the limit of eight for programs, and one of the in-kernel path manager, which does not look at theirs
less "such subflows at a time" "$(on server ss -Htan state syn-sent "dst 10.100.0.0/16" | wc -l)" 9
no_sockets_left
less "KiB of memory that a second round leaves behind" $(($(unreclaimable) - first)) 256

unload event server
unload option server
client 10.0.1.2 5000 upload 1000000 || fail "no connection afterwards"
