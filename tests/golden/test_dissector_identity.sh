#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With and without the plugin every stock field of every shipped capture is the same: whole PDML
# trees are compared, less what is ours, in one pass and in two. $OPTRAIL_CAPTURES names a folder of
# more captures to compare.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT
strip() { "$OPTRAIL_SOURCE/tests/tools/strip_optrail.py"; }

shopt -s nullglob
folders=("$OPTRAIL_SOURCE/captures" "$OPTRAIL_SOURCE/tests/golden/captures" ${OPTRAIL_CAPTURES:+"$OPTRAIL_CAPTURES"})
captures=0 frames=0 ours=0 differ=0
for capture in $(for folder in "${folders[@]}"; do printf '%s\n' "$folder"/*.pcap{,ng}; done); do
    cp "$capture" "$tshark_dir/x.pcapng"
    captures=$((captures + 1))
    for passes in "" -2; do
        run_stock_tshark -r "$tshark_dir/x.pcapng" $passes -T pdml | strip >"$tshark_dir/stock"
        run_tshark -r "$tshark_dir/x.pcapng" $passes -T pdml >"$tshark_dir/whole"
        strip <"$tshark_dir/whole" >"$tshark_dir/ours"
        frames=$((frames + $(grep -c '^<packet>' "$tshark_dir/stock")))
        ours=$((ours + $(grep -c 'name="optrail' "$tshark_dir/whole" || true)))
        if ! diff "$tshark_dir/stock" "$tshark_dir/ours" >"$tshark_dir/difference"; then
            echo "$capture $passes:" >&2
            head -n 40 "$tshark_dir/difference" >&2
            differ=$((differ + 1))
        fi
    done
done
echo "$captures captures, $frames trees, $ours items of the plugin, $differ differences"
[ "$differ" = 0 ] || fail "the plugin changes what Wireshark shows"
# With nothing to compare, or a plugin that adds nothing, sameness would be no proof.
[ "$captures" -ge 8 ] && [ "$frames" -ge 400 ] && [ "$ours" -ge 1000 ] || fail "too little was compared"
