#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Octets changed at random, in packets and in hook records, in two passes with all memory checked:
# the plugin never fails. $OPTRAIL_FUZZ_RUNS captures (10) through tshark, ten times as many of each
# link type within this process (tests/fuzz/mutate, which does any number of them); the seed of a
# failure is named.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
need editcap
trap remove_tshark EXIT
runs=${OPTRAIL_FUZZ_RUNS:-10}

for stream in 1 2 3 4 5 6 7 8; do
    for layers in eth/ipv4 eth/ipv6 vlan/ipv4 eth/ipv4/icmp eth/ipv6/gre eth/ipv4/vxlan; do
        cat <<END
$layers client syn    020405b4,1e0c0081aabbccddeeff0011,fd06beef0001,fe04f989 stream=$stream
$layers server synack 020405b4,1e0c0081aabbccddeeff0011,fd08e2d4c3d90102 stream=$stream
$layers client ack    fd064f430002,1c040022,fd064f44040a stream=$stream
$layers server data   1e08f00100000fa0,1e06f0020001,42040001,4304040a stream=$stream
$layers client data   1e08f10100000fa0,1e1420010000000000000000000000000000,1e02 stream=$stream
$layers client fin    fd144f430002,0101 stream=$stream snap=90
END
    done
done | "$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/packets.pcap"
cp "$OPTRAIL_SOURCE/captures/clean-a.pcapng" "$tshark_dir/hooks.pcapng"

export WIRESHARK_ABORT_ON_DISSECTOR_BUG=1 WIRESHARK_ABORT_ON_TOO_MANY_ITEMS=1 WIRESHARK_DEBUG_WMEM_OVERRIDE=strict
for file in packets.pcap hooks.pcapng; do
    for ((seed = 1; seed <= runs; seed++)); do
        editcap -E 0.02 --seed "$seed" "$tshark_dir/$file" "$tshark_dir/mutated" 2>/dev/null
        run_tshark -r "$tshark_dir/mutated" -2 -n -V >/dev/null 2>"$tshark_dir/stderr" && continue
        # An assertion of Wireshark's own for its exported PDUs, without us too.
        grep -q 'packet-exported_pdu.c' "$tshark_dir/stderr" && continue
        grep -qiE 'optrail|signal|abort|dissector bug|sanitizer' "$tshark_dir/stderr" || continue
        run_stock_tshark -r "$tshark_dir/mutated" -2 -n -V >/dev/null 2>&1 || continue
        fail "$file with seed $seed: $(tail -n 5 "$tshark_dir/stderr")"
    done
done

# Behind a broken option the plugin goes on where Wireshark alone stops: into no assertion of its.
echo 'eth/ipv4 client data 1e08710100000fa0,1e140801000000000000000002000000000000ff' |
    "$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/beyond.pcap"
run_tshark -r "$tshark_dir/beyond.pcap" -2 -n -V >/dev/null 2>"$tshark_dir/stderr" ||
    fail "behind a broken option: $(tail -n 5 "$tshark_dir/stderr")"

# The same at close quarters, without a tshark for each: not with another Wireshark's plugin.
if [ -z "${OPTRAIL_TSHARK_ROOT:-}" ]; then
    "$OPTRAIL_SOURCE/tests/fuzz/mutate" "$((10 * runs))" || fail "mutated captures"
fi
