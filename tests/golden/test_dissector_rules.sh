#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What breaks a rule is decoded as far as it is honest and flagged by the rule's own expert item;
# what breaks none is not flagged. Never is the rest of the packet lost.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT

# Behind each line what is expected: option | malformed misplaced range duplicate unknown | payload
cat >"$tshark_dir/cases" <<'END'
eth/ipv4 client syn    020405b4 = ||||||0
eth/ipv4 server synack fd064f490014 = iw||||||0
eth/ipv4 client ack    fd064f430002 = cc||||||0
eth/ipv4 client data   fd054f4300 = cc|1|||||4
eth/ipv4 client data   fd074f43000200 = cc|1|||||4
eth/ipv4 client data   1c0322 = uto|1|||||4
eth/ipv4 client data   1e04f001 = mptcp-15|||||1|4
eth/ipv4 client data   1e05f00102 = rate|1|||||4
eth/ipv4 client data   fd03ff = kind-253|1|||||4
eth/ipv4 client data   fd02 = kind-253|1|||||4
eth/ipv4 server data   fd064f430002 = cc||1||||4
eth/ipv4 client syn    fd064f430002 stream=1 = cc||1||||0
eth/ipv4 client syn    fd064f490014 stream=2 = iw||1||||0
eth/ipv4 client fin    fd064f430002 stream=3 = cc||1||||0
eth/ipv4 client rst    1c040022 stream=3 = uto||1||||0
eth/ipv4 client data   fd064f430004 = cc|||1|||4
eth/ipv4 client data   fd064f490000 = iw|||1|||4
eth/ipv4 client data   fd064f4903e9 = iw|||1|||4
eth/ipv4 client data   fd064f440001 = delack|||1|||4
eth/ipv4 client data   fd064f430002,fd064f430001 = cc,cc||||1||4
eth/ipv4 client data   fd064f430002,fd064f430002 = cc,cc||||||4
eth/ipv4 client data   fd064f430002,fe064f430002 = cc,cc||||1||4
eth/ipv4 client data   1e06f0020001,1e06f1020001 = sched,sched||||||4
eth/ipv4 client data   fd06beef0001,fd06beef0002 = exid-0xBEEF,exid-0xBEEF||||1|1,1|4
eth/ipv4 client data   1e04c001 = mptcp-12|||||1|4
eth/ipv4 client data   1e06f0ee0001 = mptcp-15|||||1|4
eth/ipv4 client data   42040001 = kind-66|||||1|4
eth/ipv4 client data   fd144f430002,1c04 = cc|1|||||4
eth/ipv4 client data   fd064f430002,fd3f4f430002 = cc,cc|1|||1||4
eth/ipv4 client data   020305 = mss|1|||||4
eth/ipv4 client data   080a00000001,0c = timestamps|1|||||4
eth/ipv4 client data   0506000000010101 = sack|1|||||4
eth/ipv4 client data   1e02 = kind-30|1|||||4
eth/ipv4 client data   1e0320 = mptcp-2|1|||||4
eth/ipv4 client data   1e05100000 = mptcp-1|1|||||4
eth/ipv4 client data   1e0c1000 = mptcp-1|1|||||4
eth/ipv4 client data   080a0000000100000002,050a0000000100000002 = ||||||4
eth/ipv4 client data   1e08200100000001 = ||||||4
eth/ipv6 client ack    fd064f430002 = cc||||||0
END
sed 's/ = .*//' "$tshark_dir/cases" | "$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/x.pcap"
sed 's/.* = //' "$tshark_dir/cases" >"$tshark_dir/expected"

for passes in "" -2; do
    run_tshark -r "$tshark_dir/x.pcap" $passes -T fields -E separator='|' -e optrail.option \
        -e optrail.malformed -e optrail.misplaced -e optrail.range -e optrail.duplicate \
        -e optrail.unknown -e tcp.len >"$tshark_dir/got"
    diff "$tshark_dir/expected" "$tshark_dir/got" >&2 || fail "rules ($passes)"
done

# A filter on a rule finds the same without a visible tree.
got=$(run_tshark -r "$tshark_dir/x.pcap" -Y optrail.malformed | wc -l)
[ "$got" = "$(cut -d'|' -f2 "$tshark_dir/expected" | grep -c 1)" ] || fail "filter on optrail.malformed: $got"

# A capture that cuts an option short shows what there is.
"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/x.pcap" <<'END'
eth/ipv4 client data fd064f430002,1c040022 snap=60
eth/ipv4 client data 1c040022,fd064f430002 snap=62
eth/ipv4 client data 42040001 snap=55
END
got=$(run_tshark -r "$tshark_dir/x.pcap" -T fields -E separator='|' -e optrail.option \
    -e optrail.cc.algorithm -e optrail.uto.timeout -e optrail.malformed)
[ "$got" = $'cc|2||\nuto,cc||34|1\nkind-66|||1' ] || fail "cut options: '$got'"
