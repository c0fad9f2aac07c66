#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A hook record is linked with the packets that it wrote or parsed and they with it: by direction,
# sequence numbers and the very octets of the options. The later of the two has its link in one
# pass, both have it in two.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
need mergecap
trap remove_tshark EXIT
x=$tshark_dir/x.pcapng

# Of craft_hooks.py: frame 4 wrote cc at 1001 (10 octets of payload), 5 parsed uto at 7 (IPv6).
written=0101080a0000000100000002fd064f430002
"$OPTRAIL_SOURCE"/tests/tools/craft_hooks.py "$tshark_dir/hooks.pcapng"
"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/packets.pcap" <<END
eth/ipv4 client syn  - stream=9                                             #  1
eth/ipv4 client data $written seq=1001 ack=5001                             # 11 the write's first segment
eth/ipv4 client data $written,0101 seq=1005 ack=5001 payload=818283848586   # 12 its second one
eth/ipv4 client data 0101080a0000000900000002fd064f430002 seq=1001 ack=5001 # 13 another transmission
eth/ipv4 client data $written seq=1011 ack=5001                             # 14 behind it
eth/ipv4 server data $written seq=1001 ack=5001                             # 15 the other direction
eth/ipv6 client ack  1c040022 seq=7 ack=8                                   # 16 what was parsed
eth/ipv6 client ack  1c040023 seq=7 ack=8                                   # 17 other options
END
mergecap -w "$x" "$tshark_dir/hooks.pcapng" "$tshark_dir/packets.pcap"

links() {
    run_tshark -r "$1" "${@:2}" -T fields -E separator='|' -e frame.number -e optrail.written_in \
        -e optrail.parsed_in -e optrail.hook.segment_in 2>&1 | grep -v '|||$' || true
}
later='11|4||
12|4||
16||5|'
same "links in one pass" "$later" "$(links "$x")"
same "links in two passes" "4|||11,12
5|||16
$later" "$(links "$x" -2)"
same "links of what a filter leaves" $'4|||11,12\n11|4||\n12|4||' \
    "$(links "$x" -2 -Y 'optrail.hook.segment_in == 12 || optrail.written_in == 4')"
same "links of a disabled protocol" "" "$(links "$x" -2 --disable-protocol optrail)"

# Saving what a filter leaves keeps the other end of its links (with tshark 4.0; 4.4 leaves it out).
if run_tshark --version | head -n 1 | grep -q ' 4\.0\.'; then
    run_tshark -r "$x" -2 -Y 'frame.number == 11' -w "$tshark_dir/home/saved.pcapng"
    [ "$(run_tshark -r "$tshark_dir/home/saved.pcapng" -Y optrail.hook | wc -l)" = 1 ] ||
        fail "the record that wrote a saved packet is lost"
fi

# In the captures that are shipped every invocation that wrote an option leads to a packet that
# holds the option, and back.
for capture in "$OPTRAIL_SOURCE"/captures/*.pcapng; do
    cp "$capture" "$x"
    run_tshark -r "$x" -2 -T fields -E separator='|' -e frame.number -e optrail.hook.written \
        -e optrail.hook.segment_in -e optrail.written_in -e tcp.options >"$tshark_dir/frames"
    awk -F'|' -v file="$(basename "$capture")" '
        { written[$1] = $2; segment[$1] = $3; back[$1] = $4; options[$1] = $5 }
        END {
            for (hook in written)
                if (written[hook] != "") {
                    n++
                    if (index(options[segment[hook]], written[hook]) == 0 || back[segment[hook]] != hook) {
                        print file ": frame " hook " wrote " written[hook] ", linked with " segment[hook]
                        bad = 1
                    }
                }
            if (n == 0) print file ": no invocation wrote anything"
            exit bad || n == 0
        }' "$tshark_dir/frames" >&2 || fail "links of a shipped capture"
done
