#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The scheduler of a living connection changes when a program asks: redundant repeats on each path
# what is not acknowledged yet, roundrobin gives both their turn, default sends nothing twice. An unknown one is
# refused. What arrives is complete every time.
. "$(dirname "$0")/guest.sh"

make_hosts 2
shape 1 delay 2ms rate 20mbit
shape 2 delay 10ms rate 20mbit
ip -n client mptcp endpoint add 10.0.2.1 dev c2 subflow
serve 5000
size=6000000

transfer() { # NUMBER: sets first and second, the octets on each path
    local one two
    load event server scheduler="$1" || fail "the program is refused"
    one=$(octets server s1 tx) two=$(octets server s2 tx)
    client 10.0.1.2 5000 download $size || fail "the transfer breaks"
    first=$(($(octets server s1 tx) - one)) second=$(($(octets server s2 tx) - two))
    note "octets on the first path $first, on the second $second"
    equal "requests that failed" "$(value event server failed)" 0
    accepted=$(value event server accepted)
    unload event server
}

transfer 0
less "default: all octets" $((first + second)) $((size * 11 / 10))
transfer 1
equal "roundrobin: requests accepted" "$accepted" 1
less "roundrobin: all octets" $((first + second)) $((size * 11 / 10))
more "roundrobin: on the first path" "$first" $((size * 3 / 10))
more "roundrobin: on the second path" "$second" $((size * 3 / 10))
transfer 2
equal "redundant: requests accepted" "$accepted" 1

# How much of a bulk transfer is repeated depends on the paths: what one brought across before the other's
# turn came is left out. A thin stream, which is what the scheduler is for, is repeated whole.
thin() { # NUMBER
    local one two
    load event server scheduler="$1" || fail "the program is refused"
    one=$(octets server s1 tx) two=$(octets server s2 tx)
    client 10.0.1.2 5000 talk 5 0.05 || fail "the connection breaks"
    first=$(($(octets server s1 tx) - one)) second=$(($(octets server s2 tx) - two))
    unload event server
}
thin 0
less "default, a thin stream: on the second path" "$second" $((first / 3))
thin 2
more "redundant, a thin stream: on the first path" "$first" $((second * 7 / 10))
more "redundant, a thin stream: on the second path" "$second" $((first * 7 / 10))
transfer 3
equal "an unknown one: requests accepted" "$accepted" 0
