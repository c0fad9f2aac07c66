#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Replacing a program while connections live: no segment goes without one, connections and counters
# go on, and a user timeout that changes is advertised again on them. And the user timeout is never
# below the connection's retransmission timeout.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

programs_up
sockets_up
export PING=1

# --- what is advertised changes while a connection lives ------------------------------------------
meanwhile() {
    "$optrail" load uto --cgroup "$client_cgroup" --set timeout=70 --replace || fail "replace"
    sleep 0.3
}
for family in 4 6; do
    load client uto --set timeout=34
    load server uto
    connection $family
    expect "IPv$family: segments with 34 s" "$(frames_with 1c040022 | wc -w)" 1
    expect "IPv$family: segments with 70 s" "$(frames_with 1c040046 | wc -w)" 1
    expect "IPv$family: the server's user timeout at last" "$(socket server user_timeout_ms)" 70000
    expect "IPv$family: written by the client, before and after" "$(counter client uto written)" 2
    expect "IPv$family: attached" "$(bpftool cgroup show "$client_cgroup" | grep -c sock_ops)" 1
    "$optrail" status --cgroup "$client_cgroup" | grep -q "timeout=70" || fail "status has the old value"
    unload_all
done

# The same by the map alone, with no loader.
meanwhile() {
    local id
    id=$("$optrail" status --json --cgroup "$client_cgroup" |
        /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["programs"][0]["id"])')
    id=$(bpftool prog show id "$id" -j | /usr/bin/python3 -c 'import json, sys; print(*json.load(sys.stdin)["map_ids"])')
    for id in $id; do
        [[ $(bpftool map show id "$id") == *"name live"* ]] || continue
        bpftool map update id "$id" key 0 0 0 0 value 71 0 0 0 || fail "bpftool"
    done
    sleep 0.3
}
load client uto # advertises nothing at first
load server uto
connection 4
expect "segments with 71 s, set in the map" "$(frames_with 1c040047 | wc -w)" 1
expect "the server's user timeout" "$(socket server user_timeout_ms)" 71000
unload_all

# --- without a gap ----------------------------------------------------------------------------------
# Each segment has the option, whichever program wrote it, while one takes the other's place.
meanwhile() {
    local value
    for value in 35 36 37 38 39 40; do
        "$optrail" load uto --cgroup "$client_cgroup" --set timeout=$value --set repeat=always --replace ||
            fail "replace"
    done
}
load client uto --set timeout=34 --set repeat=always
load server uto
connection 4
without=$(grep "\.7722: " "$programs_dir/frames" | awk '/Flags \[F/ { exit } !/Flags \[S/' |
    grep -vc '1c0400[0-9a-f]\{2\}')
expect "the client's segments without the option, while it was replaced 6 times" "$without" 0
(($(frames_with 1c040028 | wc -w) > 0)) || fail "the last value was never sent"
unload_all

# --replace where nothing is loaded loads.
"$optrail" load cc --cgroup "$client_cgroup" --replace || fail "replace nothing"
unload_all

# --- never below the retransmission timeout ---------------------------------------------------------
# A route says that retransmission takes 5 s at least; the peer asks for 2 s.
meanwhile() { :; }
ip -n "$server_netns" route replace 10.99.0.0/24 dev d0 src 10.99.0.2 rto_min 5s
load client uto --set timeout=2
load server uto
connection 4
tick_ms=$(/usr/bin/python3 -c 'import time; print(round(time.clock_getres(6) * 1000))')
rto_ms=$(($(socket server rto) * tick_ms))
((rto_ms >= 5000)) || fail "the route has no effect: $rto_ms ms"
(($(socket server user_timeout_ms) >= 5000)) ||
    fail "the user timeout is $(socket server user_timeout_ms) ms, below the retransmission timeout, $rto_ms ms"
unload_all

echo "ok: replaced without a gap, the change reaches live connections, not below $rto_ms ms"
