#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program uto: 1c04 0022 advertises 34 s on the first segment after the SYN, and the peer's
# getsockopt(TCP_USER_TIMEOUT) then says 34000. Limits, granularity and the application's own say.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

programs_up

user_timeout() { sed 's/.*user_timeout_ms=//' "$programs_dir/$1"; }

for family in 4 6; do
    # The client advertises, the server only takes.
    load client uto --set timeout=34
    load server uto --set role=server
    connection $family
    expect "IPv$family: segments with UTO 34 s" "$(frames_with 1c040022)" 3
    expect "IPv$family: the server's user timeout" "$(user_timeout server)" 34000
    expect "IPv$family: the client's user timeout" "$(user_timeout client)" 0
    expect "written by the client" "$(counter client uto written)" 1
    expect "applied by the server" "$(counter server uto applied)" 1
    expect "written by the server" "$(counter server uto written)" 0
    unload_all

    # Both ends with the same setting: each advertises once, each adopts.
    load client uto --set timeout=34
    load server uto --set timeout=34
    connection $family
    expect "IPv$family: segments with UTO of either end" "$(frames_with 1c040022 | wc -w)" 2
    expect "IPv$family: the server's" "$(user_timeout server)" 34000
    expect "IPv$family: the client's" "$(user_timeout client)" 34000
    first=$(grep -n " > .*7722: Flags \[[^S]" "$programs_dir/frames" | head -1 | cut -d: -f1)
    answer=$(grep -n "\.7722 > .*Flags \[[^S]" "$programs_dir/frames" | head -1 | cut -d: -f1)
    expect "IPv$family: on the first segment of each end that is no SYN" "$(frames_with 1c040022)" \
        "$first $answer"
    unload_all

    # max(ADV_UTO, REMOTE_UTO): the longer one wins at both ends.
    load client uto --set timeout=34
    load server uto --set timeout=60
    connection $family
    expect "IPv$family: the server's, it asks for more" "$(user_timeout server)" 60000
    expect "IPv$family: the client's, it gets more" "$(user_timeout client)" 60000
    unload_all
done

# Beyond 15 bits of seconds: minutes, rounded up. U_LIMIT holds against them.
load client uto --set timeout=36000
load server uto --set upper=7200
connection 4
expect "segments with UTO 600 minutes" "$(frames_with 1c048258)" 3
expect "the server's, limited from above" "$(user_timeout server)" 7200000
unload_all

# L_LIMIT.
load client uto --set timeout=2
load server uto --set lower=100
connection 4
expect "the server's, limited from below" "$(user_timeout server)" 100000
unload_all

# Not changeable; not enabled.
load client uto --set timeout=34
load server uto --set changeable=no
connection 4
expect "the server's, not changeable" "$(user_timeout server)" 0
expect "declined" "$(counter server uto declined)" 1
unload_all
load client uto --set timeout=34 --set enabled=no
connection 4
expect "segments with UTO, not enabled" "$(frames_with 1c04)" ""
unload_all

# What the server's application has set itself stays.
load client uto --set timeout=34
load server uto
OWN_TIMEOUT_MS=5000 connection 4
expect "the server's, set by its application" "$(user_timeout server)" 5000
expect "declined" "$(counter server uto declined)" 1
unload_all

# Together with cc on one cgroup: both stand on the third ACK, in the order of loading.
load client cc --set algorithm=reno
load client uto --set timeout=34
load server cc
load server uto
connection 6
expect "segments with both" "$(frames_with 'fd064f4300011c040022')" 3
grep -q "congestion=reno user_timeout_ms=34000" "$programs_dir/server" || fail "both at once: $(<"$programs_dir/server")"
unload_all

echo "ok: 1c04 0022 makes the peer's user timeout 34000 ms"
