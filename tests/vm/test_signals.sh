#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program announces an address and the peer adds a subflow to it; it sets a subflow to backup and
# the peer hears of it; it makes an idle connection send ACKs.
. "$(dirname "$0")/guest.sh"

make_hosts 2
serve 5000
count() { value event "$1" events | cut -d, -f$(($2 + 1)); }
counted() { [ "$(count "$1" "$2")" -ge "$3" ]; }
announced=6 sub_established=10 sub_priority=13

load event client
load event server announce=1
client 10.0.1.2 5000 talk 5 0.1 || fail "the connection breaks"
equal "addresses announced to the client" "$(count client $announced)" 1
equal "which echoed it" "$(mib server MPTcpExtEchoAdd)" 1
equal "subflows to it" "$(count server $sub_established)" 1
equal "requests that failed" "$(value event server failed)" 0
unload event client
unload event server

load event client open_v4=1 backup_joined=1
load event server
client 10.0.1.2 5000 talk 5 0.1 || fail "the connection breaks"
equal "changes of priority that the server saw" "$(count server $sub_priority)" 1
equal "MP_PRIO sent" "$(mib client MPTcpExtMPPrioTx)" 1
unload event client

before=$(mib client TcpOutSegs)
load event client flood=50
client 10.0.1.2 5000 hold 2 || fail "the connection breaks"
more "segments of an idle connection that was asked for 50 ACKs" \
    $(($(mib client TcpOutSegs) - before)) 50
equal "requests that failed" "$(value event client failed)" 0
