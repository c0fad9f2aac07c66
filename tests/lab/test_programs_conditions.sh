#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every option program, in both roles, over IPv4 and IPv6, and: with SYN cookies forced, with
# timestamps off, with segmentation offload on and off, with a lost SYN, with a lost third ACK. The
# octets are tcpdump's, the effect is what a BPF iterator reads in the kernel's sockets.
# Without sanitizers: what is shown here the kernel does; programs_loader runs the loader under them.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

need clang ethtool nft
programs_up
sockets_up
tick_us=$(/usr/bin/python3 -c 'import time; print(round(time.clock_getres(6) * 1000000))')
peers=10.99.0.0/24,fd99::/64

on_both() { nsenter --net="/run/netns/$client_netns" "$@" && nsenter --net="/run/netns/$server_netns" "$@"; }

# --- conditions: NAME_on before the connection, NAME_off after it -------------------------------
plain_on() { :; }
plain_off() { :; }
cookies_on() { nsenter --net="/run/netns/$server_netns" sysctl -qw net.ipv4.tcp_syncookies=2; }
cookies_off() { nsenter --net="/run/netns/$server_netns" sysctl -qw net.ipv4.tcp_syncookies=1; }
no_timestamps_on() { on_both sysctl -qw net.ipv4.tcp_timestamps=0; }
no_timestamps_off() { on_both sysctl -qw net.ipv4.tcp_timestamps=1; }
no_offload_on() {
    export PAYLOAD_OCTETS=80000
    on_both ethtool -K d0 tso off gso off gro off
}
no_offload_off() {
    unset PAYLOAD_OCTETS
    on_both ethtool -K d0 tso on gso on gro on
}
offload_on() { export PAYLOAD_OCTETS=80000; }
offload_off() { unset PAYLOAD_OCTETS; }

# Loses the first segment from the client that the expression matches.
lose_first() {
    nsenter --net="/run/netns/$server_netns" nft -f - <<EOF || fail "nft"
table inet lose { chain in { type filter hook input priority 0
  tcp dport 7722 $1 limit rate 1/hour burst 1 packets counter drop; }; }
EOF
}
lost() {
    nsenter --net="/run/netns/$server_netns" nft list table inet lose | grep -q "packets 1 bytes" ||
        fail "nothing was lost"
    nsenter --net="/run/netns/$server_netns" nft delete table inet lose
}
lost_syn_on() { lose_first 'tcp flags syn / syn,ack'; }
lost_syn_off() { lost; }
lost_third_ack_on() { lose_first 'tcp flags ack / syn,ack,psh,fin'; }
lost_third_ack_off() { lost; }

# --- programs: NAME_load, NAME_holds -------------------------------------------------------------
# Both ends ask for something else, so that each role shows at the other end.
uto_load() { load client uto --set timeout=34 "$@" && load server uto --set timeout=61 "$@"; }
uto_octets=(1c040022 1c04003d)
uto_holds() {
    expect "$1: the server's user timeout" "$(socket server user_timeout_ms)" 61000
    expect "$1: the client's user timeout" "$(socket client user_timeout_ms)" 61000
}
cc_load() { load client cc --set algorithm=reno "$@" && load server cc "$@"; }
cc_octets=(fd064f430001)
cc_holds() {
    expect "$1: the server's congestion control" "$(socket server congestion)" reno
    expect "$1: the client's congestion control" "$(socket client congestion)" "$START_CONGESTION"
}
iw_load() {
    load client iw --set segments=20 --set trusted=$peers "$@" &&
        load server iw --set segments=25 --set trusted=$peers "$@"
}
iw_octets=(fd064f490014 fd064f490019)
iw_holds() {
    # A window that was raised grows from there; segments were sent on it in the meantime.
    (($(socket server cwnd) >= 20)) || fail "$1: the server's window is $(socket server cwnd)"
    (($(socket client cwnd) >= 25)) || fail "$1: the client's window is $(socket client cwnd)"
    expect "$1: SYN-ACKs with the request" "$(grep -c 'Flags \[S\.\].*fd064f490019' "$programs_dir/frames")" \
        "$(grep -c 'Flags \[S\.\]' "$programs_dir/frames")"
    expect "$1: SYNs with any request" "$(grep -c 'Flags \[S\],.*4f49' "$programs_dir/frames")" 0
}
delack_load() {
    load client delack --set divisor=4 --set lower=0 "$@" &&
        load server delack --set divisor=2 --set lower=20000 "$@"
}
delack_octets=(fd064f440400 fd064f440200)
delack_holds() {
    # The link has next to no delay: the least that the kernel takes, and the least that is allowed.
    expect "$1: the client's delay, ticks" "$(socket client delack_max)" 2
    expect "$1: the server's delay, ticks" "$(socket server delack_max)" $(((20000 + tick_us - 1) / tick_us))
}
option_load() {
    load client option --set name=rate-exid --set limit=300 "$@" &&
        load server option --set name=rate-exid --set limit=70000 "$@"
}
option_octets=(fd084f520000012c fd084f5200011170)
option_holds() {
    (($(counter server option-rate-exid received) > 0)) || fail "$1: the server received none"
    (($(counter client option-rate-exid received) > 0)) || fail "$1: the client received none"
}

