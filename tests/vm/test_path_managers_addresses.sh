#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The list of the host's addresses that fullmesh and announce go by is right at once, and not when the process
# beside the program has run: what the kernel tells of an address counts for the announcements and connections
# that follow, with that process stopped as with it running. An address outside of `local` is not used, also
# when it comes while a connection lives.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"
. "$(dirname "$0")/paths.sh"

make_hosts 3
ip -n client mptcp limits set subflow 8 add_addr_accepted 0 # only the program opens subflows
serve 5000
put client fullmesh --set local=10.0.1.0/24,10.0.2.0/24
process() { local pid; for pid in $(pgrep -x optrail-follow); do kill "-$1" "$pid"; done; }
stopped() { [ -z "$(ps -o stat= -C optrail-follow | grep -v '^T')" ] && pgrep -x optrail-follow >/run/pids; }
renew() { ip -n "$1" link set "$2" down; ip -n "$1" link set "$2" up; }

process STOP
until_true 30 stopped || fail "the process is not there, or goes on"
begin 10.0.1.2
expect "both addresses of the list" "$(mesh "10.0.1.1 10.0.2.1" 10.0.1.2)"
renew client c3
ip -n client link set c2 down
expect "an interface down" "$(mesh 10.0.1.1 10.0.1.2)"
ip -n client link set c2 up
expect "and up" "$(mesh "10.0.1.1 10.0.2.1" 10.0.1.2)"
ip -n server mptcp endpoint add 10.0.3.2 dev s3 signal
expect "an address announced then" "$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.3.2")"
ip -n client addr del 10.0.2.1/24 dev c2
expect "an address less" "$(mesh 10.0.1.1 "10.0.1.2 10.0.3.2")"
ip -n client addr add 10.0.2.9/24 dev c2
expect "and another" "$(mesh "10.0.1.1 10.0.2.9" "10.0.1.2 10.0.3.2")"
finish
begin 10.0.1.2
expect "a connection that begins then" "$(mesh "10.0.1.1 10.0.2.9" "10.0.1.2 10.0.3.2")"
equal "subflows asked for in vain" "$(counter client fullmesh failed)" 0
process CONT

ip -n server mptcp endpoint flush
expect "the address withdrawn" "$(mesh "10.0.1.1 10.0.2.9" 10.0.1.2)"
renew client c3
renew client c2
# With the next announcement the process has been told, or has not.
ip -n server mptcp endpoint add 10.0.3.2 dev s3 signal
expect "down and up and an announcement, with the process" "$(mesh "10.0.1.1 10.0.2.9" "10.0.1.2 10.0.3.2")"
finish
ip -n server mptcp endpoint flush
take_off client fullmesh

put server announce --set local=10.0.1.0/24,10.0.2.0/24
heard() { [ "$(mib client "$1")" -ge "$2" ]; }
before=$(mib client MPTcpExtAddAddr) gone=$(mib client MPTcpExtRmAddr)
begin 10.0.1.2
until_true 60 heard MPTcpExtAddAddr $((before + 1)) || fail "nothing is announced"
renew server s3
ip -n server link set s2 down
until_true 60 heard MPTcpExtRmAddr $((gone + 1)) || fail "nothing is withdrawn"
ip -n server link set s2 up
until_true 60 heard MPTcpExtAddAddr $((before + 2)) || fail "what came back is not announced"
finish
equal "announced, the address outside of the prefixes not among them" "$(counter server announce applied)" 2
