#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boxes that translate, end or forbid connections do what they say and no more, over IPv4 and IPv6,
# with and without super-segments; combinations do what their parts do; affect= limits them.
set -u
. "$(dirname "$0")/lab_boxes.sh"

for box in nat sequence nat-sequence; do
    both_ways "$box"
    through 1
done
judged=true both_ways proxy
through 1
judged=true across proxy affect=1/2 -- --connections 4
through 4
across sequence affect=1/3 -- --connections 4
across nat affect=1/2 -- --connections 4

# A blocked connection is given up; plain ones, and those that are not concerned, get through.
across block
grep -q '^Client .*1 connection failed' "$work/out" || fail "$(grep ^Client "$work/out")"
# Behind two plain ones. That another SYN with the option got through speaks against a box that
# blocks them: the analyzer may well call the one that did not lost.
judged=true across block affect=3/4 -- --ipv6 --connections 2
grep -q '^Client .*1 connection ended' "$work/out" || fail "$(cat "$work/out")"

for family in "" --ipv6; do
    across rst -- $family
    grep -q '^Client .*1 connection failed: Connection reset by peer' "$work/out" || fail "$(cat "$work/out")"
    grep -q '^Server .*1 connection failed: Connection reset by peer' "$work/out" || fail "$(cat "$work/out")"
done
across rst affect=1/2 -- --connections 2 --offload off

both_ways nat+sequence+strip-nop
# From the server the new option takes the place of the old: what the analyzer makes of that is its.
judged=true both_ways sequence+strip-shorten+add
across timestamps+sequence+modify+clamp-mss affect=1/2 -- --connections 4
through 4
echo "boxes that translate, end or forbid connections do what they say; so do combinations"
