#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boxes that change options, MSS and timestamps do to every segment what they say and to no other
# octet, over IPv4 and IPv6, with and without super-segments; with affect= to those connections
# alone. The data get through unharmed.
set -u
. "$(dirname "$0")/lab_boxes.sh"

for box in none strip-nop strip-shorten modify add mirror reorder-options clamp-mss timestamps; do
    both_ways "$box"
    through 1
done
may=yes super_may=yes both_ways strip-mptcp
for box in strip-nop strip-shorten clamp-mss; do
    across "$box" affect=2/3 -- --connections 6
    through 6
done

# Where nftables cannot tell segments apart the forwarder does it.
across strip-nop -- --set segments=ack,data,fin
grep -q 'option.removed.nop' "$work/out" || fail "options on ACKs were not stripped"
across none -- --connections 3

# Values that make no sense are refused before anything happens.
for bad in strip-shorten:kinds=1 strip-shorten:kinds= modify:at=x modify:flip=100 add:option=4c05be \
    split:size=0 split:keep=some rst:to=nobody strip-nop:affect=3/2 strip-shorten:affect=1 add:port=70000 \
    strip-shorten:segments=none sequence:forward=much drop:nosuch=1 strip-mptcp:direction=up proxy:address=his \
    nat:ports=low clamp-mss:mss=10 nat+sequence:nosuch.forward=1; do
    "$optrail" lab run "${bad%%:*}" --set "${bad#*:}" -- true >"$work/out" 2>&1
    status=$?
    [ "$status" = 2 ] || fail "lab run ${bad%%:*} --set ${bad#*:}: status $status, not 2: $(cat "$work/out")"
    [ "$(wc -l <"$work/out")" = 1 ] || fail "$bad: not one line: $(cat "$work/out")"
done
echo "boxes that change options do what they say, and nothing else"