instance() { [[ $1 == option ]] && echo option-rate-exid || echo "$1"; }

# Idempotent: what came many times was carried out once (uto: once for each end's own too).
applied_once() { # WHAT PROGRAM
    local applied
    [[ $2 == option ]] && return
    applied=$(counter server "$2" applied)
    expect "$1: applied by the server" "$applied" 1
    expect "$1: failed at the server" "$(counter server "$2" failed)" 0
    expect "$1: declined at the server" "$(counter server "$2" declined)" 0
}

# Those that are no SYN, up to the FIN, which cc and iw leave out: what acknowledges the peer's FIN
# may be sent by what is left of a closed socket, which has no hooks.
segments_of() { # client|server
    local port='\.7722: '
    [[ $1 == server ]] && port='\.7722 > '
    grep "$port" "$programs_dir/frames" | awk '/Flags \[F/ { exit } !/Flags \[S/'
}

for program in uto cc iw delack option; do
    declare -n octets=${program}_octets
    for family in 4 6; do
        for condition in plain cookies no_timestamps offload no_offload lost_syn lost_third_ack; do
            what="$program, IPv$family, $condition"
            repeat=once
            [[ $condition == *offload ]] && repeat=always
            [[ $condition == lost_third_ack ]] && repeat=until-acked
            "${program}_load" --set repeat=$repeat
            "${condition}_on"
            connection $family
            "${condition}_off"
            "${program}_holds" "$what"
            applied_once "$what" "$program"
            case $repeat in
            once)
                # On the third ACK and, at the server, on the first segment or the SYN-ACKs.
                expect "$what: the client's segments with it" \
                    "$(segments_of client | grep -c "${octets[0]}")" 1
                segments_of client | head -1 | grep -q "${octets[0]}" || fail "$what: not on the third ACK"
                expect "$what: written by the client" "$(counter client "$(instance $program)" written)" 1
                ;;
            always)
                # Each segment of 80000 octets has it, however they were cut.
                expect "$what: the client's segments with it" \
                    "$(segments_of client | grep -c "${octets[0]}")" "$(segments_of client | wc -l)"
                [[ $condition == offload ]] || (($(segments_of client | wc -l) > 40)) ||
                    fail "$what: too few segments to be without offload"
                ;;
            until-acked)
                (($(segments_of client | grep -c "${octets[0]}") >= 2)) || fail "$what: not repeated"
                ;;
            esac
            if ((${#octets[@]} > 1)); then
                grep '\.7722 > ' "$programs_dir/frames" | grep -q "${octets[1]}" ||
                    fail "$what: the server sent none"
            fi
            unload_all
        done
    done
    unset -n octets
    echo "$program: both roles, IPv4 and IPv6, in 7 conditions"
done
echo "ok: 5 programs, 2 families, 7 conditions"
