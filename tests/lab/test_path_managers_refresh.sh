#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The path manager refresh, by netlink: a new subflow after each of several resets, after a timeout,
# and in the place of one that grew old; nothing where the setting is off, nor after a proper end.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/paths.sh"

paths_up
ip netns exec $client sysctl -qw net.ipv4.tcp_retries2=3 # a timeout after a second or two
port() { local port; port=$(ports) && echo "${port##*:}"; }
# cut PORT WHAT: what happens to that subflow's segments at the server, while it has data to send
cut() {
    ip netns exec $server nft -f - <<END || fail "nft"
table inet cut { chain in { type filter hook input priority 0; tcp sport $1 $2; }; }
END
}
heal() { ip netns exec $server nft delete table inet cut; }
one() { [[ -n $(ports) && $(ports) != *" "* && $(ports) != "$1" ]]; }

load $client refresh
begin 10.0.1.2
for i in 1 2 3; do
    before=$(ports)
    cut "$(port)" "reject with tcp reset"
    until_true changed "$before" || fail "no new subflow after reset $i: $("$optrail" status --cgroup "$mount/$client")"
    heal
done
before=$(ports)
cut "$(port)" drop
until_true one "$before" || fail "no new subflow after a timeout: $("$optrail" status --cgroup "$mount/$client")"
heal
finish
applied=$("$optrail" status --cgroup "$mount/$client" | grep -o 'applied [0-9]*')
[[ $applied == "applied 4" ]] || fail "three resets and a timeout: $applied"
unload $client refresh

# What is off is off: the reset one stays away, and with it the connection's only subflow.
load $client refresh --set reset=no
begin fd00:1::2
cut "$(port)" "reject with tcp reset"
until_true has "" || fail "the reset subflow is there"
heal
"$optrail" status --cgroup "$mount/$client" | grep -q 'applied 0' || fail "reset=no, and it was opened anew"
kill $talking 2>/dev/null
wait $talking 2>/dev/null
talking=''
unload $client refresh

# The new one is there before the old one goes; three generations.
load $client refresh --set age=1
begin fd00:1::2
for i in 1 2 3; do
    before=$(ports)
    until_true one "$before" || fail "none in the place of the old one, $i: $("$optrail" status --cgroup "$mount/$client")"
    expect "generation $i" "fd00:1::1 > fd00:1::2"
done
finish
unload $client refresh

echo "ok: refresh by netlink"
