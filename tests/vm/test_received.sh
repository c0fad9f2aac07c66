#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that wants to know when a megabyte has been read is called once, then, and can open a
# subflow; a shorter connection calls it not at all.
. "$(dirname "$0")/guest.sh"

make_hosts 1
shape 1 delay 2ms rate 40mbit
serve 5000
load event client notify=1000000 open_plain=1 || fail "the program is refused"
client 10.0.1.2 5000 download 300000 || fail "the transfer breaks"
equal "calls for a short connection" "$(value event client received)" 0
equal "its subflows" "$(mib server MPTcpExtMPJoinAckRx)" 0
client 10.0.1.2 5000 download 8000000 || fail "the transfer breaks"
equal "calls for a long one" "$(value event client received)" 1
more "read by then" "$(value event client received_bytes)" 1000000
less "read by then" "$(value event client received_bytes)" 4000000
equal "its subflows" "$(mib server MPTcpExtMPJoinAckRx)" 1
