#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program delack on a path with a round-trip time of 80 ms: the delay becomes the fraction of it
# that was asked for, in microseconds throughout, within the limits; and follows the kernel's tick.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

[[ -e /dev/net/tun ]] || skip "no /dev/net/tun"
programs_up
sockets_up
link=''
trap '[[ -n $link ]] && kill $link 2>/dev/null; programs_down' EXIT
/usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/delay_link.py" "$client_netns" "$server_netns" 40 \
    "$programs_dir/ready" 2>"$programs_dir/link" &
link=$!
wait_for "the link" test -e "$programs_dir/ready"
ip -n "$client_netns" address add 10.98.0.1 peer 10.98.0.2 dev far &&
    ip -n "$server_netns" address add 10.98.0.2 peer 10.98.0.1 dev far &&
    ip -n "$client_netns" address add fd98::1/64 dev far nodad &&
    ip -n "$server_netns" address add fd98::2/64 dev far nodad &&
    ip -n "$client_netns" link set far up && ip -n "$server_netns" link set far up || fail "the link"
server_address=([4]=10.98.0.2 [6]=fd98::2)
capture_interface=far
tick_us=$(/usr/bin/python3 -c 'import time; print(round(time.clock_getres(6) * 1000000))')

# delay_is WHAT SIDE FROM-US TO-US: the kernel counts it in ticks, rounded up.
delay_is() {
    local us=$(($(socket "$2" delack_max) * tick_us))
    ((us >= $3 && us <= $4 + tick_us)) || fail "$1: the delay is $us us, not $3 to $4"
    said+=" $2 $us"
}
said=''
for family in 4 6; do
    # Each end asks the other: a quarter of 80 ms, and half.
    load client delack --set divisor=4
    load server delack --set divisor=2
    connection $family
    delay_is "IPv$family: a quarter" server 20000 26000
    delay_is "IPv$family: half" client 40000 50000
    expect "IPv$family: applied once, however the RTT went on" "$(counter server delack applied)" 1
    unload_all

    load client delack --set divisor=1
    load server delack --set upper=30000
    connection $family
    delay_is "IPv$family: all of it, limited from above" server 30000 30000
    unload_all
    load client delack --set divisor=255
    load server delack --set lower=60000
    connection $family
    delay_is "IPv$family: a 255th, limited from below" server 60000 60000
    unload_all
    load client delack --set divisor=255
    load server delack --set lower=0
    connection $family
    delay_is "IPv$family: a 255th, the kernel's least" server $((2 * tick_us)) $((2 * tick_us))
    unload_all
done

# Without a cookie's round-trip time the request waits for the first that is measured.
nsenter --net="/run/netns/$server_netns" sysctl -qw net.ipv4.tcp_syncookies=2
nsenter --net="/run/netns/$server_netns" sysctl -qw net.ipv4.tcp_timestamps=0
load client delack --set divisor=4
load server delack
meanwhile() { sleep 0.3; } # until the server's first data is acknowledged
connection 4
delay_is "with SYN cookies" server 20000 26000
unload_all

echo "ok: delays in microseconds:$said"
