#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boxes that divide, join, move, repeat, lose or falsify segments do what they say, over IPv4 and
# IPv6, with and without super-segments; both ends get the data unharmed all the same (payload
# excepted). What is held back goes when nothing follows. The analyzer finds exactly what they did,
# as far as the recordings can show it: of pieces of super-segments they know little.
set -u
. "$(dirname "$0")/boxes/lab_boxes.sh"

super_shown=''
for box in split:segment.split duplicate:segment.duplicated drop:segment.lost; do
    shown=${box#*:} super_bytes=40000 bytes=4000 both_ways "${box%%:*}"
    through 3
done
for box in coalesce:segment.coalesced reorder:segment.reordered; do
    shown=${box#*:} super_bytes=16000 bytes=16000 both_ways "${box%%:*}"
    through 3
done
shown=segment.payload-modified super_shown=segment.payload-modified bytes=4000 both_ways payload
grep -q 'failed: the server sent back other octets' "$work/out" || fail "$(cat "$work/out")"

# The option on one half only, and lost segments beside stripped options.
across split keep=first -- --offload off
demanded segment.split:*:forward segment.split:*:reverse
octets= across drop+strip-nop -- --offload off
demanded segment.lost:*:forward option.removed.nop:cc:forward option.removed.nop:uto:reverse
through 1

# A segment that nothing follows waits no longer than it may, and arrives as it was sent.
"$optrail" lab run reorder --set segments=fin --set nth=1 --set wait=20 --set direction=forward --offload off \
    --output "$work/alone" >"$work/out" 2>&1 || fail "$(cat "$work/out")"
through 1
"$tools/box_check.py" "$work/alone/a.pcapng" "$work/alone/b.pcapng" none || fail "it changed"
echo "boxes that act on the row of segments do what they say, and are found out"
