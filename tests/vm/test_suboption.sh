#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs write, find and read MPTCP suboptions by subtype and experiment, two experiments side by
# side on one segment, next to the stack's own; they cannot write what is the stack's; and a receiver
# that asks for unknown options is called for those, not for every segment of the connection.
. "$(dirname "$0")/guest.sh"

make_hosts 1
load option client write=1 || fail "the writer is refused"
load option server parse=1 || fail "the reader is refused"
serve 5000
# The options stand on the downloader's acknowledgements, where there is room for them
client 10.0.1.2 5000 download 3000000 || fail "the transfer breaks"

stored=$(value option client stored)
more "segments with the first experiment" "$stored" 20
equal "segments with the second one too" "$(value option client stored_second)" "$stored"
more "a second one of the same refused" "$(value option client duplicate_refused)" "$stored"
more "an option without a subtype refused" "$(value option client short_refused)" "$stored"
IFS=, read -r -a refused < <(value option client refused)
for subtype in 0 1 2 3 4 5 6 7 8; do
    more "subtype $subtype refused" "${refused[$subtype]}" "$stored"
done

calls=$(value option server parse_calls)
equal "found by the receiver" "$(value option server found)" "$calls"
equal "both of them" "$(value option server found_second)" "$calls"
more "of those written" "$calls" $((stored - 5))
equal "octets that differ" "$(value option server wrong_bytes)" 0
equal "calls for segments without unknown options" "$(value option server parse_without_ours)" 0
more "the stack's DSS found beside them" "$(value option server found_dss)" 1
equal "an experiment that is not there" "$(value option server missing_not_found)" "$calls"
equal "an experiment of another subtype" "$(value option server search_refused)" "$calls"
for counter in MPTcpExtMPCapableFallbackACK MPTcpExtMPCapableFallbackSYNACK MPTcpExtInfiniteMapRx; do
    equal "$counter" "$(mib server $counter)" 0
done
