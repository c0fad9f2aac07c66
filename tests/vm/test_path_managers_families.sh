#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The path managers fullmesh and announce on a connection over IPv6: every two addresses of one family have a
# subflow, those of IPv4 too; after an IPv6 address goes and comes back, and when one went before a connection
# began.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"
. "$(dirname "$0")/paths.sh"

make_hosts 3
ip -n client mptcp limits set subflow 8 add_addr_accepted 0 # only the program opens subflows
# the address's own route goes with it
ip -n client -6 route add fd00:2::/64 dev c2 metric 4096
serve 5000
put client fullmesh --set local=10.0.1.0/24,fd00:1::/64,fd00:2::/64
put server announce --set local=10.0.2.0/24,10.0.3.0/24,fd00:2::/64
begin fd00:1::2
expect "both families" "$(mesh "fd00:1::1 fd00:2::1" "fd00:1::2 fd00:2::2"; mesh 10.0.1.1 "10.0.2.2 10.0.3.2")"
ip -n client addr del fd00:2::1/64 dev c2
expect "an IPv6 address goes" "$(mesh "fd00:1::1" "fd00:1::2 fd00:2::2"; mesh 10.0.1.1 "10.0.2.2 10.0.3.2")"
ip -n client addr add fd00:2::1/64 dev c2 nodad
expect "and comes back" "$(mesh "fd00:1::1 fd00:2::1" "fd00:1::2 fd00:2::2"; mesh 10.0.1.1 "10.0.2.2 10.0.3.2")"
finish

# A change that no connection lived to see: the process beside the program tells of it.
ip -n client addr del fd00:2::1/64 dev c2
later() { begin fd00:1::2; until_true 20 has "$1"; local seen=$?; finish; return $seen; }
until_true 60 later "$(mesh "fd00:1::1" "fd00:1::2 fd00:2::2"; mesh 10.0.1.1 "10.0.2.2 10.0.3.2")" ||
    fail "a later connection uses an address that is gone"
note "a later connection knows what changed before it"
