#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# takes long
# The program rate: a client asks for 4 Mbit/s on the second of two paths of 20; the request and
# its echo are on the wire, on pure ACKs; the server's socket is paced there and there alone, and
# what it sends on the path is less than before; a limit of 0 closes the subflow; a request that
# nobody echoes is repeated up to the limit and then no more; the twin with an ExID does the same.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"

make_hosts 2
shape 1 delay 10ms rate 20mbit
shape 2 delay 10ms rate 20mbit
ip -n client mptcp endpoint add 10.0.2.1 dev c2 subflow
serve 5000
size=8000000

# download: sets first and second, octets that the server sent on each path
download() {
    local one two
    one=$(octets server s1 tx) two=$(octets server s2 tx)
    client 10.0.1.2 5000 download $size || fail "the transfer breaks"
    first=$(($(octets server s1 tx) - one)) second=$(($(octets server s2 tx) - two))
    note "octets on the first path $first, on the second $second"
}
# rates to which the server's sockets on a path are limited, bit/s
limits() {
    ip netns exec server ss -tinOH state established | grep "10\.0\.$1\.1[]:]" |
        sed -n 's,.*pacing_rate [0-9]*bps/\([0-9]*\)bps.*,\1,p' | sort -u | xargs
}

download
free=$second
more "without a limit: on the second path" "$free" $((size / 10))

put client rate --set limit=4000 --set local=10.0.2.0/24
put server rate
capture client any
client 10.0.1.2 5000 download $size &
transfer=$!
limited() { [ "$(limits 2)" = 4000000 ] && [ -z "$(limits 1)" ]; }
until_true 30 limited || { ip netns exec server ss -tinOH; fail "the second path's socket, or the first's too, is limited to: $(limits 1) $(limits 2)"; }
wait $transfer || fail "the transfer breaks"
captured
equal "echoes" "$(counter client rate echoed)" 1
more "segments with the request" "$(segments 1e08f00100000fa0 '10.0.2.1')" 1
less "segments with the request" "$(segments 1e08f00100000fa0)" 10
more "segments with the echo" "$(segments 1e08f10100000fa0 '> 10.0.2.1.')" 1
equal "on data" "$(grep '| .*1e08f[01]0100000fa0' $frames | grep -vc 'length 0 ')" 0
equal "carried out once" "$(counter server rate applied)" 1

download
less "with a limit: on the second path" "$second" $((free * 3 / 4))
take_off client rate

put client rate --set closing=yes --set subflows=joined
before=$(mib server MPTcpExtRmSubflow)
client 10.0.1.2 5000 download 1000000 || fail "the transfer breaks"
more "subflows closed because the client asked" "$(($(mib server MPTcpExtRmSubflow) - before))" 1
take_off client rate

# a server that does not speak it
take_off server rate
put client rate --set limit=4000 --set local=10.0.2.0/24 --set tries=3
capture client any
client 10.0.1.2 5000 download 1000000 || fail "the transfer breaks"
captured
equal "segments with the request, never echoed" "$(segments 1e08f00100000fa0)" 3
equal "echoes" "$(counter client rate echoed)" 0
take_off client rate

put client rate --set limit=4000 --set local=10.0.2.0/24 --set carrier=exid --set tries=2
put server rate
capture client any
client 10.0.1.2 5000 download 1000000 || fail "the transfer breaks"
captured
equal "segments with the twin" "$(segments fd084f5200000fa0)" 2
equal "the server keeps to it" "$(counter server rate applied)" 1
