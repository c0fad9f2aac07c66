#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The experiment of "Beyond socket options", section 3.3.2 and figure 5: a client asks, on the third
# ACK, for the congestion control with which the server sends to it, over 8 Mbit/s (HTB) and 40 ms
# each way. The server switches before it has sent an octet, and the round-trip times that it
# measures are ordered: bbr, which avoids filling the queue, below cubic and reno, which fill it.
# (The paper's vegas runs where the kernel has it.)
# Without sanitizers: what is shown here the kernel does; programs_loader runs the loader under them.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

need tc ethtool
[[ -e /dev/net/tun ]] || skip "no /dev/net/tun"
programs_up
seconds=${EXPERIMENT_SECONDS:-15}

# Server - router - client. The bottleneck is the router's: a queue of the sender's own host would be
# kept short by its kernel. A thousand packets of queue, as interfaces have by default.
router_netns=optrail-pr-$$
link=''
trap '[[ -n $link ]] && kill $link 2>/dev/null; ip netns del $router_netns 2>/dev/null; programs_down' EXIT
ip netns add "$router_netns" || fail "namespace"
rm -f "$programs_dir/ready"
/usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/delay_link.py" "$client_netns" "$router_netns" 40 \
    "$programs_dir/ready" 2>"$programs_dir/link" &
link=$!
wait_for "the link ($(cat "$programs_dir/link"))" test -e "$programs_dir/ready"
server=10.97.0.2
ip -n "$server_netns" link add d1 type veth peer name d1 netns "$router_netns" &&
    ip -n "$server_netns" address add $server/24 dev d1 &&
    ip -n "$server_netns" link set d1 up &&
    ip -n "$server_netns" route add 10.98.0.0/24 via 10.97.0.1 &&
    ip -n "$router_netns" address add 10.97.0.1/24 dev d1 &&
    ip -n "$router_netns" link set d1 up &&
    ip -n "$router_netns" address add 10.98.0.2 peer 10.98.0.1 dev far &&
    ip -n "$router_netns" link set far up &&
    ip -n "$client_netns" address add 10.98.0.1 peer 10.98.0.2 dev far &&
    ip -n "$client_netns" link set far up &&
    ip -n "$client_netns" route add 10.97.0.0/24 via 10.98.0.2 || fail "the network"
nsenter --net="/run/netns/$router_netns" sysctl -qw net.ipv4.ip_forward=1
nsenter --net="/run/netns/$server_netns" ethtool -K d1 tso off gso off
in_router() { nsenter --net="/run/netns/$router_netns" "$@"; }
in_router tc qdisc add dev far root handle 1: htb default 1 2>"$programs_dir/said" ||
    skip "no HTB: $(<"$programs_dir/said")"
in_router tc class add dev far parent 1: classid 1:1 htb rate 8mbit &&
    in_router tc qdisc add dev far parent 1:1 pfifo limit 1000 || fail "tc"
available=" $(cat /proc/sys/net/ipv4/tcp_available_congestion_control) "
[[ $available == *" cubic "* && $available == *" reno "* ]] || skip "no cubic, no reno"

load server cc
declare -A median
for algorithm in vegas bbr cubic reno; do
    [[ $available == *" $algorithm "* ]] || continue
    load client cc --set algorithm=$algorithm
    record=$programs_dir/$algorithm.pcapng
    rm -f "$programs_dir/ready" "$programs_dir/listening"
    "$optrail" record -w "$record" --no-packets --cgroup "$server_cgroup" \
        --ready-file "$programs_dir/ready" 2>"$programs_dir/record" &
    recorder=$!
    wait_for "the recorder" test -e "$programs_dir/ready"
    # The server starts with another one than it is asked for.
    START_CONGESTION=cubic
    [[ $algorithm == cubic ]] && START_CONGESTION=reno
    on_side server /usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/download.py" server \
        $server "$seconds" "$programs_dir" >"$programs_dir/$algorithm.rtts" &
    sender=$!
    wait_for "the server" test -e "$programs_dir/listening"
    on_side client /usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/download.py" client \
        $server "$seconds" "$programs_dir"
    wait $sender || fail "the server"
    kill -INT $recorder
    wait $recorder || fail "the recorder: $(<"$programs_dir/record")"
    "$optrail" unload cc --cgroup "$client_cgroup" || fail "unload"

    expect "the server's congestion control from the first octet on" \
        "$(sed -n 's/^congestion //p' "$programs_dir/$algorithm.rtts")" $algorithm
    expect "and at the end" "$(sed -n 's/^end //p' "$programs_dir/$algorithm.rtts")" $algorithm
    # In the handshake: the program's setsockopt stands in the record of PASSIVE_ESTABLISHED, on the
    # third ACK, and it is the only one.
    /usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/hook_records.py" "$record" | /usr/bin/python3 -c '
import json, sys
hooks = [r for r in map(json.loads, sys.stdin) if r["type"] == "hook"]
done = [(h, a) for h in hooks for a in h["actions"] if a["kind"] == 4]
assert len(done) == 1, done
hook, action = done[0]
assert hook["op"] == "PASSIVE", hook
assert action["result"] == 0 and action["program"] == "cc", action
assert bytes.fromhex(action["value"]).rstrip(b"\0").decode() == sys.argv[1], action' $algorithm ||
        fail "$algorithm: not set in the handshake"
    # Without the first two seconds, in which all of them look for the rate.
    read -r median[$algorithm] most < <(awk '$1 == "rtt" && $2 >= 2 { print $3 }' \
        "$programs_dir/$algorithm.rtts" | sort -n | awk '{ v[NR] = $1 } END { print int(v[int((NR + 1) / 2)]), int(v[NR]) }')
    printf '%-6s RTT at the server: median %4d ms, most %4d ms\n' $algorithm "${median[$algorithm]}" "$most"
    ((${median[$algorithm]} >= 80)) || fail "$algorithm: the link has no delay"
done

if [[ -n ${median[bbr]:-} ]]; then
    ((median[bbr] < median[cubic])) || fail "bbr's round-trip times are not below cubic's"
    ((median[bbr] < median[reno])) || fail "bbr's round-trip times are not below reno's"
fi
[[ -z ${median[vegas]:-} ]] || ((median[vegas] < median[cubic])) || fail "vegas is not below cubic"
echo "ok: switched in the handshake, the round-trip times are ordered"
