#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program opens subflows: with nothing given (as ndiffports does), from and to given addresses,
# over IPv4, IPv6 and both in one connection; what cannot be is refused and said; the
# administrator's limit holds; and a subflow opened so survives nothing that it should not: the
# peer's RM_ADDR closes it, without confusing the in-kernel path manager's books.
. "$(dirname "$0")/guest.sh"

make_hosts 2
serve 5000
count() { value event "$1" events | cut -d, -f$(($2 + 1)); }
counted() { [ "$(count "$1" "$2")" -ge "$3" ]; }
announced=6 removed=7 sub_established=10 sub_closed=11
joins() { mib server MPTcpExtMPJoinAckRx; }

load event client open_plain=2
client 10.0.1.2 5000 upload 4000000 || fail "the transfer breaks"
equal "subflows between the same addresses" "$(joins)" 2
equal "established, as the client's program sees it" "$(count client $sub_established)" 2
unload event client

load event client open_v4=1
client 10.0.1.2 5000 upload 4000000 || fail "the transfer breaks"
equal "subflows, with one from 10.0.2.1 to 10.0.2.2" "$(joins)" 3
more "octets on the second path" "$(octets client c2 tx)" 100000
unload event client

load event client open_v6=1
client fd00:1::2 5000 upload 4000000 || fail "the transfer breaks"
equal "subflows, with one over IPv6" "$(joins)" 4
unload event client

load event client open_v4=1
client fd00:1::2 5000 upload 4000000 || fail "the transfer breaks"
equal "subflows, with one over IPv4 for an IPv6 socket" "$(joins)" 5
unload event client

load event client open_v6=1
client 10.0.1.2 5000 upload 4000000 || fail "the transfer breaks"
until_true 10 at_least event client failed 1 || fail "IPv6 for an IPv4 socket is not refused"
equal "IPv6 for an IPv4 socket: errno" "$(value event client failed_errno)" 97
equal "subflows" "$(joins)" 5
unload event client

ip -n client mptcp limits set subflow 1
load event client open_plain=2
client 10.0.1.2 5000 upload 4000000 || fail "the transfer breaks"
equal "subflows, with a limit of one" "$(joins)" 6
equal "beyond the limit: errno" "$(value event client failed_errno)" 28
unload event client
ip -n client mptcp limits set subflow 8

load event client flood=200
client 10.0.1.2 5000 upload 100000 || fail "the transfer breaks"
more "too many requests at once: refused" "$(value event client refused_requests)" 100
equal "with EBUSY" "$(value event client last_errno)" 16
more "the others: accepted" "$(value event client accepted)" 64
unload event client

# The path manager gets an ADD_ADDR for an address to which the program's subflow goes already: it
# opens none and counts none. When RM_ADDR closes that subflow it must not count it back.
load event client open_v4=1
client 10.0.1.2 5000 talk 15 0.1 &
talk=$!
until_true 30 counted client $sub_established 1 || fail "no subflow"
# without an id: the server has known the address since it was joined there
ip -n server mptcp endpoint add 10.0.2.2 dev s2 signal
until_true 30 counted client $announced 1 || fail "no ADD_ADDR"
ip -n server mptcp endpoint del id \
    "$(ip -n server mptcp endpoint show | awk '$1 == "10.0.2.2" { print $3 }')"
until_true 30 counted client $removed 1 || fail "no RM_ADDR"
wait $talk || fail "the connection broke"
more "subflows closed" "$(count client $sub_closed)" 1
