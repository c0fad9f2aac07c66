#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What Wireshark shows without the plugin it shows with it, in every tree and summary, and with the
# protocol disabled it shows nothing else at all.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT

# Frames of which stock dissection ends early are in `broken`: there the plugin shows more.
"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/sound.pcap" <<'END'
eth/ipv4 client syn     020405b4,0402,01030307,fe04f989
eth/ipv4 server synack  020405b4,1c048001,0402,fe0cf9890102030405060708
eth/ipv4 client ack     fd064f430002,1c040022
eth/ipv4 client data    fd064f430002,fd064f430001,080a0000000100000002
eth/ipv4 server data    1e08f00100000fa0,1e049a01,1e04f064,42040001,4304040a
eth/ipv4 client data    fd06beef0002,fd03ff,1c0322,1c055500aa
eth/ipv4 client data    fe08e2d4c3d9aabb,fd06acc00102,00ffff
eth/ipv4 client data    fd144f430002,0101
eth/ipv4 client data    fd00
eth/ipv4 client data    ac0b010203040506070809,ae05000001,0b0600000000,4f03aa
vlan/ipv4 server data   fd064f49ffff
eth/ipv6 server fin     fd064f44040a
eth/ipv6/icmp client data fd064f430002,1e06f0020001,42040001
eth/ipv4/icmp client data fd064f430002,1e06f0020001,42040001
eth/ipv4 client data    fd064f430002,fd064f430001 snap=66
eth/ipv4 client data    fd064f430002,1e08f00100000fa0 snap=63
eth/ipv4 client data    1e08f00100000fa0 snap=57
eth/ipv4 client rst     1c040022
END
"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/broken.pcap" <<'END'
eth/ipv4 client data 1e02,fd064f430002
eth/ipv4 client data 1e0320,fd064f430002
END

# Frames in which nothing stands behind what stock dissection stumbles over.
"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/last.pcap" <<'END'
eth/ipv4 client syn    020405b4,0402,080a0000000100000002,1e0320,00
eth/ipv4 server synack 020405b4,42040001,1e0320
eth/ipv4 client ack    fd064f430002,1e02,0101
eth/ipv6 server fin    1e0c20
END

# Hook and clock records beside packets.
cp "$OPTRAIL_SOURCE/captures/clean-b.pcapng" "$tshark_dir/recording.pcap"

pdml() { run_tshark -r "$tshark_dir/$1.pcap" -T pdml "${@:2}"; }
stock_pdml() { run_stock_tshark -r "$tshark_dir/$1.pcap" -T pdml "${@:2}"; }
strip() { "$OPTRAIL_SOURCE"/tests/tools/strip_optrail.py "$@"; }

for passes in "" -2; do
    stock_pdml sound $passes | strip >"$tshark_dir/stock"
    pdml sound $passes | strip >"$tshark_dir/ours"
    diff "$tshark_dir/stock" "$tshark_dir/ours" >&2 || fail "stock fields differ ($passes)"
    [ "$(grep -c '<packet>' "$tshark_dir/ours")" = 18 ] || fail "not every packet was compared"

    # There the plugin adds, and takes nothing: the malformed packet is shown as ever.
    stock_pdml last $passes | strip >"$tshark_dir/stock"
    pdml last $passes >"$tshark_dir/whole"
    strip <"$tshark_dir/whole" >"$tshark_dir/ours"
    diff "$tshark_dir/stock" "$tshark_dir/ours" >&2 || fail "malformed packets differ ($passes)"
    [ "$(grep -c '"_ws.malformed"' "$tshark_dir/ours")" -ge 3 ] || fail "nothing was malformed"
    grep -q 'show="kind-66"' "$tshark_dir/whole" || fail "an option before a malformed one is lost"

    for file in sound broken last recording; do
        stock_pdml $file $passes | sed '/capture_file=/d' >"$tshark_dir/stock"
        pdml $file $passes --disable-protocol optrail | sed '/capture_file=/d' >"$tshark_dir/ours"
        cmp "$tshark_dir/stock" "$tshark_dir/ours" >&2 ||
            fail "something is left of a disabled plugin in $file ($passes)"
    done
done

# The summary lines, which need no tree, and the layers of each frame. The Info column has the
# options behind what Wireshark writes there, unless they are not wanted.
for format in "" "-T fields -e frame.protocols -e _ws.col.Protocol -e _ws.col.Info"; do
    run_stock_tshark -r "$tshark_dir/sound.pcap" $format >"$tshark_dir/stock"
    run_tshark -r "$tshark_dir/sound.pcap" -o optrail.info:FALSE $format >"$tshark_dir/ours"
    diff "$tshark_dir/stock" "$tshark_dir/ours" >&2 || fail "summaries differ ($format)"
    run_tshark -r "$tshark_dir/sound.pcap" $format | sed 's/ | .*\[Pack/[Pack/; s/ | .*//' >"$tshark_dir/ours"
    diff "$tshark_dir/stock" "$tshark_dir/ours" >&2 || fail "summaries lose something ($format)"
done

# Nor are the summaries of a recording others when the protocol is disabled.
run_stock_tshark -r "$tshark_dir/recording.pcap" >"$tshark_dir/stock"
run_tshark -r "$tshark_dir/recording.pcap" --disable-protocol optrail >"$tshark_dir/ours"
diff "$tshark_dir/stock" "$tshark_dir/ours" >&2 || fail "summaries of a recording differ"

# A malformed Multipath TCP option costs neither the options behind it nor the payload.
got=$(run_tshark -r "$tshark_dir/broken.pcap" -T fields -e optrail.cc.algorithm -e tcp.payload \
    -e optrail.malformed -E separator='|')
[ "$got" = $'2|8081fe82|1\n2|8081fe82|1' ] || fail "behind a malformed option: '$got'"
stock=$(run_stock_tshark -r "$tshark_dir/broken.pcap" -T fields -e tcp.payload)
[ -z "$stock" ] || echo "NOTE: this Wireshark survives a malformed option by itself"
