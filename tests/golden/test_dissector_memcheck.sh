#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# valgrind finds no fault of ours in the plugin within a real tshark: no read of what was not
# written, none outside of what was allocated, nothing lost. Every allocation of Wireshark's is one
# of malloc's for this, in two passes, with everything shown.
# Without sanitizers: they and valgrind want the same memory.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
need valgrind
prepare_tshark
trap remove_tshark EXIT

# memcheck FILE: tshark's report of faults whose stack goes through the plugin.
memcheck() {
    chmod -R a+rX "$tshark_dir/"
    (cd "$tshark_dir" && "${as_user[@]}" LC_ALL=C TZ=UTC HOME="$tshark_dir/home" \
        XDG_CONFIG_HOME="$tshark_dir/config" WIRESHARK_PLUGIN_DIR="$tshark_dir/plugins" \
        WIRESHARK_EXTCAP_DIR=/nonexistent WIRESHARK_DEBUG_WMEM_OVERRIDE=simple G_SLICE=always-malloc \
        valgrind --leak-check=full --show-leak-kinds=definite --keep-debuginfo=yes --fullpath-after= --num-callers=100 \
        tshark -r "$1" -2 -n -V -z optrail,tree -z optrail,trail 2>&1 >/dev/null) >"$tshark_dir/valgrind" ||
        fail "$1: tshark ended badly: $(tail -n 5 "$tshark_dir/valgrind")"
    grep -q 'ERROR SUMMARY' "$tshark_dir/valgrind" || fail "$1: no report: $(tail -n 5 "$tshark_dir/valgrind")"
    # Blocks are parted by a line with the process's number alone. What was registered lives as long as
    # the process, and Wireshark keeps the nodes of its statistics to the end: only what is lost while
    # packets are dissected grows with them.
    awk -v RS='==[0-9]+== \n' '!/optrail\.so|\/(dissector|wire)\/[a-z_]+\.c/ { next }
        / lost in loss record / && (!/epan_dissect_run/ || /stats_tree_/) { next }
        { print }' "$tshark_dir/valgrind"
}

cp "$OPTRAIL_SOURCE"/captures/clean-a.pcapng "$tshark_dir/hooks.pcapng"
for stream in 1 2; do
    cat <<END
eth/ipv4 client syn    020405b4,1e0c0081aabbccddeeff0011,fd06beef0001,fe04f989 stream=$stream
eth/ipv6 server synack 020405b4,fd08e2d4c3d90102 stream=$stream
eth/ipv4 client ack    fd064f430002,1c040022,fd064f44040a stream=$stream
vlan/ipv4 server data  1e08f00100000fa0,1e06f0020001,42040001,4304040a stream=$stream
eth/ipv4 client data   1e08f10100000fa0,1e1420010000000000000000000000000000,1e02 stream=$stream
eth/ipv6/gre client fin fd144f430002,0101 stream=$stream snap=90
END
done | "$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/segments.pcap"
for file in hooks.pcapng segments.pcap; do
    said=$(memcheck "$file")
    [ -z "$said" ] || fail "$file: $said"
done
