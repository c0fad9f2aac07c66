#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program closes subflows, the additional one and even the first one, and the transfer that they
# carry goes on over what is left, complete.
. "$(dirname "$0")/guest.sh"

make_hosts 2
shape 1 delay 2ms rate 20mbit
shape 2 delay 2ms rate 20mbit
serve 5000
count() { value event "$1" events | cut -d, -f$(($2 + 1)); }
sub_established=10 sub_closed=11

load event client open_v4=1 close_joined=1
client 10.0.1.2 5000 upload 5000000 || fail "the transfer breaks when the second subflow is closed"
equal "established" "$(count client $sub_established)" 1
equal "closed on request" "$(mib client MPTcpExtRmSubflow)" 1
equal "requests that failed" "$(value event client failed)" 0
unload event client

load event client open_v4=1 close_first=1
before=$(octets client c2 tx)
client 10.0.1.2 5000 upload 5000000 || fail "the transfer breaks when the first subflow is closed"
equal "closed on request" "$(mib client MPTcpExtRmSubflow)" 2
equal "requests that failed" "$(value event client failed)" 0
more "octets on the path that is left" $(($(octets client c2 tx) - before)) 2500000
unload event client

# A subflow that is not there
load event client open_v4=1 close_joined=1 close_first=1
client 10.0.1.2 5000 hold 1
more "closed before it is closed again" "$(count client $sub_closed)" 2
