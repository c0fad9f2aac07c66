#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The path managers on a kernel that is not patched: by netlink, from a process beside the program.
# What must be set first is said. Several subflows between two addresses; a full mesh of IPv4, of
# IPv6 and of both with what the server announces; and within the prefixes that are named alone.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/paths.sh"

paths_up
ip netns exec $client sysctl -qw net.mptcp.pm_type=0
nsenter --net=/run/netns/$client "$optrail" load ndiffports --cgroup "$mount/$client" 2>"$work/said" &&
    fail "loaded, though the kernel manages paths"
grep -q 'net.mptcp.pm_type=1' "$work/said" || fail "it does not say what to do: $(<"$work/said")"
ip netns exec $client sysctl -qw net.mptcp.pm_type=1
load $server announce

for address in 10.0.1.2 fd00:2::2; do
    load $client ndiffports --set n=3
    begin $address
    mine=${address%2}1
    expect "ndiffports, three, to $address" "$(for i in 1 2 3; do echo "$mine > $address"; done)"
    finish
    unload $client ndiffports
done

four=$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.2")
six=$(mesh "fd00:1::1 fd00:2::1" "fd00:1::2 fd00:2::2")
load $client fullmesh
begin 10.0.1.2
expect "a mesh of an IPv4 socket" "$four"
finish
begin fd00:1::2
expect "a mesh of both families" "$six
$four"
finish
unload $client fullmesh

load $client fullmesh --set local=fd00:2::/64,10.0.2.0/24
begin fd00:2::2
expect "a mesh from within two prefixes" "$(mesh fd00:2::1 "fd00:1::2 fd00:2::2"; mesh 10.0.2.1 "10.0.1.2 10.0.2.2")"
finish
unload $client fullmesh

unload $server announce
load $server announce --set local=fd00::/16
load $client fullmesh
begin fd00:1::2
expect "what a server announces of one family alone" "$six"
finish

# Another connection of the host, not of the cgroup, is left alone.
nsenter --net=/run/netns/$client /usr/bin/python3 "$traffic" client fd00:1::2 5000 talk 900 0.1 >/dev/null 2>&1 &
talking=$!
until_true changed none || fail "no connection outside of the cgroup"
enter $client /usr/bin/python3 "$traffic" client fd00:1::2 5000 talk 900 0.1 >/dev/null 2>&1 &
within=$!
expect "one connection with a mesh, one without" "$six
fd00:1::1 > fd00:1::2"
kill $within
wait $within 2>/dev/null
expect "the one outside of the cgroup alone" "fd00:1::1 > fd00:1::2"
finish

echo "ok: path managers by netlink"
