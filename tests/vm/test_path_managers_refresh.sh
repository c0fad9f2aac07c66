#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# takes long
# The path manager refresh: a connection whose subflow is reset ten times in a row has a new one each
# time, over IPv4 and IPv6; told not to heed resets it has none, but has one after a timeout; one
# that grows old is replaced while it works.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"
. "$(dirname "$0")/paths.sh"

make_hosts 2
serve 5000
changed() { local now; now=$(ports); [ -n "$now" ] && [ "$now" != "$1" ]; }
# the server's end goes with a reset to the client
reset_subflows() { ip netns exec server ss -K state established sport = 5000 >/dev/null; }

put client refresh
for address in 10.0.1.2 fd00:1::2; do
    begin $address
    until_true 40 changed none || fail "no connection"
    for i in $(seq 10); do
        sleep 0.3
        before=$(ports)
        reset_subflows
        until_true 40 changed "$before" || fail "$address: no new subflow after reset $i: $("$optrail" status)"
    done
    note "$address: ten resets, ten new subflows"
    finish
done
take_off client refresh

put client refresh --set reset=no
on client sysctl -qw net.ipv4.tcp_retries2=2
begin 10.0.1.2
until_true 40 changed none || fail "no connection"
sleep 0.5
before=$(ports)
ip netns exec client nft 'add table inet t
    add chain inet t o { type filter hook output priority 0; }
    add rule inet t o tcp flags & syn == 0 ip daddr 10.0.1.2 drop'
until_true 60 changed "$before" || fail "no new subflow after a timeout: $("$optrail" status)"
ip netns exec client nft delete table inet t
note "a timeout, and a new subflow"
before=$(counter client refresh applied)
reset_subflows
until_true 40 no_subflows || fail "the subflow was not reset"
sleep 3
no_subflows || fail "a new subflow after a reset that is not heeded"
equal "subflows opened because of it" "$(($(counter client refresh applied) - before))" 0
kill $talking; wait $talking 2>/dev/null
take_off client refresh

put client refresh --set age=2
begin 10.0.1.2
until_true 40 changed none || fail "no connection"
for i in 1 2; do
    before=$(ports)
    until_true 60 changed "$before" || fail "an old subflow is not replaced: $("$optrail" status)"
    one() { [ "$(wc -w <<<"$(ports)")" = 1 ]; }
    until_true 40 one || fail "the old one is not closed: $(ports)"
done
note "two subflows grew old, and were replaced"
finish
take_off client refresh
