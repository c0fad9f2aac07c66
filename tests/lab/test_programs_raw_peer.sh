#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each program against a peer made by hand that sends what no kernel would: values out of range,
# lengths that are wrong or run past the header, an option on a segment where it may not stand, the
# same option twice with other values, ids without a meaning. Nothing is applied, it is counted, the
# connection passes all its octets and closes; once over IPv4, once over IPv6.
# Without sanitizers: what is shown here the kernel does; programs_loader runs the loader under them.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

need nft
programs_up
sockets_up
nsenter --net="/run/netns/$client_netns" nft -f - <<EOF || fail "nft"
table inet quiet { chain out { type filter hook output priority 0
  tcp dport 7722 tcp flags rst drop; }; }
EOF

# raw_connection FAMILY [--ack HEX]...: the server's socket as it was before and is at the end.
raw_connection() {
    local family=$1 server peer
    shift
    (cd "$programs_dir" && rm -f client server listening hold)
    touch "$programs_dir/hold"
    on_side server /usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/one_connection.py" server \
        "${server_address[$family]}" "$programs_dir" &
    server=$!
    wait_for "the server" test -e "$programs_dir/listening"
    on_side client /usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/raw_peer.py" \
        "${server_address[$family]}" 7722 "$programs_dir" "$@" &
    peer=$!
    wait_for "the connection ($*)" test -e "$programs_dir/client" -a -e "$programs_dir/server"
    nsenter --net="/run/netns/$server_netns" cat "$sockets_pin" >"$programs_dir/server_sockets"
    rm "$programs_dir/hold"
    wait "$peer" || fail "the peer's connection came to harm: $*"
    wait "$server" || fail "the server's connection came to harm: $*"
}

state() { echo "$(socket server congestion) $(socket server user_timeout_ms) $(socket server cwnd) $(socket server delack_max)"; }

n_cases=0
# refused PROGRAM COUNTER [--ack HEX]...: counted there, not applied, nothing changed.
refused() {
    local program=$1 counter=$2 family
    shift 2
    for family in 4 6; do
        load_server "$program"
        raw_connection $family "$@"
        expect "$program, IPv$family, $*: the socket" "$(state)" "${untouched[$family]}"
        expect "$program, IPv$family, $*: applied" "$(counter server "$program" applied)" 0
        (($(counter server "$program" "$counter") >= 1)) ||
            fail "$program, IPv$family, $*: not counted as $counter"
        unload_all
    done
    n_cases=$((n_cases + 1))
}
# ignored PROGRAM [--ack HEX]...: no concern of the program.
ignored() {
    local program=$1 family
    shift
    for family in 4 6; do
        load_server "$program"
        raw_connection $family "$@"
        expect "$program, IPv$family, $*: the socket" "$(state)" "${untouched[$family]}"
        expect "$program, IPv$family, $*: applied" "$(counter server "$program" applied)" 0
        unload_all
    done
    n_cases=$((n_cases + 1))
}
# granted PROGRAM [--ack HEX]...: the same peer, asking properly, gets it: else no refusal proves
# anything.
granted() {
    local program=$1 family
    shift
    for family in 4 6; do
        load_server "$program"
        raw_connection $family "$@"
        expect "$program, IPv$family, $*: applied" "$(counter server "$program" applied)" 1
        [[ $(state) != "${untouched[$family]}" ]] || fail "$program, IPv$family, $*: without effect"
        unload_all
    done
    n_cases=$((n_cases + 1))
}
load_server() {
    case $1 in
    iw) load server iw --set trusted="$trusted" ;;
    *) load server "$1" ;;
    esac
}

trusted=10.99.0.0/24,fd99::/64
declare -A untouched
for family in 4 6; do
    raw_connection $family
    untouched[$family]=$(state)
done

granted cc --ack fd064f430001
granted cc --data fe064f430001                    # the other experimental kind, a later segment
granted cc --ack fd064f430001 --data fd064f430001 # twice: once
refused cc declined --ack fd064f430009            # no such id
refused cc declined --ack fd044f43                # too short
refused cc declined --ack fd084f4300010001        # too long
refused cc declined --ack fd144f43000100000000000000000000000000000000
refused cc declined --ack fd064f430001fd064f430003 # twice, contradicting
refused cc declined --ack fd064f430001fe064f430003 # under either kind
refused cc declined --ack fd064f43000101fd044f43   # the second too short
refused cc received --ack fd064f430001fd084f4300010000
refused cc declined --data fd064f430001fd064f430002
refused cc declined --ack 01010101021efd064f430001 # an option that runs past the header
ignored cc --syn fd064f430001                      # the SYN's is never looked at
ignored cc --ack fd064f44                          # runs past the header itself; another's
ignored cc --ack fd06beef0001                      # another ExID
ignored cc --ack 00fd064f4300010101                # behind the end of options
granted cc --ack fd064f430001fd064f430001          # twice the same is no contradiction

granted uto --ack 1c040022
refused uto declined --ack 1c040000
refused uto declined --ack 1c048000
refused uto declined --ack 1c0300
refused uto declined --ack 1c0600220000
refused uto declined --ack 1c0400221c040033
refused uto declined --ack 1c0400221c048022
refused uto declined --ack 1c0400221c03001c
ignored uto --syn 1c040022

granted iw --ack fd064f490014
refused iw declined --ack fd064f490000
refused iw declined --ack fd064f4903e9             # 1001
refused iw declined --ack fd064f49ffff
refused iw declined --ack fd064f490014fd064f490015
refused iw declined --ack fd054f4914
granted iw --data fd064f490014                     # before the server has sent data
ignored iw --syn fd064f490014
trusted='' refused iw declined --ack fd064f490014
trusted=10.98.0.0/16,fd98::/16 refused iw declined --ack fd064f490014
trusted=10.99.0.1,fd99::1 granted iw --ack fd064f490014

granted delack --ack fd064f440400
refused delack declined --ack fd064f440000         # divisor 0
refused delack declined --ack fd064f440400fd064f440500
refused delack declined --ack fd054f4404
refused delack declined --ack fd084f4404000000
ignored delack --syn fd064f440400

# More than the limit: clamped.
load server iw --set trusted="$trusted" --set limit=30
raw_connection 4 --ack fd064f4903e8
window=$(socket server cwnd) # has grown by what was acknowledged since
((window >= 30 && window <= 32)) || fail "a request of 1000, limit 30, made the window $window"
unload_all

# On a FIN: cc may not stand there, delack may. Declined, and the connection closes as ever.
for family in 4 6; do
    load server cc
    raw_connection $family --fin fd064f430001
    expect "IPv$family: cc on a FIN, declined" "$(counter server cc declined)" 1
    expect "IPv$family: cc on a FIN, applied" "$(counter server cc applied)" 0
    unload_all
done

# A count of segments is nothing that a stock kernel can do: said, and the delay taken all the same.
load server delack
raw_connection 4 --ack fd064f44040a
expect "delack with a count of segments: declined" "$(counter server delack declined)" 1
expect "delack with a count of segments: applied" "$(counter server delack applied)" 1
unload_all

echo "ok: $n_cases kinds of octets, each over IPv4 and IPv6, and no connection came to harm"
