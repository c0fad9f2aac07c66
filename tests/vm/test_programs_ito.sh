#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# takes long
# The program ito: of forty connections that lose all subflows at once, twenty have asked for an
# inactivity timeout of three seconds; those are gone at both ends soon, while the others, which
# asked for none, stay as long as the server's namespace says. Request and echo are on the wire.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"

make_hosts 1
on server sysctl -qw net.mptcp.close_timeout=600
on client sysctl -qw net.mptcp.close_timeout=600
mkdir /sys/fs/cgroup/other
serve 5000
serve 5001
put client ito --set timeout=3
put server ito

hold='
import socket, sys, time
held = []
for _ in range(20):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    s.connect(("10.0.1.2", int(sys.argv[1])))
    s.sendall(b"talk\nhello\n")
    s.recv(1)
    held.append(s)
open("/run/held-" + sys.argv[1], "w").close()
time.sleep(600)
'
capture client c1
on client python3 -c "$hold" 5000 &
asking=$!
(echo $BASHPID >/sys/fs/cgroup/other/cgroup.procs; exec nsenter --net=/run/netns/client python3 -c "$hold" 5001) &
silent=$!
until_true 120 test -e /run/held-5000 -a -e /run/held-5001 || fail "the connections do not come about"
until_true 60 counted server ito applied 20 || fail "only $(counter server ito applied) requests were carried out"
until_true 60 counted client ito echoed 20 || fail "only $(counter client ito echoed) were echoed"
captured
more "segments with the request" "$(segments 1e06f0040003 '> 10.0.1.2.5000')" 20
more "segments with the echo" "$(segments 1e06f1040003 '> 10.0.1.1')" 20
equal "of connections that did not ask" "$(segments 1e06f.040003 5001)" 0

# lost at both ends, and silently, so that neither closes the other's connection
for host in client server; do
    ip netns exec $host nft 'add table inet t
        add chain inet t o { type filter hook output priority 0; }
        add rule inet t o tcp flags & (rst | fin) != 0 drop'
done
sessions() { ip netns exec "$1" ss -MnH state established | grep -cE ":$2( |\$)"; }
equal "sessions of those who asked" "$(sessions server 5000)" 20
equal "sessions of the others" "$(sessions server 5001)" 20
equal "at the client" "$(sessions client 5000) $(sessions client 5001)" "20 20"
for host in client server; do
    until_true 60 eval "ip netns exec $host ss -KtnH '( sport = 5000 or sport = 5001 or dport = 5000 or dport = 5001 )' >/dev/null
        [ -z \"\$(ip netns exec $host ss -tnH state established)\" ]" || fail "subflows are left"
done
gone() { [ "$(sessions "$1" 5000)" = 0 ]; }
until_true 120 gone server || fail "the server still has $(sessions server 5000) of those who asked"
until_true 120 gone client || fail "the client still has $(sessions client 5000) of those who asked"
equal "sessions of those who did not ask, at the server" "$(sessions server 5001)" 20
equal "at the client" "$(sessions client 5001)" 20
kill $asking $silent
