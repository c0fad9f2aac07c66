#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A full mesh by netlink follows its addresses: one of the client's goes and comes, one of IPv6 that
# has to prove itself unused first (DAD), an interface goes down and up, the server withdraws an
# address and announces another, and what cannot be opened at once is tried again.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/paths.sh"

paths_up
load $server announce
load $client fullmesh
four=$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.2")
six=$(mesh "fd00:1::1 fd00:2::1" "fd00:1::2 fd00:2::2")
both="$six
$four"

begin fd00:1::2
expect "a mesh of both families" "$both"
ip -n $client addr del fd00:2::1/64 dev c2
expect "an address of IPv6 goes" "$(grep -v '^fd00:2::1' <<<"$both")"
ip -n $client addr add fd00:2::1/64 dev c2
expect "and comes back, and is not usable at first" "$both"
ip -n $client addr del 10.0.2.1/24 dev c2
expect "an address of IPv4 goes" "$(grep -v '^10.0.2.1' <<<"$both")"
ip -n $client addr add 10.0.2.1/24 dev c2
expect "and comes back" "$both"

ip -n $client link set c2 down # takes its addresses of IPv6 along, for good
# The server sees it too, and withdraws what it has there.
expect "an interface goes down" "10.0.1.1 > 10.0.1.2
fd00:1::1 > fd00:1::2"
ip -n $client link set c2 up
expect "and up; of IPv6 there is no way yet" "$four
fd00:1::1 > fd00:1::2"
ip -n $client addr add fd00:2::1/64 dev c2 nodad
expect "and has its address of IPv6 again" "$both"

ip -n $server addr del 10.0.2.2/24 dev s2
expect "the server withdraws an address" "$(grep -v '10.0.2.2$' <<<"$both")"
ip -n $server addr add 10.0.2.3/24 dev s2
expect "and announces another" "$(grep -v '10.0.2.2$' <<<"$both"; mesh "10.0.1.1 10.0.2.1" 10.0.2.3)"
finish

# The first handshakes with that address come to nothing; later ones do not.
ip netns exec $server nft -f - <<END || fail "nft"
table inet lose { chain in { type filter hook input priority 0
  ip daddr 10.0.2.3 tcp flags syn / syn,ack counter reject with tcp reset; }; }
END
refused() { ip netns exec $server nft list table inet lose | grep -q 'packets [1-9]'; }
begin 10.0.1.2
until_true refused || fail "nobody tried"
expect "those that were refused are not there" "$(mesh "10.0.1.1 10.0.2.1" 10.0.1.2)"
ip netns exec $server nft delete table inet lose
expect "and are tried again" "$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.3")"
finish

echo "ok: a mesh by netlink follows its addresses"
