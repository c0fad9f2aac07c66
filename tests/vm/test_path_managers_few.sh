#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# takes long
# The path manager ndiffports has as many subflows as it is asked for, over IPv4 and IPv6; delaying
# opens none for a short connection, and does for one that brought enough octets, or lasts without
# reaching its rate; and two path managers in two cgroups act on the connections of their own.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"
. "$(dirname "$0")/paths.sh"

make_hosts 2
serve 5000
times() { local i; for i in $(seq "$1"); do echo "$2"; done; }
joins() { mib server MPTcpExtMPJoinAckRx; }

put client ndiffports --set n=4
for pair in "10.0.1.1 > 10.0.1.2" "fd00:1::1 > fd00:1::2"; do
    begin "${pair#* > }"
    expect "ndiffports, four" "$(times 4 "$pair")"
    finish
done
take_off client ndiffports

mkdir /sys/fs/cgroup/other
put client ndiffports --set n=3
on client "$optrail" load fullmesh --cgroup /sys/fs/cgroup/other --set local=10.0.0.0/16 || fail "load fullmesh"
begin 10.0.1.2
first=$talking
expect "one cgroup" "$(times 3 "10.0.1.1 > 10.0.1.2")"
begin 10.0.1.2 other
expect "and the other beside it" "$(times 3 "10.0.1.1 > 10.0.1.2"; mesh "10.0.1.1 10.0.2.1" 10.0.1.2)"
kill $first
wait $first 2>/dev/null
expect "the other alone" "$(mesh "10.0.1.1 10.0.2.1" 10.0.1.2)"
finish
"$optrail" unload --all --cgroup /sys/fs/cgroup/other || fail "unload"
take_off client ndiffports

shape 1 delay 2ms rate 10mbit
try() { # SHOULD OCTETS PARAMETER...: joins in a download
    local should=$1 octets=$2 before; shift 2
    put client delaying --set local=10.0.0.0/16 "${@/#/--set=}"
    before=$(joins)
    client 10.0.1.2 5000 download "$octets" || fail "the transfer breaks"
    equal "subflows added to $octets octets with $*" $(($(joins) - before)) "$should"
    take_off client delaying
}
try 0 200000 octets=1000000
try 1 3000000 octets=1000000
try 2 3000000 octets=1000000 more=1
try 1 3000000 duration=500
try 0 3000000 duration=500 rate=1
try 1 3000000 duration=500 rate=1000000
