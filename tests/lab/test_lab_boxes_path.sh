#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boxes that translate, end or forbid connections do what they say and no more, over IPv4 and IPv6,
# with and without super-segments, to the connections that they concern; combinations do what their
# parts do. The analyzer finds exactly what they did.
set -u
. "$(dirname "$0")/boxes/lab_boxes.sh"

shown=path.nat both_ways nat
through 3
shown=path.sequence-rewritten both_ways sequence
through 3
shown='path.nat path.sequence-rewritten' both_ways nat-sequence
through 3
shown=path.proxy both_ways proxy
through 3

# A blocked connection is given up; plain ones, and those that are not concerned, get through.
across block
grep -q '^Client .*1 connection failed' "$work/out" || fail "$(grep ^Client "$work/out")"
demanded syn.blocked:uto:forward
for family in "" --ipv6; do
    # shellcheck disable=SC2086
    across rst -- $family
    grep -q '^Client .*1 connection failed: Connection reset by peer' "$work/out" || fail "$(cat "$work/out")"
    grep -q '^Server .*1 connection failed: Connection reset by peer' "$work/out" || fail "$(cat "$work/out")"
    demanded path.rst-injected:*:forward path.rst-injected:*:reverse
done
across rst affect=1/2 -- --connections 2 --offload off
through 1

shown='path.nat path.sequence-rewritten option.removed.nop' both_ways nat+sequence+strip-nop
across timestamps+sequence+modify+clamp-mss affect=1/2 -- --connections 4
demanded path.timestamps-rewritten path.sequence-rewritten option.modified:cc option.modified:kind-2
through 4
echo "boxes that translate, end or forbid connections do what they say; so do combinations"
