#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program cc: its six octets stand on the third ACK of the handshake and nowhere else, and the
# server's connection runs the algorithm that they ask for. Seen by tcpdump, ss and getsockopt.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

programs_up

reno=fd064f430001

asks_and_gets_reno() {
    expect "IPv$1: segments with the option" "$(frames_with $reno)" 3
    sed -n 3p "$programs_dir/frames" | grep -q "\.7722: Flags \[\.\].*length 0" ||
        fail "IPv$1: the third segment is not the client's ACK"
    expect "IPv$1: segments with any cc option" "$(frames_with 'f[de]064f43')" 3
}

for family in 4 6; do
    # Both ends loaded.
    load client cc --set algorithm=reno
    load server cc
    connection $family
    asks_and_gets_reno $family
    grep -q " reno " "$programs_dir/ss" || fail "IPv$family: ss does not say reno: $(<"$programs_dir/ss")"
    grep -q "congestion=reno" "$programs_dir/server" || fail "IPv$family: the server's getsockopt"
    grep -q "congestion=$START_CONGESTION" "$programs_dir/client" || fail "IPv$family: the client's own changed"
    expect "written by the client" "$(counter client cc written)" 1
    expect "received by the server" "$(counter server cc received)" 1
    expect "applied by the server" "$(counter server cc applied)" 1
    unload_all

    # The client alone: the option is sent, and changes nothing.
    load client cc --set algorithm=reno
    connection $family
    asks_and_gets_reno $family
    grep -q "congestion=$START_CONGESTION" "$programs_dir/server" || fail "IPv$family: applied by nobody, yet changed"
    unload_all

    # Roles: a client that only carries out sends nothing; a server that only asks takes nothing.
    load client cc --set algorithm=reno --set role=server
    connection $family
    expect "IPv$family: sent by a client with role=server" "$(frames_with 4f43)" ""
    unload_all
    load client cc --set algorithm=reno --set role=client
    load server cc --set role=client
    connection $family
    grep -q "congestion=$START_CONGESTION" "$programs_dir/server" || fail "IPv$family: taken with role=client"
    expect "received with role=client" "$(counter server cc received)" 0
    unload_all

    # Repeated: on all of the client's segments after the SYN, applied once.
    load client cc --set algorithm=reno --set repeat=always
    load server cc
    connection $family
    # Up to the FIN, where cc.opt has it not stand; behind it a closed socket's rest may answer.
    sent=$(grep "\.7722: " "$programs_dir/frames" | awk '/Flags \[F/ { exit } !/Flags \[S/ { n++ } END { print n }')
    always=$(grep "\.7722: " "$programs_dir/frames" | awk '/Flags \[F/ { exit } /'$reno'/ { n++ } END { print n }')
    expect "IPv$family: segments with the option, always" "$always" "$sent"
    expect "applied, always" "$(counter server cc applied)" 1
    (($(counter server cc unchanged) > 0)) || fail "repeats are not counted as unchanged"
    unload_all

    # Until acknowledged: the third ACK and the first data, not what follows the answer.
    load client cc --set algorithm=reno --set repeat=until-acked
    load server cc
    connection $family
    expect "IPv$family: segments with the option, until-acked" "$(frames_with $reno | cut -d' ' -f1,2)" "3 4"
    last=$(grep -n "\.7722: Flags \[F" "$programs_dir/frames" | cut -d: -f1)
    [[ " $(frames_with $reno) " != *" $last "* ]] || fail "IPv$family: still sent after it was acknowledged"
    unload_all
done

# An algorithm that the server's kernel lacks: refused by the kernel, counted, connection unharmed.
if ! grep -qw vegas /proc/sys/net/ipv4/tcp_available_congestion_control; then
    load client cc --set algorithm=vegas
    load server cc
    connection 4
    grep -q "congestion=$START_CONGESTION" "$programs_dir/server" || fail "vegas is not there, yet it changed"
    expect "failed" "$(counter server cc failed)" 1
    unload_all
fi

echo "ok: fd06 4f43 0001 on the third ACK alone, and the server runs reno"
