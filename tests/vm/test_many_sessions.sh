#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# takes long
# Two thousand sessions are opened and closed while programs at both ends open a subflow in each, make it
# backup, send ACKs, watch addresses and write suboptions: all are complete, every program hears of every
# one, and neither sockets nor memory are left behind.
. "$(dirname "$0")/guest.sh"

make_hosts 2
on server "$OPTRAIL_VM/sessions" serve 5000 /run/ready &
until_true 60 test -s /run/ready || fail "no server"
count() { value event "$1" events | cut -d, -f$(($2 + 1)); }
counted() { [ "$(count "$1" "$2")" -ge "$3" ]; }
created=1 closed=3 sub_established=10
no_sockets() { [ -z "$(on "$1" ss -HMan state connected)$(on "$1" ss -Htan state connected)" ]; }

for host in client server; do on $host sysctl -qw net.ipv4.tcp_max_tw_buckets=0; done
load option client write=1 || fail "the writer is refused"
load event client open_v4=1 backup_joined=1 ack_joined=1 watch=1 delay_ms=100 || fail "refused"
load event server watch=1 || fail "refused"

total=0
round() { # SESSIONS: sets left, the memory in use when all is closed
    local host
    total=$((total + $1))
    on client "$OPTRAIL_VM/sessions" open 10.0.1.2 5000 "$1" 0 50 || fail "not all sessions are complete"
    for host in client server; do
        until_true 300 counted $host $closed $total || fail "$host: not all are closed"
        equal "$host: created" "$(count $host $created)" $total
        equal "$host: closed" "$(count $host $closed)" $total
        until_true 300 no_sockets $host ||
            fail "$host: sockets are left: $(on $host ss -Man; on $host ss -tan)"
    done
    left=$(unreclaimable)
}
round 500
first=$left
round 750
second=$left
round 750
more "subflows established, of sessions that may be over before" "$(count client $sub_established)" 1
# A request of 96 octets that is never freed would make 210 KiB of the three in each of 750 sessions, every
# time; what settles or splinters does not do so twice.
growth=$((second - first))
[ $((left - second)) -ge $growth ] || growth=$((left - second))
note "KiB more after the second round $((second - first)), after the third $((left - second))"
less "the less of both" $growth 150
