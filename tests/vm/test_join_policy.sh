#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A server's program refuses the subflows that peers ask for: they are reset, as administratively
# prohibited, and the connection lives on with the subflow that it has. Without refusal they join.
. "$(dirname "$0")/guest.sh"

make_hosts 2
serve 5000
ip -n client mptcp endpoint add 10.0.2.1 dev c2 subflow

load event server refuse=1
client 10.0.1.2 5000 upload 3000000 || fail "the transfer breaks"
equal "joins that the program was asked about" "$(value event server joins)" 1
equal "joins completed" "$(mib server MPTcpExtMPJoinAckRx)" 0
equal "connection attempts of the client that were reset" "$(mib client TcpAttemptFails)" 1
unload event server

load event server
client 10.0.1.2 5000 upload 3000000 || fail "the transfer breaks"
equal "joins that the program was asked about" "$(value event server joins)" 1
equal "joins completed" "$(mib server MPTcpExtMPJoinAckRx)" 1
