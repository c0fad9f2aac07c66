#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# takes long
# What programs ask for at bad moments is refused or dropped, and the connection lives on: before it is
# established, before the server has accepted it, when it falls back to TCP while requests wait, when the
# program is detached in the midst of a transfer; and with SYN cookies joins are asked for, made and
# refused as without.
. "$(dirname "$0")/guest.sh"

make_hosts 2
shape 1 delay 2ms rate 20mbit
shape 2 delay 2ms rate 20mbit
serve 5000
count() { value event "$1" events | cut -d, -f$(($2 + 1)); }
counted() { [ "$(count "$1" "$2")" -ge "$3" ]; }
established=2 closed=3 sub_established=10 fallback=64
joins() { mib server MPTcpExtMPJoinAckRx; }

# Too early: keys are known, and nothing may be added yet
load event client open_early=1 || fail "the program is refused"
load event server open_early=1
client 10.0.1.2 5000 upload 100000 || fail "the connection breaks"
# The server's fails, unless the application accepts the connection before the kernel's worker gets to it.
[ "$(value event server failed)" = 0 ] ||
    equal "the server's early request: errno (ENOTCONN)" "$(value event server failed_errno)" 107
unload event server
unload event client

# Established, and nobody accepts: the listener never does
load event server open_plain=1
on server python3 -c '
import os, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
s.bind(("10.0.1.2", 5001)); s.listen(8)
open(sys.argv[1], "w").write("x")
while not os.path.exists(sys.argv[2]): time.sleep(0.1)' /run/lazy /run/lazy-end &
lazy=$!
until_true 60 test -s /run/lazy || fail "no listener"
on client python3 -c '
import os, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
s.connect(("10.0.1.2", 5001)); s.sendall(b"x" * 5000)
while not os.path.exists(sys.argv[1]): time.sleep(0.1)' /run/lazy-end &
until_true 60 at_least event server failed 1 || fail "the request is not told to have failed"
equal "before accept(): errno (ENOTCONN)" "$(value event server failed_errno)" 107
touch /run/lazy-end
wait $lazy
unload event server

# Requests wait, and the connection falls back: all of MPTCP is stripped behind the handshake's SYNs
load event client open_early=1 flood_early=50 || fail "the program is refused"
on server nft 'add table inet t
    add chain inet t i { type filter hook input priority 0; }
    add rule inet t i tcp flags & syn == 0 reset tcp option mptcp' || skip "nft cannot reset options"
before=$(joins)
client 10.0.1.2 5000 upload 300000 || fail "no fallback to TCP"
on server nft delete table inet t
equal "fallbacks seen by the client" "$(count client $fallback)" 1
more "requests accepted before it" "$(value event client accepted)" 50
equal "joins" "$(joins)" "$before"
unload event client

# Detached in the midst: what was set stays, what was asked for is done, nobody is told
load event client open_v4=1 watch=1 delay_ms=500 notify=100000000 timeout_s=30
load event server
before=$(joins)
client 10.0.1.2 5000 upload 8000000 >/run/upload &
upload=$!
until_true 60 counted client $established 1 || fail "not established"
unload event client
unload event server
ip -n client addr add 10.0.9.1/24 dev c2
wait $upload || fail "the transfer breaks when its programs are detached"
note "$(cat /run/upload)"
ip -n client addr del 10.0.9.1/24 dev c2

# SYN cookies for everybody
on server sysctl -qw net.ipv4.tcp_syncookies=2
load event client open_v4=1
load event server
before=$(joins)
client 10.0.1.2 5000 upload 1000000 || fail "no connection with SYN cookies"
equal "joins with SYN cookies" $(($(joins) - before)) 1
equal "which the server's program was asked about" "$(value event server joins)" 1
unload event server
load event server refuse=1
before=$(joins)
client 10.0.1.2 5000 upload 1000000 || fail "no connection with SYN cookies"
equal "joins refused" $(($(joins) - before)) 0
equal "asked" "$(value event server joins)" 1
for host in client server; do equal "$host: setsockopt_worked" "$(value event $host setsockopt_worked)" 0; done
