#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program delay: a client with a backup subflow asks its server for a threshold of 300 ms.
# While the first path is fast nothing goes over the backup path; when it becomes slow, a thin
# stream of the server moves there. Request and echo are on the wire.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"

make_hosts 2
shape 1 delay 2ms
shape 2 delay 2ms
ip -n client mptcp endpoint add 10.0.2.1 dev c2 subflow backup
serve 5000
put client delay --set threshold=300 --set own=yes
put server delay
joined() { [ "$(mib server MPTcpExtMPJoinAckRx)" -ge "$1" ]; }
talk() { # starts a dialogue and waits for its backup subflow; sets before
    client 10.0.1.2 5000 talk 300 0.1 >/run/talk &
    talk=$!
    until_true 60 joined "$1" || fail "no backup subflow"
    sleep 1
    before=$(octets server s2 tx)
    sleep 4
}
grown() { [ $(($(octets server s2 tx) - before)) -ge 8000 ]; }
end() { ip netns exec client ss -K dst 10.0.1.2 >/dev/null; ip netns exec client ss -K dst 10.0.2.2 >/dev/null; wait $talk; true; }

capture client c1
talk 1
less "octets on the backup path while the first is fast" $(($(octets server s2 tx) - before)) 3000
shape 1 delay 500ms
until_true 120 grown || fail "the server does not use the backup path: $(cat /run/talk)"
note "the server moved to the backup path"
captured
more "segments with the request" "$(segments 1e06f003012c '> 10.0.1.2.5000')" 1
more "segments with the echo" "$(segments 1e06f103012c '> 10.0.1.1')" 1
equal "carried out" "$(counter server delay applied)" 1
equal "echoed" "$(counter client delay echoed)" 1
end
