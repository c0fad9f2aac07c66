#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boxes that change options, MSS and timestamps do to every segment what they say and to no other
# octet, over IPv4 and IPv6, with and without super-segments, to the connections that they concern
# and to no other; the data get through unharmed. The analyzer finds exactly what they did.
set -u
. "$(dirname "$0")/boxes/lab_boxes.sh"

both_ways none
through 3
for box in strip-nop:option.removed.nop strip-shorten:option.removed.shortened modify:option.modified \
    add:option.added mirror:option.mirrored reorder-options:option.reordered clamp-mss:option.modified:kind-2 \
    timestamps:path.timestamps-rewritten; do
    shown=${box#*:} both_ways "${box%%:*}"
    through 3
done
shown='option.removed.nop:mptcp-0 mptcp.fallback' both_ways strip-mptcp

# Where nftables cannot tell segments apart the forwarder does it.
across strip-nop -- --set segments=ack,data,fin
demanded option.removed.nop:cc:forward option.removed.nop:uto:reverse
octets= across strip-nop kinds=28
demanded option.removed.nop:uto
grep -q 'removed.nop:cc' "$work/demanded" && fail "kinds=28 stripped cc"
echo "boxes that change options do what they say, and nothing else, and are found out"
