#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boxes that divide, join, move, repeat, lose or falsify segments do what they say, over IPv4 and
# IPv6, with and without super-segments; both ends get the data unharmed all the same (payload
# excepted). Memory and time are bounded: what is held back goes when nothing follows.
set -u
. "$(dirname "$0")/lab_boxes.sh"

for box in split duplicate drop; do
    super_may=yes super_bytes=200000 bytes=4000 both_ways "$box"
    through 1
done
for box in coalesce reorder; do
    may=yes super_may=yes super_bytes=16000 bytes=16000 both_ways "$box"
    through 1
done
across split keep=first -- --offload off
across split affect=1/2 -- --connections 4
across drop affect=1/3 -- --connections 4 --ipv6
through 4
super_bytes=40000 bytes=4000 both_ways payload
grep -q '^Client .*sent back other octets' "$work/out" || fail "$(cat "$work/out")"
across payload affect=1/3 -- --connections 3

# A segment that nothing follows waits no longer than it may, and arrives as it was sent.
"$optrail" lab run reorder --set segments=fin --set nth=1 --set wait=20 --set direction=forward --offload off \
    --output "$work/alone" >"$work/out" 2>&1 || fail "$(cat "$work/out")"
through 1
"$OPTRAIL_SOURCE/tests/tools/box_check.py" "$work/alone/a.pcapng" "$work/alone/b.pcapng" none || fail "it changed"
echo "boxes that act on the row of segments do what they say"
