#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# takes long
# The path managers fullmesh and announce over three paths: every two addresses have a subflow, also after an
# address is announced and withdrawn, and after an interface goes down and comes back up.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"
. "$(dirname "$0")/paths.sh"

make_hosts 3
ip -n client mptcp limits set subflow 8 add_addr_accepted 0 # only the program opens subflows
serve 5000
put client fullmesh --set local=10.0.1.0/24,10.0.2.0/24
put server announce --set local=10.0.0.0/16

begin 10.0.1.2
expect "two addresses with three" "$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.2 10.0.3.2")"
equal "withdrawals that the client saw" "$(mib client MPTcpExtRmAddr)" 0
ip -n server addr del 10.0.3.2/24 dev s3
expect "an announced address gone" "$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.2")"
equal "withdrawals that the client saw" "$(mib client MPTcpExtRmAddr)" 1
ip -n server addr add 10.0.3.2/24 dev s3
expect "and back" "$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.2 10.0.3.2")"
equal "what the server's program asked for in vain" "$(counter server announce failed)" 0
ip -n client link set c2 down
expect "an interface down" "$(mesh "10.0.1.1" "10.0.1.2 10.0.2.2 10.0.3.2")"
ip -n client link set c2 up
expect "and up again" "$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.2 10.0.3.2")"
finish

take_off server announce
take_off client fullmesh
put client fullmesh
begin 10.0.1.2
expect "three addresses, nothing announced" "$(mesh "10.0.1.1 10.0.2.1 10.0.3.1" "10.0.1.2")"
ip -n server mptcp endpoint add 10.0.2.2 dev s2 signal
expect "one announced" "$(mesh "10.0.1.1 10.0.2.1 10.0.3.1" "10.0.1.2 10.0.2.2")"
ip -n server mptcp endpoint flush
expect "and withdrawn" "$(mesh "10.0.1.1 10.0.2.1 10.0.3.1" "10.0.1.2")"
finish
