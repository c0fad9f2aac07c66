#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that watches is told of local addresses that come and go, IPv4 and IPv6, also when the
# device goes down and up, and opens a subflow from each new one; one that does not watch is not.
. "$(dirname "$0")/guest.sh"

make_hosts 2
ip -n client addr del 10.0.2.1/24 dev c2
serve 5000
count() { value event "$1" events | cut -d, -f$(($2 + 1)); }
counted() { [ "$(count "$1" "$2")" -ge "$3" ]; }
established=2 sub_established=10 added=66 removed=67

load event client watch=1 open_local=1 || fail "the program is refused"
load event server || fail "the program is refused"
client fd00:1::2 5000 talk 25 0.1 &
talk=$!
until_true 30 counted client $established 1 || fail "not established"
ip -n client addr add 10.0.2.1/24 dev c2
until_true 20 counted client $sub_established 1 || fail "no subflow from the new address"
equal "addresses added" "$(count client $added)" 1
equal "which one (network order)" "$(value event client local_address)" $((0x0102000a))
ip -n client addr del 10.0.2.1/24 dev c2
until_true 20 counted client $removed 1 || fail "the removal is not told"

# an IPv6 address, with the search for a duplicate
on client sysctl -qw net.ipv6.conf.c2.accept_dad=1 net.ipv6.conf.c2.dad_transmits=1
ip -n client addr add fd00:2::1:1/64 dev c2
until_true 20 counted client $added 2 || fail "the IPv6 address is not told"
ip -n client link set c2 down
until_true 20 counted client $removed 2 || fail "the device that went down is not told"
wait $talk || fail "the connection broke"
equal "told to a program that does not watch" "$(count server $added)" 0
