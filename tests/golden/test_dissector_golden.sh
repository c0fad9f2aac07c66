#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Octets in, expected fields out, all of them and nothing else: every option, rule and link of
# tests/golden/dissector/*.json; over IPv4 and IPv6, on every link layer, in VLANs, in ICMP errors,
# in GRE and VXLAN tunnels, in one pass and in two, and cut short by the capture at every octet.
# With OPTRAIL_UPDATE=1 writes the expectations anew.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT
checker=$OPTRAIL_SOURCE/tests/tools/check_dissector.py
cases=("$OPTRAIL_SOURCE"/tests/golden/dissector/{options,rules,links}.json)

mkdir "$tshark_dir/golden"
preferences=$("$checker" prepare "$tshark_dir/golden" "${cases[@]}")
for preference in $preferences; do
    chosen=()
    [ "$preference" = none ] || chosen=(-o "optrail.$preference")
    file=$tshark_dir/golden/${preference/:/-}
    for passes in 1 2; do
        run_tshark -r "$file.pcapng" "${chosen[@]}" $([ $passes = 1 ] || echo -2) -T json \
            -J 'frame tcp icmp icmpv6 gre vxlan' --no-duplicate-keys >"$file.$passes.json"
    done
done
if [ "${OPTRAIL_UPDATE:-0}" = 1 ]; then
    "$checker" update "$tshark_dir/golden" "${cases[@]}"
fi
"$checker" check "$tshark_dir/golden" "${cases[@]}" || fail "what the plugin shows is not what is expected"

# Every description that is built in has a case.
for option in "$OPTRAIL_SOURCE"/options/*.opt; do
    name=$(basename "$option" .opt)
    grep -qxF "optrail.$name" <(sed 's/\(optrail\.[^.]*\)\..*/\1/' "$tshark_dir/golden/seen") ||
        grep -q "\"optrail.option\": \[\"$name\"" "${cases[0]}" || fail "no case for the option $name"
done

# Every field that the plugin registers for packets is in a case: but for those of hook records
# (dissector_hooks), links with them (dissector_links), bounds (dissector_bounds), helpers' names.
run_tshark -G fields 2>/dev/null | awk -F'\t' '$1 == "F" && $3 ~ /^optrail\./ { print $3 }' |
    grep -vE '^optrail\.(hook|clock|mptcp_event)\.|\.(written_in|parsed_in|bound)$' | sort -u >"$tshark_dir/registered"
comm -23 "$tshark_dir/registered" <(sort -u "$tshark_dir/golden/seen") >"$tshark_dir/unseen"
# The story has the same six fields for each option: seen for those that have an answer to tell of.
# Wireshark shows the values of four options itself.
grep -vE '\.(asked_in|answered_in|first_in|last_in|count|differs_from)$|^optrail\.(accecn[01]|ack-rate|tfo)(\.|$)' \
    "$tshark_dir/unseen" >"$tshark_dir/left" || true
[ ! -s "$tshark_dir/left" ] || fail "no case shows $(paste -sd' ' "$tshark_dir/left")"
