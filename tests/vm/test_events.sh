#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A connection's life as programs see it: created, established, an address announced and withdrawn,
# a subflow established and closed, closed; and the fallback to TCP when a middlebox removes the
# option. In none of these events can the connection be taken for a TCP socket.
. "$(dirname "$0")/guest.sh"

make_hosts 2
load event client || fail "the program is refused"
load event server || fail "the program is refused"
serve 5000

count() { value event "$1" events | cut -d, -f$(($2 + 1)); }
counted() { [ "$(count "$1" "$2")" -ge "$3" ]; }
created=1 established=2 closed=3 announced=6 removed=7 sub_established=10 sub_closed=11 fallback=64

client 10.0.1.2 5000 talk 20 0.1 &
talk=$!
until_true 30 counted client $established 1 || fail "not established"
ip -n server mptcp endpoint add 10.0.2.2 id 7 dev s2 signal
until_true 30 counted client $sub_established 1 || fail "no subflow after ADD_ADDR"
equal "the announced address (network order)" "$(value event client remote_address)" \
    $((0x0202000a))
ip -n server mptcp endpoint del id 7
until_true 30 counted client $removed 1 || fail "RM_ADDR not seen"
until_true 30 counted client $sub_closed 1 || fail "no subflow closed after RM_ADDR"
wait $talk || fail "the connection broke"
until_true 30 counted server $closed 1 || fail "the server does not close"

for host in client server; do
    equal "$host: created" "$(count $host $created)" 1
    equal "$host: established" "$(count $host $established)" 1
    equal "$host: closed" "$(count $host $closed)" 1
    equal "$host: subflows established" "$(count $host $sub_established)" 1
    more "$host: subflows closed" "$(count $host $sub_closed)" 1
    equal "$host: fallbacks" "$(count $host $fallback)" 0
done
equal "client: announced" "$(count client $announced)" 1
equal "client: withdrawn" "$(count client $removed)" 1
equal "server: joins asked for" "$(value event server joins)" 1

on server nft 'add table inet t
    add chain inet t c { type filter hook input priority 0; }
    add rule inet t c tcp flags syn reset tcp option mptcp' || skip "nft cannot reset options"
client 10.0.1.2 5000 upload 10000 || fail "no fallback to TCP"
equal "fallbacks seen by the client" "$(count client $fallback)" 1

for host in client server; do
    for variable in setsockopt_worked fullsock syn_loaded token_differs info_failed; do
        equal "$host: $variable" "$(value event $host $variable)" 0
    done
done
