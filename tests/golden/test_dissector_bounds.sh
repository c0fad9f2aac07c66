#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A capture that was made to fill the memory does not: what is kept of one connection, and how many
# frames are linked with one frame, has a bound, and what is beyond it says so.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
need mergecap
trap remove_tshark EXIT
x=$tshark_dir/x.pcap
craft() { "$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$@"; }
show() { run_tshark -r "$x" "$@" -T fields -E separator='|'; }

# 100 different options on one connection: 64 have a story. Another connection is not concerned.
{
    for ((id = 0; id < 100; id++)); do printf 'eth/ipv4 client data fd04%04x\n' $((0x7000 + id)); done
    echo "eth/ipv4 client data fd047000"
    echo "eth/ipv4 client data fd047063 stream=1"
} | craft "$x"
for passes in "" -2; do
    got=$(show $passes -e optrail.first_in -e optrail.bound)
    same "different options ($passes)" \
        "$(for ((i = 1; i <= 100; i++)); do [ $i -le 64 ] && echo "$i|" || echo "|1"; done; echo "1|"; echo "102|")" "$got"
done

# An option that never stays the same: its changes are kept up to a number, and the last says so.
for ((i = 0; i < 4110; i++)); do echo "eth/ipv4 client data fd064f43000$((i % 2 + 1))"; done | craft "$x"
for passes in "" -2; do
    got=$(show $passes -Y 'optrail.cc.differs_from || optrail.bound' -e frame.number -e optrail.bound |
        sed -n '1p;4095,$p')
    same "changes of an option ($passes)" $'2|\n4096|\n4097|1' "$got"
done

# Twenty records that parsed one packet; and a record with 150 packets that look as if it had.
"$OPTRAIL_SOURCE"/tests/tools/craft_hooks.py "$tshark_dir/hooks"
echo "eth/ipv6 client ack 1c040022 seq=7 ack=8" | craft "$tshark_dir/one"
for ((i = 0; i < 150; i++)); do echo "eth/ipv6 client ack 1c040022 seq=7 ack=8"; done | craft "$tshark_dir/many"
twenty=()
for ((i = 0; i < 20; i++)); do twenty+=("$tshark_dir/hooks"); done
mergecap -a -w "$x" "${twenty[@]}" "$tshark_dir/one"
got=$(show -Y tcp -e optrail.parsed_in -e optrail.bound)
[ "$(tr , '\n' <<<"${got%|*}" | sort -u | wc -l)" = 16 ] && [ "${got#*|}" = 1 ] ||
    fail "records of a packet: $got"
mergecap -a -w "$x" "$tshark_dir/hooks" "$tshark_dir/many"
got=$(show -2 -Y 'optrail.hook.segment_in' -e optrail.hook.segment_in -e optrail.bound)
[ "$(tr , '\n' <<<"${got%|*}" | sort -u | wc -l)" = 128 ] && [ "${got#*|}" = 1 ] ||
    fail "packets of a record: $got"
got=$(show -2 -Y optrail.parsed_in -e frame.number | wc -l)
[ "$got" = 128 ] || fail "packets with a link: $got instead of 128"
