#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The path manager delaying, by netlink: no subflow for a connection that is not worth it; a mesh
# when enough came, when it lasts, when a rate is not reached.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/paths.sh"

paths_up
load $server announce
four=$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.2")
# worth WHAT --set ...: a dialogue of 100 octets at a time gets its mesh
worth() {
    load $client delaying "${@:2}"
    begin 10.0.1.2
    expect "$1" "$four"
    finish
    unload $client delaying
}
# not_worth WHAT TRAFFIC --set ...: a whole connection goes by without a join
not_worth() {
    local before
    load $client delaying "${@:3}"
    before=$(joins)
    on $client /usr/bin/python3 "$traffic" client 10.0.1.2 5000 $2 >"$work/talked" || fail "$1: the traffic"
    until_true has "" || fail "$1: subflows are left"
    [[ $(joins) == "$before" ]] || fail "$1: it got subflows: $("$optrail" status --cgroup "$mount/$client")"
    unload $client delaying
}

not_worth "too few octets" "download 100000" --set octets=1000000
worth "enough octets" --set octets=1000
not_worth "too short" "talk 1 0.05" --set duration=600000
worth "long" --set duration=1000
worth "slower than asked for" --set duration=500 --set rate=4000000
worth "enough octets, though neither long nor slow" --set octets=1000 --set duration=600000 --set rate=1

# Fast enough: 100 octets each 20 ms are 40 kbit/s. Where an echo took seconds they were not, and
# nothing is said.
not_slow() {
    not_worth "faster than asked for" "talk 5 0.02" --set duration=3000 --set rate=1
}
(not_slow) 2>"$work/not_slow" || {
    awk '{ exit !($NF > 500 || $(NF - 1) > 500) }' "$work/talked" || fail "$(<"$work/not_slow")"
    unload $client delaying
}

load $client delaying --set octets=1000 --set more=2
begin 10.0.1.2
expect "two more between the first one's addresses" "$four
10.0.1.1 > 10.0.1.2
10.0.1.1 > 10.0.1.2"
finish

echo "ok: delaying by netlink"
